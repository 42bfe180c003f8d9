"""What a provider says when a session there has ended: a signed token, or a frame in the browser.

Source: OpenID Connect Back-Channel Logout 1.0, sections 2.4 to 2.6; Front-Channel Logout 1.0,
section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc.jwk import Key

from appliance.domain.claims import LONGEST_SUBJECT, LONGEST_TEXT
from appliance.federation import oidc_tokens
from appliance.federation.oidc_metadata import Metadata
from appliance.federation.refused import refused

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPES = frozenset({"", "JWT", "logout+jwt"})
FRESH = timedelta(minutes=10)
"""So old a token may be that names no end of its own."""


@dataclass(frozen=True)
class Ended:
    """Whose session has ended at a provider. One of session and subject may be empty."""

    session: str
    """What the provider calls it; empty: all of the subject."""
    subject: str
    token_id: str
    counts_until: datetime


def address(metadata: Metadata, *, client_id: str, id_token: str, after: str) -> str:
    """Where a browser signs out at a provider, and comes back `after` it; empty: nowhere.

    Source: OpenID Connect RP-Initiated Logout 1.0, section 2.
    """
    if not metadata.end_session:
        return ""
    asked = {"client_id": client_id, "post_logout_redirect_uri": after}
    asked |= {"id_token_hint": id_token} if id_token else {}
    joint = "&" if urlsplit(metadata.end_session).query else "?"
    return f"{metadata.end_session}{joint}{urlencode(asked)}"


def read(text: str, key: Key, *, issuer: str, client_id: str, now: datetime) -> Ended:
    """Whose session a logout token says has ended.

    Errors:
        AnswerRefusedError: it is none, not true, not for us, or not of now.
    """
    said = oidc_tokens.verified(text, key)
    if oidc_tokens.type_of(text) not in TYPES or not _is_about_an_end(said):
        raise refused("not_a_logout")
    oidc_tokens.insist_on_party(said, issuer, client_id)
    counts_until = _end(said, now)
    session, subject = _name(said, "sid", LONGEST_TEXT), _name(said, "sub", LONGEST_SUBJECT)
    token_id = _name(said, "jti", LONGEST_TEXT)
    if not (session or subject) or not token_id:
        raise refused("token_form")
    return Ended(session, subject, token_id, counts_until)


def _is_about_an_end(said: Mapping[str, Any]) -> bool:
    events = said.get("events")
    is_meant = isinstance(events, dict) and isinstance(events.get(EVENT), dict)
    # An ID token must never pass for one, nor the other way round.
    return is_meant and "nonce" not in said


def _end(said: Mapping[str, Any], now: datetime) -> datetime:
    """Until when the token counts; it has to be remembered so long."""
    issued = oidc_tokens.moment(said.get("iat"))
    if issued is None:
        raise refused("moments")
    expires = oidc_tokens.moment(said["exp"]) if "exp" in said else issued + FRESH
    if expires is None:
        raise refused("moments")
    skew = timedelta(seconds=oidc_tokens.SKEW_SECONDS)
    until = min(expires, issued + FRESH) + skew
    if until <= now:
        raise refused("expired")
    if issued - now > skew:
        raise refused("not_yet")
    return until


def _name(said: Mapping[str, Any], claim: str, longest: int) -> str:
    value = said.get(claim, "")
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise refused("token_form")
    return value
