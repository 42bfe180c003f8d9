"""Taking a whole repository out, as one bundle that any git can clone from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.access import fetch_wiki
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.git import bundle
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore


def start(work: UnitOfWork, path: str, *, repositories: RepositoryStore) -> Path:
    """Where the repository is that is being taken out; that it is, is recorded here.

    Errors:
        HiddenError, RefusedError, MovedError: the actor may not.
        UnavailableError, ConflictError: it has no content yet, or never got any.
    """
    repository = fetch_wiki.or_repository(work, path, Permission.REPOSITORY_EXPORT)
    folder = ready_folder(repository, repositories)
    work.record(
        events.RepositoryExported(about=repository.id, organisation_id=repository.organisation_id)
    )
    return folder


def chunks(folder: Path) -> Iterator[bytes]:
    """The bundle with all refs.

    Errors:
        ConflictError: the repository is empty.
        TimeoutExceededError, DamagedError: while iterating; the file is then of no use.
    """
    return bundle.export(folder)
