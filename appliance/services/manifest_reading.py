"""What the manifests of a repository's branches say, read from git. Nothing is written here.

The default branch is read, and those that are protected. A manifest whose content has not changed,
nor that of any file it was read along with, is not read again.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db import repository_rows
from appliance.db.components import ManifestFile
from appliance.db.repositories import Origin
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.components import Component
from appliance.domain.permissions import Permission
from appliance.domain.protection import matches
from appliance.errors import sentence
from appliance.git import refs, tree_files
from appliance.git.ref_names import BRANCHES
from appliance.scanning.manifests import reading
from appliance.scanning.manifests.apart import Reader
from appliance.scanning.manifests.reading import ManifestError
from appliance.scanning.manifests.refusal import LARGEST_BYTES

MOST_BRANCHES = 20
MOST_MANIFESTS = 2000
MOST_FILES = 50_000
"""In whose paths those are looked for that a manifest names."""
ALL_OF_THEM = b""
"""The path under which it is said that not all manifests of a branch were read."""
Beside = list[tuple[str, str]]


@dataclass(frozen=True)
class Known:
    """A manifest as it was read last."""

    object_id: str
    beside: Beside


@dataclass(frozen=True)
class Plan:
    """A repository whose branches are looked at."""

    repository_id: UUID
    default: bytes
    patterns: tuple[str, ...]
    known: Mapping[bytes, Mapping[bytes, Known]]
    """By branch and path."""


@dataclass(frozen=True)
class Manifest:
    """One manifest that was read, or why it could not be."""

    path: bytes
    format: str
    object_id: str
    beside: Beside
    components: tuple[Component, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Branch:
    """What differs in one branch from what is known of it."""

    ref: bytes
    commit: str
    fresh: list[Manifest] = field(default_factory=list)
    gone: list[bytes] = field(default_factory=list)


def plan(work: UnitOfWork, repository_id: UUID) -> Plan | None:
    """What is to be looked at; None where there is nothing to look at.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    is_there = repository.deleted_at is None and repository.content is Origin.READY
    if not is_there or repository.wiki_of_id is not None:
        return None
    known: dict[bytes, dict[bytes, Known]] = {}
    query = sa.select(ManifestFile).where(
        ManifestFile.repository_id == repository_id, ManifestFile.ref != ""
    )
    for each in work.session.scalars(query):
        beside = [(path, oid) for path, oid in each.beside]
        of_branch = known.setdefault(BRANCHES + each.ref.encode(), {})
        of_branch[each.path] = Known(each.object_id, beside)
    rules = repository_rows.protections(work.session, repository_id)
    return Plan(
        repository_id=repository_id,
        default=BRANCHES + repository.default_branch.encode(),
        patterns=tuple(each.pattern for each in rules),
        known=known,
    )


@open_to_everyone(because="who asks was asked by `plan`, and nothing is said of it to anybody")
def look(wanted: Plan, folder: Path) -> list[Branch]:
    """What differs in each branch that counts; a branch that is gone has no manifests any more.

    Errors:
        DamagedError, TimeoutExceededError: the repository cannot be read, or not in time.
    """
    present = dict(refs.names(folder, BRANCHES))
    branches = [
        ref
        for ref in (wanted.default, *sorted(present))
        if ref in present and (ref == wanted.default or _is_protected(wanted, ref))
    ]
    watched = list(dict.fromkeys(branches))[:MOST_BRANCHES]
    with Reader() as reader:
        found = [
            _look_at(reader, folder, (ref, present[ref]), wanted.known.get(ref, {}))
            for ref in watched
        ]
    left = [ref for ref in wanted.known if ref not in watched]
    return found + [Branch(ref, "", gone=list(wanted.known[ref])) for ref in left]


@open_to_everyone(because="who asks was asked by a `plan`, and nothing is said of it to anybody")
def at(folder: Path, commit: str, paths: Collection[bytes]) -> list[Manifest]:
    """Those of the files that are manifests, as they are in a commit.

    Errors:
        DamagedError, TimeoutExceededError: the repository cannot be read, or not in time.
    """
    wanted = {path for path in paths if _format(path) is not None}
    if not wanted:
        return []
    there = tree_files.wanted(folder, commit, lambda _: True, most=MOST_FILES)
    read = tree_files.contents(folder, there, most_bytes=LARGEST_BYTES)
    found = [path for path in there if path in wanted]
    with Reader() as reader:
        return [_read(reader, path, there, read) for path in found[:MOST_MANIFESTS]]


def _is_protected(wanted: Plan, ref: bytes) -> bool:
    return any(matches(pattern, ref) for pattern in wanted.patterns)


def _look_at(
    reader: Reader, folder: Path, head: tuple[bytes, str], known: Mapping[bytes, Known]
) -> Branch:
    ref, commit = head
    branch = Branch(ref, commit)
    files = tree_files.wanted(folder, commit, lambda _: True, most=MOST_FILES)
    paths = [path for path in files if _format(path) is not None]
    read = tree_files.contents(folder, files, most_bytes=LARGEST_BYTES)
    for path in paths[:MOST_MANIFESTS]:
        if not _is_same(path, files, known.get(path)):
            branch.fresh.append(_read(reader, path, files, read))
    is_cut = len(paths) > MOST_MANIFESTS or len(files) == MOST_FILES
    if is_cut:
        branch.fresh.append(Manifest(ALL_OF_THEM, "", commit, [], error=NOT_ALL))
    wanted = {*paths[:MOST_MANIFESTS], *([ALL_OF_THEM] if is_cut else [])}
    branch.gone.extend(path for path in known if path not in wanted)
    return branch


def _format(path: bytes) -> reading.Format | None:
    name = _text(path)
    return None if name is None else reading.format_of(name)


def _text(path: bytes) -> str | None:
    """A path that is no text names no manifest."""
    try:
        return path.decode()
    except UnicodeDecodeError:
        return None


def _is_same(path: bytes, files: Mapping[bytes, str], known: Known | None) -> bool:
    if known is None or known.object_id != files[path]:
        return False
    return all(files.get(other.encode(), "") == oid for other, oid in known.beside)


def _read(
    reader: Reader, path: bytes, files: Mapping[bytes, str], read: Callable[[bytes], bytes]
) -> Manifest:
    name = path.decode()
    beside: dict[str, str] = {}

    def other(at: str) -> bytes | None:
        asked = posixpath.normpath(at).encode()
        beside[at] = files.get(asked, "")
        return read(asked) if asked in files else None

    found = reading.format_of(name)
    kind = found.name if found else ""
    try:
        components, error = reader.read(name, read(path), other), ""
    except ManifestError as refused:
        components, error = (), str(refused)
    return Manifest(path, kind, files[path], list(beside.items()), components, error)


NOT_ALL = sentence("There are more files than are looked through: not all manifests were read.")
