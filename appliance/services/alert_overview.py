"""What is known of all repositories whose alerts one may see: trends, and what was not scanned.

A kind whose advisories are missing, old or only a sample is unknown: nothing found says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import visible_alerts
from appliance.db import alert_figures, paging
from appliance.db.alert_figures import Bypasses
from appliance.db.alerts import Alert, Scan
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_trends
from appliance.domain.alert_trends import Trends
from appliance.domain.alerts import AlertKind
from appliance.domain.feeds import FeedState
from appliance.services import feeds

NEEDS_FEED = frozenset({AlertKind.DEPENDENCY})


@dataclass(frozen=True)
class Covered:
    """Of how many repositories what is known."""

    whole: int = 0
    partly: int = 0
    never: int = 0


@dataclass(frozen=True)
class Overview:
    """All figures, and how far they can be trusted."""

    repositories: int
    trends: Trends
    coverage: Mapping[AlertKind, Covered]
    bypasses: Bypasses
    feed: FeedState
    feed_serial: int | None

    def is_known(self, kind: AlertKind) -> bool:
        """Whether no alert of a kind may be read as "there is nothing"."""
        covered = self.coverage[kind]
        is_fed = kind not in NEEDS_FEED or self.feed.is_known
        return is_fed and not covered.never and not covered.partly


@dataclass(frozen=True)
class Looked:
    """When a repository was scanned last for each kind; a kind that never was is missing."""

    repository: str
    scans: Mapping[AlertKind, Scan]


def show(work: UnitOfWork, organisation: str | None, *, now: datetime) -> Overview:
    """The figures of an organisation, or of the appliance.

    Errors:
        UnauthenticatedError: nobody has signed in.
        HiddenError, MovedError: there is no such organisation, or none for this actor.
    """
    repositories = visible_alerts.within(work, organisation)
    origin = alert_trends.first_monday(now)
    ids = repositories.with_only_columns(Repository.id)
    session = work.session
    cells = alert_figures.cells(session, Alert.repository_id.in_(ids), origin=origin, now=now)
    standing = feeds.standing(work, now=now)
    counted = sa.select(sa.func.count()).select_from(ids.subquery())
    return Overview(
        repositories=session.scalar(counted) or 0,
        trends=alert_trends.trends(cells, origin=origin),
        coverage={kind: _covered(work, repositories, kind) for kind in AlertKind},
        bypasses=alert_figures.bypasses(session, Repository.id.in_(ids), since=origin),
        feed=standing.state,
        feed_serial=standing.feed.serial if standing.feed else None,
    )


def coverage(
    work: UnitOfWork,
    organisation: str | None,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Looked]:
    """When each repository was scanned last, by what, and what was not scanned.

    Errors: as for `show`.
    """
    repositories = visible_alerts.within(work, organisation)
    columns = [alert_figures.last_scan(kind, Scan.id).label(str(kind)) for kind in AlertKind]
    found = paging.page(
        work.session,
        repositories.add_columns(*columns),
        *(Repository.owner_name, Repository.name_key, Repository.id),
        make=lambda row: (row[0].path, list(row[1 : 1 + len(columns)])),
        after=after,
        limit=limit,
    )
    return paging.Page(_looked(work, found.items), found.next)


def _looked(work: UnitOfWork, rows: Sequence[tuple[str, list[UUID | None]]]) -> list[Looked]:
    ids = [each for _, some in rows for each in some if each is not None]
    scans = alert_figures.scans(work.session, ids)
    return [
        Looked(
            path,
            {
                kind: scans[scan_id]
                for kind, scan_id in zip(AlertKind, some, strict=True)
                if scan_id is not None
            },
        )
        for path, some in rows
    ]


def _covered(work: UnitOfWork, repositories: sa.Select[Repository], kind: AlertKind) -> Covered:
    found = alert_figures.coverage(work.session, repositories, kind)
    return Covered(found.get(True, 0), found.get(False, 0), found.get(None, 0))
