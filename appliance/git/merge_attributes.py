"""How .gitattributes of the branch that is merged into want single files merged.

Supported: `-merge` and `binary` (never merged line by line), `merge=union` (lines of both sides).
All else, be it a driver of somebody's own, is merged line by line, as git does where it has no such
driver. Source: gitattributes(5), "Performing a three-way merge".
"""

from __future__ import annotations

from enum import StrEnum

from appliance.git import attributes, tree
from appliance.git.attributes import Attributes
from appliance.git.handles import EMPTY_TREE, Handle, Kind
from appliance.git.written_tree import FOLDER_MODE, Leaf

UNION = b"union"
NEVER = frozenset({b"", b"binary"})


class Driver(StrEnum):
    """How the two versions of one file become one."""

    LINES = "lines"
    UNION = "union"
    NONE = "none"


class MergeAttributes:
    """What the folders of a commit say of their files. Its state is the folders looked into."""

    def __init__(self, handle: Handle, root: str) -> None:
        self._handle = handle
        self._folders: dict[bytes, dict[bytes, Leaf]] = {}
        self._said: dict[bytes, Attributes] = {}
        self._root = root

    def driver(self, path: bytes) -> Driver:
        """How the file at a path is to be merged."""
        value = self._of_folder(path.rpartition(b"/")[0]).of(path, attributes.MERGE)
        if value in NEVER:
            return Driver.NONE
        return Driver.UNION if value == UNION else Driver.LINES

    def _of_folder(self, folder: bytes) -> Attributes:
        if folder not in self._said:
            above = self._of_folder(folder.rpartition(b"/")[0]) if folder else Attributes()
            file = self._entries(folder).get(attributes.NAME)
            said = self._content(file) if file is not None else b""
            self._said[folder] = above.below(folder, said) if said else above
        return self._said[folder]

    def _content(self, file: Leaf) -> bytes:
        header = self._handle.header(file.oid) if file.is_file else None
        if header is None or header[1] > attributes.BYTES:
            return b""
        return self._handle.read(file.oid, Kind.BLOB)

    def _entries(self, folder: bytes) -> dict[bytes, Leaf]:
        if folder not in self._folders:
            above, _, name = folder.rpartition(b"/")
            oid = self._root if not folder else self._folder_in(above, name)
            raw = self._handle.read(oid, Kind.TREE, most_bytes=tree.TREE_BYTES)
            found = tree.parse(raw)
            self._folders[folder] = {each.path: Leaf(each.mode, each.oid) for each in found}
        return self._folders[folder]

    def _folder_in(self, above: bytes, name: bytes) -> str:
        leaf = self._entries(above).get(name)
        return leaf.oid if leaf is not None and leaf.mode == FOLDER_MODE else EMPTY_TREE
