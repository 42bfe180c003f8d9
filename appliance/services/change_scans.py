"""Scans of what pull requests would bring: the head against where it left the target.

promise   with a new head or another target
plan      which commits are compared; a job does it
compare   reads manifests and code of both sides; no transaction is open meanwhile
keep      what was found, until somebody asks: `change_alerts`

Secrets are alerts at once, wherever they were pushed to; here is only noted which ones come along.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db import change_scans, component_rows
from appliance.db.alerts import Alert, AlertOccurrence
from appliance.db.change_scans import ChangeScan
from appliance.db.component_rows import parts
from appliance.db.conversations import Conversation
from appliance.db.outbox import JobRecord
from appliance.db.pulls import PatchSet, PullRequest
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import AlertKind, ScanCause, Sighting
from appliance.domain.conversations import ConversationState
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Permission
from appliance.errors import NotFoundError, sentence
from appliance.git import change_digest, pull_refs, refs, tree_files
from appliance.git.ref_names import BRANCHES
from appliance.scanning.code import files, results
from appliance.services import (
    advisory_matching,
    change_reports,
    components,
    manifest_reading,
    secret_patterns,
)
from appliance.services.code_scans import OURS
from appliance.services.secret_scans import ScanPlan

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore
    from appliance.scanning.code.program import CodeProgram
    from appliance.scanning.code.results import Result
    from appliance.services.manifest_reading import Manifest

MOST_FILES = 3000
"""Changed files that are looked at, each in both spellings."""
MOST_KEPT = 1000
SHOWN = 100
TOO_MANY = "too_many_files"


@dataclass(frozen=True)
class ChangePlan:
    """A pull request whose change is looked at."""

    pull_id: UUID
    repository_id: UUID
    target: bytes
    head: str
    folder: Path
    secrets: ScanPlan
    """All but the commits."""


@dataclass(frozen=True)
class Change:
    """Two commits, and the paths that differ between them."""

    base: str
    head: str
    paths: tuple[bytes, ...]


@dataclass
class Compared:
    """What came of comparing. Its state grows with each kind."""

    before: list[Manifest] = field(default_factory=list)
    after: list[Manifest] = field(default_factory=list)
    code: list[Sighting] | None = None
    """None: nobody has looked."""
    skipped: dict[AlertKind, list[dict[str, str]]] = field(default_factory=dict)
    ruleset: str = ""

    def skip(self, kind: AlertKind, path: bytes, why: str) -> None:
        """Note what could not be looked at."""
        entry = {"path": path.decode("utf-8", "replace"), "why": why}
        self.skipped.setdefault(kind, []).append(entry)


@open_to_everyone(because="whoever moved a pull request was asked whether they may")
def promise(work: UnitOfWork, pull: PullRequest) -> None:
    """Let the change be looked at."""
    work.later(Job.SCAN_CHANGE, about=pull.repository_id, pull_id=str(pull.id))


@open_to_everyone(because="it is only promised to look at what is there already")
def promise_if_moved(work: UnitOfWork, pull: PullRequest, base: str) -> None:
    """Let the change be looked at again, if it was compared with another commit than this.

    So it is when what a pull request stands on is merged before it.
    """
    bases = change_scans.bases(work.session, pull.repository_id, pull.head_oid)
    if bases and base not in bases:
        promise(work, pull)


@open_to_everyone(because="it is only promised to look at what is there already")
def promise_missing(work: UnitOfWork, *, limit: int) -> int:
    """Let open pull requests be looked at whose head nobody has; gives how many."""
    seen = sa.exists().where(
        ChangeScan.repository_id == PullRequest.repository_id,
        ChangeScan.commit == PullRequest.head_oid,
    )
    waits = sa.exists().where(
        JobRecord.about == PullRequest.repository_id,
        JobRecord.job == Job.SCAN_CHANGE,
        JobRecord.state == JobState.QUEUED,
    )
    query = (
        sa.select(PullRequest)
        .join(Conversation, Conversation.id == PullRequest.id)
        .where(Conversation.state == ConversationState.OPEN, ~seen, ~waits)
        .order_by(PullRequest.id)
        .limit(limit)
    )
    found = list(work.session.scalars(query))
    for each in found:
        promise(work, each)
    return len(found)


def plan(work: UnitOfWork, pull_id: UUID, *, repositories: RepositoryStore) -> ChangePlan | None:
    """What is to be looked at; None where the pull request is not open any more.

    Errors:
        RefusedError: only the appliance and administrators may. HiddenError: it is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    pull = work.session.get(PullRequest, pull_id)
    talk = work.session.get(Conversation, pull_id)
    if pull is None or talk is None or talk.state is not ConversationState.OPEN:
        return None
    repository = fetch.repository_by_id(work, pull.repository_id, Permission.REPOSITORY_READ)
    if repository.deleted_at is not None:
        return None
    folder = repositories.folder(repository.id)
    secrets = ScanPlan(
        *(repository.id, repository.id, repository.organisation_id, repository.owner_id, folder),
        ScanCause.PUSH,
        ref=f"refs/pull/{talk.number}/head",
        pushed_by=talk.author_id,
        own=secret_patterns.used_in(work, repository.id),
    )
    target = BRANCHES + pull.target_branch
    return ChangePlan(pull.id, repository.id, target, pull.head_oid, folder, secrets)


