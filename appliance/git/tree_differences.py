"""What three versions of a tree differ in, read folder by folder where they do.

`look` decides all that is plain: what only one side has changed is that side's, whole folders at
once. So merging a large tree in which little has changed reads little of it. Where a file was
removed on one side and changed on the other, or something else was put where nothing was, a rename
may be behind it: then `is_plain` is false, and `leaves` gives every single file that differs.
"""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass, field

from appliance.errors import TimeoutExceededError, TooLargeError, sentence
from appliance.git import limits, tree
from appliance.git.conflicts import Triple
from appliance.git.handles import Handle, Kind
from appliance.git.tree import ENTRY, canonical
from appliance.git.written_tree import FOLDER_MODE, Leaf

Trees = tuple[str | None, str | None, str | None]


@dataclass
class Differences:
    """What `look` has found so far, and how long it may go on."""

    handle: Handle
    deadline: float
    taken: dict[bytes, Leaf | None] = field(default_factory=dict)
    """What is at a path on their side only, be it a folder, and is to be there."""
    both: dict[bytes, Triple] = field(default_factory=dict)
    """Files that both sides have changed."""
    is_plain: bool = True

    def look(self, trees: Trees, prefix: bytes = b"") -> None:
        """Compare the base, our and their version of a folder, until something is not plain."""
        for name, triple in differing(self.handle, trees, self.deadline):
            self._decide(prefix + name, triple)
            if not self.is_plain:
                return

    def _decide(self, path: bytes, triple: Triple) -> None:
        base, ours, theirs = triple
        if ours == theirs:
            # What both have removed they may have renamed, each to something else.
            self.is_plain = base is None or (ours is not None and not _is_folder(base))
        elif base == ours:
            self.taken[path] = theirs
        elif base == theirs:
            return
        elif all(leaf is None or _is_folder(leaf) for leaf in triple):
            self.look(_oids(triple), path + b"/")
        elif is_file(base) and is_file(ours) and is_file(theirs):
            self.both[path] = triple
        else:
            self.is_plain = False


def leaves(handle: Handle, trees: Trees, deadline: float) -> dict[bytes, Triple]:
    """Every file, link and submodule that is not the same in all three.

    Errors:
        TooLargeError: there are more than `limits.MERGE_PATHS`.
    """
    found: dict[bytes, Triple] = {}
    pending: list[tuple[bytes, Trees]] = [(b"", trees)]
    while pending:
        prefix, here = pending.pop()
        for name, triple in differing(handle, here, deadline):
            path = prefix + name
            if any(_is_folder(leaf) for leaf in triple):
                pending.append((path + b"/", _oids(triple)))
            base, ours, theirs = (None if _is_folder(leaf) else leaf for leaf in triple)
            if base or ours or theirs:
                found[path] = (base, ours, theirs)
        if len(found) > limits.MERGE_PATHS:
            raise TooLargeError(
                sentence(
                    "More than %(most)s files differ: too many to merge here.",
                    most=limits.MERGE_PATHS,
                )
            )
    return found


def differing(handle: Handle, trees: Trees, deadline: float) -> list[tuple[bytes, Triple]]:
    """The entries of a folder that are not the same in all three versions, by name."""
    if time.monotonic() > deadline:
        raise TimeoutExceededError("This merge takes longer than it may.")
    base, ours, theirs = (_entries(handle, oid) for oid in trees)
    names = {fields[1] for fields in (base ^ ours) | (base ^ theirs)}
    versions = [_chosen(entries, names) for entries in (base, ours, theirs)]
    return [(name, _triple(name, versions)) for name in sorted(names)]


def is_file(leaf: Leaf | None) -> bool:
    """Whether it is an ordinary file, executable or not."""
    return leaf is not None and stat.S_ISREG(leaf.mode)


def _triple(name: bytes, versions: list[dict[bytes, Leaf]]) -> Triple:
    base, ours, theirs = (version.get(name) for version in versions)
    return base, ours, theirs


def _entries(handle: Handle, oid: str | None) -> set[tuple[bytes, bytes, bytes]]:
    if oid is None:
        return set()
    return set(ENTRY.findall(handle.read(oid, Kind.TREE, most_bytes=tree.TREE_BYTES)))


def _chosen(entries: set[tuple[bytes, bytes, bytes]], names: set[bytes]) -> dict[bytes, Leaf]:
    return {
        name: Leaf(canonical(int(mode, 8)), oid.hex())
        for mode, name, oid in entries
        if name in names
    }


def _is_folder(leaf: Leaf | None) -> bool:
    return leaf is not None and leaf.mode == FOLDER_MODE


def _oids(triple: Triple) -> Trees:
    base, ours, theirs = (leaf.oid if leaf and _is_folder(leaf) else None for leaf in triple)
    return base, ours, theirs
