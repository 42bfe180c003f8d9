"""Whose list of networks is meant, if the actor may see and change it."""

from __future__ import annotations

from uuid import UUID

from appliance.access import fetch, gate
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission


def owner(work: UnitOfWork, organisation: str, *, sensitive: bool = False) -> UUID | None:
    """The organisation of that name; None for the appliance, whose name is empty.

    Errors:
        HiddenError, RefusedError: it is not theirs to change.
        ElevationRequiredError: they must confirm who they are first.
    """
    if not organisation:
        gate.require(work, Permission.USERS_MANAGE)
        return None
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MANAGE)
    gate.require_elevation(work, Permission.ORGANISATION_MANAGE, sensitive=sensitive)
    return found.id
