"""Lists of alerts, of a repository or of an organisation: chosen by facets, counted, one in full.

Dismissed by a rule is not open; so that nobody overlooks it, such alerts are counted beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_alerts, visible_alerts
from appliance.db import paging
from appliance.db.alert_queries import (
    ME,
    NONE,
    AlertQuery,
    Condition,
    Facets,
    conditions,
    facets,
)
from appliance.db.alerts import Alert, AlertDecision, AlertOccurrence, Scan
from appliance.db.conversation_rows import user_names
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import AlertKind, AlertState
from appliance.services.alerts import CARRIED_FROM

__all__ = ["ME", "NONE", "AlertQuery", "Facets"]

MOST_SHOWN = 100
"""Places shown of one alert."""


@dataclass(frozen=True)
class Listed:
    """An alert in a list, with the names that belong to it."""

    alert: Alert
    repository: str
    assignee: str = ""
    introduced_by: str = ""
    closed_by: str = ""


@dataclass(frozen=True)
class Decided:
    """One line of an alert's history."""

    decision: AlertDecision
    actor: str
    about: str = ""
    """Who was assigned."""
    origin: str = ""
    """The alert that was decided about first, as `lab/notes#3`, for who may see that."""


@dataclass(frozen=True)
class Shown:
    """One alert in full."""

    listed: Listed
    occurrences: Sequence[AlertOccurrence]
    decisions: Sequence[Decided]
    group_count: int
    """How many alerts of the repository have the same secret, advisory or rule."""
    asked_by: str = ""


def expect(work: UnitOfWork, path: str) -> None:
    """Go on only for somebody who may see the alerts of a repository.

    Errors:
        HiddenError, MovedError: there is none, or no alerts for this actor.
    """
    fetch_alerts.home(work, path)


def listed(
    work: UnitOfWork,
    path: str,
    query: AlertQuery,
    *,
    now: datetime,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Listed]:
    """The alerts of a repository, the worst first; those of one secret, advisory or rule together.

    Errors:
        HiddenError, MovedError: there is no such repository, or no alerts for this actor.
    """
    repository = fetch_alerts.home(work, path)
    return _page(work, _of(repository), query, now=now, after=after, limit=limit)


def counted(work: UnitOfWork, path: str, query: AlertQuery, *, now: datetime) -> Facets:
    """How many alerts of a repository there are of each kind, state and so on.

    Errors: as for `listed`.
    """
    repository = fetch_alerts.home(work, path)
    return facets(work.session, _of(repository), query, actor_id=work.actor.id, now=now)


def open_count(work: UnitOfWork, path: str) -> int:
    """How many alerts of a repository are open.

    Errors: as for `listed`.
    """
    repository = fetch_alerts.home(work, path)
    query = sa.select(sa.func.count()).where(_of(repository), Alert.state == AlertState.OPEN)
    return work.session.scalar(query) or 0


def listed_of(
    work: UnitOfWork,
    organisation: str | None,
    query: AlertQuery,
    *,
    now: datetime,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Listed]:
    """The alerts of all repositories of an organisation, or for None of the appliance, whose
    alerts the actor may see.

    Errors:
        UnauthenticatedError: nobody has signed in.
        HiddenError, MovedError: there is no such organisation, or none for this actor.
    """
    repositories = visible_alerts.within(work, organisation)
    return _page(work, _in(repositories), query, now=now, after=after, limit=limit)


def counted_of(
    work: UnitOfWork, organisation: str | None, query: AlertQuery, *, now: datetime
) -> Facets:
    """How many there are of each in an organisation, or for None in the appliance.

    Errors: as for `listed_of`.
    """
    repositories = visible_alerts.within(work, organisation)
    return facets(work.session, _in(repositories), query, actor_id=work.actor.id, now=now)


