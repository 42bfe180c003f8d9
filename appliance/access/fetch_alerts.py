"""Alerts for who may see them. For all others there are none: not even that none may be seen."""

from __future__ import annotations

import sqlalchemy as sa

from appliance.access import fetch, grants
from appliance.db.alerts import Alert
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.conversations import LARGEST_NUMBER
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, sentence


def home(work: UnitOfWork, path: str, permission: Permission = Permission.ALERT_READ) -> Repository:
    """The repository of that path, if the actor may do this with its alerts.

    Errors:
        HiddenError, MovedError: there is none, or no alerts for this actor.
        RefusedError: they may see alerts, but not do this.
    """
    found = fetch.repository(work, path, Permission.REPOSITORY_READ)
    if Permission.ALERT_READ not in grants.on_repository(work, found):
        raise HiddenError(sentence("%(path)s has no alerts that you may see.", path=found.path))
    return fetch.repository_by_id(work, found.id, permission)


def alert(
    work: UnitOfWork, path: str, number: int, permission: Permission = Permission.ALERT_READ
) -> tuple[Repository, Alert]:
    """One alert, and the repository that it is of.

    Errors: as for `home`.
    """
    repository = home(work, path, permission)
    query = sa.select(Alert).where(
        Alert.repository_id == repository.id, Alert.number == min(number, LARGEST_NUMBER)
    )
    found = work.session.scalar(query)
    if found is None:
        raise HiddenError(sentence("There is no such alert."))
    return repository, found


def to_report(work: UnitOfWork, repository: Repository) -> Repository:
    """A repository that was fetched, if the actor may say what scans of it found.

    Errors:
        HiddenError, RefusedError: they may not.
    """
    return fetch.repository_by_id(work, repository.id, Permission.ALERT_REPORT)
