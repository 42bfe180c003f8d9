"""Looks into a small push without starting git: most pushes are a commit or two.

It answers only where all is well and plain to see. Whatever is large, broken, too long or starts
from a commit that no moved ref shows is left to `inspect`, which asks the git programs and can name
what is wrong. Both come to the same result; a test compares them.

Source: gitformat-pack(5) for loose objects being files.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from appliance.domain.protection import NO_OBJECT, RefUpdate
from appliance.git import handles
from appliance.git.glance import UNCLEAR, UnclearError
from appliance.git.handles import Handle, Kind
from appliance.git.tree import canonical

if TYPE_CHECKING:
    from appliance.git.inspect import InspectionLimits, Quarantine

OBJECTS = 100
"""Most new objects; git leaves as many unpacked, each a file of its own."""
READ_BYTES = 1024 * 1024
"""Most bytes of one commit, tag or tree."""
REFS = 200
"""Most refs that are looked at, in search of one that shows the commit a push starts from."""
TREE_ENTRIES = 10_000
"""Most entries that are compared, in all trees together: some ten milliseconds."""


@dataclass(frozen=True)
class Small:
    """A small push with which nothing is wrong."""

    size_bytes: int
    forward: frozenset[RefUpdate]
    """Updates that certainly go forward. Of the others nothing is said."""


def look(
    quarantine: Quarantine, updates: tuple[RefUpdate, ...], limits: InspectionLimits
) -> Small | None:
    """What is clear at a glance; None where it takes more."""
    try:
        oids, size_bytes = _loose(quarantine)
        with handles.opened(quarantine.folder) as handle:
            handle.repository.odb.add_disk_alternate(os.fspath(quarantine.objects))
            push = _Push(handle, oids, limits)
            known = _Known(handle, updates)
            forward = frozenset(each for each in updates if push.goes_forward(each, known))
    except UNCLEAR:
        return None
    return Small(size_bytes, forward)


def _loose(quarantine: Quarantine) -> tuple[list[str], int]:
    """The new objects, where each is a file of its own, and the size of all."""
    oids, size_bytes = [], 0
    for folder in quarantine.objects.iterdir():
        with os.scandir(folder) as files:
            for file in files:
                if len(folder.name) != 2:  # noqa: PLR2004 — the first byte of an id.
                    raise UnclearError  # A pack.
                oids.append(folder.name + file.name)
                size_bytes += file.stat(follow_symlinks=False).st_size
        if len(oids) > OBJECTS:
            raise UnclearError
    return oids, size_bytes


class _Known:
    """Commits that are in the repository for certain, with all that comes before them. Its state is
    which were found so far: the refs that move first, and all others where that is not enough.
    """

    def __init__(self, handle: Handle, updates: tuple[RefUpdate, ...]) -> None:
        self._repository = handle.repository
        self._all_seen = False
        # What a client says of a ref need not be so.
        named = [each for each in updates if each.old_oid != NO_OBJECT]
        self._oids = {each.old_oid for each in named if self._target(each.ref) == each.old_oid}

    def __contains__(self, oid: str) -> bool:
        if oid not in self._oids and not self._all_seen:
            self._all_seen = True
            self._oids |= {
                str(ref.target) for ref in islice(self._repository.references.iterator(), REFS)
            }
        return oid in self._oids

    def _target(self, ref: bytes) -> str:
        return str(self._repository.lookup_reference(os.fsdecode(ref)).target)


@dataclass
class _Push:
    """The new objects. Its state is what has been looked at, and what may still be."""

    handle: Handle
    oids: list[str]
    limits: InspectionLimits
    kinds: dict[str, Kind] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    entries_left: int = TREE_ENTRIES

    def __post_init__(self) -> None:
        for oid in self.oids:
            header = self.handle.header(oid)
            if header is None:
                raise UnclearError
            kind, size_bytes = header
            if size_bytes > (self.limits.file_size_bytes if kind is Kind.BLOB else READ_BYTES):
                raise UnclearError
            self.kinds[oid] = kind

    def goes_forward(self, update: RefUpdate, known: _Known) -> bool:
        """Look at all that is new behind a ref; whether its old commit was met on the way."""
        if update.new_oid == NO_OBJECT:
            return False
        reached: set[str] = set()
        pending = [self._commit_of(update.new_oid)]
        while pending:
            oid = pending.pop()
            if oid in reached:
                continue
            reached.add(oid)
            if oid in self.kinds:
                pending += self._look_at(oid)
            elif oid not in known:
                raise UnclearError
        return update.old_oid in reached

    def _commit_of(self, oid: str) -> str:
        while self.kinds.get(oid) is Kind.TAG:
            fields = dict(_fields(self._read(oid)))
            oid = fields[b"object"]
        if self.kinds.get(oid, Kind.COMMIT) is not Kind.COMMIT:
            raise UnclearError
        return oid

    def _look_at(self, commit: str) -> list[str]:
        """Compare a commit with its first parent, once; gives its parents."""
        fields = _fields(self._read(commit))
        parents = [oid for name, oid in fields if name == b"parent"]
        if commit not in self.seen:
            self.seen.add(commit)
            before = self._tree_of(parents[0]) if parents else None
            self._compare(before, dict(fields)[b"tree"], b"")
        return parents

    def _tree_of(self, commit: str) -> str:
        return dict(_fields(self._read(commit)))[b"tree"]

    def _compare(self, before: str | None, after: str, prefix: bytes) -> None:
        """Look at every path that the newer tree adds or changes."""
        old = self._entries(before) if before else {}
        for name, (mode, oid) in self._entries(after).items():
            path = prefix + name
            if old.get(name) == (mode, oid):
                continue
            if len(path) > self.limits.path_bytes or path.count(b"/") > self.limits.path_depth:
                raise UnclearError
            if stat.S_ISDIR(mode):
                old_mode, old_oid = old.get(name, (0, ""))
                self._compare(old_oid if stat.S_ISDIR(old_mode) else None, oid, path + b"/")

    def _entries(self, tree: str) -> dict[bytes, tuple[int, str]]:
        raw, entries, start = self._read(tree), {}, 0
        while start < len(raw):
            space = raw.index(b" ", start)
            zero = raw.index(b"\0", space)
            oid = raw[zero + 1 : zero + 21]
            entries[raw[space + 1 : zero]] = canonical(int(raw[start:space], 8)), oid.hex()
            start = zero + 21
        self.entries_left -= len(entries)
        if self.entries_left < 0:
            raise UnclearError
        return entries

    def _read(self, oid: str) -> bytes:
        header = self.handle.header(oid)
        if header is None or header[1] > READ_BYTES:
            raise UnclearError
        return self.handle.read_known(oid)


def _fields(raw: bytes) -> list[tuple[bytes, str]]:
    """The lines with which a commit or a tag begins, as far as they name objects.

    Git takes nothing further down for a tree or a parent, though a pusher may well write it there.
    """
    lines = (line.partition(b" ") for line in raw.split(b"\n"))
    head = takewhile(lambda line: line[0] in {b"tree", b"parent", b"object"}, lines)
    return [(name, oid.decode("ascii")) for name, _, oid in head]
