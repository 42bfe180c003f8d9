"""All of an appliance from one command: `codara serve --all`."""

from __future__ import annotations

import http.client
import importlib
import os
import select
import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance import garbage, late, orphans, version
from appliance import settings as settings_module
from appliance.cli import doors, instance, programs, terminal
from appliance.cli.supervisor import EndedError, Supervisor
from appliance.settings import Settings
from appliance.settings_sections import Ssh

SCANNER = "appliance.scanning.resident.server"
PASSWORD_VARIABLE = "CODARA_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable.
READY_SECONDS = 2.0
LOOK_SECONDS = 1.0  # The queue is next door; while we wait for it, we look after nobody.
WORKER_IDLE_SECONDS = 4
QUICK_WORKER_IDLE_SECONDS, QUICK_WORKER_KIB = 20, 40 * 1024
"""One that was busy and holds more than a new one does is replaced when it has nothing to do."""
# What the processes share is imported once, before they part: less memory and a quicker start.
SHARED = (
    "appliance.cli.groundwork",
    "appliance.web.app",
    "appliance.jobs.worker",
    "appliance.jobs.schedule",
    "appliance.web.event_server",
    "appliance.cli.web_server",
)
# What single processes import beyond that; `script/run` compiles all of it beforehand.
COMPILED = (
    *SHARED,
    "appliance.cli.ssh_server",
    "appliance.ssh.server",
    "appliance.ssh.session_program",
    SCANNER,
    "appliance.web.gunicorn_worker",
    "appliance.web.wsgi",
    "gunicorn.glogging",
)


@dataclass(frozen=True)
class Wishes:
    """What the person at the terminal asked for."""

    home: Path
    port: int | None = None
    demo: bool = False
    logs_to_terminal: bool = False


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
        door = doors.listen(settings, wishes.port)
        settings = doors.with_address(settings, home, door)
        if settings.ssh.embedded:
            ssh_door = stack.enter_context(doors.reserve_ssh(settings))
            settings = doors.with_ssh_port(settings, home, ssh_door)
        lock.note(settings.server.url)
        logs = None if wishes.logs_to_terminal else home / "logs"
        orphans.adopt()
        supervisor = Supervisor(logs=logs, tell=terminal.tell)
        stack.callback(supervisor.stop)
        with suppress(EndedError):
            _start(supervisor, settings, home, door, given_password)
            terminal.say_ready(settings, home, logs)
            if wishes.demo:
                supervisor.errand(programs.module("appliance.cli.demo", "fill", home))
            supervisor.watch()
    terminal.tell("Ended.")


def gather() -> None:
    """Import what the processes share."""
    with late.without():
        for name in SHARED:
            importlib.import_module(name)


def _start(
    supervisor: Supervisor, settings: Settings, home: Path, door: socket.socket, given_password: str
) -> None:
    if not settings.queue.url.get_secret_value():
        supervisor.add("queue", _queue_server(home), ends_last=True)
    gather()
    groundwork = importlib.import_module("appliance.cli.groundwork")
    with instance.alone(home):
        # What it takes to change a schema, no process keeps.
        if status := supervisor.errand(lambda: groundwork.prepare(home)):
            raise SystemExit(status)
        password = groundwork.lay(home, given_password=given_password)
    if password is not None:
        terminal.say_password(password)
    garbage.settle()
    if settings.ssh.embedded:
        supervisor.add("ssh", programs.module("appliance.cli.ssh_server", "run", home))
    supervisor.add("web", _web(home, door))
    supervisor.add("scheduler", programs.module("appliance.jobs.schedule", "run", home))
    _add_workers(supervisor, settings, home)
    _add_events(supervisor, home)
    if settings.scanning.secrets:
        _add_scanner(supervisor, home)
    supervisor.wait_until(lambda: _answers(home / "run" / "web.sock") and _lets_in(settings.ssh))


def _add_workers(supervisor: Supervisor, settings: Settings, home: Path) -> None:
    """One for quick jobs, always; and one for all, which is there while any job waits."""
    run = partial(programs.module, "appliance.jobs.worker", "run", home)
    queue = importlib.import_module("appliance.jobs.queue")
    wiring = importlib.import_module("appliance.wiring")
    jobs = queue.JobQueue(wiring.queue(wiring.Home(home), settings, within_seconds=LOOK_SECONDS))
    supervisor.add(
        "worker",
        run(("quick",), QUICK_WORKER_IDLE_SECONDS, QUICK_WORKER_KIB),
        when=lambda: True,
    )
    supervisor.add(
        "worker-all", run(("quick", "long", "upkeep"), WORKER_IDLE_SECONDS), when=jobs.has_some
    )


def _add_events(supervisor: Supervisor, home: Path) -> None:
    """Who serves listeners: there while there are any. We hold the door at which they wait."""
    server = importlib.import_module("appliance.web.event_server")
    door = server.opened(home / "run" / "events.sock")
    supervisor.add(
        "events",
        programs.module("appliance.web.event_server", "run", home, door),
        when=lambda: bool(select.select([door], [], [], 0)[0]),
    )


def _add_scanner(supervisor: Supervisor, home: Path) -> None:
    """Who looks at hostile files: a program of its own, which shares no memory with us and gets no
    word of our environment. We hold the door, so that who asks while it starts anew waits.
    """
    room = importlib.import_module("appliance.scanning.resident.door")
    door = room.opened(home / "run" / "scanner.sock")
    words: list[str | Path] = [programs.PYTHON, "-I", "-m", SCANNER, home, str(door.fileno())]

    def run() -> None:
        door.set_inheritable(True)
        programs.program(words, {"PATH": os.defpath})()

    supervisor.add("scanner", run)


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
    listener.listen(doors.BACKLOG)
    return listener


def _lets_in(ssh: Ssh) -> bool:
    """Whether the embedded server of Git over SSH takes connections, where there is one."""
    if not ssh.embedded:
        return True
    try:
        socket.create_connection((ssh.host, ssh.port), timeout=READY_SECONDS).close()
    except OSError:
        return False
    return True


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
