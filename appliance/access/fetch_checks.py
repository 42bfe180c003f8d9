"""Where somebody may say how commits stand, and one check run of a repository."""

from __future__ import annotations

from uuid import UUID

from appliance.access import fetch, grants
from appliance.db.checks import CheckRun
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.checks import OF_SCANS
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, HiddenError, sentence


def to_report(work: UnitOfWork, path: str) -> Repository:
    """The repository of that path, if the actor may say how its commits stand.

    Errors:
        HiddenError, RefusedError: they may not. ConflictError: it is archived.
    """
    found = fetch.repository(work, path, Permission.REPOSITORY_WRITE)
    if found.archived_at is not None:
        raise ConflictError(sentence("%(path)s is archived. Unarchive it first.", path=found.path))
    return found


def run(work: UnitOfWork, path: str, run_id: UUID) -> CheckRun:
    """A check run of a repository that the actor may read.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    return of_repository(work, repository, run_id)


def of_repository(work: UnitOfWork, repository: Repository, run_id: UUID) -> CheckRun:
    """A check run of a repository that was fetched.

    Errors:
        HiddenError: it has no such run, or it says what alerts say and the actor reads none.
    """
    found = work.session.get(CheckRun, run_id)
    is_here = found is not None and found.repository_id == repository.id
    if found is None or not is_here or not may_read(work, repository, found.name):
        raise HiddenError(sentence("There is no such check run."))
    return found


def may_read(work: UnitOfWork, repository: Repository, name: str) -> bool:
    """Whether the actor, who may read the repository, may read check runs of that name, too.

    What scans say is for those who may read alerts.
    """
    if not name.startswith(OF_SCANS):
        return True
    return Permission.ALERT_READ in grants.on_repository(work, repository)
