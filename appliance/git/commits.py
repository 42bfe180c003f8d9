"""Reads commits: who, when, what they say; and which branches and tags contain one.

- `read(at, oid)` one commit that a client named; `read_many(at, oids)` those a walk has found.
- `parse(oid, raw)` a commit object's bytes as data; `refs_containing(at, oid)`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

from appliance.errors import TimeoutExceededError
from appliance.git import limits, process, signed
from appliance.git.handles import Handle, Kind, opened
from appliance.git.signed import Signed

LATEST = datetime.max.replace(tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PERSON = re.compile(rb"^(?P<name>.*?) ?<(?P<email>.*)> ?(?P<time>-?\d+)? ?(?P<zone>[+-]\d{4})?$")
NOT_OF_TEXTS = {"utf-8", "utf-7", "punycode", "idna", "unicode-escape", "raw-unicode-escape"}
"""What is UTF-8 already, and encodings of Python that nobody writes texts in: with those, plain
letters say more lines than they are, or reading them takes time that grows with their square."""
LINES = (b"\n", b"\0")
TRAILER = re.compile(rb"^(?P<key>[A-Za-z0-9][A-Za-z0-9-]*)\s*:\s*(?P<value>.*)$")


@dataclass(frozen=True)
class Person:
    """Who wrote or committed, and when: the UTC moment and their own offset from it."""

    name: bytes
    email: bytes
    at: datetime
    offset_minutes: int


@dataclass(frozen=True)
class Commit:
    """One commit. Texts are UTF-8 where the commit says what they were, else as they are stored."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: bytes
    signed: Signed | None
    """Its signature and what that is of; None where it has none."""

    @property
    def is_signed(self) -> bool:
        """Whether it carries a signature; whether that is worth anything is another question."""
        return self.signed is not None

    @property
    def subject(self) -> bytes:
        """The first paragraph of the message on one line."""
        first = self.message.lstrip(b"\n").split(b"\n\n", 1)[0]
        return b" ".join(first.split(b"\n")).strip()

    @property
    def body(self) -> bytes:
        """The message without its subject."""
        return self.message.lstrip(b"\n").partition(b"\n\n")[2].strip(b"\n")

    @property
    def trailers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The `Key: value` lines that end the message, where its last paragraph is nothing else."""
        last = self.body.rpartition(b"\n\n")[2]
        return _trailers(last.split(b"\n")) if last else ()


@dataclass(frozen=True)
class Containing:
    """Which branches and tags contain a commit, as whole ref names; not all where `is_cut`."""

    branches: tuple[bytes, ...]
    tags: tuple[bytes, ...]
    is_cut: bool


def read(at: Path, oid: str) -> Commit:
    """The commit of that id.

    Errors:
        NotFoundError: there is no such commit.
    """
    with opened(at) as handle:
        handle.expect(oid, Kind.COMMIT)
        return load(handle, oid)


def read_many(at: Path, oids: Iterable[str]) -> list[Commit]:
    """Commits that a walk has found, in the same order.

    Errors:
        DamagedError: one of them is missing.
    """
    with opened(at) as handle:
        return [load(handle, oid) for oid in oids]


def load(handle: Handle, oid: str) -> Commit:
    """A commit that something in the repository speaks of."""
    return parse(oid, handle.read(oid, Kind.COMMIT))


def parse(oid: str, raw: bytes) -> Commit:
    """The bytes of a commit object as data; lenient, because old tools wrote strange ones.

    Source: git's Documentation/technical/signature-format and commit.c.
    """
    head, _, message = raw.partition(b"\n\n")
    headers: dict[bytes, list[bytes]] = {}
    lines = head.replace(b"\n ", b"\0").split(b"\n")
    for line in lines:
        key, _, value = line.partition(b" ")
        headers.setdefault(key, []).append(value)
    encoding = headers.get(b"encoding", [b""])[0]
    return Commit(
        oid=oid,
        tree=headers.get(b"tree", [b""])[0].decode("ascii", "replace"),
        parents=tuple(line[7:].decode("ascii", "replace") for line in parent_lines(lines)),
        author=parse_person(to_utf8(headers.get(b"author", [b""])[0], encoding)),
        committer=parse_person(to_utf8(headers.get(b"committer", [b""])[0], encoding)),
        message=to_utf8(message[: limits.MESSAGE_BYTES], encoding),
        signed=signed.of_commit(raw),
    )


def parent_lines(lines: list[bytes]) -> list[bytes]:
    """Those lines of a commit's head that name its parents, as git reads them.

    One further down is nothing to git, and may name what is nobody's to see.
    """
    return list(takewhile(lambda line: line.startswith(b"parent "), lines[1:]))


def to_utf8(text: bytes, encoding: bytes) -> bytes:
    """`text` in UTF-8, where `encoding` names a text encoding that fits it; else unchanged.

    It has the same lines afterwards: what the encoding of a line says never begins another one.
    """
    if not encoding:
        return text
    try:
        codec = codecs.lookup(encoding.decode("ascii"))
        if codec.name in NOT_OF_TEXTS or not codec._is_text_encoding:  # noqa: SLF001 — bytes.decode asks the same.
            return text
        read = text.decode(codec.name).encode()
    except (LookupError, UnicodeError, ValueError):
        return text
    return read if all(read.count(end) == text.count(end) for end in LINES) else text


def parse_person(line: bytes) -> Person:
    """`Name <email> seconds zone` as data; what cannot be read is left empty."""
    match = PERSON.match(line)
    if match is None:
        return Person(line, b"", EPOCH, 0)
    zone = match["zone"] or b"+0000"
    minutes = int(zone[1:3]) * 60 + int(zone[3:5])
    return Person(
        name=match["name"],
        email=match["email"],
        at=moment(int(match["time"] or 0)),
        offset_minutes=-minutes if zone.startswith(b"-") else minutes,
    )


def moment(seconds: int) -> datetime:
    """Git's seconds as a UTC time; those that no calendar has become its first or last."""
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return LATEST if seconds > 0 else EARLIEST


def refs_containing(
    at: Path, oid: str, *, most: int = 100, seconds: float = limits.CONTAINING_SECONDS
) -> Containing:
    """Which branches and tags contain a commit; at most so many of each, in so much time."""
    branches, branches_cut = _containing(at, oid, "refs/heads/", most, seconds / 2)
    tags, tags_cut = _containing(at, oid, "refs/tags/", most, seconds / 2)
    return Containing(branches, tags, branches_cut or tags_cut)


def _containing(
    at: Path, oid: str, prefix: str, most: int, seconds: float
) -> tuple[tuple[bytes, ...], bool]:
    words = ["for-each-ref", f"--contains={oid}", "--format=%(refname)", f"--count={most + 1}"]
    try:
        answer = process.run([*words, prefix], at=at, timeout_seconds=seconds)
    except TimeoutExceededError:
        return (), True
    names = answer.splitlines()
    return tuple(names[:most]), len(names) > most


def _trailers(lines: list[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    found: list[tuple[bytes, bytes]] = []
    for line in lines:
        match = TRAILER.match(line)
        if match is not None:
            found.append((match["key"], match["value"].strip()))
        elif found and line[:1] in (b" ", b"\t"):
            key, value = found[-1]
            found[-1] = (key, value + b" " + line.strip())
        else:
            return ()
    return tuple(found)
