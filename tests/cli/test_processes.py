"""The whole appliance as real processes: started, killed here and there, ended."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import sqlalchemy as sa

from appliance.cli import demo
from appliance.cli.client import CONSOLE_HEADER, Client, LocalSocket, ProblemError
from appliance.db.engine import make_engine, sqlite_url
from tests.peers.server import free_port
from tests.recorded import recorded
from tests.world import CHEAP

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
PASSWORD = re.compile(r"^ {6}((?:[a-z2-9]{5}-){3}[a-z2-9]{5})$", re.MULTILINE)


def environment(**more: str):
    ssh = {"CODARA_SSH__PORT": str(free_port())}
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), **CHEAP, **ssh, **more}


def codara(*words: str | Path, **options: str):
    command = [sys.executable, "-m", "appliance.cli", *words]
    return subprocess.run(
        command,
        env=environment(**options),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


class Running:
    """An appliance under test: its supervisor, and what it has said."""

    def __init__(self, home, *words: str, **options: str) -> None:
        self.home = home
        self.words = Path(f"{home}.said")
        with self.words.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "appliance.cli", "serve", "--all", "--home", home, *words],
                env=environment(**options),
                stderr=said,
                stdin=subprocess.DEVNULL,
            )

    @property
    def said(self):
        return self.words.read_text()

    @property
    def url(self):
        return json.loads((self.home / "run" / "lock").read_text())["address"]

    def until(self, is_so):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, self.said
            threading.Event().wait(0.02)

    def until_ready(self):
        self.until(lambda: "is ready at" in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said

    def children(self):
        """Every process below the supervisor, by what it is: its first words after Python."""
        found = {}
        waiting = [self.process.pid]
        while waiting:
            pid = waiting.pop()
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                with suppress(OSError):  # It has ended since.
                    below = [int(each) for each in task.read_text().split()]
                    waiting += below
                    found |= {each: name_of(each) for each in below}
        return found


def name_of(pid):
    """Which log file a process writes to says which part it is."""
    try:
        return Path(f"/proc/{pid}/fd/2").readlink().stem
    except OSError:
        return ""


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextmanager
def serving(home, *words: str, **options: str):
    appliance = Running(home, "--port", "0", *words, **options)
    try:
        appliance.until_ready()
        yield appliance
    finally:
        appliance.process.kill()
        appliance.process.wait()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One running appliance for the tests that only look."""
    with serving(tmp_path_factory.mktemp("served") / "home") as appliance:
        yield appliance


def test_the_first_start_prints_a_one_time_password_once(tmp_path):
    home = tmp_path / "home"
    with serving(home) as first:
        assert len(PASSWORD.findall(first.said)) == 1
        first.process.terminate()
        assert first.process.wait(PATIENCE_SECONDS) == 0
    with serving(home) as second:
        assert PASSWORD.findall(second.said) == []


def test_a_password_that_was_chosen_is_not_printed(tmp_path):
    with serving(
        tmp_path / "home", CODARA_ADMIN_PASSWORD="a rather long sentence of mine"
    ) as appliance:
        assert "sentence" not in appliance.said
        for pid in appliance.children():
            with suppress(FileNotFoundError):  # Some are short-lived.
                assert b"rather long" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        assert PASSWORD.findall(appliance.said) == []


def test_a_password_that_is_too_weak_is_refused(tmp_path):
    finished = codara("migrate", "--home", tmp_path / "home", CODARA_ADMIN_PASSWORD="admin")

    assert finished.returncode == 2
    assert "at least 12 characters" in finished.stderr


def test_every_part_is_well(served):
    finished = codara("check", "--json", "--home", served.home)

    conditions = {part["name"]: part["condition"] for part in json.loads(finished.stdout)}
    served.until(lambda: codara("check", "--home", served.home).returncode == 0)
    assert set(conditions) >= {"web", "database", "queue", "worker", "scheduler", "storage"}
    assert requests.get(f"{served.url}/readyz", timeout=PATIENCE_SECONDS).json()["status"] == "ok"


