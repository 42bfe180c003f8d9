"""Pointers: the small files that stand in a tree where LFS keeps the content elsewhere.

Source: git-lfs, docs/spec.md, "The Pointer".
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from appliance.errors import DamagedError, TimeoutExceededError
from appliance.git import process

POINTER_BYTES = 1024
"""Longest pointer; the specification says that they are smaller."""

REACHABLE_SECONDS = 3600.0

_POINTER = re.compile(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n"
    rb"(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,19})\n"
)
SMALL_BLOBS = f"--filter=combine:object:type=blob+blob:limit={POINTER_BYTES + 1}"


@dataclass(frozen=True)
class Pointer:
    """What a pointer says: which object, and how large it is."""

    oid: str
    size_bytes: int


def parse_pointer(content: bytes) -> Pointer | None:
    """The pointer that the content of a file is; None when it is something else."""
    if len(content) > POINTER_BYTES:
        return None
    found = _POINTER.match(content)
    return Pointer(found[1].decode("ascii"), int(found[2])) if found else None


def reachable_pointers(
    folder: Path, *, timeout_seconds: float = REACHABLE_SECONDS
) -> Iterator[Pointer]:
    """Every pointer that any ref or reflog of the repository reaches, one for each file version.

    Nothing may be deleted on the strength of this before the iteration has ended well.

    Errors:
        DamagedError: while iterating, when the repository cannot be read to the end.
        TimeoutExceededError: while iterating.
    """
    deadline = time.monotonic() + timeout_seconds
    listing = ["rev-list", "--objects", "--no-object-names", "--all", "--reflog", SMALL_BLOBS]
    with ExitStack() as stack:
        lister = process.popen(listing, at=folder, stdin=subprocess.DEVNULL)
        stack.callback(process.stop, lister)
        reader = process.popen(["cat-file", "--batch", "--buffer"], at=folder, stdin=_out(lister))
        stack.callback(process.stop, reader)
        _out(lister).close()  # Only the reader listens now; it ends when the lister does.
        for content in _contents(_out(reader), deadline):
            if (pointer := parse_pointer(content)) is not None:
                yield pointer
        for program in (lister, reader):
            if program.wait(max(0.1, deadline - time.monotonic())) != 0:
                raise DamagedError("Not all of this repository can be read.")


def _out(program: subprocess.Popen[bytes]) -> IO[bytes]:
    if program.stdout is None:
        raise DamagedError("Git has no voice.")
    return program.stdout


def _contents(pipe: IO[bytes], deadline: float) -> Iterator[bytes]:
    """The contents in what `git cat-file --batch` says.

    Source: git-cat-file(1), "BATCH OUTPUT".
    """
    with os.fdopen(os.dup(pipe.fileno()), "rb", buffering=1024 * 1024) as lines:
        for header in lines:
            if time.monotonic() > deadline:
                raise TimeoutExceededError("Looking for LFS objects took longer than it may.")
            _oid, kind, size = [*header.split(), b"", b""][:3]
            if kind == b"missing" or not size:
                raise DamagedError("Not all of this repository can be read.")
            yield lines.read(int(size))
            lines.read(1)
