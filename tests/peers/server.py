"""A real server as a child of the tests: started, awaited, drained, ended."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from tests.peers.mould import Copy

READY_SECONDS = 60  # Long for a server, short for a person; only a broken one takes it.
STOP_SECONDS = 10
FIRST_PORT, PORTS_EACH, MOST_WORKERS = 12_000, 1_000, 20
"""Below 32768, where Linux takes the ports of those who connect."""
_ports = count(random.randrange(PORTS_EACH))  # noqa: S311 - no secret: runs beside each other differ.
_choosing = threading.Lock()


class PeerError(Exception):
    """A server did not start; the message is what it said."""


def find_program(*names: str) -> str:
    """The first of these programs that exists, on the PATH or where system servers live."""
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/local/sbin"
    for name in names:
        if found := shutil.which(name, path=places):
            return found
    raise PeerError(f"{names[0]} is not installed. script/test installs it, or says how.")


def free_port() -> int:
    """A port of the loopback address that nothing listens on, nor will by chance: the system gives
    these to no client, and other processes of the tests take theirs elsewhere.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % MOST_WORKERS
    own = range(FIRST_PORT + worker * PORTS_EACH, FIRST_PORT + (worker + 1) * PORTS_EACH)
    with _choosing:
        for _ in own:
            port = own[next(_ports) % PORTS_EACH]
            with suppress(OSError), socket.create_server(("127.0.0.1", port)):
                return port
    raise PeerError("All ports that the tests have are in use.")


def wait_for(*ports: int) -> None:
    """Go on when something listens on each of these ports of this machine: some servers say that
    they are ready, or just start, a moment before.

    Errors:
        PeerError: nothing does in time.
    """
    until = time.monotonic() + READY_SECONDS
    for port in ports:
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if time.monotonic() > until:
                raise PeerError(f"Nothing listens on port {port}.")
            time.sleep(0.01)


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    ready: str,
    stop: signal.Signals = signal.SIGTERM,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    stdin: socket.socket | int = subprocess.DEVNULL,
    identity: Sequence[str] = (),
) -> Generator[subprocess.Popen[str]]:
    """Run a server in the foreground from the line that says it is ready to the block's end.

    It gets the signal `stop` at the end of the block, and also when the tests are killed.
    `identity` are words for setpriv(1) that say as whom it runs.

    Errors:
        PeerError: it ended, or said nothing like `ready`, in time.
    """
    lifeline = ["setpriv", "--pdeathsig", stop.name.removeprefix("SIG"), *identity, "--"]
    process = subprocess.Popen(
        [*lifeline, *command],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        cwd=folder,
        process_group=0,
    )
    with until_end(process, ready=ready, stop=stop):
        yield process


@contextmanager
def until_end(
    process: subprocess.Popen[str] | Copy, *, ready: str, stop: signal.Signals = signal.SIGTERM
) -> Generator[None]:
    """Await the line that says a server is ready, and end the server with the block.

    Errors:
        PeerError: it ended, or said nothing like `ready`, in time.
    """
    said: deque[str] = deque(maxlen=100)
    is_decided = threading.Event()
    is_ready = threading.Event()

    def drain() -> None:
        """Read to the end: a full pipe would stop the server."""
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                said.append(line)
                if not is_decided.is_set() and re.search(ready, line):
                    is_ready.set()
                    is_decided.set()
        is_decided.set()

    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    try:
        is_decided.wait(READY_SECONDS)
        if not is_ready.is_set():
            raise PeerError(f"It did not start:\n{''.join(said)}")
        yield
    finally:
        end(process, stop)
        reader.join(STOP_SECONDS)


def end(process: subprocess.Popen[str] | Copy, stop: signal.Signals) -> None:
    """End a server politely, then not; and whatever it left behind."""
    if process.poll() is None:
        process.send_signal(stop)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
