"""The console: whoever may open the appliance's local socket runs it, and acts as one of its users.

How the door knows that somebody is at the console is the door's business (web/requests.py).
"""

from __future__ import annotations

import dataclasses

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain.identity import Actor, Method, Origin
from appliance.domain.names import fold
from appliance.domain.permissions import InstanceRole
from appliance.errors import UnauthenticatedError, sentence
from appliance.services import identify

USUAL_ADMINISTRATOR = "admin"
LONGEST_REASON = 500


@open_to_everyone(because="whoever reaches the local socket runs the appliance")
def actor(work: UnitOfWork, name: str, *, origin: Origin, alone: str = "") -> Actor:
    """The actor of that user; without a name, of `admin` or the oldest administrator there is.

    `alone` is why they do alone what needs two people.

    Errors:
        UnauthenticatedError: there is no such user who may enter.
    """
    query = sa.select(User).where(User.state == UserState.ACTIVE)
    if name:
        found = work.session.scalar(query.where(sa.func.lower(User.name) == fold(name)))
    else:
        found = work.session.scalar(
            query.where(
                User.instance_role == InstanceRole.ADMINISTRATOR, User.is_machine.is_(False)
            )
            .order_by(User.name != USUAL_ADMINISTRATOR, User.created_at)
            .limit(1)
        )
    if found is None:
        who = f"user {name}" if name else "administrator"
        raise UnauthenticatedError(
            sentence("There is no %(who)s who may enter. Name another with --as.", who=who)
        )
    found_actor = identify.of_user(found, origin, Method.CONSOLE, None)
    return dataclasses.replace(found_actor, alone=alone.strip()[:LONGEST_REASON])
