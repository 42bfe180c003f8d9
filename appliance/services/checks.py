"""What other systems say of commits: statuses, and what all reports together come to.

Whoever may write to a repository may report. Doors look first whether the commit is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_checks
from appliance.access.gate import open_to_everyone
from appliance.db import paging
from appliance.db.checks import CheckRun, CommitStatus
from appliance.db.conversation_rows import user_names
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import checks, events
from appliance.domain.checks import MOST_STATUSES, OF_STATUS, Report, StatusState
from appliance.domain.merge_facts import CheckOutcome
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence
from appliance.services import merge_queue_entries

USUAL_CONTEXT = "default"


@dataclass(frozen=True)
class NewStatus:
    """A status as somebody reports it."""

    state: StatusState
    context: str = USUAL_CONTEXT
    description: str = ""
    target_url: str = ""


@dataclass(frozen=True)
class Said:
    """A status, and who reported it; empty where they are gone."""

    status: CommitStatus
    reporter: str


@dataclass(frozen=True)
class Ran:
    """A check run, and who reported it; empty where they are gone."""

    run: CheckRun
    reporter: str

    @property
    def outcome(self) -> CheckOutcome:
        """What it means for rules."""
        return checks.of_run(self.run.state, self.run.conclusion)


@dataclass(frozen=True)
class OfCommit:
    """All that counts of what was said of a commit: the latest of each name and reporter."""

    statuses: Sequence[Said]
    runs: Sequence[Ran]
    outcomes: dict[str, CheckOutcome]
    """What came of each check, by name."""

    @property
    def outcome(self) -> CheckOutcome | None:
        """What it all comes to; None where nobody has said anything."""
        return checks.worst(self.outcomes.values())

    @property
    def passed(self) -> int:
        """How many checks have passed."""
        return sum(each is CheckOutcome.PASSED for each in self.outcomes.values())


@dataclass(frozen=True)
class Rollup:
    """What the checks of a commit come to, for a list."""

    outcome: CheckOutcome
    passed: int
    total: int


def report(work: UnitOfWork, path: str, commit: str, wanted: NewStatus, *, now: datetime) -> Said:
    """Say how a commit stands under a name; what was said before stays to be read.

    Errors:
        HiddenError, RefusedError: the actor may not write to the repository.
        InvalidError: the name, the description or the address is none.
        ConflictError: it is archived, or too much was said of the commit already.
    """
    repository = fetch_checks.to_report(work, path)
    checks.insist_on_free_name(wanted.context, field="context")
    _insist_on_room(work, repository, commit)
    status = CommitStatus(
        repository_id=repository.id,
        commit=commit,
        context=checks.check_name(wanted.context, field="context"),
        state=wanted.state,
        description=checks.check_description(wanted.description),
        target_url=checks.check_address(wanted.target_url, field="target_url"),
        reporter_id=work.actor.id,
        created_at=now,
    )
    work.session.add(status)
    work.session.flush()  # The answer names its id.
    work.record(
        events.CheckStatusReported(
            about=repository.id,
            organisation_id=repository.organisation_id,
            commit=commit,
            context=status.context,
            state=str(status.state),
        )
    )
    merge_queue_entries.note_report(work, repository.id, commit)
    return _said(work, [status])[0]


def listed(
    work: UnitOfWork,
    path: str,
    commit: str,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Said]:
    """Every status of a commit, the newest first.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = sa.select(CommitStatus).where(*_of(CommitStatus, repository.id, [commit]))
    found = paging.page(
        *(work.session, query, CommitStatus.id),
        make=paging.only,
        after=after,
        limit=limit,
        newest_first=True,
    )
    return paging.Page(_said(work, found.items), found.next)


