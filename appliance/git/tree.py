"""Reads folders of a commit: their entries, one entry by its path, and all paths.

- `folder(at, commit, path)` the entries of a folder, folders first, with sizes.
- `find(at, commit, path)` one entry; `paths(at, commit)` all files, for the file finder.
- `submodules(at, commit)` the addresses that .gitmodules gives.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from appliance.errors import ApplianceError, DamagedError, NotFoundError
from appliance.git import limits, process
from appliance.git.handles import Handle, Kind, opened

ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)
TREE_BYTES = 64 * limits.MIB  # A folder of 1,000,000 entries; git itself is slow with such.
FOLDER_MODES = frozenset({b"40000", b"040000"})  # Old tools wrote the nought.
PERMISSION_TO_EXECUTE = 0o100


class EntryKind(StrEnum):
    """What a folder can hold."""

    FOLDER = "folder"
    FILE = "file"
    EXECUTABLE = "executable"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


NAMED_KINDS = {
    0o040000: EntryKind.FOLDER,
    0o120000: EntryKind.SYMLINK,
    0o160000: EntryKind.SUBMODULE,
}


@dataclass(frozen=True)
class Entry:
    """One entry of a folder. Only files and symlinks have a size."""

    path: bytes
    kind: EntryKind
    mode: int
    oid: str
    size_bytes: int | None = None

    @property
    def name(self) -> bytes:
        """The last part of the path."""
        return self.path.rpartition(b"/")[2]

    @property
    def is_folder(self) -> bool:
        """Whether it has entries of its own here."""
        return self.kind is EntryKind.FOLDER


@dataclass(frozen=True)
class Folder:
    """Some entries of a folder, folders first, each part by name; and how many it has."""

    path: bytes
    oid: str
    entries: tuple[Entry, ...]
    total: int


@dataclass(frozen=True)
class Paths:
    """Paths of files; not all where `is_cut`."""

    paths: tuple[bytes, ...]
    is_cut: bool


def folder(
    at: Path,
    commit: str,
    path: bytes = b"",
    *,
    offset: int = 0,
    limit: int = limits.TREE_ENTRIES,
) -> Folder:
    """The entries of the folder at `path` in a commit; an empty path is the outermost one.

    Errors:
        NotFoundError: there is no such commit, or no folder there.
    """
    with opened(at) as handle:
        here = locate(handle, commit, path)
        if not here.is_folder:
            raise NotFoundError("There is no folder at that path in this commit.")
        # Sorted before they become entries: of 10,000, a page shows a part.
        found = ENTRY.findall(handle.read(here.oid, Kind.TREE, most_bytes=TREE_BYTES))
        found.sort(key=lambda fields: (fields[0] not in FOLDER_MODES, fields[1]))
        prefix = here.path + b"/" if here.path else b""
        chosen = [_entry(prefix, *fields) for fields in found[offset : offset + limit]]
        entries = tuple(measured(handle, entry) for entry in chosen)
        return Folder(here.path, here.oid, entries, len(found))


def entries(at: Path, commit: str, path: bytes = b"") -> list[Entry]:
    """All entries of a folder in git's order, without their sizes.

    Errors:
        NotFoundError: there is no such commit, or no folder there.
    """
    with opened(at) as handle:
        here = locate(handle, commit, path)
        if not here.is_folder:
            raise NotFoundError("There is no folder at that path in this commit.")
        return parse(handle.read(here.oid, Kind.TREE, most_bytes=TREE_BYTES), here.path)


def find(at: Path, commit: str, path: bytes) -> Entry:
    """What stands at `path` in a commit.

    Errors:
        NotFoundError: there is no such commit, or nothing there.
    """
    with opened(at) as handle:
        return measured(handle, locate(handle, commit, path))


def locate(handle: Handle, commit: str, path: bytes) -> Entry:
    """As `find`, with an open handle and without a size."""
    handle.expect(commit, Kind.COMMIT)
    here = Entry(b"", EntryKind.FOLDER, 0o40000, root_of(handle, commit))
    for part in path.strip(b"/").split(b"/") if path.strip(b"/") else ():
        if not here.is_folder:
            raise NotFoundError("There is nothing at that path in this commit.")
        raw = handle.read(here.oid, Kind.TREE, most_bytes=TREE_BYTES)
        found = _pick(raw, here.path, part)
        if found is None:
            raise NotFoundError("There is nothing at that path in this commit.")
        here = found
    return here


def root_of(handle: Handle, commit: str) -> str:
    """The id of a commit's outermost folder."""
    raw = handle.read(commit, Kind.COMMIT)
    if not raw.startswith(b"tree "):
        raise DamagedError("A commit of this repository names no folder.")
    return raw[5:45].decode("ascii", "replace")


