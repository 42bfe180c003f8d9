"""The files that two histories do not agree on: both sides, what they come from, and a draft.

The draft is the file with all that goes together, and with git's marks around what does not.
Source: git-merge-file(1).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.git import limits, process
from appliance.git.conflicts import Conflict, ConflictKind, Resolutions
from appliance.git.handles import Handle, Kind, opened
from appliance.git.made_commits import tree_of
from appliance.git.merged_trees import TreeMerger, insist_on_relation, merge_bases
from appliance.git.scratch import apart
from appliance.git.written_tree import Leaf

LARGEST_BYTES = 512 * limits.KIB
"""Of a side that is shown; of larger files a side is chosen unseen."""
MOST_SHOWN = 50
"""Files of which the sides are read; of the others only the paths are told."""
WITH_DRAFT = frozenset({ConflictKind.CONTENT, ConflictKind.ADD_ADD})
MOST_CONFLICTS = 127
"""The largest status with which git says how many there are; above it, something is wrong."""


@dataclass(frozen=True)
class Names:
    """What marks call both sides, and what they come from: in one line each."""

    ours: bytes = b"ours"
    base: bytes = b"base"
    theirs: bytes = b"theirs"

    @property
    def options(self) -> tuple[bytes, ...]:
        """As git takes them."""
        return tuple(word for name in (self.ours, self.base, self.theirs) for word in (b"-L", name))


@dataclass(frozen=True)
class ConflictText:
    """One path that is not decided. A side is None where it is not there, or has no lines."""

    conflict: Conflict
    base: bytes | None
    ours: bytes | None
    theirs: bytes | None
    draft: bytes | None
    """None where it cannot be solved line by line."""


def read(at: Path, ours: str, theirs: str, names: Names = Names()) -> tuple[ConflictText, ...]:
    """What merging one commit into another does not decide. Nothing is written.

    Errors:
        ConflictError: they have nothing in common.
        TooLargeError, TimeoutExceededError: it is more than may be merged here.
    """
    deadline = time.monotonic() + limits.PAGE_SECONDS
    with apart(at) as (handle, _objects):
        merger = TreeMerger(at, handle, deadline)
        base = insist_on_relation(merger.base_of(merge_bases(at, ours, theirs)))
        trees = tree_of(handle, ours), tree_of(handle, theirs)
        merged = merger.merge(base, *trees, Resolutions())
        return tuple(
            _told(handle, each, names, is_shown=number < MOST_SHOWN)
            for number, each in enumerate(merged.conflicts)
        )


def of(at: Path, conflicts: Iterable[Conflict], names: Names) -> tuple[ConflictText, ...]:
    """The same of conflicts that are known, as far as their files are kept."""
    with opened(at) as handle:
        return tuple(
            _told(handle, each, names, is_shown=number < MOST_SHOWN)
            for number, each in enumerate(conflicts)
        )


def _told(handle: Handle, conflict: Conflict, names: Names, *, is_shown: bool) -> ConflictText:
    if not is_shown:
        return ConflictText(conflict, None, None, None, None)
    base, ours, theirs = (
        _content(handle, leaf) for leaf in (conflict.base, conflict.ours, conflict.theirs)
    )
    draft = None
    if conflict.kind in WITH_DRAFT and ours is not None and theirs is not None:
        draft = _draft(base or b"", ours, theirs, names)
    return ConflictText(conflict, base, ours, theirs, draft)


def _content(handle: Handle, leaf: Leaf | None) -> bytes | None:
    if leaf is None or not leaf.is_file:
        return None
    header = handle.header(leaf.oid)
    if header is None or header[0] is not Kind.BLOB or header[1] > LARGEST_BYTES:
        return None
    content = handle.read_known(leaf.oid)
    return None if b"\0" in content else content


def _draft(base: bytes, ours: bytes, theirs: bytes, names: Names) -> bytes | None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in (("ours", ours), ("base", base), ("theirs", theirs)):
            (folder / file).write_bytes(content)
        words: list[str | bytes] = [
            "merge-file",
            "-p",
            "--diff3",
            *names.options,
            "ours",
            "base",
            "theirs",
        ]
        finished = process.execute(words, at=folder)
    return finished.output if 0 <= finished.status <= MOST_CONFLICTS else None
