"""Says which commit wrote each line of a file.

`blame(at, commit, path)` gives runs of lines with their commits, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.errors import InvalidError, TooLargeError
from appliance.git import blobs, commits, limits, process
from appliance.git.commits import Person
from appliance.git.quoting import unquote
from appliance.git.tree import EntryKind

OUTPUT_BYTES = 256 * limits.MIB


@dataclass(frozen=True)
class Origin:
    """A commit that wrote lines of the file, what it called the file, and what came before it."""

    oid: str
    author: Person
    subject: bytes
    path: bytes
    previous: tuple[str, bytes] | None
    """The commit and path to look at for what these lines were before."""


@dataclass(frozen=True)
class Run:
    """Lines that follow each other and were written together. The first line of a file is 1."""

    origin: Origin
    first_line: int
    first_line_then: int
    count: int


@dataclass(frozen=True)
class Blame:
    """A whole file with who wrote it; `lines` are without their ends."""

    runs: tuple[Run, ...]
    lines: tuple[bytes, ...]


def blame(
    at: Path,
    commit: str,
    path: bytes,
    *,
    seconds: float = limits.PAGE_SECONDS,
    most_bytes: int = limits.DIFFED_BLOB_BYTES,
) -> Blame:
    """Who wrote each line of the file at `path`.

    Errors:
        NotFoundError: there is no such commit or file.
        InvalidError: it is binary or no file of lines. TooLargeError: it is too long.
        TimeoutExceededError: its history is too long.
    """
    file = blobs.file(at, commit, path, most_bytes=most_bytes)
    if file.entry.kind is EntryKind.SYMLINK or file.is_binary:
        raise InvalidError("Blame is available only for text files.")
    if file.content is None or file.content.count(b"\n") > limits.BLAME_LINES:
        raise TooLargeError("This file is too large for blame.")
    if not file.content:
        return Blame((), ())
    words: list[str | bytes] = ["blame", "--incremental", commit, "--", file.entry.path]
    answer = process.run(words, at=at, timeout_seconds=seconds, output_bytes=OUTPUT_BYTES)
    runs = sorted(_runs(answer.split(b"\n")), key=lambda run: run.first_line)
    return Blame(tuple(_joined(runs)), tuple(_lines(file.content)))


def _lines(content: bytes) -> list[bytes]:
    return (content[:-1] if content.endswith(b"\n") else content).split(b"\n")


def _runs(lines: Iterable[bytes]) -> Iterator[Run]:
    """The answer of git blame --incremental as data; a commit's details come once.

    Source: git-blame(1), "The porcelain format" and "Incremental output".
    """
    origins: dict[tuple[str, bytes, tuple[str, bytes] | None], Origin] = {}
    details: dict[str, dict[bytes, bytes]] = {}
    for head, fields in _groups(lines):
        oid, then, now, count = head
        known = details.setdefault(oid, {})
        known.update({key: value for key, value in fields.items() if key != b"previous"})
        previous = _previous(fields.get(b"previous"))
        key = (oid, fields[b"filename"], previous)
        if key not in origins:
            origins[key] = _origin(*key, known)
        yield Run(origins[key], int(now), int(then), int(count))


def _groups(
    lines: Iterable[bytes],
) -> Iterator[tuple[tuple[str, bytes, bytes, bytes], dict[bytes, bytes]]]:
    """Each run's first line, split, with the fields below it; `filename` is always the last."""
    head: tuple[str, bytes, bytes, bytes] | None = None
    fields: dict[bytes, bytes] = {}
    for line in lines:
        if head is None:
            if line:
                oid, then, now, count = line.split(b" ")
                head = (oid.decode(), then, now, count)
            continue
        key, _, value = line.partition(b" ")
        fields[key] = value
        if key == b"filename":
            yield head, fields
            head, fields = None, {}


def _origin(
    oid: str, path: bytes, previous: tuple[str, bytes] | None, fields: dict[bytes, bytes]
) -> Origin:
    email = fields.get(b"author-mail", b"<>").strip(b"<>")
    stamp = b"%s <%s> %s %s" % (
        fields.get(b"author", b""),
        email,
        fields.get(b"author-time", b"0"),
        fields.get(b"author-tz", b"+0000"),
    )
    summary = fields.get(b"summary", b"")
    return Origin(oid, commits.parse_person(stamp), summary, unquote(path), previous)


def _previous(value: bytes | None) -> tuple[str, bytes] | None:
    if value is None:
        return None
    oid, _, path = value.partition(b" ")
    return oid.decode(), unquote(path)


def _joined(runs: list[Run]) -> Iterator[Run]:
    """Runs of one origin that follow each other as one."""
    last: Run | None = None
    for run in runs:
        if last is not None and _continues(last, run):
            last = replace(last, count=last.count + run.count)
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last


def _continues(last: Run, run: Run) -> bool:
    gap = run.first_line - last.first_line
    return (
        last.origin == run.origin
        and last.count == gap
        and last.first_line_then + gap == run.first_line_then
    )
