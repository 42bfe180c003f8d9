"""Questions about files that are nearly the same, and writing many rows of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from appliance.db import bulk
from appliance.db.base import Table
from appliance.db.component_rows import parts
from appliance.db.engine import is_sqlite
from appliance.db.near_duplicates import ComparedFile, FileSignature, SignatureBand, SimilarPair
from appliance.db.repositories import Repository
from appliance.domain.ids import new_id

MOST_ROWS = 50_000
"""Candidates that are read for some files at once: a thousand copies make a million pairs."""
MOST_PAIRS = 20_000
"""Pairs, the most similar first, and repeated contents that one answer is made of."""
ONE, OTHER = aliased(SignatureBand), aliased(SignatureBand)


@dataclass(frozen=True)
class Found:
    """How often a content is there, and how long it is."""

    count: int
    lines: int


@dataclass(frozen=True)
class FilePlace:
    """A file of a default branch."""

    repository: str
    ref: str
    path: bytes
    size_bytes: int
    lines: int


def signature_keys(session: Session, object_ids: Iterable[str], engine: str) -> dict[str, int]:
    """The keys of the contents that have a signature."""
    found: dict[str, int] = {}
    for some in parts(object_ids):
        query = sa.select(FileSignature.object_id, FileSignature.key).where(
            FileSignature.object_id.in_(some), FileSignature.engine == engine
        )
        found |= {row[0]: row[1] for row in session.execute(query)}
    return found


def unfit(session: Session, object_ids: Iterable[str], engine: str) -> dict[str, str]:
    """Why contents are compared with nothing; those that are compared are missing."""
    found: dict[str, str] = {}
    for some in parts(dict.fromkeys(object_ids)):
        query = sa.select(FileSignature.object_id, FileSignature.unfit).where(
            FileSignature.object_id.in_(some),
            FileSignature.engine == engine,
            FileSignature.unfit != "",
        )
        found |= {row[0]: row[1] for row in session.execute(query)}
    return found


def put_signatures(
    session: Session, rows: Sequence[Mapping[str, Any]], bands: Mapping[str, Sequence[int]]
) -> None:
    """Keep signatures with their bands; what is there already stays.

    Shapes: `bands` has those of each object id that has some; all rows are of one engine.
    """
    _add(session, FileSignature, rows)
    engine = rows[0]["engine"] if rows else ""
    keys = signature_keys(session, bands, engine)
    _add(
        session,
        SignatureBand,
        [
            {"band": band, "signature_key": keys[object_id]}
            for object_id, some in bands.items()
            for band in dict.fromkeys(some)
        ],
    )


def files_of(session: Session, repository_id: UUID) -> dict[bytes, tuple[UUID, int]]:
    """The row and the signature of each file of a repository, by path."""
    query = sa.select(ComparedFile.path, ComparedFile.id, ComparedFile.signature_key)
    query = query.where(ComparedFile.repository_id == repository_id)
    return {bytes(row[0]): (row[1], row[2]) for row in session.execute(query)}


def change_files(
    session: Session, repository_id: UUID, gone: Iterable[UUID], new: Mapping[bytes, int]
) -> None:
    """Forget files of a repository, and keep others."""
    for some in parts(gone):
        session.execute(
            sa.delete(ComparedFile).where(ComparedFile.id.in_(some)),
            execution_options={"synchronize_session": False},
        )
    bulk.insert(
        session.connection(),
        ComparedFile,
        ("id", "repository_id", "path", "signature_key"),
        [(new_id(), repository_id, path, key) for path, key in new.items()],
    )


def signatures(session: Session, keys: Iterable[int]) -> dict[int, bytes]:
    """Signatures by their keys; those without one are missing."""
    found: dict[int, bytes] = {}
    for some in parts(keys):
        query = sa.select(FileSignature.key, FileSignature.signature).where(
            FileSignature.key.in_(some), FileSignature.unfit == ""
        )
        found |= {row[0]: bytes(row[1]) for row in session.execute(query)}
    return found


def candidates(
    session: Session, keys: Collection[int], *, owner_id: UUID
) -> tuple[set[tuple[int, int]], bool]:
    """Pairs of one of these and of anything else of an owner that have a band in common.

    Gives them with the smaller key first, and whether there are more.
    """
    owned = (
        sa.select(ComparedFile.signature_key)
        .join(Repository, Repository.id == ComparedFile.repository_id)
        .where(ComparedFile.signature_key == OTHER.signature_key, Repository.owner_id == owner_id)
    )
    query = (
        sa.select(ONE.signature_key, OTHER.signature_key)
        .join(OTHER, OTHER.band == ONE.band)
        .where(
            ONE.signature_key.in_(keys), OTHER.signature_key != ONE.signature_key, owned.exists()
        )
        .distinct()
        .limit(MOST_ROWS)
    )
    rows = session.execute(query).all()
    return {(min(row[0], row[1]), max(row[0], row[1])) for row in rows}, len(rows) == MOST_ROWS


def put_pairs(session: Session, found: Iterable[tuple[int, int, float]]) -> None:
    """Keep pairs; those that are there already stay."""
    _add(
        session,
        SimilarPair,
        [
            {"one_key": one, "other_key": other, "similarity": similarity}
            for one, other, similarity in found
        ],
    )


def sweep(session: Session, *, made_before: datetime, limit: int) -> int:
    """Forget signatures of contents that no file has any more; how many."""
    used = sa.select(ComparedFile.id).where(ComparedFile.signature_key == FileSignature.key)
    unused = (
        sa.select(FileSignature.key)
        .where(FileSignature.made_at < made_before, ~used.exists())
        .limit(limit)
    )
    keys = list(session.scalars(unused))
    for some in parts(keys):
        session.execute(
            sa.delete(FileSignature).where(FileSignature.key.in_(some)),
            execution_options={"synchronize_session": False},
        )
    return len(keys)


def _add(session: Session, table: type[Table], rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    dialect = sqlite if is_sqlite(session.connection()) else postgresql
    session.connection().execute(
        dialect.insert(table).on_conflict_do_nothing(), [dict(row) for row in rows]
    )


def pairs(
    session: Session, among: sa.Select[UUID], one: UUID | None, *, least: float
) -> dict[tuple[int, int], float]:
    """Pairs of contents that are both in these repositories, and how alike they are.

    `one` is a repository that every pair has a file of. At most 20,000, the most similar first.
    """
    there = sa.select(ComparedFile.signature_key).where(ComparedFile.repository_id.in_(among))
    query = sa.select(SimilarPair.one_key, SimilarPair.other_key, SimilarPair.similarity).where(
        SimilarPair.similarity >= least,
        SimilarPair.one_key.in_(there),
        SimilarPair.other_key.in_(there),
    )
    if one is not None:
        own = sa.select(ComparedFile.signature_key).where(ComparedFile.repository_id == one)
        query = query.where(sa.or_(SimilarPair.one_key.in_(own), SimilarPair.other_key.in_(own)))
    query = query.order_by(
        SimilarPair.similarity.desc(), SimilarPair.one_key, SimilarPair.other_key
    ).limit(MOST_PAIRS)
    return {(row[0], row[1]): row[2] for row in session.execute(query)}


def repeated(session: Session, among: sa.Select[UUID], one: UUID | None) -> set[int]:
    """Contents that are compared and are several times in these repositories."""
    query = (
        sa.select(ComparedFile.signature_key)
        .join(FileSignature, FileSignature.key == ComparedFile.signature_key)
        .where(ComparedFile.repository_id.in_(among), FileSignature.unfit == "")
        .group_by(ComparedFile.signature_key)
        .having(sa.func.count() > 1)
        .order_by((sa.func.count() * sa.func.max(FileSignature.lines)).desc())
        .limit(MOST_PAIRS)
    )
    if one is not None:
        own = sa.select(ComparedFile.signature_key).where(ComparedFile.repository_id == one)
        query = query.where(ComparedFile.signature_key.in_(own))
    return set(session.scalars(query))


def weights(session: Session, keys: Collection[int], among: sa.Select[UUID]) -> dict[int, Found]:
    """How often each content is in these repositories, and how long it is."""
    found: dict[int, Found] = {}
    for some in parts(sorted(keys)):
        query = (
            sa.select(FileSignature.key, sa.func.count(), FileSignature.lines)
            .join(ComparedFile, ComparedFile.signature_key == FileSignature.key)
            .where(FileSignature.key.in_(some), ComparedFile.repository_id.in_(among))
            .group_by(FileSignature.key, FileSignature.lines)
        )
        found |= {row[0]: Found(row[1], row[2]) for row in session.execute(query)}
    return found


def places(
    session: Session, keys: Collection[int], among: sa.Select[UUID]
) -> dict[int, list[FilePlace]]:
    """Where each content is in these repositories."""
    found: dict[int, list[FilePlace]] = {}
    for some in parts(keys):
        query = (
            sa.select(ComparedFile.path, FileSignature, Repository)
            .join(FileSignature, FileSignature.key == ComparedFile.signature_key)
            .join(Repository, Repository.id == ComparedFile.repository_id)
            .where(FileSignature.key.in_(some), ComparedFile.repository_id.in_(among))
        )
        for path, of, repository in session.execute(query):
            found.setdefault(of.key, []).append(
                FilePlace(
                    repository.path, repository.default_branch, bytes(path), of.size_bytes, of.lines
                )
            )
    return found
