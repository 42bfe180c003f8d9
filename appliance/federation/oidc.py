"""The talk with an OpenID provider: authorization code with PKCE.

Source: OpenID Connect Core 1.0, sections 3.1 and 12; RFC 6749, section 4.1; RFC 7636 for PKCE;
RFC 7523, section 2.2, for the client's own key; RFC 9207 for who answers; RFC 9700 for the rest.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote_plus, urlencode, urlsplit
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey, Key

from appliance.federation import oidc_metadata, oidc_strength, oidc_tokens
from appliance.federation.oidc_metadata import WELL_KNOWN, Metadata, json_object
from appliance.federation.oidc_settings import OidcSettings
from appliance.federation.refused import refused

KEPT = timedelta(minutes=10)
"""So long what a provider says of itself is believed without asking again."""
LEAST_PAUSE = timedelta(seconds=30)
"""Between two questions for keys that tokens of unknown keys bring about."""
ASSERTION_SECONDS = 60
LONGEST_TOKEN = 48 * 1024
MOST_KEPT = 200
OK, BAD_REQUEST = 200, 400


class Ask(Protocol):
    """How a provider is reached: bounded in time and size, at addresses that may be reached."""

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        """The status and the body of its answer."""


@dataclass(frozen=True)
class Peer:
    """A provider, and how it is spoken to."""

    id: UUID
    version: int
    settings: OidcSettings
    redirect_uri: str
    """One for each provider, so that an answer cannot be taken for another's."""
    ask: Ask
    key: ECKey
    """What the appliance shows who it is with, where it is told to."""


@dataclass(frozen=True)
class Attempt:
    """What binds an answer to the browser that asked."""

    state: str
    nonce: str
    verifier: str
    is_step_up: bool
    """Whether it is to confirm a sensitive act, and not to sign in."""


@dataclass(frozen=True)
class Tokens:
    """What a provider handed over. The last two may be empty after a refresh, the first too."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)


class GrantRefusedError(Exception):
    """A provider stands no longer by what it handed over."""


@dataclass
class _Known:
    """What is known of a provider, and since when."""

    metadata: Metadata
    found_at: datetime
    keys: tuple[Key, ...]
    keys_at: datetime


class Memory:
    """What this process remembers of providers. Its state: that, by provider and version."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[UUID, int], _Known] = {}

    def metadata(self, peer: Peer, *, now: datetime) -> Metadata:
        """What a provider says of itself, at most some minutes old.

        Errors:
            AnswerRefusedError: it says nothing that can be used.
            UnavailableError: it does not answer.
        """
        return self._of(peer, now).metadata

    def key(self, peer: Peer, algorithm: str, key_id: str, *, now: datetime) -> Key:
        """The key of a token's header; a provider whose key is unknown is asked anew, not often.

        Errors:
            AnswerRefusedError: it has no such key.
            UnavailableError: it does not answer.
        """
        known = self._of(peer, now)
        found = oidc_tokens.fitting(known.keys, algorithm, key_id)
        if found is None and now - known.keys_at >= LEAST_PAUSE:
            known.keys_at = now  # Before the answer: others must not ask meanwhile.
            known.keys = _keys(peer, known.metadata)
            found = oidc_tokens.fitting(known.keys, algorithm, key_id)
        if found is None:
            raise refused("unknown_key")
        return found

    def _of(self, peer: Peer, now: datetime) -> _Known:
        place = (peer.id, peer.version)
        with self._lock:
            known = self._known.get(place)
        if known is not None and now - known.found_at < KEPT:
            return known
        url = f"{peer.settings.issuer_url}{WELL_KNOWN}"
        metadata = oidc_metadata.parse(
            _good(peer.ask("GET", url, headers={"Accept": "application/json"}), "discovery"),
            issuer_url=peer.settings.issuer_url,
        )
        known = _Known(metadata, now, _keys(peer, metadata), now)
        with self._lock:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[place] = known
        return known


def address(metadata: Metadata, peer: Peer, attempt: Attempt) -> str:
    """Where the browser is sent."""
    challenge = hashlib.sha256(attempt.verifier.encode()).digest()
    more = ("offline_access",) if peer.settings.refresh_minutes else ()
    asked = {
        "response_type": "code",
        "client_id": peer.settings.client_id,
        "redirect_uri": peer.redirect_uri,
        "scope": " ".join(dict.fromkeys(("openid", *peer.settings.scopes, *more))),
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": _base64(challenge),
        "code_challenge_method": "S256",
    }
    asked |= oidc_strength.asked(oidc_strength.of(peer.settings, is_step_up=attempt.is_step_up))
    joint = "&" if urlsplit(metadata.authorization).query else "?"
    return f"{metadata.authorization}{joint}{urlencode(asked)}"


