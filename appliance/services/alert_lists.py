"""Lists of alerts, of a repository or of an organisation: chosen by facets, counted, one in full.

Dismissed by a rule is not open; so that nobody overlooks it, such alerts are counted beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_alerts, visible_alerts
from appliance.db import paging
from appliance.db.alerts import Alert, AlertDecision, AlertOccurrence, Scan
from appliance.db.conversation_rows import user_names
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner
from appliance.domain.alerts import AlertKind, AlertState, Confidence, Severity
from appliance.domain.names import fold
from appliance.domain.permissions import Permission

ME, NONE = "@me", "none"
MOST_SHOWN = 100
"""Places and groups shown of one alert or list."""
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class AlertQuery:
    """Which alerts. What is empty does not matter."""

    kinds: tuple[AlertKind, ...] = ()
    states: tuple[AlertState, ...] = ()
    severities: tuple[Severity, ...] = ()
    confidences: tuple[Confidence, ...] = ()
    rule: str = ""
    group: str = ""
    assignee: str = ""
    """A name, `@me` or `none`."""
    is_overdue: bool | None = None
    is_asked: bool | None = None
    """Whether a dismissal waits for approval."""
    is_automatic: bool | None = None
    """Whether a rule has dismissed it."""


@dataclass(frozen=True)
class Listed:
    """An alert in a list, with the names that belong to it."""

    alert: Alert
    repository: str
    assignee: str = ""
    introduced_by: str = ""
    closed_by: str = ""


@dataclass(frozen=True)
class Facets:
    """How many there are of each, among those that the rest of the query chooses."""

    kinds: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    severities: dict[str, int] = field(default_factory=dict)
    confidences: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    auto_dismissed: int = 0
    overdue: int = 0
    waiting: int = 0
    """For approval of their dismissal."""


@dataclass(frozen=True)
class Decided:
    """One line of an alert's history."""

    decision: AlertDecision
    actor: str
    about: str = ""
    """Who was assigned."""


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
    return _facets(work, _of(repository), query, now)


def open_count(work: UnitOfWork, path: str) -> int:
    """How many alerts of a repository are open.

    Errors: as for `listed`.
    """
    repository = fetch_alerts.home(work, path)
    query = sa.select(sa.func.count()).where(_of(repository), Alert.state == AlertState.OPEN)
    return work.session.scalar(query) or 0


def listed_of(
    work: UnitOfWork,
    organisation: str,
    query: AlertQuery,
    *,
    now: datetime,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Listed]:
    """The alerts of all repositories of an organisation whose alerts the actor may see.

    Errors:
        HiddenError, MovedError: there is no such organisation, or none for this actor.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_READ)
    return _page(work, _within(work, found.id), query, now=now, after=after, limit=limit)


def counted_of(work: UnitOfWork, organisation: str, query: AlertQuery, *, now: datetime) -> Facets:
    """How many there are of each in an organisation.

    Errors: as for `listed_of`.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_READ)
    return _facets(work, _within(work, found.id), query, now)


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


def _within(work: UnitOfWork, organisation_id: Any) -> Condition:
    query = visible_alerts.repositories(work).where(Repository.organisation_id == organisation_id)
    return Alert.repository_id.in_(query.with_only_columns(Repository.id))


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
        sa.select(Alert).where(where, *_conditions(work, query, now)),
        *(Alert.severity_rank, Alert.group_key, Alert.number, Alert.id),
        make=paging.only,
        after=after,
        limit=limit,
    )
    return paging.Page(_presented(work, found.items), found.next)


def _conditions(work: UnitOfWork, query: AlertQuery, now: datetime) -> list[Condition]:
    chosen = (
        (Alert.kind, query.kinds),
        (Alert.state, query.states),
        (Alert.severity, query.severities),
        (Alert.confidence, query.confidences),
    )
    found: list[Condition] = [column.in_(values) for column, values in chosen if values]
    if query.rule:
        found.append(Alert.rule == query.rule)
    if query.group:
        found.append(Alert.group_key == query.group)
    if query.assignee:
        found.append(_assigned(work, query.assignee))
    flags = (
        (_overdue(now), query.is_overdue),
        (_waiting(), query.is_asked),
        (_by_rule(), query.is_automatic),
    )
    found += [
        condition if wanted else sa.not_(sa.func.coalesce(condition, sa.false()))
        for condition, wanted in flags
        if wanted is not None
    ]
    return found


def _assigned(work: UnitOfWork, name: str) -> Condition:
    if name == NONE:
        return Alert.assignee_id.is_(None)
    if name == ME:
        return Alert.assignee_id == work.actor.id
    wanted = sa.select(Owner.id).where(Owner.name_key == fold(name.removeprefix("@")))
    return Alert.assignee_id.in_(wanted)


def _overdue(now: datetime) -> Condition:
    return sa.and_(Alert.state == AlertState.OPEN, Alert.due_at.is_not(None), Alert.due_at < now)


def _waiting() -> Condition:
    return Alert.asked.is_not(None)


def _by_rule() -> Condition:
    return sa.and_(Alert.state == AlertState.DISMISSED, Alert.is_automatic.is_(True))


def _facets(work: UnitOfWork, where: Condition, query: AlertQuery, now: datetime) -> Facets:
    def by(column: Any, but: str, empty: Any = ()) -> dict[str, int]:
        rest = _conditions(work, replace(query, **{but: empty}), now)
        asked = (
            sa.select(column, sa.func.count())
            .where(where, *rest)
            .group_by(column)
            .order_by(sa.func.count().desc(), column)
            .limit(MOST_SHOWN)
        )
        return {str(row[0]): row[1] for row in work.session.execute(asked)}

    def count(*conditions: Condition) -> int:
        stateless = _conditions(work, replace(query, states=()), now)
        asked = sa.select(sa.func.count()).where(where, *stateless, *conditions)
        return work.session.scalar(asked) or 0

    return Facets(
        kinds=by(Alert.kind, "kinds"),
        states=by(Alert.state, "states"),
        severities=by(Alert.severity, "severities"),
        confidences=by(Alert.confidence, "confidences"),
        rules=by(Alert.rule, "rule", ""),
        auto_dismissed=count(_by_rule()),
        overdue=count(_overdue(now)),
        waiting=count(_waiting()),
    )


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
    return [
        Decided(each, names.get(each.actor_id, ""), names.get(assigned[each.id], ""))
        for each in decisions
    ]


def _asked_by(work: UnitOfWork, alert: Alert) -> str:
    asker = _id((alert.asked or {}).get("by"))
    return user_names(work.session, [asker]).get(asker, "")


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