def show(work: UnitOfWork, path: str, number: int) -> Shown:
    """One alert: where it stands, and what was decided.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    repository, alert = fetch_alerts.alert(work, path, number)
    places = sa.select(AlertOccurrence).where(AlertOccurrence.alert_id == alert.id)
    newest = places.order_by(AlertOccurrence.id.desc()).limit(MOST_SHOWN)
    history = sa.select(AlertDecision).where(AlertDecision.alert_id == alert.id)
    decisions = list(work.session.scalars(history.order_by(AlertDecision.id)))
    same = sa.select(sa.func.count()).where(
        _of(repository), Alert.kind == alert.kind, Alert.group_key == alert.group_key
    )
    return Shown(
        listed=_presented(work, [alert])[0],
        occurrences=list(work.session.scalars(newest)),
        decisions=_decided(work, decisions),
        group_count=work.session.scalar(same) or 0,
        asked_by=_asked_by(work, alert),
    )


def presented(work: UnitOfWork, path: str, found: Sequence[Alert]) -> list[Listed]:
    """Alerts that were just changed, as lists show them.

    Errors:
        HiddenError, MovedError: the repository is none for this actor.
    """
    fetch_alerts.home(work, path)
    return _presented(work, found)


def groups(work: UnitOfWork, path: str, keys: Iterable[str]) -> dict[str, int]:
    """How many open alerts of a repository have each of those secrets, advisories or rules.

    Errors: as for `listed`.
    """
    repository = fetch_alerts.home(work, path)
    query = (
        sa.select(Alert.group_key, sa.func.count())
        .where(
            _of(repository),
            Alert.state == AlertState.OPEN,
            Alert.group_key.in_(list(dict.fromkeys(keys))),
        )
        .group_by(Alert.group_key)
    )
    return {row[0]: row[1] for row in work.session.execute(query)}


def last_scans(work: UnitOfWork, path: str) -> dict[AlertKind, Scan]:
    """The last look for each kind that has ended; a kind that nobody has looked for is missing.

    Errors: as for `listed`.
    """
    repository = fetch_alerts.home(work, path)
    query = sa.select(Scan).where(Scan.repository_id == repository.id, Scan.ended_at.is_not(None))
    found = {}
    for kind in AlertKind:
        last = query.where(Scan.kind == kind).order_by(Scan.id.desc()).limit(1)
        if (scan := work.session.scalar(last)) is not None:
            found[kind] = scan
    return found


def _of(repository: Repository) -> Condition:
    return Alert.repository_id == repository.id


def _in(repositories: sa.Select[Repository]) -> Condition:
    return Alert.repository_id.in_(repositories.with_only_columns(Repository.id))


def _page(
    work: UnitOfWork,
    where: Condition,
    query: AlertQuery,
    *,
    now: datetime,
    after: str | None,
    limit: int,
) -> paging.Page[Listed]:
    found = paging.page(
        work.session,
        sa.select(Alert).where(where, *conditions(query, actor_id=work.actor.id, now=now)),
        *(Alert.severity_rank, Alert.group_key, Alert.number, Alert.id),
        make=paging.only,
        after=after,
        limit=limit,
    )
    return paging.Page(_presented(work, found.items), found.next)


def _presented(work: UnitOfWork, found: Sequence[Alert]) -> list[Listed]:
    ids = {each.repository_id for each in found}
    rows = work.session.scalars(sa.select(Repository).where(Repository.id.in_(ids)))
    paths = {each.id: each.path for each in rows}
    people = {
        user_id
        for each in found
        for user_id in (each.assignee_id, each.introduced_by_id, each.closed_by_id)
    }
    names = user_names(work.session, people)
    return [
        Listed(
            each,
            paths[each.repository_id],
            names.get(each.assignee_id, ""),
            names.get(each.introduced_by_id, ""),
            names.get(each.closed_by_id, ""),
        )
        for each in found
    ]


def _decided(work: UnitOfWork, decisions: Sequence[AlertDecision]) -> list[Decided]:
    assigned = {each.id: _id(each.evidence.get("assignee")) for each in decisions}
    names = user_names(work.session, {*(each.actor_id for each in decisions), *assigned.values()})
    origins = _origins(work, decisions)
    return [
        Decided(
            each,
            names.get(each.actor_id, ""),
            names.get(assigned[each.id], ""),
            origins.get(each.evidence.get(CARRIED_FROM, ""), ""),
        )
        for each in decisions
    ]


def _origins(work: UnitOfWork, decisions: Sequence[AlertDecision]) -> dict[str, str]:
    """What decisions that were carried say of where they come from, by what is kept of that."""
    kept = {str(each.evidence[CARRIED_FROM]) for each in decisions if CARRIED_FROM in each.evidence}
    if not kept:
        return {}
    homes = {each: UUID(each.partition("#")[0]) for each in kept}
    seen = visible_alerts.within(work, None).where(Repository.id.in_(homes.values()))
    paths = {each.id: each.path for each in work.session.scalars(seen)}
    return {
        each: f"{paths[home]}#{each.partition('#')[2]}"
        for each, home in homes.items()
        if home in paths
    }


def _asked_by(work: UnitOfWork, alert: Alert) -> str:
    asker = _id((alert.asked or {}).get("by"))
    return user_names(work.session, [asker]).get(asker, "")


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