def code_of(metadata: Metadata, answer: Mapping[str, str]) -> str:
    """The code in what the browser brought back.

    Errors:
        AnswerRefusedError: another provider sent it, or it is a no.
    """
    issuer = answer.get("iss")
    if issuer is None and metadata.names_itself:
        raise refused("no_issuer")
    if issuer is not None and issuer != metadata.issuer:
        raise refused("mixed_up")
    if "error" in answer:
        raise refused("provider_said_no")
    if not answer.get("code"):
        raise refused("no_code")
    return answer["code"]


def redeem(metadata: Metadata, peer: Peer, attempt: Attempt, code: str, *, now: datetime) -> Tokens:
    """The ID token and the access token that the provider gives for a code.

    Errors:
        AnswerRefusedError: it gives none.
        UnavailableError: it does not answer.
    """
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": peer.redirect_uri,
        "code_verifier": attempt.verifier,
    }
    answer = _at_token(metadata, peer, asked, now)
    found = json_object(_good(answer, "code_refused"), reason="token_answer")
    tokens = _tokens(found)
    if not tokens.id_token:
        raise refused("token_answer")
    return tokens


def refresh(metadata: Metadata, peer: Peer, refresh_token: str, *, now: datetime) -> Tokens:
    """What the provider gives anew for a refresh token.

    Errors:
        GrantRefusedError: it gives nothing for that any more.
        AnswerRefusedError: it does not answer as it should; that says nothing of the person.
        UnavailableError: it does not answer.
    """
    asked = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    status, body = _at_token(metadata, peer, asked, now)
    if status == BAD_REQUEST:
        said = json_object(body, reason="refresh")
        if said.get("error") == "invalid_grant":
            raise GrantRefusedError
    return _tokens(json_object(_good((status, body), "refresh"), reason="token_answer"))


def user_info(metadata: Metadata, peer: Peer, access_token: str) -> dict[str, Any]:
    """What the provider tells of whom the access token is for; nothing where it tells nothing.

    Errors:
        AnswerRefusedError: it does not answer as it should.
        UnavailableError: it does not answer.
    """
    if not metadata.user_info:
        return {}
    headers = {"Accept": "application/json", "Authorization": f"Bearer {access_token}"}
    answer = peer.ask("GET", metadata.user_info, headers=headers)
    return json_object(_good(answer, "user_info"), reason="user_info")


def shown_keys(key: ECKey) -> dict[str, Any]:
    """The JWKS by which a provider knows the appliance."""
    return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "ES256"}]}


def _at_token(
    metadata: Metadata, peer: Peer, asked: dict[str, str], now: datetime
) -> tuple[int, bytes]:
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    asked, more = _shown(metadata, peer, asked, now)
    return peer.ask("POST", metadata.token, headers=headers | more, body=urlencode(asked).encode())


def _tokens(found: Mapping[str, Any]) -> Tokens:
    names = ("id_token", "access_token", "refresh_token")
    values = [found.get(name) or "" for name in names]
    if not all(isinstance(value, str) and value.isascii() for value in values):
        raise refused("token_answer")
    tokens = Tokens(*values)
    is_good = tokens.access_token != "" and tokens.access_token.isprintable()
    if not is_good or any(len(value) > LONGEST_TOKEN for value in values):
        raise refused("token_answer")
    return tokens


def _shown(
    metadata: Metadata, peer: Peer, asked: dict[str, str], now: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """A request and its headers, with what shows that it is ours."""
    settings = peer.settings
    password = settings.client_secret.get_secret_value()
    if settings.client_authentication == "private_key":
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assertion = _assertion(metadata, peer, now)
        proof = {"client_assertion_type": kind, "client_assertion": assertion}
        return {**asked, "client_id": settings.client_id, **proof}, {}
    if not metadata.takes_basic or not password:
        shown = {"client_secret": password} if password else {}
        return {**asked, "client_id": settings.client_id, **shown}, {}
    # Each is encoded as in a form before; RFC 6749, section 2.3.1.
    pair = f"{quote_plus(settings.client_id)}:{quote_plus(password)}"
    return asked, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _assertion(metadata: Metadata, peer: Peer, now: datetime) -> str:
    issued = int(now.timestamp())
    payload = {
        "iss": peer.settings.client_id,
        "sub": peer.settings.client_id,
        "aud": metadata.token,
        "jti": secrets.token_urlsafe(16),
        "iat": issued,
        "exp": issued + ASSERTION_SECONDS,
    }
    return jwt.encode({"alg": "ES256", "kid": peer.key.kid}, payload, peer.key, ["ES256"])


def _keys(peer: Peer, metadata: Metadata) -> tuple[Key, ...]:
    answer = peer.ask("GET", metadata.keys, headers={"Accept": "application/json"})
    return oidc_tokens.keys(json_object(_good(answer, "keys"), reason="keys"))


def _good(answer: tuple[int, bytes], reason: str) -> bytes:
    status, body = answer
    if status != OK:
        raise refused(reason)
    return body


def _base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
