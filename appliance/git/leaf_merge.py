"""Merges the files that differ, by libgit2, in trees that hold nothing else.

What is the same in all three versions can neither be in conflict nor be renamed, so leaving it out
changes nothing but the time it takes. Those trees are kept in memory and never written.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pygit2
from pygit2.enums import MergeFavor, MergeFlag, ObjectType

from appliance.errors import TooLargeError, sentence
from appliance.git import limits
from appliance.git.conflicts import Conflict, ConflictKind, Triple, named
from appliance.git.handles import Handle, Kind
from appliance.git.merge_attributes import Driver, MergeAttributes
from appliance.git.tree_differences import is_file
from appliance.git.written_tree import FOLDER_MODE, Leaf, Raw, raw_tree

FAVORS = {Driver.LINES: MergeFavor.NORMAL, Driver.UNION: MergeFavor.UNION}
Paths = dict[bytes, Triple]
ALONE = b"file"


class Scratch(pygit2.OdbBackend):
    """Trees in memory that libgit2 can read. Its state is those that were put there."""

    def __init__(self, handle: Handle) -> None:
        super().__init__()
        self._trees: dict[str, bytes] = {}
        handle.repository.odb.add_backend(self, 1)

    def tree(self, files: Mapping[bytes, Leaf]) -> str:
        """A tree with these files at their paths."""
        folders: dict[bytes, dict[bytes, Raw]] = {b"": {}}
        for path, leaf in files.items():
            folder, _, name = path.rpartition(b"/")
            folders.setdefault(folder, {})[name] = (leaf.mode, bytes.fromhex(leaf.oid))
        for folder in _folders(files):
            folders.setdefault(folder, {})
        # A folder stands behind those above it, so from the end each is whole when it is made.
        for folder in sorted(folders, reverse=True):
            oid = self._keep(raw_tree(folders[folder]))
            if folder:
                above, _, name = folder.rpartition(b"/")
                folders[above][name] = (FOLDER_MODE, bytes.fromhex(oid))
        return oid

    def _keep(self, raw: bytes) -> str:
        head = b"tree %d\0" % len(raw)
        oid = hashlib.sha1(head + raw, usedforsecurity=False).hexdigest()
        self._trees[oid] = raw
        return oid

    # What libgit2 asks of a place where objects are. A KeyError sends it on to the next.

    def read_cb(self, oid: pygit2.Oid) -> tuple[int, bytes]:
        """An object's kind and content."""
        return int(ObjectType.TREE), self._trees[str(oid)]

    def read_header_cb(self, oid: pygit2.Oid) -> tuple[int, int]:
        """An object's kind and size."""
        return int(ObjectType.TREE), len(self._trees[str(oid)])

    def read_prefix_cb(self, oid: pygit2.Oid) -> tuple[int, bytes, str]:
        """An object by the beginning of its id: nobody asks for these so."""
        raise KeyError(str(oid))

    def exists_cb(self, oid: pygit2.Oid) -> bool:
        """Whether an object is here."""
        return str(oid) in self._trees

    def exists_prefix_cb(self, oid: pygit2.Oid) -> str:
        """As `read_prefix_cb`."""
        raise KeyError(str(oid))

    def refresh_cb(self) -> None:
        """Nothing can have come meanwhile."""


@dataclass(frozen=True)
class Merging:
    """What a merge of single files needs to know."""

    handle: Handle
    scratch: Scratch
    attributes: MergeAttributes
    is_virtual: bool
    """Whether the result is only something to merge from: conflicts stay in it as marked lines."""


@dataclass(frozen=True)
class Result:
    """What is to be at each path that is decided, and the conflicts about the others."""

    files: dict[bytes, Leaf | None]
    conflicts: tuple[Conflict, ...]


def merge(merging: Merging, paths: Paths) -> Result:
    """Merge files of which at least two versions differ.

    Errors:
        TooLargeError: they have more bytes or lines together than may be merged.
    """
    _insist_on_size(merging.handle, paths)
    groups: dict[Driver, Paths] = {driver: {} for driver in Driver}
    files: dict[bytes, Leaf | None] = {}
    conflicts: list[Conflict] = []
    lines = 0
    for path, triple in paths.items():
        is_settled = _is_settled(triple)
        counts = [_lines(merging.handle, leaf, is_settled=is_settled) for leaf in triple]
        if max(counts) <= limits.MERGED_LINES:
            groups[_driver(merging, path, triple)][path] = triple
            lines += sum(counts)
        elif is_settled:
            files[path] = triple[2] if triple[0] == triple[1] else triple[1]
        else:
            groups[Driver.NONE][path] = triple
    _insist_on_lines(lines)
    for driver, favor in FAVORS.items():
        if groups[driver]:
            found = _by_libgit2(merging, groups[driver], favor)
            files |= found.files
            conflicts += found.conflicts
    unmerged = groups[Driver.NONE]
    conflicts += named(unmerged, set(), set(unmerged))
    return Result(files, tuple(conflicts))


def _driver(merging: Merging, path: bytes, triple: Triple) -> Driver:
    """Asked only where there are lines to merge: all versions are files, and all are different."""
    files = [leaf for leaf in triple if leaf is not None and is_file(leaf)]
    if len({leaf.oid for leaf in files}) < len(triple):
        return Driver.LINES
    return merging.attributes.driver(path)


