"""All of an appliance from one command: `codara serve --all`."""

from __future__ import annotations

import gc
import http.client
import importlib
import os
import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from appliance import settings as settings_module
from appliance import version
from appliance.cli import instance, programs, terminal
from appliance.cli.supervisor import EndedError, Supervisor
from appliance.errors import ApplianceError
from appliance.settings import Server, Settings

BACKLOG = 512
PASSWORD_VARIABLE = "CODARA_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable.
READY_SECONDS = 2.0
# What the processes share is imported once, before they part: less memory and a quicker start.
SHARED = (
    "appliance.cli.groundwork",
    "appliance.web.app",
    "appliance.jobs.worker",
    "appliance.jobs.schedule",
    "appliance.cli.web_server",
)


@dataclass(frozen=True)
class Wishes:
    """What the person at the terminal asked for."""

    home: Path
    port: int | None = None
    demo: bool = False
    logs_to_terminal: bool = False


class PortTakenError(ApplianceError):
    """Somebody else listens where we are to listen."""

    code = "port_taken"
    title = "The port is taken"


def serve(wishes: Wishes) -> None:
    """Run everything until we are asked to end.

    Errors:
        AlreadyRunningError: the home folder is in use.
        PortTakenError: another program has the port.
        SettingsError, ConflictError, UnavailableError: it cannot start; the message says why.
    """
    home = wishes.home
    with ExitStack() as stack:
        lock = stack.enter_context(instance.hold(home))
        os.umask(0o077)
        given_password = os.environ.pop(PASSWORD_VARIABLE, "")  # No child needs to know it.
        os.environ["CODARA_HOME"] = os.fspath(home)
        instance.share_numbers(home)
        settings = settings_module.from_process(home)
        door = _listen(settings, wishes)
        settings = _with_address(settings, home, door)
        lock.note(settings.server.url)
        logs = None if wishes.logs_to_terminal else home / "logs"
        supervisor = Supervisor(logs=logs, tell=terminal.tell)
        stack.callback(supervisor.stop)
        with suppress(EndedError):
            _start(supervisor, settings, home, door, given_password)
            terminal.say_ready(settings, home, logs)
            if wishes.demo:
                supervisor.errand(programs.module("appliance.cli.demo", "fill", home))
            supervisor.watch()
    terminal.tell("Ended.")


def _start(
    supervisor: Supervisor, settings: Settings, home: Path, door: socket.socket, given_password: str
) -> None:
    if not settings.queue.url.get_secret_value():
        supervisor.add("queue", _queue_server(home), ends_last=True)
    if settings.ssh.embedded:
        _insist_on_free(settings.ssh.host, settings.ssh.port, "ssh.port")
        supervisor.add("ssh", programs.program(_python("ssh", home)))
    for name in SHARED:
        importlib.import_module(name)
    groundwork = importlib.import_module("appliance.cli.groundwork")
    with instance.alone(home):
        password = groundwork.lay(home, given_password=given_password)
    if password is not None:
        terminal.say_password(password)
    gc.collect()
    gc.freeze()  # What is there now is shared with the children as long as nobody touches it.
    supervisor.add("web", _web(home, door))
    supervisor.add(
        "worker", programs.module("appliance.jobs.worker", "run", home, ("quick", "long"))
    )
    supervisor.add(
        "worker-quick", programs.module("appliance.jobs.worker", "run", home, ("quick",))
    )
    supervisor.add("scheduler", programs.module("appliance.jobs.schedule", "run", home))
    supervisor.wait_until(lambda: _answers(home / "run" / "web.sock"))


def _python(name: str, home: Path) -> list[str | Path]:
    """Our own command once more, as another process with as few imports as it needs."""
    return [programs.PYTHON, "-m", "appliance.cli", name, "--home", home]


def _queue_server(home: Path) -> programs.Run:
    folder = home / "queue"
    folder.mkdir(mode=0o700, exist_ok=True)
    socket_file = home / "run" / "queue.sock"
    return programs.program(
        [
            programs.queue_server(),
            *("--port", "0", "--unixsocket", socket_file, "--unixsocketperm", "700"),
            *("--dir", folder, "--appendonly", "yes", "--save", "", "--daemonize", "no"),
            # Only ids of jobs and counts of attempts are in it.
            *("--maxmemory", "64mb", "--maxmemory-policy", "noeviction"),
        ]
    )


def _web(home: Path, door: socket.socket) -> programs.Run:
    def run() -> None:
        local = _local_socket(home / "run" / "web.sock")
        listeners = (door.fileno(), local.detach())
        programs.module("appliance.cli.web_server", "run", home, listeners)()

    return run


def _local_socket(path: Path) -> socket.socket:
    with suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(path))
    listener.listen(BACKLOG)
    return listener


def _listen(settings: Settings, wishes: Wishes) -> socket.socket:
    host = settings.server.host
    port = settings.server.port if wishes.port is None else wishes.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        raise PortTakenError(
            f"Another program listens on {host} port {port}. End it, or choose another port with "
            "--port or server.port."
        ) from error
    door.listen(BACKLOG)
    return door


def _insist_on_free(host: str, port: int, key: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            variable = "CODARA_" + key.upper().replace(".", "__")
            raise PortTakenError(
                f"Another program listens on {host} port {port}, which Git over SSH is to have. "
                f"End it, or choose another port: {variable}=2223, or {key} in codara.toml."
            ) from error


def _with_address(settings: Settings, home: Path, door: socket.socket) -> Settings:
    """The settings with the port that was bound, for us and, by the environment, for the rest."""
    port = door.getsockname()[1]
    if port == settings.server.port:
        return settings
    os.environ["CODARA_SERVER__PORT"] = str(port)
    address = urlsplit(settings.server.url)
    if address.port == settings.server.port or settings.server.url == Server().url:
        moved = address._replace(netloc=f"{address.hostname}:{port}")
        os.environ["CODARA_SERVER__URL"] = urlunsplit(moved)
    return settings_module.from_process(home)


def _answers(path: Path) -> bool:
    """Whether the web tier answers on its local socket."""
    request = (
        f"GET /healthz HTTP/1.0\r\nHost: local\r\nUser-Agent: codara/{version.RELEASE}\r\n\r\n"
    )
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(READY_SECONDS)
        try:
            client.connect(os.fspath(path))
            client.sendall(request.encode())
            answer = http.client.HTTPResponse(client)
            answer.begin()
        except (OSError, http.client.HTTPException):
            return False
        return answer.status == http.HTTPStatus.OK
