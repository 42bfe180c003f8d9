"""Questions about alerts' rows that several verbs ask: the next numbers, which are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.alerts import Alert, AlertOccurrence
from appliance.db.repositories import Repository
from appliance.domain.alert_identity import Known
from appliance.domain.alerts import AlertKind

AT_ONCE = 500
Item = TypeVar("Item")
Place = tuple[UUID, str, bytes, int | None]
"""Alert, object, path, line."""


def wait_turn(session: Session, repository_id: UUID) -> None:
    """Whoever else takes in alerts of a repository waits until this transaction has ended."""
    query = sa.select(Repository.id).where(Repository.id == repository_id)
    session.execute(query.with_for_update(of=Repository))


def next_numbers(session: Session, repository_id: UUID, count: int) -> int:
    """The first of so many numbers of a repository that nobody has yet."""
    counter = Repository.alerts_numbered
    statement = (
        sa.update(Repository)
        .where(Repository.id == repository_id)
        .values({counter.key: counter + count})
        .returning(counter)
        .execution_options(synchronize_session=False)
    )
    return int(session.scalars(statement).one()) - count + 1


def known(
    session: Session, repository_id: UUID, kind: AlertKind, identities: Iterable[str] | None
) -> list[Known]:
    """The alerts of a kind that have one of those identities; all of them for None."""
    columns = (Alert.number, Alert.identity, Alert.rule, Alert.scope_identity)
    query = sa.select(*columns, Alert.path, Alert.line).where(
        Alert.repository_id == repository_id, Alert.kind == kind
    )
    if identities is None:
        return [Known(*row) for row in session.execute(query)]
    return [
        Known(*row)
        for some in _parts(identities)
        for row in session.execute(query.where(Alert.identity.in_(some)))
    ]


def by_number(session: Session, repository_id: UUID, numbers: Iterable[int]) -> dict[int, Alert]:
    """Alerts of a repository by their numbers."""
    found: dict[int, Alert] = {}
    for some in _parts(numbers):
        query = sa.select(Alert).where(Alert.repository_id == repository_id, Alert.number.in_(some))
        found |= {each.number: each for each in session.scalars(query)}
    return found


def places(session: Session, alert_ids: Collection[UUID]) -> set[Place]:
    """Where alerts are known to stand."""
    found: set[Place] = set()
    for some in _parts(alert_ids):
        query = sa.select(
            AlertOccurrence.alert_id,
            AlertOccurrence.object_id,
            AlertOccurrence.path,
            AlertOccurrence.line,
        ).where(AlertOccurrence.alert_id.in_(some))
        found |= {(row[0], row[1], row[2], row[3]) for row in session.execute(query)}
    return found


def _parts(items: Iterable[Item]) -> Iterator[Sequence[Item]]:
    """As many as one question takes."""
    rest = list(items)
    for start in range(0, len(rest), AT_ONCE):
        yield rest[start : start + AT_ONCE]
