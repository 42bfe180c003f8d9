"""One appliance per home folder: the lock that says so, and who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from appliance.errors import ApplianceError

LOCK = Path("run/lock")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made for this account alone.
NUMBERS = "codara-numbers-"
PREPARING = Path("run/prepare.lock")


class AlreadyRunningError(ApplianceError):
    """Another process works with this home folder."""

    code = "already_running"
    title = "This appliance is running already"


def make_folders(home: Path) -> None:
    """The home folder and what has to be in it before anything else, for one account alone."""
    for folder in (home, home / "run", home / "logs"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def hold(home: Path) -> Generator[Lock]:
    """Be the one appliance of this home folder for the length of the block.

    Errors:
        AlreadyRunningError: somebody else is; the message says who, since when and where.
    """
    make_folders(home)
    descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(_who(home)) from error
        lock = Lock(descriptor)
        lock.note("")
        yield lock
        lock.forget()
    finally:
        os.close(descriptor)


@contextmanager
def alone(home: Path) -> Generator[None]:
    """Prepare a home folder while nobody else does; wait for who does."""
    make_folders(home)
    with (home / PREPARING).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Lock:
    """The lock while it is held; the file tells others who holds it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._since = datetime.now(UTC).isoformat(timespec="seconds")

    def note(self, address: str) -> None:
        """Say where the appliance can be reached."""
        self._write(
            json.dumps({"pid": os.getpid(), "since": self._since, "address": address}).encode()
        )

    def forget(self) -> None:
        """Say nothing any more."""
        self._write(b"")

    def _write(self, text: bytes) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)


def address(home: Path) -> str:
    """Where the appliance of this home folder can be reached; empty if it does not say."""
    return str(_note(home).get("address", ""))


def _note(home: Path) -> dict[str, object]:
    try:
        note = json.loads((home / LOCK).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _who(home: Path) -> str:
    note = _note(home)
    if not note:
        return f"{home} is in use by another process that is starting or ending. Try again soon."
    where = f" at {note['address']}" if note.get("address") else ""
    return (
        f"{home} is in use: process {note['pid']} has run it since {note['since']}{where}. "
        "End that one first, or name another folder with --home."
    )


def share_numbers(home: Path) -> None:
    """An empty folder where the web processes add up their numbers, and the word that says where.

    Before the first of them is imported: the library looks only then. It maps its files into
    memory, and the system ends a process that writes into such a file when the disk is full.
    """
    place = SHARED_MEMORY if SHARED_MEMORY.is_dir() else home / "run"
    for old in place.glob(f"{NUMBERS}*"):
        _forget_numbers(old, home)
    folder = Path(tempfile.mkdtemp(prefix=NUMBERS, dir=place))
    (folder / "home").write_text(os.fspath(home))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = os.fspath(folder)


def _forget_numbers(folder: Path, home: Path) -> None:
    """Remove numbers that are ours or whose home folder is gone; another account's stay."""
    with suppress(OSError):
        whose = Path((folder / "home").read_text())
        if whose == home or not whose.exists():
            shutil.rmtree(folder)
