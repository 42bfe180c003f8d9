"""Questions about alerts that stand once more, in copies of a file or in forks of a repository."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.alerts import Alert
from appliance.db.component_rows import parts
from appliance.db.near_duplicates import ComparedFile, FileSignature, SimilarPair
from appliance.db.repositories import Repository
from appliance.domain.alerts import AlertKind

MOST_READ = 5000
"""Alerts of the same rule in copies that are looked at."""
_AS_IT_STANDS = (
    ComparedFile.repository_id == Alert.repository_id,
    ComparedFile.path == Alert.path,
)


@dataclass(frozen=True)
class InCopy:
    """An alert of the same rule in a file that is nearly the same, or in the very file."""

    alert: Alert
    repository: Repository
    similarity: float
    """1 where the contents are the same."""


def in_copies(
    session: Session, alert: Alert, among: sa.Select[UUID], *, similarity: float
) -> list[InCopy]:
    """Those of the same kind and rule in copies of an alert's file, that file itself included.

    What changed since it was compared is no copy of anything.
    """
    alike = _alike(session, alert, similarity)
    found: list[InCopy] = []
    for some in parts(alike):
        query = (
            sa.select(Alert, Repository, ComparedFile.signature_key)
            .join(ComparedFile, sa.and_(*_AS_IT_STANDS))
            .join(FileSignature, FileSignature.key == ComparedFile.signature_key)
            .join(Repository, Repository.id == Alert.repository_id)
            .where(
                FileSignature.object_id == Alert.object_id,
                FileSignature.key.in_(some),
                *_same(alert),
                sa.or_(Alert.repository_id.in_(among), Alert.id == alert.id),
            )
            .order_by(Alert.id)
            .limit(MOST_READ - len(found))
        )
        found += [InCopy(row[0], row[1], alike[row[2]]) for row in session.execute(query)]
    return found


def in_forks(
    session: Session, alert: Alert, family: Collection[UUID], among: sa.Select[UUID]
) -> Sequence[tuple[Alert, Repository]]:
    """The same alert, by what it says and where it stands, in a family of repositories."""
    query = (
        sa.select(Alert, Repository)
        .join(Repository, Repository.id == Alert.repository_id)
        .where(
            Alert.identity == alert.identity,
            Alert.id != alert.id,
            Alert.repository_id.in_(family),
            Alert.repository_id.in_(among),
            *_same(alert),
        )
        .order_by(Alert.id)
        .limit(MOST_READ)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def family(session: Session, repository: Repository) -> set[UUID]:
    """A repository with its forks, what it was forked from, and the other forks of that."""
    root = repository.forked_from_id or repository.id
    query = sa.select(Repository.id).where(
        sa.or_(
            Repository.id == root,
            Repository.forked_from_id == root,
            Repository.forked_from_id == repository.id,
        )
    )
    return set(session.scalars(query))


def _same(alert: Alert) -> tuple[sa.ColumnElement[bool], ...]:
    by_rule = (Alert.kind == alert.kind, Alert.rule == alert.rule)
    # A secret stays an alert when its line is gone, and is one in each place where it stood.
    return by_rule if alert.kind is AlertKind.SECRET else (*by_rule, Alert.is_present.is_(True))


def _alike(session: Session, alert: Alert, similarity: float) -> Mapping[int, float]:
    """The signatures of contents that are nearly the same as an alert's file, with its own."""
    query = (
        sa.select(FileSignature.key)
        .join(ComparedFile, ComparedFile.signature_key == FileSignature.key)
        .where(
            ComparedFile.repository_id == alert.repository_id,
            ComparedFile.path == alert.path,
            FileSignature.object_id == alert.object_id,
        )
    )
    own = session.scalar(query)
    if own is None:
        return {}
    pair = SimilarPair
    pairs = sa.select(pair.one_key, pair.other_key, pair.similarity).where(
        sa.or_(pair.one_key == own, pair.other_key == own), pair.similarity >= similarity
    )
    near = {row[1] if row[0] == own else row[0]: row[2] for row in session.execute(pairs)}
    return {own: 1.0} | near
