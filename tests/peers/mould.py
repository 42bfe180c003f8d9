"""A process that has imported what serves the appliance; those that serve are copies of it.

Importing takes seconds of a processor, for the same outcome each time. A copy has its own
environment, output and process group, as if it had been started by itself. As a program, this is
the process that is copied: `python -m tests.peers.mould`, with a socket for its standard input.
"""

from __future__ import annotations

import array
import atexit
import ctypes
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from sqlalchemy.orm import configure_mappers

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
LONGEST_ORDER_BYTES = 64 * 1024
IMPORTED = (  # By the process that is copied: the tests themselves need none of it.
    "gunicorn.app.wsgiapp",
    "gunicorn.arbiter",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "appliance.web.app",
    "appliance.web.gunicorn_worker",
    "appliance.jobs.worker",
    "appliance.wiring_heartbeats",
)


class Copy:
    """A running copy: what a Popen tells and does. Its state is what it wrote, and its end."""

    def __init__(self, pid: int, handle: int, stdout: IO[str]) -> None:
        self.pid = pid
        self.stdout = stdout
        self._handle = handle  # It is no child of ours, but this is nobody else's either.

    def poll(self) -> int | None:
        """Nothing while it runs; then a number that says only that it has ended."""
        return 0 if self._has_ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Go on when it has ended."""
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired("a copy", timeout or 0)
        return 0

    def send_signal(self, number: signal.Signals) -> None:
        """As a Popen does it: who has ended hears nothing."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End it without a word."""
        self.send_signal(signal.SIGKILL)

    def let_talk(self) -> None:
        """Read what it writes, which nobody wants to know: a full pipe would stop it."""

        def read() -> None:
            with self.stdout:
                for _ in self.stdout:
                    pass

        threading.Thread(target=read, daemon=True).start()

    def __del__(self) -> None:
        os.close(self._handle)

    def _has_ended(self, seconds: float | None) -> bool:
        waiting = select.poll()
        waiting.register(self._handle, select.POLLIN)
        return bool(waiting.poll(None if seconds is None else seconds * 1000))


def start(
    words: Sequence[str | Path],
    environment: dict[str, str],
    folder: Path,
    *,
    program: str = "gunicorn.app.wsgiapp:run",
) -> Copy:
    """Let a copy run a program, which is MODULE:FUNCTION, with these words."""
    order = {
        "program": program,
        "words": [str(word) for word in words],
        "environment": environment,
    }
    reading, writing = os.pipe()
    line = _line()
    try:
        text = json.dumps({**order, "folder": str(folder)}).encode()
        socket.send_fds(line, [text], [writing])
    finally:
        os.close(writing)
    answer, [handle], _, _ = socket.recv_fds(line, LONGEST_ORDER_BYTES, 1)
    return Copy(int(answer), handle, os.fdopen(reading, errors="replace"))


@cache
def _line() -> socket.socket:
    """To the process that is copied, which ends when nobody is on the line any more."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    with theirs:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "tests.peers.mould"],
            stdin=theirs,
            env={**kept, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
            cwd=ROOT,
            process_group=0,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def main() -> None:
    """Copy this process for each order, until there are no more."""
    _import_everything()
    with socket.socket(fileno=os.dup(0)) as line:
        while True:
            text, handles, _, _ = socket.recv_fds(line, LONGEST_ORDER_BYTES, 1)
            _forget_the_dead()
            if not text:
                return
            pid = os.fork()
            if pid == 0:
                line.close()
                break
            os.close(handles[0])
            handle = os.pidfd_open(pid)
            line.sendmsg(
                [str(pid).encode()],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [handle]))],
            )
            os.close(handle)
    _become(json.loads(text), handles[0])


def _import_everything() -> None:
    for name in IMPORTED:
        import_module(name)
    configure_mappers()
    gc.collect()
    gc.freeze()


def _forget_the_dead() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _become(order: dict[str, Any], output: int) -> None:
    """Be the process that was asked for."""
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.closerange(3, max(nothing, output) + 1)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.argv = [order["program"], *order["words"]]
    module, _, function = order["program"].partition(":")
    code: Any = None
    try:
        getattr(import_module(module), function)()
    except SystemExit as ended:
        code = ended.code
    # So far as every process ends. Then it would take apart all that was imported, for which
    # this one would have to copy it first.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else bool(code))


if __name__ == "__main__":
    main()
