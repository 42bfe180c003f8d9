"""Comparing files: after a push to the default branch, all that stands there, with what the same
owner has elsewhere.

promise   with what a push has moved
plan      what is to be compared; a job does it
look      lists the files; no transaction is open meanwhile
missing   which contents have no signature yet
sign      makes signatures of some of them, and `keep` keeps them
settle    keeps which files there are
pair      looks for what is nearly the same as some of them
finish    says that all were compared

Whatever breaks off is begun anew: signatures that were made are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db import near_duplicate_rows as rows
from appliance.db.component_rows import parts
from appliance.db.near_duplicates import ComparedRepository
from appliance.db.repositories import Origin, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.duplicates import LEAST_SIMILARITY, LeftOut
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.git import refs, tree_files
from appliance.git.ref_names import BRANCHES
from appliance.scanning import near_duplicates as compared
from appliance.services import repository_promises

MOST_FILES = 50_000
LEFT_BEHIND = timedelta(days=1)
"""A signature that no file has for so long is nobody's: no job is about to use it."""
MOST_SWEPT = 10_000


@dataclass(frozen=True)
class Plan:
    """A repository whose default branch is compared."""

    repository_id: UUID
    branch: bytes


@dataclass(frozen=True)
class Tree:
    """The files of a commit, and how many were left out. No commit: there is no branch yet."""

    commit: str = ""
    files: dict[bytes, str] = field(default_factory=dict)
    too_many: int = 0


@dataclass(frozen=True)
class Signed:
    """A content and its signature, or why it has none."""

    object_id: str
    size_bytes: int
    lines: int
    unfit: str = ""
    signature: bytes = b""


@open_to_everyone(because="only what was pushed already leads here")
def promise(work: UnitOfWork, repository: Repository, moved: Collection[bytes]) -> None:
    """Let files be compared, if the default branch has moved.

    A job that waits already will see what is so when it begins.
    """
    if not work.rules.scanning.duplicates or _default(repository) not in moved:
        return
    repository_promises.once(work, Job.COMPARE_FILES, repository.id)


@open_to_everyone(because="it says only whether anything is compared here")
def is_wanted(work: UnitOfWork) -> bool:
    """Whether files are compared at all."""
    return work.rules.scanning.duplicates


def next_due(work: UnitOfWork, *, after: UUID | None) -> UUID | None:
    """The first repository after another that was never compared, or among those of another
    owner, or by another library.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    done = sa.select(ComparedRepository.repository_id).where(
        ComparedRepository.repository_id == Repository.id,
        ComparedRepository.engine == compared.ENGINE,
        ComparedRepository.owner_id == Repository.owner_id,
    )
    due = sa.select(Repository.id).where(
        Repository.deleted_at.is_(None),
        Repository.wiki_of_id.is_(None),
        Repository.content == Origin.READY,
        ~done.exists(),
    )
    if after is not None:
        due = due.where(Repository.id > after)
    return work.session.scalar(due.order_by(Repository.id).limit(1))


def sweep(work: UnitOfWork, *, now: datetime) -> int:
    """Forget signatures that no file has; how many.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return rows.sweep(work.session, made_before=now - LEFT_BEHIND, limit=MOST_SWEPT)


def plan(work: UnitOfWork, repository_id: UUID) -> Plan | None:
    """What is to be compared; None where there is nothing.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    if repository.deleted_at is not None or repository.content is not Origin.READY:
        return None
    return Plan(repository_id, _default(repository))


@open_to_everyone(because="who asks was asked by `plan`, and nothing is said of it to anybody")
def look(wanted: Plan, folder: Path) -> Tree:
    """The files of the branch.

    Errors:
        DamagedError, TimeoutExceededError: the tree cannot be read, or not in time.
    """
    commit = dict(refs.names(folder, BRANCHES)).get(wanted.branch)
    if commit is None:
        return Tree()
    found = tree_files.wanted(folder, commit, lambda _path: True, most=10 * MOST_FILES)
    kept = dict(list(found.items())[:MOST_FILES])
    return Tree(commit, kept, len(found) - len(kept))


def missing(work: UnitOfWork, tree: Tree) -> dict[bytes, str]:
    """A path for each content that has no signature yet, with its object id.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    anew = {object_id: path for path, object_id in tree.files.items()}
    for known in rows.signature_keys(work.session, list(anew), compared.ENGINE):
        del anew[known]
    return {path: object_id for object_id, path in anew.items()}


