"""How fast sign-ins may begin, at sign-in systems and by keys: each leaves a row until its answer
comes.

Nobody has to be known to begin one, so that without a pace a stranger could fill the table.
"""

from __future__ import annotations

import math

from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.errors import ThrottledError, sentence
from appliance.security.throttle import Throttle, place_of

ELSEWHERE, BY_KEY = "begun", "key begun"


@open_to_everyone(because="it only slows whoever asks")
def claim(work: UnitOfWork, throttle: Throttle, what: str = ELSEWHERE) -> None:
    """Begin one more from the address that asks. Each way in is counted for itself.

    Errors:
        ThrottledError: too many were begun there lately and came to no end.
    """
    wait = throttle.check(_place(work, what))
    if wait > 0:
        raise ThrottledError(
            sentence("Too many attempts. Try again later."),
            retry_after_seconds=math.ceil(wait),
        )


@open_to_everyone(because="whoever came back shows what they began")
def ended(work: UnitOfWork, throttle: Throttle, what: str = ELSEWHERE) -> None:
    """Count the one that came back no more."""
    throttle.succeeded(_place(work, what))


def _place(work: UnitOfWork, what: str) -> str:
    return f"{what} {place_of(work.actor.origin.address)}"
