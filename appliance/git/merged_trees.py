"""Merges two trees that come from a third, without a working tree.

`TreeMerger.merge(base, ours, theirs)` gives the merged tree or the conflicts, `TreeMerger.base` one
tree to merge from where two histories have several common ancestors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.errors import ConflictError, TooLargeError
from appliance.git import leaf_merge, limits, lineage, process, tree
from appliance.git.conflicts import Conflict, Resolutions
from appliance.git.failures import check
from appliance.git.handles import EMPTY_TREE, Handle
from appliance.git.leaf_merge import Merging, Scratch
from appliance.git.merge_attributes import MergeAttributes
from appliance.git.moved_folders import leaves
from appliance.git.tree_differences import Differences
from appliance.git.written_tree import FOLDER_MODE, Leaf, WrittenTree

NO_COMMON_ANCESTOR = 1
Files = Mapping[bytes, Leaf | None]


@dataclass(frozen=True)
class Merged:
    """The tree that came of a merge; None where there are conflicts."""

    tree: str | None
    conflicts: tuple[Conflict, ...] = ()


def merge_bases(at: Path, ours: str | tuple[str, ...], theirs: str) -> list[str]:
    """The best common ancestors of two commits, the newest first; of several as if merged.

    Errors:
        DamagedError, TimeoutExceededError: the history cannot be read, or not in time.
    """
    first = (ours,) if isinstance(ours, str) else ours
    parted = lineage.parted(at, first[0], theirs) if len(first) == 1 else None
    if parted is not None:
        return [parted]
    found = process.execute(["merge-base", "--all", "--end-of-options", theirs, *first], at=at)
    if found.status == NO_COMMON_ANCESTOR:
        return []
    check(found.status, found.complaint)
    return found.output.decode("ascii").split()


@dataclass(frozen=True)
class _Changes:
    """Where our tree must change: at which paths as a whole, at which a file; and the conflicts."""

    whole: Files
    files: Files
    conflicts: tuple[Conflict, ...]


class TreeMerger:
    """Merges in one repository. Its state is the time that is left, and how many bases it made."""

    def __init__(self, at: Path, handle: Handle, deadline: float) -> None:
        self._at = at
        self._handle = handle
        self._deadline = deadline
        self._scratch = Scratch(handle)
        self._bases_left = limits.MERGE_BASES

    def merge(
        self, base: str, ours: str, theirs: str, said: Resolutions, *, commit: str | None = None
    ) -> Merged:
        """Our tree with what theirs changes of the base, and with what was said of conflicts.

        Errors:
            TooLargeError, TimeoutExceededError: it is more than may be merged here.
            ConflictError: what was said cannot be.
        """
        if theirs in {base, ours}:
            return Merged(ours)
        if base == ours:
            return Merged(theirs)
        found = self._changes((base, ours, theirs), is_virtual=False)
        named = [replace(each, commit=commit) for each in found.conflicts]
        settled, remaining = said.settle(self._handle, named)
        if remaining:
            return Merged(None, remaining)
        return Merged(self._written(ours, found, settled))

    def base(self, ours: str | tuple[str, ...], theirs: str) -> str | None:
        """The tree that two commits are merged from; None where they have nothing in common.

        Of several common ancestors it is their merge, in git's order.
        Source: git's merge-ort.c, `merge_ort_internal`.
        """
        bases = merge_bases(self._at, ours, theirs)
        return self.base_of(bases)

    def base_of(self, bases: list[str]) -> str | None:
        """As `base`, where the common ancestors are known."""
        if not bases:
            return None
        *newer, oldest = bases
        self._count(len(bases))
        done: tuple[str, ...] = (oldest,)
        merged = tree.root_of(self._handle, oldest)
        for each in reversed(newer):
            inner = self.base(done, each) or EMPTY_TREE
            merged = self._virtual(inner, merged, tree.root_of(self._handle, each))
            done = (*done, each)
        return merged

    def _virtual(self, base: str, ours: str, theirs: str) -> str:
        found = self._changes((base, ours, theirs), is_virtual=True)
        merging = self._merging(ours, is_virtual=True)
        rest = {each.path: leaf_merge.undecided(merging, each) for each in found.conflicts}
        return self._written(ours, found, rest)

    def _count(self, bases: int) -> None:
        self._bases_left -= bases
        if self._bases_left < 0:
            raise TooLargeError("These histories cross too often to be merged here.")

    def _changes(self, trees: tuple[str, str, str], *, is_virtual: bool) -> _Changes:
        merging = self._merging(trees[1], is_virtual=is_virtual)
        plain = Differences(self._handle, self._deadline)
        plain.look(trees)
        if plain.is_plain:
            found = leaf_merge.merge(merging, plain.both)
            return _Changes(plain.taken, found.files, found.conflicts)
        differing = leaves(self._handle, trees, self._deadline)
        found = leaf_merge.merge(merging, differing.files)
        return _Changes(differing.moved, found.files, found.conflicts)

    def _merging(self, ours: str, *, is_virtual: bool) -> Merging:
        attributes = MergeAttributes(self._handle, ours)
        return Merging(self._handle, self._scratch, attributes, is_virtual)

    def _written(self, ours: str, changes: _Changes, settled: Files) -> str:
        """Our tree with the changes; what is to go goes first, so that nothing is in the way."""
        work = WrittenTree(self._handle, ours)
        for path, leaf in changes.whole.items():
            present = work.find(path)
            if present and (leaf is None or FOLDER_MODE in {present.mode, leaf.mode}):
                work.remove(path)
        files = {**changes.files, **settled}
        for path, leaf in files.items():
            present = work.find(path) if leaf is None else None
            if present and present.mode != FOLDER_MODE:
                work.remove(path)
        for path, leaf in sorted({**changes.whole, **files}.items()):
            if leaf is not None:
                work.put(path, leaf)
        return work.save()


def insist_on_relation(base: str | None) -> str:
    """The tree to merge from.

    Errors:
        ConflictError: there is none.
    """
    if base is None:
        raise ConflictError("These two have no commit in common: there is nothing to merge from.")
    return base