@open_to_everyone(because="who asks was asked by `plan`, and nothing is said of it to anybody")
def sign(folder: Path, wanted: dict[bytes, str]) -> Iterator[list[Signed]]:
    """Signatures of these contents, some at a time.

    Errors:
        DamagedError, TimeoutExceededError: one cannot be read, or not in time.
    """
    read = tree_files.contents(folder, wanted, most_bytes=compared.LARGEST_BYTES)
    for some in parts(wanted):
        yield [_signed(wanted[path], read(path)) for path in some]


def keep(work: UnitOfWork, some: Sequence[Signed], *, now: datetime) -> None:
    """Keep signatures.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    made: list[dict[str, Any]] = [
        {
            "object_id": each.object_id,
            "engine": compared.ENGINE,
            "unfit": each.unfit,
            "signature": each.signature,
            "size_bytes": each.size_bytes,
            "lines": each.lines,
            "made_at": now,
        }
        for each in some
    ]
    bands = {each.object_id: compared.bands(each.signature) for each in some if each.signature}
    rows.put_signatures(work.session, made, bands)


def settle(work: UnitOfWork, wanted: Plan, tree: Tree) -> list[int]:
    """Keep which files there are; gives the keys of the contents that were not there before.

    Until `finish` the repository counts as one that was never compared, so that nothing is missing
    for good where the job breaks off.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, wanted.repository_id, Permission.REPOSITORY_READ)
    keys = rows.signature_keys(work.session, list(tree.files.values()), compared.ENGINE)
    there = {path: keys[object_id] for path, object_id in tree.files.items()}
    before = rows.files_of(work.session, repository.id)
    rows.change_files(
        work.session,
        repository.id,
        gone=[row for path, (row, key) in before.items() if there.get(path) != key],
        new={path: key for path, key in there.items() if before.get(path, ("", None))[1] != key},
    )
    last = work.session.get(ComparedRepository, repository.id)
    if last is None or (last.owner_id, last.engine) != (repository.owner_id, compared.ENGINE):
        return sorted(set(keys.values()))
    last.engine = ""
    return sorted(set(keys.values()) - {key for _, key in before.values()})


@open_to_everyone(because="it only counts")
def portions(keys: list[int]) -> Iterator[list[int]]:
    """As many as are paired in one transaction."""
    return parts(keys)


def pair(work: UnitOfWork, wanted: Plan, some: Collection[int]) -> bool:
    """Find what is nearly the same as these contents; whether there is more than was looked at.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, wanted.repository_id, Permission.REPOSITORY_READ)
    found, is_more = rows.candidates(work.session, some, owner_id=repository.owner_id)
    signatures = rows.signatures(work.session, {key for pair in found for key in pair})
    alike = (
        (one, other, compared.similarity(signatures[one], signatures[other]))
        for one, other in sorted(found)
    )
    near = [each for each in alike if each[2] >= LEAST_SIMILARITY]
    rows.put_pairs(work.session, near)
    return is_more


def finish(work: UnitOfWork, wanted: Plan, tree: Tree, *, is_cut: bool, now: datetime) -> None:
    """Say that all of it was compared.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, wanted.repository_id, Permission.REPOSITORY_READ)
    left_out = _left_out(work, tree)
    row = work.session.get(ComparedRepository, repository.id)
    if row is None:
        row = ComparedRepository(repository_id=repository.id, is_cut=False)
        work.session.add(row)
    row.is_cut = is_cut or (row.is_cut and row.owner_id == repository.owner_id)
    row.owner_id, row.engine, row.commit = repository.owner_id, compared.ENGINE, tree.commit
    row.files, row.compared_at = len(tree.files) + tree.too_many, now
    row.left_out = left_out


def _left_out(work: UnitOfWork, tree: Tree) -> dict[str, int]:
    """How many files for each reason."""
    why = rows.unfit(work.session, tree.files.values(), compared.ENGINE)
    counted = Counter(why[each] for each in tree.files.values() if each in why)
    if tree.too_many:
        counted[LeftOut.TOO_MANY_FILES] = tree.too_many
    return dict(sorted(counted.items()))


def _signed(object_id: str, content: bytes) -> Signed:
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    if (why := compared.unfit(content)) is not None:
        return Signed(object_id, len(content), lines, unfit=why)
    return Signed(object_id, len(content), lines, signature=compared.signature(content))


def _default(repository: Repository) -> bytes:
    return BRANCHES + repository.default_branch.encode()
