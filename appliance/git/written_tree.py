"""Changes single entries of a commit's folders, reading and writing only the folders on their way.

Names are bytes and may be anything that git's own check of received objects lets through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pygit2.enums import ObjectType

from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.git import limits, tree
from appliance.git.handles import EMPTY_TREE, Handle, Kind
from appliance.git.tree import ENTRY, EntryKind

FILE_MODE = 0o100644
EXECUTABLE_MODE = 0o100755
FOLDER_MODE = 0o040000
NO_ENTRY = (0, b"")
NAME_BYTES = 255  # The longest name that the file systems of those who clone can hold.
# Code points that some file systems leave out of names. Source: git's utf8.c, next_hfs_char.
IGNORED = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)


class Leaf(NamedTuple):
    """An entry as a tree holds it: its mode and its object.

    A tuple and no dataclass: merges make and compare thousands of them.
    """

    mode: int
    oid: str

    @property
    def is_file(self) -> bool:
        """Whether it is an ordinary file, executable or not."""
        return tree.kind_of(self.mode) in {EntryKind.FILE, EntryKind.EXECUTABLE}


Raw = tuple[int, bytes]
"""The mode and the object of an entry, this as the bytes of which a tree is made."""


@dataclass
class _Folder:
    """A folder with those of its folders that were opened; the others stay as they are."""

    entries: dict[bytes, Raw] = field(default_factory=dict)
    opened: dict[bytes, _Folder] = field(default_factory=dict)


class WrittenTree:
    """The folders of a commit while they are being changed. Its state is those that were opened."""

    def __init__(self, handle: Handle, root: str | None) -> None:
        self._handle = handle
        self._root = self._open(root) if root is not None else _Folder()

    def find(self, path: bytes) -> Leaf | None:
        """What is at a path, or None. A folder that was changed has no object until it is saved."""
        here, name = self._reach(path)
        return self._leaf(here, name) if here is not None else None

    def put(self, path: bytes, leaf: Leaf) -> None:
        """Set what is at a path, making folders on the way.

        Errors:
            ConflictError: a file is where a folder must be, or a folder where a file must.
        """
        *folders, name = path.split(b"/")
        here = self._root
        for part in folders:
            if part in here.entries and here.entries[part][0] != FOLDER_MODE:
                raise ConflictError("A file is where a folder would have to be.")
            here = self._enter(here, part) or here.opened.setdefault(part, _Folder())
        present = self._leaf(here, name)
        if present is not None and present.mode == FOLDER_MODE:
            raise ConflictError("A folder is at that path.")
        here.opened.pop(name, None)
        here.entries[name] = (leaf.mode, bytes.fromhex(leaf.oid))

    def remove(self, path: bytes) -> Leaf:
        """Take away what is at a path, and give it.

        Errors:
            NotFoundError: nothing is there.
        """
        here, name = self._reach(path)
        leaf = self._leaf(here, name) if here is not None else None
        if here is None or leaf is None:
            raise NotFoundError("There is nothing at that path on this branch.")
        here.entries.pop(name, None)
        here.opened.pop(name, None)
        return leaf

    def save(self) -> str:
        """Write all changed folders; the id of the outermost one."""
        return self._save(self._root)

    def _reach(self, path: bytes) -> tuple[_Folder | None, bytes]:
        """The folder that a path's last part is in, where there is one, and that part."""
        *folders, name = path.split(b"/")
        here: _Folder | None = self._root
        for part in folders:
            here = self._enter(here, part) if here is not None else None
        return here, name

    def _leaf(self, here: _Folder, name: bytes) -> Leaf | None:
        if name in here.opened:
            oid = self._save(here.opened[name])
            return Leaf(FOLDER_MODE, oid) if oid != EMPTY_TREE else None
        entry = here.entries.get(name)
        return Leaf(entry[0], entry[1].hex()) if entry is not None else None

    def _open(self, oid: str) -> _Folder:
        raw = self._handle.read(oid, Kind.TREE, most_bytes=tree.TREE_BYTES)
        return _Folder({name: (int(mode, 8), oid) for mode, name, oid in ENTRY.findall(raw)})

    def _enter(self, here: _Folder, name: bytes) -> _Folder | None:
        if name not in here.opened and here.entries.get(name, NO_ENTRY)[0] == FOLDER_MODE:
            here.opened[name] = self._open(here.entries.pop(name)[1].hex())
        return here.opened.get(name)

    def _save(self, folder: _Folder) -> str:
        entries = dict(folder.entries)
        for name, inner in folder.opened.items():
            oid = self._save(inner)
            if oid != EMPTY_TREE:  # Git keeps no empty folders.
                entries[name] = (FOLDER_MODE, bytes.fromhex(oid))
        return str(self._handle.repository.write(ObjectType.TREE, raw_tree(entries)))


def raw_tree(entries: Mapping[bytes, Raw]) -> bytes:
    """The bytes of a tree object with these entries, in the order in which git holds them."""
    return b"".join(
        b"%o %s\0%s" % (mode, name, oid)
        for name, (mode, oid) in sorted(entries.items(), key=_order)
    )


def _order(item: tuple[bytes, Raw]) -> bytes:
    """Git sorts folders as if their names ended with a slash."""
    name, (mode, _oid) = item
    return name + b"/" if mode == FOLDER_MODE else name


def check_path(path: bytes) -> bytes:
    """The path, where a tree may hold it and those who clone can have it.

    Errors:
        InvalidError: it is empty, too long, or has a part that git refuses.
    Source: git's fsck.c, checks of tree entries.
    """
    if not path or len(path) > limits.PATH_BYTES or b"\0" in path:
        raise InvalidError.of(
            "path",
            sentence(
                "A path has 1 to %(path_bytes)s bytes, none of them 0.",
                path_bytes=limits.PATH_BYTES,
            ),
        )
    for name in path.split(b"/"):
        if name in {b"", b".", b".."} or len(name) > NAME_BYTES or _is_git_folder(name):
            raise InvalidError.of(
                "path",
                sentence(
                    "The parts of a path have 1 to %(name_bytes)s bytes and are not '.', "
                    "'..', '.git'.",
                    name_bytes=NAME_BYTES,
                ),
            )
    return path


def _is_git_folder(name: bytes) -> bool:
    """Whether some file system would take this name for `.git`."""
    plain = name.decode("utf-8", "surrogateescape").translate(IGNORED).lower()
    short = plain.split(":", 1)[0].split("\\", 1)[0].rstrip(". ")
    return short in {".git", "git~1"}
