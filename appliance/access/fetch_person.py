"""Oneself, for what only a person may do: what lets them in is never made by a token."""

from __future__ import annotations

from appliance.access import fetch
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.identity import Method
from appliance.errors import RefusedError, sentence

PRESENT = frozenset({Method.SESSION, Method.CONSOLE})
ONLY_A_PERSON = sentence("This can be done only by a person in a browser, not with a token.")


def own(work: UnitOfWork) -> User:
    """One's own user, asked for in a browser by who confirmed who they are, or at the console.

    A token that made a second factor or a key would open by it what it may not do itself, and
    after its own end.

    Errors:
        UnauthenticatedError: nobody has signed in.
        ElevationRequiredError: they must confirm who they are first.
        RefusedError: a token asks.
    """
    user = fetch.account(work, None, sensitive=True)
    if work.actor.origin.method not in PRESENT:
        raise RefusedError(ONLY_A_PERSON)
    return user
