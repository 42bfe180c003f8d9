"""Which alerts a list wants, in SQL, and how many there are of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.alerts import Alert
from appliance.db.users import Owner
from appliance.domain.alerts import AlertKind, AlertState, Confidence, Severity
from appliance.domain.names import fold

ME, NONE = "@me", "none"
MOST_RULES = 100
FACETS = (Alert.kind, Alert.state, Alert.severity, Alert.confidence)
STATE = 1
"""The place of the state among them."""
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


def conditions(query: AlertQuery, *, actor_id: UUID | None, now: datetime) -> list[Condition]:
    """What a query asks of each alert; `@me` is the actor."""
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
        found.append(_assigned(query.assignee, actor_id))
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


def _assigned(name: str, actor_id: UUID | None) -> Condition:
    if name == NONE:
        return Alert.assignee_id.is_(None)
    if name == ME:
        return Alert.assignee_id == actor_id
    wanted = sa.select(Owner.id).where(Owner.name_key == fold(name.removeprefix("@")))
    return Alert.assignee_id.in_(wanted)


def _overdue(now: datetime) -> Condition:
    return sa.and_(Alert.state == AlertState.OPEN, Alert.due_at.is_not(None), Alert.due_at < now)


def _waiting() -> Condition:
    return Alert.asked.is_not(None)


def _by_rule() -> Condition:
    return sa.and_(Alert.state == AlertState.DISMISSED, Alert.is_automatic.is_(True))


def facets(
    session: Session,
    where: Condition,
    query: AlertQuery,
    *,
    actor_id: UUID | None,
    now: datetime,
) -> Facets:
    """Counts in two looks: the choices of one facet do not narrow the counts of its own."""
    free = replace(query, kinds=(), states=(), severities=(), confidences=())
    flags = [
        sa.func.sum(sa.case((condition, 1), else_=0))
        for condition in (_by_rule(), _overdue(now), _waiting())
    ]
    cube = (
        sa.select(*FACETS, sa.func.count(), *flags)
        .where(where, *conditions(free, actor_id=actor_id, now=now))
        .group_by(*FACETS)
    )
    rows = [tuple(row) for row in session.execute(cube)]
    kinds, states, severities, confidences = (_counts(rows, query, at) for at in range(len(FACETS)))
    stateless = [row for row in rows if _fits(row, query, but=STATE)]
    auto, overdue, waiting = (
        sum(row[at] for row in stateless) for at in range(len(FACETS) + 1, len(FACETS) + 4)
    )
    unruled = replace(query, rule="")
    rules = _rules(session, [where, *conditions(unruled, actor_id=actor_id, now=now)])
    return Facets(kinds, states, severities, confidences, rules, auto, overdue, waiting)


def _fits(row: tuple[Any, ...], query: AlertQuery, *, but: int) -> bool:
    """Whether a query chooses what a row counts, whatever it says of one facet."""
    wanted = (query.kinds, query.states, query.severities, query.confidences)
    return all(not words or row[at] in words for at, words in enumerate(wanted) if at != but)


def _counts(rows: list[tuple[Any, ...]], query: AlertQuery, at: int) -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in rows:
        if _fits(row, query, but=at):
            found[str(row[at])] += row[len(FACETS)]
    return dict(found.most_common())


def _rules(session: Session, wanted: list[Condition]) -> dict[str, int]:
    count = sa.func.count()
    asked = (
        sa.select(Alert.rule, count)
        .where(*wanted)
        .group_by(Alert.rule)
        .order_by(count.desc(), Alert.rule)
        .limit(MOST_RULES)
    )
    return {row[0]: row[1] for row in session.execute(asked)}
