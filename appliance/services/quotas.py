"""How much room an organisation has, and how much of it is taken."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.access import fetch
from appliance.db.repository_rows import organisation_bytes
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission


@dataclass(frozen=True)
class Room:
    """Bytes taken and given; 0 given means that there is no limit."""

    used_bytes: int
    limit_bytes: int
    own_limit_bytes: int
    """What an administrator gave it; 0 means what every organisation has."""


def of_organisation(work: UnitOfWork, name: str) -> Room:
    """An organisation's room, for its owners. Sizes are those of the last measuring.

    Errors:
        HiddenError, RefusedError: the actor may not manage it.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    usual = work.rules.limits.organisation_quota_bytes
    return Room(
        used_bytes=organisation_bytes(work.session, organisation.id),
        limit_bytes=organisation.quota_bytes or usual,
        own_limit_bytes=organisation.quota_bytes,
    )
