"""Every file that differs in three versions of a tree, but for folders that one side has moved.

Where one side alone took a folder away and put the same one elsewhere, each file in it was renamed
as it is, and nothing about it can be in conflict. So the folder is moved as a whole, and what is in
it is neither listed nor compared. A folder is not taken for moved where it is there several times,
where a file of one version is in the way of a folder of another, or where one of its files is also
part of something that both sides have changed: there it may be a rename of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from appliance.errors import TooLargeError, sentence
from appliance.git import limits, tree
from appliance.git.conflicts import Triple
from appliance.git.handles import Handle, Kind
from appliance.git.tree import ENTRY, FOLDER_MODES
from appliance.git.tree_differences import Trees, differing, folders_of, is_folder
from appliance.git.written_tree import FOLDER_MODE, Leaf

Side = tuple[bool, str]
"""Whether it was our side, and the tree that it took away or added."""
Places = dict[Side, list[bytes]]


@dataclass(frozen=True)
class Leaves:
    """Files, links and submodules that are not the same in all three; and what theirs has moved."""

    files: dict[bytes, Triple]
    moved: dict[bytes, Leaf | None]
    """What is to be at the old path of each folder, and at the new one."""


@dataclass(frozen=True)
class _Folder:
    """A folder that differs, in its three versions."""

    path: bytes
    trees: Trees
    may_move: bool


@dataclass(frozen=True)
class _Move:
    """A folder that one side has taken away at one path, and the same at which it added it."""

    side: Side
    gone: bytes
    come: bytes


@dataclass
class _Listing:
    """What was listed so far, and which folders are of one side only and wait."""

    handle: Handle
    deadline: float
    files: dict[bytes, Triple] = field(default_factory=dict)
    waiting: list[_Folder] = field(default_factory=list)

    def list(self, pending: list[_Folder], skipped: frozenset[bytes] | None) -> None:
        """List what differs in these folders; those of one side wait, where nothing is skipped."""
        while pending:
            folder = pending.pop()
            if skipped is None and _side(folder) is not None:
                self.waiting.append(folder)
            elif not skipped or folder.path not in skipped:
                pending += self._opened(folder)
                _insist_on_few(self.files)

    def _opened(self, folder: _Folder) -> Iterator[_Folder]:
        for name, triple in differing(self.handle, folder.trees, self.deadline):
            path = folder.path + name
            base, ours, theirs = (None if is_folder(leaf) else leaf for leaf in triple)
            is_file = bool(base or ours or theirs)
            if is_file:
                self.files[path] = (base, ours, theirs)
            inner = folders_of(triple)
            if inner != NO_FOLDER:
                yield _Folder(path + b"/", inner, folder.may_move and not is_file)


NO_FOLDER = (None, None, None)


def leaves(handle: Handle, trees: Trees, deadline: float) -> Leaves:
    """Every file, link and submodule that is not the same in all three, but for what has moved.

    Errors:
        TooLargeError: there are more than `limits.MERGE_PATHS`.
    """
    listing = _Listing(handle, deadline)
    listing.list([_Folder(b"", trees, may_move=True)], None)
    moves = _moves(handle, listing)
    listing.list(
        listing.waiting, frozenset(path for move in moves for path in (move.gone, move.come))
    )
    moved: dict[bytes, Leaf | None] = {}
    for move in moves:
        is_ours, oid = move.side
        if not is_ours:
            moved[move.gone[:-1]] = None
            moved[move.come[:-1]] = Leaf(FOLDER_MODE, oid)
    return Leaves(listing.files, moved)


def _moves(handle: Handle, listing: _Listing) -> list[_Move]:
    """Folders that have moved, the outermost only, where nothing speaks against it."""
    gone: Places = {}
    come: Places = {}
    for folder in listing.waiting:
        side = _side(folder)
        if side is not None:
            _place(handle, side, folder.path, come if folder.trees[0] is None else gone)
    disputed = _disputed(listing.files)
    found: dict[bytes, _Move] = {}
    for side, paths in sorted(gone.items(), key=lambda each: len(each[1][0])):
        move = _Move(side, paths[0], come.get(side, [b""])[0])
        if len(paths) != 1 or len(come.get(side, ())) != 1 or _is_below(move.gone, found):
            continue
        if not disputed or disputed.isdisjoint(_objects(handle, side[1])):
            found[move.gone] = move
    return list(found.values())


def _side(folder: _Folder) -> Side | None:
    """The side that alone took a folder away or added it; None where it is not so simple."""
    base, ours, theirs = folder.trees
    present = [oid for oid in folder.trees if oid is not None]
    if not folder.may_move or len(set(present)) != 1 or None not in (ours, theirs):
        return None
    if len(present) != (1 if base is None else 2):
        return None
    return (ours is None) == (base is not None), present[0]


def _place(handle: Handle, side: Side, path: bytes, places: Places) -> None:
    """Note where a folder is, and every folder in it."""
    is_ours, oid = side
    places.setdefault(side, []).append(path)
    for mode, name, held in _entries(handle, oid):
        if mode in FOLDER_MODES:
            _place(handle, (is_ours, held.hex()), path + name + b"/", places)


def _is_below(path: bytes, found: Mapping[bytes, _Move]) -> bool:
    """Whether one of the folders above is among those."""
    above = path[:-1].rpartition(b"/")[0]
    while above:
        if above + b"/" in found:
            return True
        above = above.rpartition(b"/")[0]
    return False


def _disputed(files: Mapping[bytes, Triple]) -> set[str]:
    """The objects of all that both sides have changed."""
    return {
        leaf.oid
        for triple in files.values()
        if triple[0] not in triple[1:]
        for leaf in triple
        if leaf is not None
    }


def _objects(handle: Handle, oid: str) -> Iterator[str]:
    """The files of a tree."""
    for mode, _name, held in _entries(handle, oid):
        if mode in FOLDER_MODES:
            yield from _objects(handle, held.hex())
        else:
            yield held.hex()


def _entries(handle: Handle, oid: str) -> list[tuple[bytes, bytes, bytes]]:
    found: list[tuple[bytes, bytes, bytes]] = ENTRY.findall(
        handle.read(oid, Kind.TREE, most_bytes=tree.TREE_BYTES)
    )
    return found


def _insist_on_few(files: Mapping[bytes, Triple]) -> None:
    if len(files) > limits.MERGE_PATHS:
        raise TooLargeError(
            sentence(
                "More than %(most)s files differ: too many to merge here.", most=limits.MERGE_PATHS
            )
        )
