"""What a push brings, object by object, as git says it: for a scanner to read.

It is all that no branch, tag or note leads to yet, wherever it lies. The quarantine alone would not
do: what the repository holds already, left behind by a change that was refused or kept by a stash
or a pull request, git takes for known, and a push brings it to a branch without sending it.
Source: git-receive-pack(1), "QUARANTINE ENVIRONMENT"; git-cat-file(1), "BATCH OUTPUT";
git-rev-list(1), "--exclude".
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from appliance.domain.protection import NO_OBJECT, RefUpdate
from appliance.errors import DamagedError
from appliance.git import process
from appliance.git.stored_objects import bringers

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.git.inspect import Quarantine

SOME = ["cat-file", "--batch", "--buffer"]
OURS = ("refs/internal/*", "refs/pull/*", "refs/queue/*")
"""What we keep for ourselves: no push brought it there, and nobody has looked at it."""
NEW = ("--not", *(f"--exclude={each}" for each in OURS), "--all")
SECONDS = 120.0
OUTPUT_BYTES = 4 * 1024**3
OID_CHARACTERS = (40, 64)


@dataclass
class Speech:
    """Git, while somebody else reads what it says. Its state is the programs that run."""

    programs: list[subprocess.Popen[bytes]]

    @property
    def objects(self) -> IO[bytes]:
        """What it says; whoever takes it closes it."""
        said = self.programs[-1].stdout
        assert said is not None  # noqa: S101 - it was started with a pipe.
        return said

    def insist_on_all(self, *, seconds: float) -> None:
        """Go on only if git has said all there is.

        Errors:
            DamagedError: it broke off, or works on.
        """
        for each in self.programs:
            try:
                status = each.wait(seconds)
            except subprocess.TimeoutExpired:
                status = 1
            if status != 0:
                raise DamagedError("What was pushed cannot be read.")

    def end(self) -> None:
        """End what still runs."""
        for each in self.programs:
            process.stop(each, grace_seconds=0.2)


@contextlib.contextmanager
def pushed(
    folder: Path, quarantine: Quarantine | None, updates: Sequence[RefUpdate]
) -> Generator[Speech | None]:
    """What a push brings; None where it brings no objects."""
    if all(each.new_oid == NO_OBJECT for each in updates):
        yield None
        return
    speech = _new(folder, quarantine, updates)
    try:
        yield speech
    finally:
        speech.end()


@contextlib.contextmanager
def some(folder: Path, quarantine: Quarantine | None, oids: Iterable[str]) -> Generator[Speech]:
    """These objects."""
    extra = quarantine.with_repository if quarantine else None
    with _question("".join(f"{oid}\n" for oid in oids).encode("ascii")) as wanted:
        speech = Speech([process.popen(SOME, at=folder, extra=extra, stdin=wanted)])
    try:
        yield speech
    finally:
        speech.end()


def _new(folder: Path, quarantine: Quarantine | None, updates: Sequence[RefUpdate]) -> Speech:
    words = ["rev-list", "--objects", "--no-object-names", "--stdin", *NEW]
    extra = quarantine.with_repository if quarantine else None
    with _question(_tips(updates)) as wanted:
        names = process.popen(words, at=folder, extra=extra, stdin=wanted)
    said = names.stdout
    assert said is not None  # noqa: S101 - it was started with a pipe.
    with said:
        return Speech([names, process.popen(SOME, at=folder, extra=extra, stdin=said)])


def _question(text: bytes) -> IO[bytes]:
    """A file without a name that holds some text: a pipe would hold little of it."""
    wanted = tempfile.TemporaryFile()  # noqa: SIM115 - who asks closes it.
    wanted.write(text)
    wanted.seek(0)
    return wanted


def paths_of(
    folder: Path,
    quarantine: Quarantine | None,
    updates: Sequence[RefUpdate],
    wanted: Collection[str],
) -> dict[str, str]:
    """Where some of the new objects are; those that are nowhere are not new at all.

    Errors:
        TimeoutExceededError, DamagedError: it cannot be found out, or not in time.
    """
    words = ["rev-list", "--objects", "--stdin", *NEW]
    found: dict[str, str] = {}
    with process.stream(
        words,
        at=folder,
        extra=quarantine.with_repository if quarantine else None,
        input=_tips(updates),
        timeout_seconds=SECONDS,
        output_bytes=OUTPUT_BYTES,
    ) as said:
        rest = b""
        for chunk in said:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                oid, _, path = line.partition(b" ")
                if oid.decode("ascii") in wanted:
                    found[oid.decode("ascii")] = path.decode("utf-8", "replace")
        said.check()
    return found


def added_paths(
    folder: Path, quarantine: Quarantine | None, updates: Sequence[RefUpdate]
) -> dict[bytes, str]:
    """Paths that were not there before, each with a commit that brings it.

    Errors:
        TimeoutExceededError, DamagedError: it cannot be found out, or not in time.
    """
    words = ["log", "--format=%x00%H", "--name-only", "-z", "--no-renames", "--diff-filter=A"]
    words += ["--root", "--diff-merges=first-parent", "--stdin", *NEW]
    said = process.run(
        words,
        at=folder,
        extra=quarantine.with_repository if quarantine else None,
        input=_tips(updates),
        timeout_seconds=SECONDS,
        output_bytes=OUTPUT_BYTES,
    )
    found: dict[bytes, str] = {}
    commit = ""
    for field in said.split(b"\0"):
        word = field.strip(b"\n")
        if len(word) in OID_CHARACTERS and _is_hex(word):
            commit = word.decode("ascii")
        elif word:
            found.setdefault(word, commit)
    return found


def commits_of(
    folder: Path,
    quarantine: Quarantine | None,
    updates: Sequence[RefUpdate],
    oids: Collection[str],
) -> dict[str, str]:
    """The new commit that brings each of some files; the first of several.

    Errors:
        TimeoutExceededError, DamagedError: it cannot be found out, or not in time.
    """
    words = ["log", "--format=%x00%H", "--raw", "--no-abbrev", "-z", "--no-renames", "--root"]
    words += ["-m", "--reverse", "--stdin", *NEW]
    said = process.run(
        words,
        at=folder,
        extra=quarantine.with_repository if quarantine else None,
        input=_tips(updates),
        timeout_seconds=SECONDS,
        output_bytes=OUTPUT_BYTES,
    )
    return bringers(said, oids)


def _is_hex(word: bytes) -> bool:
    return not word.strip(b"0123456789abcdef")


def _tips(updates: Iterable[RefUpdate]) -> bytes:
    news = {update.new_oid for update in updates} - {NO_OBJECT}
    return "".join(f"{oid}\n" for oid in sorted(news)).encode("ascii")
