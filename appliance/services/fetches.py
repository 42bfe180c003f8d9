"""Clones and fetches: may they, and the record that they did."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access import fetch, fetch_wiki
from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.wiring import GitTools


@dataclass(frozen=True)
class Opened:
    """A repository that the actor may read, and where it is."""

    repository_id: UUID
    organisation_id: UUID | None
    path: str
    folder: Path


def start(work: UnitOfWork, path: str, *, tools: GitTools) -> Opened:
    """The repository, for a client that wants to clone or fetch it.

    Errors:
        HiddenError: there is none, or none for this actor.
        MovedError: it has another path now.
        UnavailableError, ConflictError: it has no content yet, or never got any.
    """
    repository = fetch_wiki.or_repository(work, path, Permission.REPOSITORY_READ)
    return Opened(
        repository_id=repository.id,
        organisation_id=repository.organisation_id,
        path=repository.path,
        folder=ready_folder(repository, tools.repositories),
    )


def again(work: UnitOfWork, repository_id: UUID) -> None:
    """Go on only if a repository that a transfer is of may still be read.

    Errors:
        HiddenError, RefusedError: it may not.
    """
    fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)


@open_to_everyone(because="`start` has asked for the same repository a moment ago")
def note(work: UnitOfWork, opened: Opened, *, protocol: str) -> None:
    """Record that objects are being given away. Called before the first of them leaves."""
    work.record(
        events.Fetched(
            about=opened.repository_id, organisation_id=opened.organisation_id, protocol=protocol
        )
    )


@open_to_everyone(because="`start` has asked for the same repository a moment ago")
def note_archive(work: UnitOfWork, opened: Opened, *, protocol: str) -> None:
    """Record that all files of some commit are being given away."""
    work.record(
        events.ArchiveDownloaded(
            about=opened.repository_id, organisation_id=opened.organisation_id, protocol=protocol
        )
    )
