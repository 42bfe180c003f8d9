"""What a webhook may be told: its events, its secret, and when it is tried again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from appliance.domain.webhook_events import ALL, PING, names
from appliance.errors import InvalidError, sentence

LEAST_SECRET, LONGEST_SECRET = 16, 200
SECRET_BYTES = 32
LONGEST_OVERLAP_HOURS = 24 * 30
USUAL_OVERLAP_HOURS = 24
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 3600.0
MOST_AGAIN = 1000
"""Deliveries that are sent again at once."""


class DeliveryState(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


def check_events(events: Sequence[str]) -> list[str]:
    """The chosen events, each once.

    Errors:
        InvalidError: there is no such event, or none was chosen.
    """
    known = names()
    wrong = next((each for each in events if each not in known and each != ALL), None)
    if wrong is not None:
        raise InvalidError.of("events", sentence("There is no event %(name)s.", name=wrong))
    if not events:
        raise InvalidError.of("events", sentence("Choose at least one event, or * for all."))
    return [ALL] if ALL in events else list(dict.fromkeys(events))


def is_wanted(event: str, chosen: Sequence[str]) -> bool:
    """Whether a webhook wants to hear of an event; it always hears a ping."""
    return event == PING or ALL in chosen or event in chosen


def check_secret(secret: str) -> None:
    """Go on only if somebody cannot guess it, and a header takes it.

    Errors:
        InvalidError: it is too short, too long, or not of one line.
    """
    if not (secret.isascii() and secret.isprintable()):
        raise InvalidError.of(
            "secret", sentence("A secret has letters, digits and signs on one line.")
        )
    if not LEAST_SECRET <= len(secret) <= LONGEST_SECRET:
        raise InvalidError.of(
            "secret",
            sentence(
                "A secret has from %(least)s to %(most)s characters.",
                least=LEAST_SECRET,
                most=LONGEST_SECRET,
            ),
        )


def new_secret() -> str:
    """A secret that nobody guesses."""
    return secrets.token_urlsafe(SECRET_BYTES)


def next_try(attempts: int, *, jitter: float, now: datetime) -> datetime:
    """When a delivery that failed so often is tried again; `jitter` is from 0 to 1, by chance."""
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(attempts - 1, 30), LONGEST_PAUSE_SECONDS)
    return now + timedelta(seconds=pause * (0.5 + jitter / 2))
