"""How strongly, and how lately, somebody has to show a provider who they are.

What is asked of a provider binds it to nothing, so its answer is looked at.
Source: OpenID Connect Core 1.0, sections 2 and 3.1.2.1 (`acr_values`, `max_age`, `prompt`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from appliance.federation import oidc_tokens
from appliance.federation.oidc_settings import OidcSettings
from appliance.federation.refused import refused

SKEW = timedelta(seconds=oidc_tokens.SKEW_SECONDS)


@dataclass(frozen=True)
class Strength:
    """What is asked for, and insisted on."""

    contexts: tuple[str, ...]
    """One of these; empty: any will do."""
    longest_ago: timedelta | None
    """None: however long ago. Zero: anew."""


def of(settings: OidcSettings, *, is_step_up: bool) -> Strength:
    """What is asked for: to sign in, or before sensitive acts."""
    contexts = (settings.step_up_contexts if is_step_up else ()) or settings.contexts
    if is_step_up or settings.asks_anew:
        return Strength(contexts, timedelta())
    minutes = settings.longest_ago_minutes
    return Strength(contexts, timedelta(minutes=minutes) if minutes else None)


def asked(strength: Strength) -> dict[str, str]:
    """The words by which a provider is asked for it."""
    words = {"acr_values": " ".join(strength.contexts)} if strength.contexts else {}
    if strength.longest_ago is None:
        return words
    if not strength.longest_ago:
        words["prompt"] = "login"
    return {**words, "max_age": str(int(strength.longest_ago.total_seconds()))}


def insist(strength: Strength, said: Mapping[str, Any], *, begun_at: datetime) -> None:
    """Go on only if an ID token says that what was asked for was done.

    Errors:
        AnswerRefusedError: it does not say so.
    """
    if strength.contexts and said.get("acr") not in strength.contexts:
        raise refused("context")
    if strength.longest_ago is None:
        return
    shown_at = oidc_tokens.moment(said.get("auth_time"))
    if shown_at is None or begun_at - shown_at > strength.longest_ago + SKEW:
        raise refused("not_asked_anew")
