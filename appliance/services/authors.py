"""As whom commits are written that somebody makes here, without a git of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses
from appliance.db.users import User
from appliance.git.commits import Person

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.db.unit_of_work import UnitOfWork

NOWHERE = "codara.invalid"
"""A domain that can never have mail. Source: RFC 2606, section 2."""


@open_to_everyone(because="it says no more than who the actor is")
def of_actor(work: UnitOfWork, *, now: datetime) -> Person:
    """The actor's name, and their address or one that says there is none."""
    user = work.session.get(User, work.actor.id) if work.actor.id else None
    if user is None:
        return Person(work.actor.label.encode(), f"appliance@{NOWHERE}".encode(), now, 0)
    email = email_addresses.primary(work.session, user.id) or f"{user.name}@{NOWHERE}"
    return Person((user.display_name or user.name).encode(), email.encode(), now, 0)
