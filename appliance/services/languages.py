"""Which languages a repository is written in, by the bytes of its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.git import language_shares, refs

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore
    from appliance.services.files import OpenRepository

NAMED = 6
"""So many are named; the rest is one share."""

PREPARING_SECONDS = 60.0
COMMITS_REMEMBERED = 10_000
_NOT_ENOUGH: dict[str, float] = {}  # By commit: in so many seconds it could not be counted.


@dataclass(frozen=True)
class Share:
    """What part of a repository is in one language; `name` is None for all others together."""

    name: str | None
    size_bytes: int
    percent: float


def of(repository: OpenRepository, commit: str, *, seconds: float) -> list[Share] | None:
    """The largest shares, and one for the rest; None where counting would take longer.

    Errors:
        NotFoundError: there is no such commit.
    """
    is_hopeless = seconds <= _NOT_ENOUGH.get(commit, 0.0)
    found = language_shares.shares(
        repository.folder, commit, seconds=0.0 if is_hopeless else seconds
    )
    if found is None:
        _remember(commit, seconds)
        return None
    total = sum(found.values())
    largest = list(found.items())
    named: list[tuple[str | None, int]] = [*largest[:NAMED]]
    rest = sum(size for _name, size in largest[NAMED:])
    if rest:
        named.append((None, rest))
    return [Share(name, size, 100 * size / total) for name, size in named if total]


def prepare(repository_id: UUID, *, repositories: RepositoryStore) -> None:
    """Count ahead of the first visitor.

    Errors:
        DamagedError: the repository cannot be read.
    """
    at = repositories.folder(repository_id)
    head = refs.head(at)
    if head.oid is not None:
        language_shares.shares(at, head.oid, seconds=PREPARING_SECONDS)


def _remember(commit: str, seconds: float) -> None:
    """Not to try in vain again, while nobody has counted ahead."""
    if len(_NOT_ENOUGH) >= COMMITS_REMEMBERED:
        _NOT_ENOUGH.clear()
    _NOT_ENOUGH[commit] = max(seconds, _NOT_ENOUGH.get(commit, 0.0))
