"""Which languages a repository is written in, by the bytes of its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.git import language_shares, refs
from appliance.services.answers import Patience

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore
    from appliance.services.files import OpenRepository

NAMED = 6
"""So many are named; the rest is one share."""

PREPARING_SECONDS = 60.0
_PATIENCE = Patience()


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
    if _PATIENCE.is_in_vain(commit, seconds):
        seconds = 0.0  # Somebody may have counted ahead since.
    found = language_shares.shares(repository.folder, commit, seconds=seconds)
    if found is None:
        _PATIENCE.note(commit, seconds)
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
