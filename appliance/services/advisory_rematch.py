"""Comparing everything that is stored with a feed that has become the current one.

No repository is read. What is left to do is kept in the database, so a crash loses none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db import component_rows
from appliance.db.components import RepositoryToCompare
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import ScanCause
from appliance.domain.permissions import Permission
from appliance.services import (
    advisory_matching,
    dependency_alerts,
    licence_alerts,
    manifest_promises,
    source_reach,
)
from appliance.services.dependency_alerts import Look

AT_ONCE = 50
MOST_WAITING = 5000


def match_some(work: UnitOfWork, after: int) -> int | None:
    """Judge the packages after a key, some at a time; gives where to go on, None at the end.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    step = advisory_matching.match_some(work, advisory_matching.current(work), after)
    component_rows.note_changed(work.session, step.changed)
    return step.last


def waiting(work: UnitOfWork) -> list[UUID]:
    """Some of the repositories whose alerts are to be made anew.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(RepositoryToCompare.repository_id)
    return list(work.session.scalars(query.limit(MOST_WAITING)))


@open_to_everyone(because="it only parts a list")
def batches(repositories: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """As many as one transaction takes."""
    for start in range(0, len(repositories), AT_ONCE):
        yield repositories[start : start + AT_ONCE]


def settle(work: UnitOfWork, repositories: Sequence[UUID], *, now: datetime) -> None:
    """Make the alerts of repositories what the current feed says.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    for each in repositories:
        dependency_alerts.refresh(work, each, Look(ScanCause.FEED), now=now)
    licence_alerts.refresh_where_asked(work, repositories, Look(ScanCause.FEED), now=now)
    for each in source_reach.lacking(work, repositories):
        manifest_promises.promise_one(work, each)
    done = sa.delete(RepositoryToCompare).where(RepositoryToCompare.repository_id.in_(repositories))
    work.session.execute(done, execution_options={"synchronize_session": False})
