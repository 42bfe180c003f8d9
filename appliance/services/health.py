"""Is every part alive, and what wants a person's attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import paging
from appliance.db.outbox import JobRecord
from appliance.db.repositories import Repository, RepositoryHealth
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.jobs import JobState
from appliance.domain.permissions import Permission
from appliance.errors import ApplianceError

Probe = Callable[[], str]


class Condition(StrEnum):
    """How a part is."""

    WELL = "well"
    ATTENTION = "attention"
    FAILED = "failed"


@dataclass(frozen=True)
class Part:
    """One part of the appliance, how it is, and a few words about it."""

    name: str
    condition: Condition
    detail: str


@dataclass(frozen=True)
class RepositoryReport:
    """A repository with what maintenance found out about it."""

    repository: Repository
    health: RepositoryHealth


def parts(work: UnitOfWork, *, probes: Mapping[str, Probe]) -> list[Part]:
    """Every part, asked now."""
    gate.require(work, Permission.INSTANCE_HEALTH)
    return [*asked(probes), _repositories(work), _jobs(work)]


def asked(probes: Mapping[str, Probe]) -> list[Part]:
    """What these parts answer. Says nothing that a stranger could not find out by trying."""
    return [_ask(name, probe) for name, probe in probes.items()]


def repositories(
    work: UnitOfWork,
    *,
    only_damaged: bool = False,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[RepositoryReport]:
    """The last check of each repository that had one, by id."""
    gate.require(work, Permission.INSTANCE_HEALTH)
    query = sa.select(Repository, RepositoryHealth).join(
        RepositoryHealth, RepositoryHealth.id == Repository.id
    )
    query = query.where(Repository.deleted_at.is_(None))
    if only_damaged:
        query = query.where(RepositoryHealth.damaged_since.is_not(None))
    return paging.page(
        work.session,
        query,
        Repository.id,
        make=lambda row: RepositoryReport(row[0], row[1]),
        after=after,
        limit=limit,
    )


def _ask(name: str, probe: Probe) -> Part:
    try:
        return Part(name, Condition.WELL, probe())
    except ApplianceError as error:
        return Part(name, Condition.FAILED, str(error))


def _repositories(work: UnitOfWork) -> Part:
    damaged = work.session.scalar(
        sa.select(sa.func.count())
        .select_from(RepositoryHealth)
        .where(RepositoryHealth.damaged_since.is_not(None))
    )
    if damaged:
        words = f"{damaged} damaged. Administration shows which, and what Git says."
        return Part("repositories", Condition.FAILED, words)
    return Part("repositories", Condition.WELL, "none known to be damaged")


def _jobs(work: UnitOfWork) -> Part:
    dead = work.session.scalar(
        sa.select(sa.func.count()).select_from(JobRecord).where(JobRecord.state == JobState.DEAD)
    )
    if dead:
        return Part("jobs", Condition.ATTENTION, f"{dead} failed for good; see `codara job list`")
    return Part("jobs", Condition.WELL, "none failed for good")
