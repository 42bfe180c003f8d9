"""The files of a diff as a tree of folders, beside the diff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appliance.web.pages.diff_files import ShownFile


@dataclass
class Folder:
    """A folder; one that holds nothing but another is told with it. Its state is what it holds."""

    name: bytes
    folders: dict[bytes, Folder] = field(default_factory=dict)
    files: list[tuple[bytes, ShownFile]] = field(default_factory=list)

    @property
    def inner(self) -> list[Folder]:
        """The folders in it, by name."""
        return [_joined(self.folders[name]) for name in sorted(self.folders)]


def tree(files: Sequence[ShownFile]) -> Folder:
    """The outermost folder of these files."""
    root = Folder(b"")
    for file in files:
        *folders, name = file.drawn.path.split(b"/")
        here = root
        for each in folders:
            here = here.folders.setdefault(each, Folder(each))
        here.files.append((name, file))
    return root


def _joined(folder: Folder) -> Folder:
    """A folder with the lone folders in it, as one."""
    while len(folder.folders) == 1 and not folder.files:
        (only,) = folder.folders.values()
        folder = Folder(folder.name + b"/" + only.name, only.folders, only.files)
    return folder
