"""What `git cat-file --batch` says, object by object, from an open file.

A large file comes in stretches that overlap by more than any secret is long, so that memory has an
end and nothing is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from appliance.scanning.secrets.rules import MOST_REACH_BYTES

STRETCH_BYTES = 16 * 1024 * 1024
OVERLAP_BYTES = 2 * MOST_REACH_BYTES
HEADER_BYTES = 256
HEADER_WORDS = 3


class BrokenStreamError(Exception):
    """Git broke off, or said what nobody understands."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of an object; nearly always all of it."""

    oid: str
    kind: str
    size_bytes: int
    start: int
    data: bytes

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the object."""
        return self.start == 0 and len(self.data) == self.size_bytes


def read(said: IO[bytes]) -> Iterator[Stretch]:
    """Every object.

    Errors:
        BrokenStreamError: while iterating.
    """
    while header := said.readline(HEADER_BYTES):
        words = header.split()
        if len(words) != HEADER_WORDS or not words[2].isdigit():
            raise BrokenStreamError
        oid, kind, size = words[0].decode("ascii"), words[1].decode("ascii"), int(words[2])
        yield from _stretches(said, oid, kind, size)
        if said.read(1) != b"\n":
            raise BrokenStreamError


def _stretches(said: IO[bytes], oid: str, kind: str, size: int) -> Iterator[Stretch]:
    start, tail = 0, b""
    while True:
        wanted = min(STRETCH_BYTES, size - start - len(tail))
        fresh = said.read(wanted)
        if len(fresh) != wanted:
            raise BrokenStreamError
        data = tail + fresh if tail else fresh
        yield Stretch(oid, kind, size, start, data)
        if start + len(data) >= size:
            return
        tail = data[-OVERLAP_BYTES:]
        start += len(data) - len(tail)


def names(tree: bytes, *, oid_bytes: int) -> list[bytes]:
    """The names in a tree; its ids have so many bytes.

    Errors:
        BrokenStreamError: it is none.
    Source: gitformat-pack(5); a tree is `MODE NAME NUL ID`, again and again.
    """
    found, place = [], 0
    while place < len(tree):
        space, end = tree.find(b" ", place), tree.find(b"\0", place)
        if not place < space < end:
            raise BrokenStreamError
        found.append(tree[space + 1 : end])
        place = end + 1 + oid_bytes
    return found
