"""Objects of a repository that refs lead to, and the commits that brought them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.git import process

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 3600.0
COMMITS_SECONDS = 60.0
OUTPUT_BYTES = 16 * 1024**3
OID_CHARACTERS, HEX = (40, 64), b"0123456789abcdef"


@dataclass(frozen=True)
class StoredObject:
    """An object, and one of the paths it has; empty where it has none."""

    oid: str
    path: str


def reached(
    folder: Path, tips: Iterable[str], *, known: Iterable[str] = (), everything: bool = False
) -> Iterator[StoredObject]:
    """What these commits lead to, but for what the known ones do; or all refs together.

    Errors:
        TimeoutExceededError, DamagedError: while iterating.
    """
    question = "".join(f"{oid}\n" for oid in tips)
    question += "".join(f"^{oid}\n" for oid in known)
    words = ["rev-list", "--objects", "--ignore-missing", "--stdin"]
    if everything:
        words.append("--all")
    with process.stream(
        words,
        at=folder,
        input=question.encode("ascii"),
        timeout_seconds=SECONDS,
        output_bytes=OUTPUT_BYTES,
    ) as said:
        rest = b""
        for chunk in said:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                oid, _, path = line.partition(b" ")
                yield StoredObject(oid.decode("ascii"), path.decode("utf-8", "replace"))
        said.check()


def files_of(folder: Path, branch: str, *, most: int) -> list[StoredObject]:
    """The files of a branch, so many at most.

    Errors:
        TimeoutExceededError, DamagedError: they cannot be read.
    """
    words = ["ls-tree", "-r", "-z", "--full-tree", f"refs/heads/{branch}"]
    said = process.run(words, at=folder)
    found = []
    for line in said.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        _, kind, oid = about.split(b" ")
        if kind == b"blob":
            found.append(StoredObject(oid.decode("ascii"), path.decode("utf-8", "replace")))
    return found[:most]


def commits_of(
    folder: Path,
    tips: Iterable[str],
    known: Iterable[str],
    oids: Collection[str],
    *,
    everything: bool = False,
) -> dict[str, str]:
    """The commit that brings each of some files; the first of several.

    Errors:
        TimeoutExceededError, DamagedError: it cannot be found out, or not in time.
    """
    words = ["log", "--format=%x00%H", "--raw", "--no-abbrev", "-z", "--no-renames", "--root"]
    words += ["-m", "--reverse", "--ignore-missing", "--stdin", *(["--all"] if everything else [])]
    question = "".join(f"{oid}\n" for oid in tips) + "".join(f"^{oid}\n" for oid in known)
    said = process.run(
        words,
        at=folder,
        input=question.encode("ascii"),
        timeout_seconds=COMMITS_SECONDS,
        output_bytes=OUTPUT_BYTES,
    )
    return bringers(said, oids)


def bringers(said: bytes, oids: Collection[str]) -> dict[str, str]:
    """Of what `git log --format=%x00%H --raw -z` says: the first commit with each of some files."""
    found: dict[str, str] = {}
    commit = ""
    for part in said.split(b"\0"):
        word = part.strip(b"\n")
        if word.startswith(b":"):
            oid = word.split(b" ")[3].decode("ascii")
            if oid in oids:
                found.setdefault(oid, commit)
        elif len(word) in OID_CHARACTERS and not word.strip(HEX):
            commit = word.decode("ascii")
    return found