def of_commit(work: UnitOfWork, path: str, commit: str) -> OfCommit:
    """What counts of all that was said of a commit.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    statuses = _latest(_statuses(work, repository.id, [commit]))
    runs = [
        each
        for each in _latest_runs(_runs(work, repository.id, [commit]))
        if fetch_checks.may_read(work, repository, each.name)
    ]
    reports = [*map(_of_status, statuses), *map(_of_run, runs)]
    names = user_names(work.session, (each.reporter_id for each in runs))
    return OfCommit(
        statuses=sorted(_said(work, statuses), key=lambda each: each.status.context),
        runs=[
            Ran(each, names.get(each.reporter_id, ""))
            for each in sorted(runs, key=lambda each: each.name)
        ],
        outcomes=checks.by_name(reports),
    )


@open_to_everyone(because="whoever has a repository before them was asked whether they may read it")
def outcomes(work: UnitOfWork, repository_id: UUID, commit: str) -> dict[str, CheckOutcome]:
    """What came of each check of a commit, by name: what rules ask for."""
    return _outcomes(work, repository_id, [commit]).get(commit, {})


@open_to_everyone(because="whoever has a repository before them was asked whether they may read it")
def reports(work: UnitOfWork, repository_id: UUID, commit: str) -> tuple[Report, ...]:
    """The same by who said it, for rules that name who must."""
    return tuple(_reports(work, repository_id, [commit]).get(commit, ()))


@open_to_everyone(because="whoever has a repository before them was asked whether they may read it")
def names_before(work: UnitOfWork, repository_id: UUID, commits: Iterable[str]) -> frozenset[str]:
    """The names of all checks that any of some commits has: of a branch before its head moved."""
    found = _outcomes(work, repository_id, list(commits))
    return frozenset(name for each in found.values() for name in each)


def rollups(work: UnitOfWork, path: str, commits: Iterable[str]) -> dict[str, Rollup]:
    """What the checks of each commit come to; commits of which nothing was said are left out.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    rolled = {}
    for commit, found in _outcomes(work, repository.id, list(commits)).items():
        passed = sum(each is CheckOutcome.PASSED for each in found.values())
        outcome = checks.worst(found.values())
        if outcome is not None:
            rolled[commit] = Rollup(outcome, passed, len(found))
    return rolled


def _outcomes(
    work: UnitOfWork, repository_id: UUID, commits: list[str]
) -> dict[str, dict[str, CheckOutcome]]:
    found = _reports(work, repository_id, commits)
    return {commit: checks.by_name(each) for commit, each in found.items()}


def _reports(work: UnitOfWork, repository_id: UUID, commits: list[str]) -> dict[str, list[Report]]:
    """All that was said of each commit, the newest of each kind first."""
    found: dict[str, list[Report]] = {}
    for status in _statuses(work, repository_id, commits):
        found.setdefault(status.commit, []).append(_of_status(status))
    for run in _runs(work, repository_id, commits):
        found.setdefault(run.commit, []).append(_of_run(run))
    return found


def _statuses(work: UnitOfWork, repository_id: UUID, commits: list[str]) -> list[CommitStatus]:
    where = _of(CommitStatus, repository_id, commits)
    query = sa.select(CommitStatus).where(*where).order_by(CommitStatus.id.desc())
    return list(work.session.scalars(query))


def _runs(work: UnitOfWork, repository_id: UUID, commits: list[str]) -> list[CheckRun]:
    where = _of(CheckRun, repository_id, commits)
    query = sa.select(CheckRun).where(*where).order_by(CheckRun.id.desc())
    return list(work.session.scalars(query))


def _of(
    kind: type[CommitStatus | CheckRun], repository_id: UUID, commits: list[str]
) -> tuple[sa.ColumnElement[bool], ...]:
    return kind.repository_id == repository_id, kind.commit.in_(commits)


def _of_status(status: CommitStatus) -> Report:
    return Report(status.context, status.reporter_id, OF_STATUS[status.state])


def _of_run(run: CheckRun) -> Report:
    return Report(run.name, run.reporter_id, checks.of_run(run.state, run.conclusion))


def _latest(statuses: Iterable[CommitStatus]) -> list[CommitStatus]:
    found: dict[tuple[str, UUID | None], CommitStatus] = {}
    for each in statuses:
        found.setdefault((each.context, each.reporter_id), each)
    return list(found.values())


def _latest_runs(runs: Iterable[CheckRun]) -> list[CheckRun]:
    found: dict[tuple[str, UUID | None], CheckRun] = {}
    for each in runs:
        found.setdefault((each.name, each.reporter_id), each)
    return list(found.values())


def _said(work: UnitOfWork, statuses: Sequence[CommitStatus]) -> list[Said]:
    names = user_names(work.session, (each.reporter_id for each in statuses))
    return [Said(each, names.get(each.reporter_id, "")) for each in statuses]


def _insist_on_room(work: UnitOfWork, repository: Repository, commit: str) -> None:
    count = sa.select(sa.func.count()).where(*_of(CommitStatus, repository.id, [commit]))
    if (work.session.scalar(count) or 0) >= MOST_STATUSES:
        raise ConflictError(sentence("A commit has at most %(most)s statuses.", most=MOST_STATUSES))