def test_a_second_start_says_who_holds_the_folder(served):
    finished = codara("serve", "--all", "--home", served.home, "--port", "0")

    assert finished.returncode == 1
    assert f"process {served.process.pid} has run it since 20" in finished.stderr
    assert served.url in finished.stderr


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        finished = codara("serve", "--all", "--home", tmp_path / "home", "--port", str(port))

    assert finished.returncode == 1
    assert f"port {port}" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_free_ports_are_found_told_and_handed_out(tmp_path):
    with serving(tmp_path / "home", CODARA_SSH__PORT="0") as appliance:
        told = re.search(r"Git over SSH on port (\d+)", appliance.said)
        assert told is not None
        port = int(told[1])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as ssh:
            assert ssh.recv(8) == b"SSH-2.0-"
        console = Client(LocalSocket(appliance.home / "run" / "web.sock"), {CONSOLE_HEADER: ""})
        made = console.call("POST", "/repos", {"name": "notes"})
        taken = socket.socket()
        with taken, pytest.raises(OSError, match="in use"):
            taken.bind(("127.0.0.1", port))

    assert port != 0
    assert f":{port}/admin/notes.git" in made["ssh_url"]
    assert made["https_url"] == f"{appliance.url}/admin/notes.git"
    assert urlsplit(appliance.url).port not in {0, 8080}


def test_nobody_else_may_look_into_the_home_folder(served):
    for folder in (served.home, served.home / "run", served.home / "keys", served.home / "logs"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((served.home / "run" / "web.sock").stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("part", ["web", "worker", "scheduler", "queue", "ssh"])
def test_a_part_that_is_killed_comes_back(served, part):
    killed = [pid for pid, name in served.children().items() if name == part]
    assert killed
    for pid in killed:
        with suppress(ProcessLookupError):  # Some end with another.
            os.kill(pid, signal.SIGKILL)

    served.until(lambda: not any(is_alive(pid) for pid in killed))
    served.until(lambda: part in served.children().values())
    served.until(lambda: codara("check", "--home", served.home).returncode == 0)
    assert f"{part} was ended by signal 9; starting it again." in served.said


def test_web_processes_count_in_places_that_others_take_after_them(served):
    found = set()

    def count():
        requests.get(f"{served.url}/sign-in", timeout=PATIENCE_SECONDS)
        for pid in (pid for pid, name in served.children().items() if name == "web"):
            with suppress(OSError):
                mapped = Path(f"/proc/{pid}/maps").read_text()
                found.update(re.findall(r"/counter_(.+)\.db", mapped))
        return found

    served.until(count)
    assert found <= {"web-1", "web-2"}


def test_what_serves_long_jobs_and_listeners_is_there_when_it_is_needed(served, tmp_path):
    source, address = tmp_path / "source", f"{served.url}/api/v1/repos/admin/arrived/events"
    git("init", "-q", "--bare", str(source), at=tmp_path)
    at_home = ("--json", "--home", served.home)
    served.until(lambda: not {"worker-all", "events"} & set(served.children().values()))

    imported = codara("repo", "import", source, "admin/arrived", *at_home)
    assert imported.returncode == 0, imported.stderr
    words = ("--user", "admin", "--scope", "repo:read", "--expires-in", "1d")
    token = json.loads(codara("token", "create", *words, *at_home).stdout)["token"]
    allowed = {"Authorization": f"Bearer {token}"}
    with requests.get(address, headers=allowed, stream=True, timeout=PATIENCE_SECONDS) as answer:
        assert next(answer.iter_lines(chunk_size=1)) == b"retry: 2000"
        assert "events" in served.children().values()
    served.until(lambda: "worker-all" not in served.children().values())
    assert "worker-all" not in served.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_as_one(tmp_path, number):
    with serving(tmp_path / "home") as appliance:
        children = appliance.children()
        appliance.process.send_signal(number)

        assert appliance.process.wait(PATIENCE_SECONDS) == 0
        assert [name for pid, name in children.items() if is_alive(pid)] == []
        assert appliance.said.endswith("Ended.\n")


def test_no_process_outlives_a_supervisor_that_is_killed(tmp_path):
    with serving(tmp_path / "home") as appliance:
        children = appliance.children()
        appliance.process.kill()
        appliance.process.wait()
        appliance.until(lambda: not any(is_alive(pid) for pid in children))

    assert len(children) >= 6
    with serving(tmp_path / "home"):
        pass


def test_a_database_of_a_newer_release_is_refused(tmp_path):
    home = tmp_path / "home"
    assert codara("migrate", "--home", home).returncode == 0
    engine = make_engine(sqlite_url(home / "codara.db"))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    finished = codara("serve", "--all", "--home", home, "--port", "0")

    assert finished.returncode == 5
    assert "a newer release has used it" in finished.stderr


def test_settings_that_cannot_be_used_are_explained(tmp_path):
    (tmp_path / "codara.toml").write_text("[server]\nprot = 1\n")

    finished = codara("serve", "--all", "--home", tmp_path)

    assert finished.returncode == 2
    assert "server.prot is no setting. Did you mean server.port?" in finished.stderr


@pytest.mark.parametrize("wanted", ["0", "a port of its own"])
def test_the_web_tier_runs_alone(tmp_path, wanted):
    port = 0 if wanted == "0" else free_port()
    home = tmp_path / "home"
    assert codara("migrate", "--home", home).returncode == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "appliance.cli", "serve", "--home", home, "--port", str(port)],
        env=environment(),
        stderr=subprocess.DEVNULL if port else subprocess.PIPE,
    )
    try:
        if process.stderr is not None:
            port = int(process.stderr.readline().decode().rpartition(":")[2])
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            assert time.monotonic() < deadline
            try:
                address = f"http://127.0.0.1:{port}/healthz"
                answer = requests.get(address, timeout=PATIENCE_SECONDS)
            except requests.ConnectionError:
                threading.Event().wait(0.05)
            else:
                break
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)

    assert answer.json() == {"status": "ok"}
    assert process.returncode == 0


