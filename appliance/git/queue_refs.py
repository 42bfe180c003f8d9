"""Keeps what merge queues test: `refs/queue/BRANCH/GROUP`, for who tests it to fetch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from appliance.git import process, refs
from appliance.git.ref_changes import INTERNAL

QUEUES = b"refs/queue/"


def keep(at: Path, ref: bytes, commit: str) -> None:
    """Let a ref keep a commit.

    Errors:
        DamagedError: it cannot be written.
    """
    _update(at, b"update %s\0%s\0\0" % (ref, commit.encode()))


def forget(at: Path, gone: Iterable[bytes]) -> None:
    """Remove refs. Safe to repeat.

    Errors:
        DamagedError: they cannot be written.
    """
    spoken = b"".join(b"delete %s\0\0" % each for each in gone)
    if spoken:
        _update(at, spoken)


def sweep(at: Path, branch: bytes, kept: Iterable[bytes]) -> None:
    """Remove the refs of a queue but these. Safe to repeat.

    Errors:
        DamagedError: they cannot be read or written.
    """
    stay, prefix = frozenset(kept), QUEUES + branch + b"/"
    names = [name for name, _ in refs.names(at, prefix)]
    gone = [each for each in names if b"/" not in each.removeprefix(prefix) and each not in stay]
    forget(at, gone)


def _update(at: Path, spoken: bytes) -> None:
    process.run(["update-ref", "--no-deref", "--stdin", "-z"], at=at, input=spoken, extra=INTERNAL)