@open_to_everyone(because="who asks was asked by `plan`, and nothing is said of it to anybody")
def change_of(planned: ChangePlan) -> Change:
    """The commits to compare.

    Errors:
        NotFoundError: the target is gone, or the two have nothing in common.
        DamagedError, TimeoutExceededError, TooLargeError: it cannot be told, or not in time.
    """
    target = refs.one(planned.folder, planned.target).target
    base = pull_refs.base(planned.folder, target, planned.head)
    if base is None:
        raise NotFoundError(sentence("The two branches have no commit in common."))
    return Change(base, planned.head, change_digest.paths(planned.folder, base, planned.head))


@open_to_everyone(because="who asks was asked by `plan`, and nothing is said of it to anybody")
def compare(
    planned: ChangePlan, change: Change, tool: CodeProgram | None, *, seconds: float
) -> Compared:
    """What manifests and code say on both sides; `tool` is None where there is no program.

    Errors:
        DamagedError, TimeoutExceededError: the repository cannot be read, or not in time.
        NoProgramError: the program cannot be started.
    """
    made = Compared()
    changed = change.paths[:MOST_FILES]
    for path in change.paths[MOST_FILES:][:SHOWN]:
        for kind in (AlertKind.DEPENDENCY, AlertKind.CODE):
            made.skip(kind, path, TOO_MANY)
    made.before = manifest_reading.at(planned.folder, change.base, changed)
    made.after = manifest_reading.at(planned.folder, change.head, changed)
    for each in made.after:
        if each.error:
            made.skip(AlertKind.DEPENDENCY, each.path, each.error)
    if tool is not None:
        made.ruleset = tool.rules.digest
        made.code = _new_code(planned.folder, change, changed, tool, made, seconds)
    return made


def _new_code(
    folder: Path,
    change: Change,
    changed: Sequence[bytes],
    tool: CodeProgram,
    made: Compared,
    seconds: float,
) -> list[Sighting]:
    until = time.monotonic() + seconds
    before = _code_at(folder, change.base, changed, tool, until)
    after = _code_at(folder, change.head, changed, tool, until)
    for path, why in sorted({**before.skipped, **after.skipped}.items()):
        made.skip(AlertKind.CODE, path, str(why))
    old = results.sightings(before.found, tool.rules.by_id, category=OURS)
    known = {each.identity for each in old}
    moved = {each.scope_identity for each in old if each.scope_identity}
    return [
        each
        for each in results.sightings(after.found, tool.rules.by_id, category=OURS)
        if each.identity not in known and each.scope_identity not in moved
    ]


def _code_at(
    folder: Path, commit: str, changed: Collection[bytes], tool: CodeProgram, until: float
) -> Result:
    wanted = set(changed)
    paths = tree_files.wanted(
        folder,
        commit,
        lambda path: path in wanted and files.suffix(path) is not None,
        most=MOST_FILES,
    )
    read = tree_files.contents(folder, paths, most_bytes=files.LARGEST_BYTES)
    sources = [files.SourceFile(path, oid, read(path)) for path, oid in paths.items()]
    unfit = {each.path: why for each in sources if (why := files.unfit(each.content)) is not None}
    result = tool.look([each for each in sources if each.path not in unfit], until=until)
    return results.Result(result.found, {**result.skipped, **unfit})


