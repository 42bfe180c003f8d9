"""Files that are nearly the same, as families, in repositories that one may read.

A family is what is connected by pairs, however unlike two of its ends may be. Contents that are the
same are one of its members, wherever they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, visible
from appliance.db import near_duplicate_rows as rows
from appliance.db.near_duplicate_rows import Found
from appliance.db.near_duplicates import ComparedRepository
from appliance.db.paging import LARGEST_LIMIT, USUAL_LIMIT, Page
from appliance.db.repositories import Origin, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.duplicates import LEAST_SIMILARITY, USUAL_SIMILARITY
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, sentence
from appliance.scanning import near_duplicates as compared

MOST_PLACES = 100
"""Places of a family that are named."""


@dataclass(frozen=True)
class Place:
    """Where a copy is."""

    repository: str
    ref: str
    path: bytes
    size_bytes: int
    lines: int


@dataclass(frozen=True)
class Family:
    """Files that are nearly the same, those with the most lines first."""

    similarity: float
    """That of the least similar pair by which they are connected, an estimate; 1 where all are the
    same."""
    count: int
    repeated_lines: int
    """How many lines there would be less, if the longest of them were the only one."""
    places: Sequence[Place]


@dataclass(frozen=True)
class Compared:
    """How far files were compared, in repositories that one may read."""

    repositories: int = 0
    waiting: int = 0
    """Repositories that were not compared yet, or not since they came here."""
    files: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    is_cut: bool = False
    """Whether files have more copies than were looked for: families may be larger."""
    compared_at: datetime | None = None


@dataclass(frozen=True)
class _Scope:
    """Whose files are shown."""

    among: sa.Select[UUID]
    """The repositories that count."""
    one: UUID | None = None
    """The one that every family has a file of."""


def of_repository(
    work: UnitOfWork,
    path: str,
    *,
    similarity: float = USUAL_SIMILARITY,
    elsewhere: bool = True,
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[Family]:
    """Families with a file of a repository, those with the most repeated lines first.

    With `elsewhere` also what they are like in other repositories of its owner, as far as the actor
    may read those.

    Errors:
        HiddenError, MovedError: there is no such repository.
        InvalidError: the similarity, the limit or the place is out of range.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    among = sa.select(Repository.id).where(Repository.id == repository.id)
    if elsewhere:
        among = _owned(work, repository.owner_id)
    return _page(work, _Scope(among, repository.id), similarity, after, limit)


def of_organisation(
    work: UnitOfWork,
    name: str,
    *,
    similarity: float = USUAL_SIMILARITY,
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[Family]:
    """Families in those repositories of an organisation that the actor may read.

    Errors:
        HiddenError, MovedError: there is no such organisation, or none for this actor.
        InvalidError: the similarity, the limit or the place is out of range.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_READ)
    return _page(work, _Scope(_owned(work, organisation.id)), similarity, after, limit)


def how_far_in_repository(work: UnitOfWork, path: str) -> Compared:
    """How far a repository was compared.

    Errors:
        HiddenError, MovedError: there is no such repository.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    return _how_far(work, sa.select(Repository.id).where(Repository.id == repository.id))


def how_far_in_organisation(work: UnitOfWork, name: str) -> Compared:
    """How far those repositories of an organisation were compared that the actor may read.

    Errors:
        HiddenError, MovedError: there is no such organisation, or none for this actor.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_READ)
    return _how_far(work, _owned(work, organisation.id))


def _owned(work: UnitOfWork, owner_id: UUID) -> sa.Select[UUID]:
    query = visible.repositories(work).where(
        Repository.owner_id == owner_id, Repository.content == Origin.READY
    )
    return query.with_only_columns(Repository.id)


def _page(
    work: UnitOfWork, scope: _Scope, similarity: float, after: str | None, limit: int
) -> Page[Family]:
    if not LEAST_SIMILARITY <= similarity <= 1:
        raise InvalidError.of(
            "similarity",
            sentence("A similarity is between %(least)s and 1.", least=LEAST_SIMILARITY),
        )
    if not 1 <= limit <= LARGEST_LIMIT:
        raise InvalidError.of(
            "limit",
            sentence("A page has 1 to %(largest_limit)s items.", largest_limit=LARGEST_LIMIT),
        )
    if not (after or "0").isdecimal():
        raise InvalidError.of("cursor", sentence("This is no place in the list."))
    start = int(after or 0)
    families = _families(work, scope, similarity)
    some = families[start : start + limit]
    places = rows.places(work.session, [key for each in some for key in each[1]], scope.among)
    following = str(start + limit) if start + limit < len(families) else None
    return Page([_family(alike, [places[key] for key in keys]) for alike, keys in some], following)


def _families(work: UnitOfWork, scope: _Scope, similarity: float) -> list[tuple[float, list[int]]]:
    """The members of each family and how alike they are, in their order."""
    pairs = {}
    if similarity < 1:
        pairs = rows.pairs(work.session, scope.among, scope.one, least=similarity)
    same = rows.repeated(work.session, scope.among, scope.one)
    weights = rows.weights(
        work.session, {key for pair in pairs for key in pair} | same, scope.among
    )
    least: dict[int, float] = {}
    grouped = list(compared.families([*pairs, *((key, key) for key in same)]))
    of = {key: number for number, keys in enumerate(grouped) for key in keys}
    for (one, _), alike in pairs.items():
        least[of[one]] = min(alike, least.get(of[one], 1.0))
    found = [(least.get(number, 1.0), keys) for number, keys in enumerate(grouped)]
    return sorted(found, key=lambda each: (-_repeated(weights, each[1]), each[1]))


def _repeated(weights: Mapping[int, Found], keys: Sequence[int]) -> int:
    every = [weights[key] for key in keys]
    return sum(each.lines * each.count for each in every) - max(each.lines for each in every)


def _family(similarity: float, members: Sequence[Sequence[rows.FilePlace]]) -> Family:
    every = sorted(
        (each for some in members for each in some),
        key=lambda each: (-each.lines, each.repository, each.path),
    )
    return Family(
        similarity=similarity,
        count=len(every),
        repeated_lines=sum(each.lines for each in every) - every[0].lines,
        places=[
            Place(each.repository, each.ref, each.path, each.size_bytes, each.lines)
            for each in every[:MOST_PLACES]
        ],
    )


def _how_far(work: UnitOfWork, among: sa.Select[UUID]) -> Compared:
    every = among.subquery()
    query = (
        sa.select(Repository.owner_id, ComparedRepository)
        .join(every, every.c.id == Repository.id)
        .outerjoin(ComparedRepository, ComparedRepository.repository_id == Repository.id)
    )
    found: list[tuple[UUID, ComparedRepository | None]] = [
        (row[0], row[1]) for row in work.session.execute(query)
    ]
    done = [
        row
        for owner_id, row in found
        if row is not None and (row.engine, row.owner_id) == (compared.ENGINE, owner_id)
    ]
    left_out: dict[str, int] = {}
    for row in done:
        for why, count in row.left_out.items():
            left_out[why] = left_out.get(why, 0) + count
    return Compared(
        repositories=len(found),
        waiting=len(found) - len(done),
        files=sum(row.files for row in done),
        left_out=left_out,
        is_cut=any(row.is_cut for row in done),
        compared_at=max((row.compared_at for row in done), default=None),
    )
