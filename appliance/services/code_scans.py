"""Looking for weaknesses in code: after a push to the default branch, at all that stands there.

promise   with what a push has moved
plan      which commit is to be looked at; a job does it
look      runs the program over its files; no transaction is open meanwhile
keep      makes alerts of what was found, and ends those that are there no more
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db.alerts import Alert
from appliance.db.repositories import Origin, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import AlertKind, ScanCause, Sighting
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.git import refs, tree_files
from appliance.git.ref_names import BRANCHES
from appliance.scanning.code import files, results, rules
from appliance.scanning.code.files import Skipped, SourceFile
from appliance.scanning.code.program import CodeProgram
from appliance.services import repository_promises, sightings
from appliance.services.sightings import NewScan

MOST_FILES = 20_000
PORTION_FILES = 1000
PORTION_BYTES = 16 * 1024 * 1024
OURS = "codara"
"""The category of what we found ourselves: reports of other tools have others."""


@dataclass(frozen=True)
class CodePlan:
    """A repository whose default branch is looked at."""

    repository_id: UUID
    branch: bytes


@dataclass
class Look:
    """What came of looking at a commit. Its state grows with each portion."""

    commit: str
    found: list[Sighting] = field(default_factory=list)
    looked_at: set[bytes] = field(default_factory=set)
    skipped: dict[bytes, Skipped] = field(default_factory=dict)
    size_bytes: int = 0
    objects: int = 0


@open_to_everyone(because="only what was pushed already leads here")
def promise(
    work: UnitOfWork, repository: Repository, moved: Collection[bytes], *, pushed_by: UUID | None
) -> None:
    """Let the code be looked at, if the default branch has moved and there is a program for it.

    A job that waits already will see what is so when it begins.
    """
    if not work.rules.scanning.code_program or _default(repository) not in moved:
        return
    repository_promises.once(work, Job.SCAN_CODE, repository.id, pushed_by=pushed_by)


def plan(work: UnitOfWork, repository_id: UUID) -> CodePlan | None:
    """What is to be looked at; None where there is nothing to look at.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    if repository.deleted_at is not None or repository.content is not Origin.READY:
        return None
    return CodePlan(repository_id, _default(repository))


@open_to_everyone(because="it only reads rules that come with the appliance")
def program(path: Path) -> CodeProgram:
    """The program with the rules that it looks for."""
    return CodeProgram(path, rules.built_in())


@open_to_everyone(because="who asks was asked by `plan`, and nothing is said of it to anybody")
def look(wanted: CodePlan, folder: Path, tool: CodeProgram, *, until: float) -> Look | None:
    """What the program says of the branch; None where the branch is not there.

    Errors:
        DamagedError, TimeoutExceededError: the repository cannot be read, or not in time.
        NoProgramError: the program cannot be started.
    """
    commit = dict(refs.names(folder, BRANCHES)).get(wanted.branch)
    if commit is None:
        return None
    seen = Look(commit)
    for portion in _portions(folder, seen):
        result = tool.look(portion, until=until)
        seen.found += results.sightings(result.found, tool.rules.by_id, category=OURS)
        seen.skipped |= result.skipped
        seen.looked_at |= {each.path for each in portion}
        seen.size_bytes += sum(len(each.content) for each in portion)
        seen.objects += len(portion)
    seen.looked_at -= seen.skipped.keys()
    return seen


def keep(
    work: UnitOfWork,
    wanted: CodePlan,
    seen: Look,
    *,
    ruleset: str,
    pushed_by: UUID | None,
    now: datetime,
) -> None:
    """Make alerts of what was found, and end those of which nothing is there any more.

    Errors:
        HiddenError, RefusedError: only the appliance may say what scans found.
    """
    repository = fetch.repository_by_id(work, wanted.repository_id, Permission.ALERT_REPORT)
    scan = sightings.begin_scan(
        work,
        repository,
        NewScan(
            kind=AlertKind.CODE,
            cause=ScanCause.PUSH,
            tool=OURS,
            category=OURS,
            ref=wanted.branch.removeprefix(BRANCHES).decode("utf-8", "replace"),
            to_commit=seen.commit,
            ruleset=ruleset,
        ),
        now=now,
    )
    looked_at = seen.looked_at | (_paths_of_alerts(work, repository.id) - seen.skipped.keys())
    taken = sightings.take_in(
        work,
        repository,
        seen.found,
        scan=scan,
        ref_is_protected=True,
        now=now,
        looked_at=looked_at,
        pushed_by=pushed_by,
    )
    sightings.gone(
        work,
        repository,
        AlertKind.CODE,
        seen=taken.all,
        looked_at=looked_at,
        now=now,
        category=OURS,
    )
    skipped = [
        {"path": path.decode("utf-8", "replace"), "why": str(why)}
        for path, why in sorted(seen.skipped.items())
    ]
    sightings.end_scan(
        work,
        repository,
        scan,
        size_bytes=seen.size_bytes,
        objects=seen.objects,
        skipped=skipped,
        now=now,
    )


def _default(repository: Repository) -> bytes:
    return BRANCHES + repository.default_branch.encode()


def _paths_of_alerts(work: UnitOfWork, repository_id: UUID) -> set[bytes]:
    query = sa.select(Alert.path).where(
        Alert.repository_id == repository_id, Alert.kind == AlertKind.CODE
    )
    return set(work.session.scalars(query))


def _portions(folder: Path, seen: Look) -> Iterator[list[SourceFile]]:
    """The files that are fit to be looked at; notes the others."""
    paths = tree_files.wanted(
        folder, seen.commit, lambda path: files.suffix(path) is not None, most=MOST_FILES + 1
    )
    read = tree_files.contents(folder, paths, most_bytes=files.LARGEST_BYTES)
    portion: list[SourceFile] = []
    size = 0
    for number, (path, object_id) in enumerate(paths.items()):
        if number >= MOST_FILES:
            seen.skipped[path] = Skipped.TOO_MANY_FILES
            continue
        content = read(path)
        if (why := files.unfit(content)) is not None:
            seen.skipped[path] = why
            continue
        if portion and (len(portion) >= PORTION_FILES or size + len(content) > PORTION_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(SourceFile(path, object_id, content))
        size += len(content)
    if portion:
        yield portion
