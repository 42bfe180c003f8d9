"""How many bytes of a commit are written in which language, counted once and remembered.

`shares(at, commit, seconds=...)` gives what is known or can be counted in time; a small file in the
repository's folder keeps the newest answer. Everything in it follows from the commit's id.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from appliance.domain import languages
from appliance.git import attributes, limits, remembered, tree
from appliance.git.attributes import Attributes
from appliance.git.handles import Handle, Kind, opened
from appliance.git.tree import Entry, EntryKind

PLACE = remembered.FOLDER / "languages.json"
VERSION = 1
MOST_FILES = 300_000  # Of larger repositories nothing is said.
SCRIPTS_READ = 500  # Files without an ending whose first line is looked at.
SCRIPT_BYTES = 256 * limits.KIB
LANGUAGE_LETTERS = 40
LOOK_AT_CLOCK_EVERY = 64
SCRIPT = frozenset({EntryKind.FILE, EntryKind.EXECUTABLE})


def shares(at: Path, commit: str, *, seconds: float) -> dict[str, int] | None:
    """Bytes by language, the largest first; None where counting would take longer.

    Errors:
        NotFoundError: there is no such commit. DamagedError: it cannot be read.
    """
    known = _load(at, commit)
    if known is not None:
        return known
    if seconds <= 0:
        return None
    with opened(at) as handle:
        walk = _Walk(handle, time.monotonic() + seconds)
        is_whole = walk.folder(tree.root_of(handle, commit), b"", Attributes())
    is_too_large = walk.files > MOST_FILES
    if not is_whole and not is_too_large:
        return None
    found = {} if is_too_large else dict(walk.counted().most_common())
    answer = {"version": VERSION, "commit": commit, "bytes": found}
    remembered.write(at / PLACE, json.dumps(answer).encode())
    return found


@dataclass
class _Walk:
    """A walk over all files of a commit. Its state is what was counted so far."""

    handle: Handle
    deadline: float
    bytes_of: Counter[str] = field(default_factory=Counter)
    header_bytes: int = 0
    files: int = 0
    scripts: int = 0

    def folder(self, oid: str, path: bytes, said: Attributes) -> bool:
        """Count a folder and all below it; False where there was no time for all of it."""
        waiting = [(oid, path, said)]
        while waiting:
            oid, path, said = waiting.pop()
            raw = self.handle.read(oid, Kind.TREE, most_bytes=tree.TREE_BYTES)
            entries = tree.parse(raw, path)
            said = self._attributes(entries, path, said)
            for entry in entries:
                self.files += 1
                if self.files % LOOK_AT_CLOCK_EVERY == 0 and self._is_over():
                    return False
                if entry.is_folder:
                    waiting += self._below(entry, said)
                else:
                    self._file(entry, said)
        return not self._is_over()

    def counted(self) -> Counter[str]:
        """What was counted; headers belong to the language that most other files are in."""
        is_other = self.bytes_of["C++"] > self.bytes_of["C"]
        self.bytes_of["C++" if is_other else "C"] += self.header_bytes
        return +self.bytes_of

    def _is_over(self) -> bool:
        return self.files > MOST_FILES or time.monotonic() > self.deadline

    def _below(self, folder: Entry, said: Attributes) -> list[tuple[str, bytes, Attributes]]:
        is_left_out = languages.is_left_out_folder(folder.name) and not said.brings_back
        return [] if is_left_out else [(folder.oid, folder.path, said)]

    def _attributes(self, entries: list[Entry], path: bytes, said: Attributes) -> Attributes:
        for entry in entries:
            if entry.name == attributes.NAME and entry.kind in SCRIPT:
                size_bytes = self._size(entry)
                if 0 < size_bytes <= attributes.BYTES:
                    return said.below(path, self.handle.read_known(entry.oid))
        return said

    def _file(self, entry: Entry, said: Attributes) -> None:
        if entry.kind not in SCRIPT or self._is_left_out(entry, said):
            return
        language = self._language(entry, said)
        if language is not None:
            size_bytes = self._size(entry)
            if language == "C" and entry.name.lower().endswith(b".h"):
                self.header_bytes += size_bytes
            else:
                self.bytes_of[language] += size_bytes

    def _is_left_out(self, entry: Entry, said: Attributes) -> bool:
        decided = said.is_left_out(entry.path) if said.rules else None
        if decided is not None:
            return decided
        folders = entry.path.split(b"/")[:-1] if said.brings_back else ()
        return languages.is_generated(entry.name) or any(map(languages.is_left_out_folder, folders))

    def _language(self, entry: Entry, said: Attributes) -> str | None:
        named = said.of(entry.path, attributes.LANGUAGE) if said.rules else None
        if named:
            return named.decode("utf-8", "replace").replace("-", " ")[:LANGUAGE_LETTERS]
        found = languages.by_name(entry.name)
        if found is None and b"." not in entry.name and self.scripts < SCRIPTS_READ:
            self.scripts += 1
            if 0 < self._size(entry) <= SCRIPT_BYTES:
                return languages.by_first_line(self.handle.read_known(entry.oid))
        return found

    def _size(self, entry: Entry) -> int:
        header = self.handle.header(entry.oid)
        return header[1] if header is not None else 0


def _load(at: Path, commit: str) -> dict[str, int] | None:
    try:
        stored = json.loads((at / PLACE).read_bytes())
    except (OSError, ValueError):
        return None
    is_this = stored.get("version") == VERSION and stored.get("commit") == commit
    return dict(stored["bytes"]) if is_this else None
