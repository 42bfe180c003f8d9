"""One client, three ways to an appliance, and the console's authority over none but its own."""

import socket
from contextlib import closing

import flask
import pytest

from appliance.cli import connection
from appliance.cli.client import CONSOLE_HEADER, Client, ProblemError
from appliance.cli.in_process import IN_PROCESS, InProcess
from appliance.db import schema
from appliance.domain.permissions import InstanceRole
from appliance.errors import ConflictError, InvalidError, UnavailableError
from appliance.web import requests
from appliance.web.app import create_app


@pytest.fixture
def home(world, monkeypatch):
    """The home folder of an appliance that is not running, with an administrator."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CODARA_HOME", str(world.home))  # A client sets it and leaves it.
    world.administrator("chief")
    world.user("writer")
    return world.home


@pytest.fixture
def client(home):
    """The client of a command, acting as somebody."""
    with closing(InProcess(home)) as transport:
        yield lambda name="": Client(transport, {CONSOLE_HEADER: name})


def test_the_console_acts_as_the_administrator(client):
    assert client().call("GET", "/user")["name"] == "chief"


def test_the_console_acts_as_whom_it_names(client):
    assert client("writer").call("GET", "/user")["name"] == "writer"


def test_admin_is_preferred_among_administrators(world, client):
    world.administrator("admin")

    assert client().call("GET", "/user")["name"] == "admin"


def test_the_console_cannot_act_as_nobody(client):
    with pytest.raises(ProblemError) as refused:
        client("ghost").call("GET", "/user")

    assert refused.value.exit_code == 3


def test_events_say_that_it_was_the_console(world, client):
    client().call("POST", "/users", {"name": "newcomer"})

    assert world.events()[-1] == "user.created"


@pytest.mark.parametrize(
    ("path", "exit_code"), [("/users/ghost", 4), ("/users?limit=none", 2), ("/nowhere", 4)]
)
def test_a_no_has_the_exit_code_of_its_kind(client, path, exit_code):
    with pytest.raises(ProblemError) as refused:
        client().call("GET", path)

    assert refused.value.exit_code == exit_code
    assert str(refused.value)


def test_every_page_of_a_list_is_read(world, client):
    for number in range(4):
        world.user(f"user-{number}")

    names = [user["name"] for user in client().each("/users", query={"limit": 2})]

    assert sorted(names) == ["chief", "user-0", "user-1", "user-2", "user-3", "writer"]


@pytest.fixture
def over_tcp(home, world):
    """A client whose requests arrive as gunicorn hands on those from the network."""
    app = create_app(world.wiring)
    with socket.socket() as listener:
        browser = app.test_client()
        browser.environ_base |= {"gunicorn.socket": listener, "REMOTE_ADDR": "127.0.0.1"}
        yield browser


@pytest.mark.parametrize(
    "headers",
    [
        {CONSOLE_HEADER: ""},
        {CONSOLE_HEADER: "chief"},
        {CONSOLE_HEADER.lower(): "chief"},
        {CONSOLE_HEADER: "chief", IN_PROCESS: "1"},
        {CONSOLE_HEADER: "chief", "Codara.In_Process": "true"},
        {CONSOLE_HEADER: "chief", "X-Forwarded-For": "unix:", "Forwarded": "for=unix"},
        {CONSOLE_HEADER: "chief", "Gunicorn.Socket": "unix"},
    ],
)
def test_nobody_on_the_network_is_the_console(over_tcp, headers):
    answer = over_tcp.get("/api/v1/user", headers=headers)

    assert answer.status_code == 401
    assert "chief" not in answer.get_data(as_text=True)


def test_whoever_comes_over_the_local_socket_is(home, world):
    app = create_app(world.wiring)
    with socket.socket(socket.AF_UNIX) as listener:
        answer = app.test_client().get(
            "/api/v1/user",
            headers={CONSOLE_HEADER: "chief"},
            environ_overrides={"gunicorn.socket": listener},
        )

    assert answer.get_json()["name"] == "chief"


def test_no_header_can_become_the_mark_of_a_call_in_process(home, world):
    app = create_app(world.wiring)
    seen = {}

    @app.before_request
    def _look():
        seen.update(flask.request.environ)

    app.test_client().get("/api/v1/user", headers={IN_PROCESS: "1", "Codara-In-Process": "1"})

    assert requests.IN_PROCESS == IN_PROCESS
    assert seen
    assert IN_PROCESS not in seen


def test_an_old_database_is_not_touched(world, home):
    schema.downgrade(world.wiring.database.engine, "0007")

    with pytest.raises(ConflictError, match="codara migrate"):
        InProcess(home)


def test_elsewhere_the_token_says_who_one_is(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("CODARA_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("CODARA_TOKEN", "cod_x")

    with pytest.raises(InvalidError):
        connection.connect(None, "writer")
    with pytest.raises(UnavailableError, match="does not answer"):
        connection.connect(None, "").call("GET", "/user")


def test_an_auditor_is_no_administrator(world, client):
    world.user("watcher", instance=InstanceRole.AUDITOR)

    assert client().call("GET", "/user")["name"] == "chief"
