"""Where the parts of a tree lie, and how entries are bundled: the layout called tlog-tiles.

A tile holds up to 256 hashes of one level; level 0 are the hashes of entries, and a hash of level n
stands for a full tile of level n - 1. What is on the way between two levels is computed.

Source: https://c2sp.org/tlog-tiles
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from audit.merkle import HASH_BYTES, Node, node_hash

WIDTH = 256
LEVEL_BITS = 8
HIGHEST_LEVEL = 7
"""Level 7 holds subtrees of 2**56 entries; no log grows beyond."""
LARGEST_ENTRY = 0xFFFF
PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?\Z",
    re.ASCII,
)
ENTRIES = -1
"""Stands for `entries` where a tile has its level."""


def path(level: int, index: int, width: int = WIDTH) -> str:
    """The path of a tile: `tile/0/x001/234`, with `.p/112` behind it where it is not full."""
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    kind = "entries" if level == ENTRIES else str(level)
    return f"tile/{kind}/{name}" + ("" if width == WIDTH else f".p/{width}")


def parse_path(text: str) -> tuple[int, int, int]:
    """Level, index and width of what a path names.

    Errors:
        ValueError: it is no path of a tile, or not spelled as it must be.
    """
    found = PATH.match(text)
    if found is None:
        raise ValueError("not the path of a tile")
    level = ENTRIES if found["level"] == "entries" else int(found["level"])
    index = int(found["index"].replace("/", "").replace("x", ""))
    width = int(found["width"]) if found["width"] else WIDTH
    if path(level, index, width) != text:
        raise ValueError("not the path of a tile")
    return level, index, width


def widths(size: int) -> Iterator[tuple[int, int]]:
    """Level and hashes of every level of a tree with `size` entries, from 0 up."""
    level = 0
    while size:
        yield level, size
        level, size = level + 1, size >> LEVEL_BITS


def node_from(tile: Callable[[int, int], bytes]) -> Node:
    """Gives the hash of any complete subtree, from tiles.

    `tile(level, index)` gives what there is of a tile, 32 bytes for each hash.
    """

    def node(level: int, index: int) -> bytes:
        of_tile, above = divmod(level, LEVEL_BITS)
        first = index << above
        at, start = divmod(first, WIDTH)
        stored = tile(of_tile, at)
        hashes = [
            stored[n * HASH_BYTES : (n + 1) * HASH_BYTES]
            for n in range(start, start + (1 << above))
        ]
        if len(hashes[-1]) != HASH_BYTES:
            raise ValueError(f"tile {path(of_tile, at)} is too short")
        return _above(hashes)

    return node


def tile_root(tile: bytes) -> bytes:
    """The hash that stands for a full tile one level higher.

    Errors:
        ValueError: the tile is not full.
    """
    if len(tile) != WIDTH * HASH_BYTES:
        raise ValueError("only a full tile has a hash one level higher")
    return _above([tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)])


def _above(hashes: list[bytes]) -> bytes:
    """The hash above a complete subtree."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [node_hash(left, right) for left, right in pairs]
    return hashes[0]


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after another, each behind its length in two bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundle(data: bytes) -> list[bytes]:
    """The entries of a bundle.

    Errors:
        ValueError: it ends in the middle of an entry.
    """
    entries, at = [], 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise ValueError("the bundle ends in the middle of an entry")
        entries.append(data[start:at])
    return entries
