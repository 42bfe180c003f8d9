"""An actor handed on to a small program in a capability, and taken back when it asks for something.

Git's hooks and git-lfs act for whoever started them. What they carry says who that was and how they
showed it, never a credential; when they ask, the credential must still stand.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.identity import Actor, Method, Origin
from appliance.errors import UnauthenticatedError, sentence
from appliance.services import identify, impersonated

Facts = dict[str, object]
LONGEST_LABEL = 64


def hand_on(actor: Actor) -> Facts:
    """Who is asking, as JSON values for a capability."""
    return {
        "actor": str(actor.id or ""),
        "method": actor.origin.method.value,
        "credential": str(actor.origin.credential_id or ""),
        "address": actor.origin.address,
        "request": actor.origin.request_id,
        "impersonation": str(actor.impersonation_id or ""),
    }


def remembered(actor: Actor) -> Facts:
    """Who is asking, as the row of a push keeps it."""
    return {
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_ref": actor.pseudonym,
        "actor_label": actor.label[:LONGEST_LABEL],
        "method": actor.origin.method,
        "credential_id": actor.origin.credential_id,
        "impersonation_id": actor.impersonation_id,
        "address": actor.origin.address,
        "request_id": actor.origin.request_id,
    }


@open_to_everyone(
    because="the capability was proven, and the credential behind it is looked at anew"
)
def take_back(work: UnitOfWork, facts: Facts, *, now: datetime) -> Actor:
    """Who handed this on, if their credential still stands. The work is theirs from here on.

    Errors:
        UnauthenticatedError: it does not, or they may not enter any more.
    """
    origin = Origin(
        address=str(facts["address"]),
        request_id=str(facts["request"]),
        method=Method(str(facts["method"])),
    )
    if origin.method is Method.NONE:
        raise UnauthenticatedError("Nobody is behind this.")
    user_id, credential_id = identifier(facts, "actor"), identifier(facts, "credential")
    actor = identify.again(work, user_id, credential_id, origin=origin, now=now)
    acted = identifier(facts, "impersonation")
    found = impersonated.again(work, actor, acted, now=now) if acted else actor
    if found is None:
        raise UnauthenticatedError(sentence("Nobody acts as them any more."))
    work.actor = found
    return found


def identifier(facts: Facts, name: str) -> UUID | None:
    """An id among the facts, if there is one."""
    text = str(facts.get(name) or "")
    return UUID(text) if text else None
