"""Reads files of a commit: their bytes when few, a stream when many; and what they are.

- `file(at, commit, path)` what a page about a file needs; `chunks(at, oid)` all bytes of it.
- `measure(at, oids)` how large some blobs are, and how they begin.
- `is_binary(content)` whether git would call some bytes binary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import DamagedError, NotFoundError
from appliance.git import limits, process, tree
from appliance.git.handles import DAMAGED, Kind, opened
from appliance.git.lfs_pointers import Pointer, parse_pointer
from appliance.git.tree import Entry, EntryKind


@dataclass(frozen=True)
class File:
    """A file or symbolic link of a commit. `content` is None where it is over the limit asked."""

    entry: Entry
    size_bytes: int
    content: bytes | None
    is_binary: bool
    lfs: Pointer | None

    @property
    def link_target(self) -> bytes | None:
        """Where a symbolic link points; None for files."""
        return self.content if self.entry.kind is EntryKind.SYMLINK else None


def file(at: Path, commit: str, path: bytes, *, most_bytes: int = limits.BLOB_BYTES) -> File:
    """The file at `path` in a commit, its content only where it has at most `most_bytes`.

    Errors:
        NotFoundError: there is no such commit, or no file there.
    """
    with opened(at) as handle:
        entry = tree.measured(handle, tree.locate(handle, commit, path))
        if entry.kind in {EntryKind.FOLDER, EntryKind.SUBMODULE}:
            raise NotFoundError("There is no file at that path in this commit.")
        if entry.size_bytes is None:
            raise DamagedError(DAMAGED)
        if entry.kind is EntryKind.SYMLINK:
            most_bytes = min(most_bytes, limits.SYMLINK_BYTES)
        if entry.size_bytes <= most_bytes:
            content = handle.read(entry.oid, Kind.BLOB, most_bytes=most_bytes)
            pointer = parse_pointer(content)
            return File(entry, entry.size_bytes, content, is_binary(content), pointer)
    return File(entry, entry.size_bytes, None, is_binary(_start(at, entry.oid)), None)


def content(at: Path, oid: str, *, most_bytes: int) -> bytes | None:
    """The bytes of a blob; None where there is none, or a larger one, or one that is no text."""
    with opened(at) as handle:
        header = handle.header(oid)
        if header is None or header[0] is not Kind.BLOB or header[1] > most_bytes:
            return None
        found = handle.read_known(oid)
    return None if is_binary(found) else found


@dataclass(frozen=True)
class Measure:
    """How large a blob is. `start` is all of it, or where it is large only how it begins."""

    size_bytes: int
    start: bytes
    lfs: Pointer | None


def measure(at: Path, oids: Iterable[str]) -> dict[str, Measure]:
    """The sizes and beginnings of blobs by their ids; those that are not here are left out."""
    found = {}
    with opened(at) as handle:
        for oid in dict.fromkeys(oids):
            header = handle.header(oid)
            if header is None or header[0] is not Kind.BLOB:
                continue
            is_small = header[1] <= limits.MEASURED_BLOB_BYTES
            start = handle.read_known(oid) if is_small else _start(at, oid)
            found[oid] = Measure(header[1], start, parse_pointer(start) if is_small else None)
    return found


def chunks(at: Path, oid: str, *, seconds: float = 3600.0) -> Iterator[bytes]:
    """All bytes of a blob, piece by piece, however large it is.

    Errors:
        NotFoundError: there is no such blob; said before the first piece.
        DamagedError: it cannot be read to its end.
    """
    with opened(at) as handle:
        size_bytes = handle.expect(oid, Kind.BLOB)
    with process.stream(
        ["cat-file", "blob", oid], at=at, timeout_seconds=seconds, output_bytes=size_bytes
    ) as speech:
        yield from speech
        speech.check()


def is_binary(content: bytes) -> bool:
    """Whether git would call these bytes binary."""
    return b"\0" in content[: limits.SNIFF_BYTES]


def _start(at: Path, oid: str) -> bytes:
    """The first bytes of a blob too large to load."""
    start = b""
    for chunk in chunks(at, oid):
        start += chunk
        if len(start) >= limits.SNIFF_BYTES:
            break
    return start