def keep(
    work: UnitOfWork,
    planned: ChangePlan,
    change: Change,
    made: Compared,
    secrets: tuple[Collection[str], Sequence[dict[str, str]]] | None,
    *,
    now: datetime,
) -> None:
    """Keep what was found in place of what was kept before.

    `secrets` are the objects that come along, and those among them that could not be looked at;
    None where nobody looks for secrets.

    Errors:
        HiddenError, RefusedError: only the appliance may say what scans found.
    """
    repository = fetch.repository_by_id(work, planned.repository_id, Permission.ALERT_REPORT)
    _forget(work, planned, change.base)
    kinds: dict[AlertKind, tuple[list[Any], list[Any]]] = {
        AlertKind.DEPENDENCY: (_packages(work, made.after), _packages(work, made.before))
    }
    skipped = dict(made.skipped)
    if made.code is not None:
        kinds[AlertKind.CODE] = ([_plain(each) for each in made.code[:MOST_KEPT]], [])
        unseen = skipped.get(AlertKind.CODE, [])
        change_reports.of_code(
            *(work, repository, change.head, change.base, made.code, unseen), now=now
        )
    if secrets is not None:
        kinds[AlertKind.SECRET] = (_alerts(work, repository.id, secrets[0]), [])
        skipped[AlertKind.SECRET] = list(secrets[1])
    for kind, (found, before) in kinds.items():
        left = skipped.get(kind, [])
        work.session.add(
            ChangeScan(
                repository_id=repository.id,
                commit=change.head,
                base=change.base,
                kind=kind,
                ruleset=made.ruleset if kind is AlertKind.CODE else "",
                found=found,
                before=before,
                skipped=left[:SHOWN],
                skipped_count=len(left),
                made_at=now,
            )
        )


def give_up(work: UnitOfWork, planned: ChangePlan, why: str, *, now: datetime) -> None:
    """Keep that the change cannot be looked at, so that nobody tries again before it is another.

    Errors:
        HiddenError, RefusedError: only the appliance may say what scans found.
    """
    repository = fetch.repository_by_id(work, planned.repository_id, Permission.ALERT_REPORT)
    _forget(work, planned, "")
    work.session.add(
        ChangeScan(
            repository_id=repository.id,
            commit=planned.head,
            base="",
            kind=AlertKind.DEPENDENCY,
            skipped=[{"path": "", "why": why}],
            skipped_count=1,
            made_at=now,
        )
    )


def _forget(work: UnitOfWork, planned: ChangePlan, base: str) -> None:
    """What was kept of this change, and of heads that the pull request had before."""
    heads = sa.select(PatchSet.head_oid).where(
        PatchSet.pull_id == planned.pull_id, PatchSet.head_oid != planned.head
    )
    same = (ChangeScan.commit == planned.head) & ChangeScan.base.in_(["", base])
    gone = sa.delete(ChangeScan).where(
        ChangeScan.repository_id == planned.repository_id,
        ChangeScan.commit.in_(heads) | same,
    )
    work.session.execute(gone, execution_options={"synchronize_session": False})


def _packages(work: UnitOfWork, manifests: Iterable[Manifest]) -> list[dict[str, Any]]:
    """Components as they are compared with advisories, whichever feed comes later."""
    named = [
        (components.package_of(each), each, manifest)
        for manifest in manifests
        for each in manifest.components
    ]
    keys = component_rows.intern(work.session, [package for package, _, _ in named])
    advisory_matching.match(work, advisory_matching.current(work), set(keys.values()))
    return [
        {
            "package": keys[package],
            "name": component.name,
            "path": manifest.path.decode("utf-8", "replace"),
            "line": component.line,
            "licence": component.licence,
        }
        for package, component, manifest in named
    ]


def _plain(seen: Sighting) -> dict[str, Any]:
    return {
        "identity": seen.identity,
        "rule": seen.rule,
        "title": seen.title,
        "severity": seen.severity.value,
        "confidence": seen.confidence.value,
        "lane": seen.lane.value,
        "path": seen.path.decode("utf-8", "replace"),
        "line": seen.line,
    }


def _alerts(work: UnitOfWork, repository_id: UUID, oids: Collection[str]) -> list[int]:
    """The numbers of secrets that stand in these objects and in no other."""
    there: set[tuple[UUID, int]] = set()
    coming = set(oids)
    for some in parts(sorted(coming)):
        query = (
            sa.select(Alert.id, Alert.number)
            .join(AlertOccurrence, AlertOccurrence.alert_id == Alert.id)
            .where(
                Alert.repository_id == repository_id,
                Alert.kind == AlertKind.SECRET,
                AlertOccurrence.object_id.in_(some),
            )
        )
        there |= {(row.id, row.number) for row in work.session.execute(query)}
    return sorted(number for alert_id, number in there if _is_new(work, alert_id, coming))


def _is_new(work: UnitOfWork, alert_id: UUID, coming: Collection[str]) -> bool:
    """Whether it was on no protected branch before."""
    query = sa.select(AlertOccurrence.object_id).where(
        AlertOccurrence.alert_id == alert_id, AlertOccurrence.is_protected.is_(True)
    )
    return all(oid in coming for oid in work.session.scalars(query))
