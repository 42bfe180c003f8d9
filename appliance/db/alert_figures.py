"""Figures of alerts and of the scans behind them, counted by the database and not by us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.alerts import Alert, Scan
from appliance.db.push_protection import PushBlock, SecretBypass
from appliance.db.repositories import Repository
from appliance.domain.alert_trends import BEFORE, Cell
from appliance.domain.alerts import AlertKind, AlertState

WEEK_SECONDS = 7 * 24 * 3600
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Bypasses:
    """Secrets that were refused in pushes, and how many of them were let through after all."""

    blocked: int
    bypassed: int


def cells(session: Session, where: Condition, *, origin: datetime, now: datetime) -> list[Cell]:
    """All alerts of some repositories, in one look; weeks count from `origin`."""
    is_late = sa.and_(Alert.state == AlertState.OPEN, Alert.due_at < now)
    closed_at = sa.func.coalesce(Alert.closed_at, now)
    age = _epoch(sa.type_coerce(closed_at, Alert.closed_at.type)) - _epoch(Alert.first_seen_at)
    columns = (
        *(Alert.kind, Alert.severity, Alert.state, Alert.is_automatic),
        _week(Alert.first_seen_at, origin),
        sa.case((Alert.closed_at.is_(None), None), else_=_week(Alert.closed_at, origin)),
    )
    named: list[sa.Label[Any]] = [column.label(f"by_{at}") for at, column in enumerate(columns)]
    found = sa.select(
        *named, sa.case((is_late, 1), else_=0).label("is_late"), age.label("age")
    ).where(where)
    part = found.subquery()
    keys = [part.c[each.name] for each in named]
    asked = sa.select(
        *keys, sa.func.count(), sa.func.sum(part.c.is_late), sa.func.sum(part.c.age)
    ).group_by(*keys)
    return [
        Cell(*row[:4], int(row[4]), _number(row[5]), row[6], int(row[7]), int(row[8]))
        for row in session.execute(asked)
    ]


def bypasses(session: Session, where: Condition, *, since: datetime) -> Bypasses:
    """How many secrets were refused since then, and how many of those were let through.

    `where` chooses repositories.
    """
    refused = (
        sa.select(PushBlock.id)
        .join(Repository, Repository.id == PushBlock.repository_id)
        .where(where, PushBlock.last_at >= since)
    )
    used = sa.select(sa.func.count(sa.distinct(SecretBypass.block_id))).where(
        SecretBypass.used_at.is_not(None), SecretBypass.block_id.in_(refused)
    )
    blocked = session.scalar(sa.select(sa.func.count()).select_from(refused.subquery())) or 0
    return Bypasses(blocked, session.scalar(used) or 0)


def last_scan(kind: AlertKind, column: Any) -> sa.ScalarSelect[Any]:
    """Something of the last scan for a kind of each repository that a query chooses."""
    return (
        sa.select(column)
        .where(Scan.repository_id == Repository.id, Scan.kind == kind, Scan.ended_at.is_not(None))
        .order_by(Scan.id.desc())
        .limit(1)
        .correlate(Repository)
        .scalar_subquery()
    )


def coverage(session: Session, repositories: sa.Select[Any], kind: AlertKind) -> dict[Any, int]:
    """How many repositories were scanned whole (True), in part (False), never (None)."""
    said = repositories.with_only_columns(last_scan(kind, Scan.is_complete).label("said"))
    part = said.subquery()
    asked = sa.select(part.c.said, sa.func.count()).group_by(part.c.said)
    return {None if row[0] is None else bool(row[0]): row[1] for row in session.execute(asked)}


def scans(session: Session, ids: Sequence[Any]) -> dict[Any, Scan]:
    """Scans by their ids."""
    found = session.scalars(sa.select(Scan).where(Scan.id.in_(ids)))
    return {each.id: each for each in found}


def _epoch(moment: Any) -> sa.ColumnElement[int]:
    return sa.cast(sa.extract("epoch", moment), sa.BigInteger)


def _week(moment: Any, origin: datetime) -> sa.ColumnElement[int]:
    seconds = _epoch(moment) - int(origin.timestamp())
    return sa.case((moment < origin, BEFORE), else_=seconds // WEEK_SECONDS)


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
