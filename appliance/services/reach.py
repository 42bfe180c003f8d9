"""From where somebody may come: the list of the appliance, those of organisations, that of a token.

The address is that of the connection, or what as many proxies as are trusted say of it. Who sits at
the console is asked nothing: it can always clear a list.
"""

from __future__ import annotations

import dataclasses

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.address_lists import AddressList
from appliance.db.scim import ScimToken
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import address_lists, events
from appliance.domain.identity import Actor, Method, Origin
from appliance.errors import UnauthenticatedError, sentence

ELSEWHERE = sentence("You cannot sign in from this address. Ask your administrator.")
TOKEN_ELSEWHERE = sentence("This token may not be used from this address.")
ALWAYS = frozenset({Method.CONSOLE, Method.INTERNAL})


@open_to_everyone(because="it says of who has just been identified what they cannot reach")
def placed(work: UnitOfWork, actor: Actor) -> Actor:
    """The actor, who reaches only what may be reached from where they are.

    Errors:
        UnauthenticatedError: they may not come in from there at all.
    """
    if actor.origin.method in ALWAYS:
        return actor
    rows = work.session.execute(sa.select(AddressList.organisation_id, AddressList.networks)).all()
    closed = {
        row.organisation_id
        for row in rows
        if not address_lists.holds(row.networks, actor.origin.address)
    }
    if None in closed:
        raise refused(actor, "instance", ELSEWHERE)
    return dataclasses.replace(actor, closed_organisations=frozenset(filter(None, closed)))


@open_to_everyone(because="it only says what is known of a refusal")
def insist_on_token(work: UnitOfWork, actor: Actor, networks: list[str]) -> None:
    """Go on only if a token may be used from where it is.

    Errors:
        UnauthenticatedError: it may not.
    """
    if networks and not address_lists.holds(networks, actor.origin.address):
        del work
        raise refused(actor, "token", TOKEN_ELSEWHERE)


def insist_on_client(token: ScimToken, of_instance: list[str] | None, origin: Origin) -> None:
    """Go on only if a SCIM client may come from where it is: by the appliance's list, and by that
    of its token.

    Errors:
        UnauthenticatedError: it may not.
    """
    lists = (("instance", of_instance, ELSEWHERE), ("token", token.networks, TOKEN_ELSEWHERE))
    for scope, networks, words in lists:
        if networks and not address_lists.holds(networks, origin.address):
            event = events.ScimAddressRefused(
                about=token.provider_id, token_id=str(token.id), scope=scope
            )
            raise UnauthenticatedError(words, event=event)


def refused(actor: Actor, scope: str, words: str) -> UnauthenticatedError:
    """The refusal of somebody who came from elsewhere; the log learns whose list it was."""
    event = events.AddressRefused(about=actor.id, person=actor.pseudonym, scope=scope)
    return UnauthenticatedError(words, event=event)