def test_the_demonstration_is_pushed_through_the_front_door(tmp_path):
    home = tmp_path / "home"
    with serving(home, "--demo") as first:
        first.until(lambda: "demonstration is at" in first.said)
        api = Client(LocalSocket(home / "run" / "web.sock"), {CONSOLE_HEADER: "reader"})
        head = git("rev-parse", "HEAD", at=ROOT)
        passwords = re.findall(
            r"^ {6}([\w-]+) +((?:[a-z2-9]{5}-){3}[a-z2-9]{5}) ", first.said, re.MULTILINE
        )

        assert len(passwords) == len(demo.PEOPLE)
        assert api.call("GET", "/user")["name"] == "reader"
        assert api.call("GET", f"/repos/{demo.REPOSITORY}/commits")["items"][0]["oid"] == head
        with pytest.raises(ProblemError):
            api.call("PATCH", f"/repos/{demo.REPOSITORY}", {"description": "mine"})
        assert events_of(home, "git.pushed") == 1
        first.process.terminate()
        assert first.process.wait(PATIENCE_SECONDS) == 0
    with serving(home, "--demo") as second:
        second.until(lambda: "demonstration is at" in second.said)

        assert "shown only now" not in second.said
        assert events_of(home, "user.created") == len(demo.PEOPLE) + 1
        # Only a checkout that has moved on meanwhile has something to push.
        if git("rev-parse", "HEAD", at=ROOT) == head:
            assert events_of(home, "git.pushed") == 1


def events_of(home, kind):
    engine = make_engine(sqlite_url(home / "codara.db"))
    number = len(recorded(engine, kind))
    engine.dispose()
    return number


def git(*words: str, at):
    finished = subprocess.run(
        ["git", "-c", "safe.directory=*", *words],
        cwd=at,
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout.strip()


def test_without_an_appliance_a_command_says_where_it_looked(tmp_path):
    finished = codara("job", "list", "--home", tmp_path / "nowhere")

    assert finished.returncode == 1
    assert "nowhere" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_words_that_make_no_sense_are_wrong_usage(tmp_path):
    assert codara("serve", "--demo", "--home", tmp_path).returncode == 2
    assert codara("nonsense").returncode == 2
