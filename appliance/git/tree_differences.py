"""What three versions of a tree differ in, read folder by folder where they do.

`look` decides all that is plain: what only one side has changed is that side's, whole folders at
once. So merging a large tree in which little has changed reads little of it. Where a file was
removed on one side and changed on the other, or something else was put where nothing was, a rename
may be behind it: then `is_plain` is false, and `moved_folders` lists every file that differs.
"""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass, field

from appliance.errors import TimeoutExceededError
from appliance.git import tree
from appliance.git.conflicts import Triple
from appliance.git.handles import Handle, Kind
from appliance.git.tree import ENTRY, canonical
from appliance.git.written_tree import FOLDER_MODE, Leaf

Entries = dict[bytes, tuple[bytes, bytes]]
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
            self.is_plain = base is None or (ours is not None and not is_folder(base))
        elif base == ours:
            self.taken[path] = theirs
        elif base == theirs:
            return
        elif all(leaf is None or is_folder(leaf) for leaf in triple):
            self.look(folders_of(triple), path + b"/")
        elif is_file(base) and is_file(ours) and is_file(theirs):
            self.both[path] = triple
        else:
            self.is_plain = False


def differing(handle: Handle, trees: Trees, deadline: float) -> list[tuple[bytes, Triple]]:
    """The entries of a folder that are not the same in all three versions, by name."""
    if time.monotonic() > deadline:
        raise TimeoutExceededError("This merge takes longer than it may.")
    read = {oid: _entries(handle, oid) for oid in set(trees)}
    base, ours, theirs = (read[oid] for oid in trees)
    names: set[bytes] = set()
    for other in (ours, theirs):
        if other is not base:
            names.update(name for name, _entry in base.items() ^ other.items())
    return [
        (name, (_leaf(base, name), _leaf(ours, name), _leaf(theirs, name)))
        for name in sorted(names)
    ]


def is_file(leaf: Leaf | None) -> bool:
    """Whether it is an ordinary file, executable or not."""
    return leaf is not None and stat.S_ISREG(leaf.mode)


def is_folder(leaf: Leaf | None) -> bool:
    """Whether it is a folder."""
    return leaf is not None and leaf.mode == FOLDER_MODE


def folders_of(triple: Triple) -> Trees:
    """The trees of those versions that are folders."""
    base, ours, theirs = (leaf.oid if leaf and is_folder(leaf) else None for leaf in triple)
    return base, ours, theirs


def _entries(handle: Handle, oid: str | None) -> Entries:
    if oid is None:
        return {}
    raw = handle.read(oid, Kind.TREE, most_bytes=tree.TREE_BYTES)
    return {name: (mode, held) for mode, name, held in ENTRY.findall(raw)}


def _leaf(entries: Entries, name: bytes) -> Leaf | None:
    entry = entries.get(name)
    return Leaf(canonical(int(entry[0], 8)), entry[1].hex()) if entry is not None else None
