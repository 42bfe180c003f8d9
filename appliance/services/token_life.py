"""How long a new token may live: what the instance allows, asked of every kind of token."""

from __future__ import annotations

from datetime import datetime, timedelta

from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.errors import InvalidError, sentence


@open_to_everyone(because="the caller has asked who may make the token")
def insist(work: UnitOfWork, expires_at: datetime | None, now: datetime) -> None:
    """Go on only if a token may end then; without an end, if tokens may live for ever.

    Errors:
        InvalidError: it would end in the past, later than allowed, or never.
    """
    rules = work.rules.access
    if expires_at is None:
        if not rules.tokens_may_never_expire:
            raise InvalidError.of("expires_at", "Enter when this token expires.")
        return
    if expires_at <= now:
        raise InvalidError.of("expires_at", "That is in the past.")
    if expires_at > now + timedelta(days=rules.token_lifetime_days):
        raise InvalidError.of(
            "expires_at",
            sentence(
                "A token can be valid for at most %(token_lifetime_days)s days here.",
                token_lifetime_days=rules.token_lifetime_days,
            ),
        )