def parse(raw: bytes, path: bytes = b"") -> list[Entry]:
    """The bytes of a tree object as entries below `path`, in git's order."""
    prefix = path + b"/" if path else b""
    return [_entry(prefix, *fields) for fields in ENTRY.findall(raw)]


def walk(handle: Handle, start: Entry) -> Iterator[Entry]:
    """Everything but folders at or below an entry, in git's order."""
    waiting = [start]
    while waiting:
        here = waiting.pop()
        if here.is_folder:
            raw = handle.read(here.oid, Kind.TREE, most_bytes=TREE_BYTES)
            waiting += reversed(parse(raw, here.path))
        else:
            yield here


def measured(handle: Handle, entry: Entry) -> Entry:
    """The entry with the size of its file, where it is one and the object is there."""
    if entry.kind in {EntryKind.FOLDER, EntryKind.SUBMODULE}:
        return entry
    header = handle.header(entry.oid)
    size_bytes = header[1] if header is not None else None
    return Entry(entry.path, entry.kind, entry.mode, entry.oid, size_bytes)


def kind_of(mode: int) -> EntryKind:
    """What a mode in a tree means. Source: git's Documentation/gitformat-index, "mode"."""
    named = NAMED_KINDS.get(mode & 0o170000)
    if named is not None:
        return named
    return EntryKind.EXECUTABLE if mode & PERMISSION_TO_EXECUTE else EntryKind.FILE


def canonical(mode: int) -> int:
    """The mode as git compares it: of a file only whether its owner may run it.

    Source: git's tree.h, `canon_mode`.
    """
    if stat.S_ISREG(mode):
        return stat.S_IFREG | (0o755 if mode & PERMISSION_TO_EXECUTE else 0o644)
    return stat.S_IFMT(mode)


def paths(
    at: Path,
    commit: str,
    path: bytes = b"",
    *,
    most: int = limits.TREE_PATHS,
    seconds: float = limits.PAGE_SECONDS,
) -> Paths:
    """The paths of all files below a folder, in git's order; at most so many.

    Errors:
        NotFoundError: there is no such commit or folder.
    """
    here = find(at, commit, path)
    if not here.is_folder:
        raise NotFoundError("There is no folder at that path in this commit.")
    prefix = here.path + b"/" if here.path else b""
    words = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", here.oid]
    found: list[bytes] = []
    rest = b""
    with process.stream(words, at=at, timeout_seconds=seconds) as speech:
        for chunk in speech:
            *whole, rest = (rest + chunk).split(b"\0")
            found += whole
            if len(found) > most:
                break
        else:
            speech.check()
    return Paths(tuple(prefix + name for name in found[:most]), len(found) > most)


def submodules(at: Path, commit: str) -> dict[bytes, bytes]:
    """The address of each submodule by its path, as .gitmodules of that commit says."""
    with opened(at) as handle:
        try:
            entry = measured(handle, locate(handle, commit, b".gitmodules"))
        except NotFoundError:
            return {}
    if entry.size_bytes is None or entry.size_bytes > limits.CONFIGURATION_BYTES:
        return {}
    words = ["config", "-z", f"--blob={entry.oid}", "--get-regexp", r"^submodule\..*\.(path|url)$"]
    try:
        answer = process.run(words, at=at)
    except ApplianceError:  # Whoever wrote the file may write nonsense; that is no error of ours.
        return {}
    return _addresses(answer)


def _addresses(answer: bytes) -> dict[bytes, bytes]:
    settings: dict[bytes, dict[bytes, bytes]] = {}
    for item in answer.split(b"\0")[:-1]:
        key, _, value = item.partition(b"\n")
        section, _, name = key.rpartition(b".")
        settings.setdefault(section, {})[name] = value
    return {
        values[b"path"]: values[b"url"]
        for values in settings.values()
        if b"path" in values and b"url" in values
    }


def _entry(prefix: bytes, mode_text: bytes, name: bytes, oid: bytes) -> Entry:
    mode = int(mode_text, 8)
    return Entry(prefix + name, kind_of(mode), mode, oid.hex())


def _pick(raw: bytes, path: bytes, name: bytes) -> Entry | None:
    prefix = path + b"/" if path else b""
    for fields in ENTRY.findall(raw):
        if fields[1] == name:
            return _entry(prefix, *fields)
    return None
