"""Whether a file changes the same now as it did before, though other files or lines moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pygit2

from appliance.git import limits
from appliance.git.handles import Handle, Kind, opened

CONTEXT_LINES = 3


@dataclass(frozen=True)
class BlobPair:
    """A file before and after a change; None where it was not there."""

    old: str | None
    new: str | None


def are_same(at: Path, pairs: Iterable[tuple[BlobPair, BlobPair]]) -> list[bool]:
    """Of each two changes, whether they take and bring the same lines, with the same around them.

    A rebase gives a file another content where its base has another, but the same change.
    What cannot be compared any more, or is large or binary, counts as different.
    """
    with opened(at) as handle:
        return [one == other or _is_same(handle, one, other) for one, other in pairs]


def _is_same(handle: Handle, one: BlobPair, other: BlobPair) -> bool:
    first = _lines(handle, one)
    return first is not None and first == _lines(handle, other)


def _lines(handle: Handle, pair: BlobPair) -> list[tuple[str, bytes]] | None:
    """What the change takes and brings, without the numbers of lines; None: it cannot be told."""
    contents = [_content(handle, oid) for oid in (pair.old, pair.new)]
    old, new = contents
    if old is None or new is None:
        return None
    patch = pygit2.Patch.create_from(old, new, context_lines=CONTEXT_LINES)
    if patch.delta.is_binary:
        return None
    return [(line.origin, line.raw_content) for hunk in patch.hunks for line in hunk.lines]


def _content(handle: Handle, oid: str | None) -> bytes | None:
    if oid is None:
        return b""
    header = handle.header(oid)
    if header is None or header[0] is not Kind.BLOB or header[1] > limits.DIFFED_BLOB_BYTES:
        return None
    return handle.read_known(oid)