def _by_libgit2(merging: Merging, paths: Paths, favor: MergeFavor) -> Result:
    base, ours, theirs = (
        merging.scratch.tree(
            {path: leaf for path, triple in paths.items() if (leaf := triple[side]) is not None}
        )
        for side in range(3)
    )
    flags = MergeFlag.FIND_RENAMES | MergeFlag.SKIP_REUC
    if merging.is_virtual:
        flags |= MergeFlag.VIRTUAL_BASE
    index = merging.handle.repository.merge_trees(base, ours, theirs, favor=favor, flags=flags)
    open_paths = _conflicts(index)
    if not merging.is_virtual:
        open_paths |= {path: each for path, each in paths.items() if _is_overlooked(each)}
    merged = {os.fsencode(entry.path): Leaf(int(entry.mode), str(entry.id)) for entry in index}
    files = {path: merged.get(path) for path in {*paths, *merged} if path not in open_paths}
    folders = _folders(paths) & set(open_paths)
    binary = {path for path, triple in open_paths.items() if _is_binary(merging.handle, triple)}
    return Result(files, tuple(named(open_paths, folders, binary)))


def _conflicts(index: pygit2.Index) -> Paths:
    """The conflicts of an index; the three versions of a rename each stand at their own path."""
    found: dict[bytes, list[Leaf | None]] = {}
    for sides in index.conflicts or ():
        for number, entry in enumerate(sides):
            if entry is not None:
                triple = found.setdefault(os.fsencode(entry.path), [None, None, None])
                triple[number] = Leaf(int(entry.mode), str(entry.id))
    return {path: (each[0], each[1], each[2]) for path, each in found.items()}


def _is_overlooked(triple: Triple) -> bool:
    """Whether git sees a conflict that libgit2 does not.

    Both have added a file, of which only one may be run; or one has removed (perhaps renamed) a
    file of which the other has made a link.
    """
    base, ours, theirs = triple
    if base is None:
        return is_file(ours) and is_file(theirs) and _mode(ours) != _mode(theirs)
    kept = ours or theirs
    if kept is None or (ours is not None and theirs is not None):
        return False
    return stat.S_IFMT(kept.mode) != stat.S_IFMT(base.mode)


def _mode(leaf: Leaf | None) -> int:
    return leaf.mode if leaf is not None else 0


def _folders(paths: Iterable[bytes]) -> set[bytes]:
    """Every folder that one of the paths is in."""
    found: set[bytes] = set()
    for path in paths:
        folder = path.rpartition(b"/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition(b"/")[0]
    return found


def _is_binary(handle: Handle, triple: Triple) -> bool:
    """Whether one version has a NUL early on, which is what git goes by."""
    return any(
        b"\0" in handle.read_known(leaf.oid)[: limits.SNIFF_BYTES]
        for leaf in triple
        if leaf is not None and is_file(leaf)
    )


def _insist_on_size(handle: Handle, paths: Paths) -> None:
    oids = {leaf.oid for triple in paths.values() for leaf in triple if is_file(leaf) and leaf}
    if sum(_size(handle, oid) for oid in oids) > limits.MERGE_BYTES:
        raise TooLargeError(
            sentence(
                "The files that differ have more than %(most)s MiB: too much to merge here.",
                most=limits.MERGE_BYTES // limits.MIB,
            )
        )


def _is_settled(triple: Triple) -> bool:
    """Whether only one side has changed it, or both have done the same."""
    base, ours, theirs = triple
    return ours == theirs or base in (ours, theirs)


def _lines(handle: Handle, leaf: Leaf | None, *, is_settled: bool) -> int:
    """How many lines a version has; of what is no file, or cannot be many and is settled, none."""
    if leaf is None or not is_file(leaf):
        return 0
    size = _size(handle, leaf.oid)
    if size > limits.MERGED_BLOB_BYTES:
        return limits.MERGED_LINES + 1
    if is_settled and size <= limits.MERGED_LINES:
        return 0
    return handle.read_known(leaf.oid).count(b"\n")


def _insist_on_lines(lines: int) -> None:
    if lines > limits.MERGE_LINES:
        raise TooLargeError(
            sentence(
                "The files that both sides have changed have more than %(most)s lines: too many "
                "to merge here.",
                most=limits.MERGE_LINES,
            )
        )


def _size(handle: Handle, oid: str) -> int:
    header = handle.header(oid)
    return header[1] if header is not None and header[0] is Kind.BLOB else 0


def undecided(merging: Merging, conflict: Conflict) -> Leaf | None:
    """What stands for a conflict in a tree that is only merged from.

    Source: git's merge-ort.c, `process_entry`, where `call_depth` is not 0.
    """
    if conflict.kind is ConflictKind.DIRECTORY_FILE:
        return None
    triple = (conflict.base, conflict.ours, conflict.theirs)
    if conflict.kind in {ConflictKind.ADD_ADD, ConflictKind.CONTENT}:
        return _by_libgit2(merging, {ALONE: triple}, MergeFavor.NORMAL).files.get(
            ALONE, conflict.base
        )
    return conflict.base or conflict.ours or conflict.theirs
