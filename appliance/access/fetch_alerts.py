"""Alerts for who may see them. For all others there are none: not even that none may be seen."""

from __future__ import annotations

import sqlalchemy as sa

from appliance.access import fetch, grants, not_there
from appliance.db import lookups
from appliance.db.alerts import Alert
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.conversations import LARGEST_NUMBER
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, InvalidError, sentence


def home(work: UnitOfWork, path: str, permission: Permission = Permission.ALERT_READ) -> Repository:
    """The repository of that path, if the actor may do this with its alerts.

    Errors:
        HiddenError, MovedError: there is none, or no alerts for this actor.
        RefusedError: they may see alerts, but not do this.
    """
    found = fetch.repository(work, path, Permission.REPOSITORY_READ)
    if Permission.ALERT_READ not in grants.on_repository(work, found):
        raise not_there.repository(path)  # As where there is none: nothing tells the two apart.
    return fetch.repository_by_id(work, found.id, permission)


def alert(
    work: UnitOfWork, path: str, number: int, permission: Permission = Permission.ALERT_READ
) -> tuple[Repository, Alert]:
    """One alert, and the repository that it is of.

    Errors: as for `home`.
    """
    repository = home(work, path, permission)
    return repository, of_repository(work, repository, number)


def of_repository(work: UnitOfWork, repository: Repository, number: int) -> Alert:
    """One alert of a repository that was fetched.

    Errors:
        HiddenError: it has no such alert.
    """
    query = sa.select(Alert).where(
        Alert.repository_id == repository.id, Alert.number == min(number, LARGEST_NUMBER)
    )
    found = work.session.scalar(query)
    if found is None:
        raise HiddenError(sentence("There is no alert %(number)s.", number=number))
    return found


def assignee(work: UnitOfWork, repository: Repository, name: str) -> User:
    """The user of that name, if they could deal with alerts of a repository.

    Errors:
        InvalidError: there is none, or they may not see alerts there.
    """
    found = lookups.user(work.session, name.removeprefix("@"))
    if found is None or Permission.ALERT_TRIAGE not in grants.of_user(work, repository, found):
        raise InvalidError.of(
            "assignee", sentence("%(name)s cannot deal with alerts of this repository.", name=name)
        )
    return found


def to_report(work: UnitOfWork, repository: Repository) -> Repository:
    """A repository that was fetched, if the actor may say what scans of it found.

    Errors:
        HiddenError, RefusedError: they may not.
    """
    return fetch.repository_by_id(work, repository.id, Permission.ALERT_REPORT)
