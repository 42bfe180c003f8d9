"""Whether an ID token is true, and what it says.

Source: OpenID Connect Core 1.0, sections 3.1.3.6, 3.1.3.7, 5.1 and 5.3.2; RFC 8725 for the rest.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from appliance.domain.claims import Address, Claims, SessionFacts
from appliance.federation.oidc_settings import OidcSettings
from appliance.federation.refused import refused

KEY_TYPE_OF: Mapping[str, type[Key]] = {
    **{f"{family}{bits}": RSAKey for family in ("RS", "PS") for bits in (256, 384, 512)},
    **{f"ES{bits}": ECKey for bits in (256, 384, 512)},
    "EdDSA": OKPKey,
    "Ed25519": OKPKey,
}
"""The algorithms that are believed. None and those of shared secrets are not among them: a public
key would serve as such a secret.
"""
SKEW_SECONDS = 120
LONGEST_TOKEN = 48 * 1024
LEAST_RSA_BITS = 2048
HASH_OF = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


@dataclass(frozen=True)
class Expected:
    """What an ID token has to be about."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


def header(text: str) -> tuple[str, str]:
    """Algorithm and key id of a token, before anything is believed.

    Errors:
        AnswerRefusedError: it is no signed token, or its algorithm is not believed.
    """
    if len(text) > LONGEST_TOKEN:
        raise refused("token_form")
    try:
        found = jws.extract_compact(text.encode("ascii")).headers()
    except (JoseError, ValueError) as error:
        raise refused("token_form") from error
    algorithm, key_id = found.get("alg"), found.get("kid", "")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPE_OF:
        raise refused("algorithm")
    if not isinstance(key_id, str) or "crit" in found:
        raise refused("token_form")
    return algorithm, key_id


def type_of(text: str) -> str:
    """What a token whose signature was checked calls itself; empty where it does not."""
    found = jws.extract_compact(text.encode("ascii")).headers().get("typ", "")
    return found if isinstance(found, str) else "?"


def keys(found: Mapping[str, Any]) -> tuple[Key, ...]:
    """The keys of a JWKS that may have signed something; what is no such key is passed over.

    Errors:
        AnswerRefusedError: it is no JWKS.
    """
    listed = found.get("keys")
    if not isinstance(listed, list):
        raise refused("keys")
    made = (_key(each) for each in listed if isinstance(each, dict))
    return tuple(each for each in made if each is not None)


def fitting(found: Sequence[Key], algorithm: str, key_id: str) -> Key | None:
    """The one key that a token of this header is signed with, if it is there."""
    kind = KEY_TYPE_OF[algorithm]
    fits = [each for each in found if isinstance(each, kind) and _may_sign(each, algorithm)]
    named = [each for each in fits if each.kid == key_id] if key_id else fits
    return named[0] if len(named) == 1 else None


def read(text: str, key: Key, expected: Expected, *, now: datetime) -> dict[str, Any]:
    """What an ID token says.

    Errors:
        AnswerRefusedError: it is not true, not for us, not for this attempt, or not of now.
    """
    algorithm, _ = header(text)
    said = verified(text, key)
    insist_on_party(said, expected.issuer, expected.client_id)
    _insist_on_time(said, now)
    if not _same(said.get("nonce"), expected.nonce):
        raise refused("nonce")
    if "at_hash" in said and not _same(
        said["at_hash"], _half_hash(expected.access_token, algorithm)
    ):
        raise refused("access_token_hash")
    return said


def read_again(
    text: str, key: Key, *, issuer: str, client_id: str, subject: str, now: datetime
) -> dict[str, Any]:
    """What an ID token says that came by a refresh. Source: section 12.2.

    Errors:
        AnswerRefusedError: it is not true, not for us, not of now, or of somebody else.
    """
    said = verified(text, key)
    insist_on_party(said, issuer, client_id)
    _insist_on_time(said, now)
    if said.get("sub") != subject:
        raise refused("subject")
    return said


def verified(text: str, key: Key) -> dict[str, Any]:
    """What a token says, if that key signed it; what it says is not looked at.

    Errors:
        AnswerRefusedError: it did not.
    """
    algorithm, _ = header(text)
    try:
        return dict(jwt.decode(text, key, [algorithm]).claims)
    except (JoseError, ValueError, TypeError) as error:
        raise refused("signature") from error


def claims(said: Mapping[str, Any], more: Mapping[str, Any], settings: OidcSettings) -> Claims:
    """Who somebody is, by an ID token and what the provider told beside it.

    Errors:
        AnswerRefusedError: the two are about different people.
    """
    subject = said.get("sub")
    if not isinstance(subject, str) or not subject:
        raise refused("subject")
    if more and more.get("sub") != subject:
        raise refused("user_info_subject")
    # What is signed counts before what is not.
    both = {**more, **said}
    # Whether it is verified is said of the address beside it, and of no other.
    mail = said if "email" in said else more
    address = _text(mail.get("email"))
    return Claims(
        subject=subject,
        name=_text(both.get(settings.name_claim)),
        display_name=_text(both.get("name")),
        addresses=(Address(address, mail.get("email_verified") is True),) if address else (),
        groups=_groups(both.get(settings.groups_claim)),
        facts=SessionFacts(
            external_id=_text(said.get("sid")),
            context=_text(said.get("acr")),
            methods=tuple(_texts(said.get("amr"))),
            shown_at=moment(said.get("auth_time")),
            showed_second_factor=_showed_second_factor(said, settings),
        ),
    )


def insist_on_party(said: Mapping[str, Any], issuer: str, client_id: str) -> None:
    """Go on only if a token is of this provider, and for us.

    Errors:
        AnswerRefusedError: it is not.
    """
    if said.get("iss") != issuer:
        raise refused("issuer")
    audience = said.get("aud")
    listed = [audience] if isinstance(audience, str) else audience
    if not isinstance(listed, list) or client_id not in listed:
        raise refused("audience")
    party = said.get("azp", client_id if len(listed) == 1 else None)
    if party != client_id:
        raise refused("authorized_party")


def moment(seconds: object) -> datetime | None:
    """The moment of a claim; none where it is no moment."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _key(found: dict[str, Any]) -> Key | None:
    if found.get("kty") not in {"RSA", "EC", "OKP"} or found.get("use", "sig") != "sig":
        return None
    try:
        key = JWKRegistry.import_key(found)
        if isinstance(key, RSAKey) and key.public_key.key_size < LEAST_RSA_BITS:
            return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key


def _may_sign(key: Key, algorithm: str) -> bool:
    return key.get("alg", algorithm) == algorithm


def _insist_on_time(said: Mapping[str, Any], now: datetime) -> None:
    expires, issued = moment(said.get("exp")), moment(said.get("iat"))
    if expires is None or issued is None:
        raise refused("moments")
    if (now - expires).total_seconds() >= SKEW_SECONDS:
        raise refused("expired")
    begins = moment(said.get("nbf", said.get("iat")))
    if begins is None or (max(issued, begins) - now).total_seconds() > SKEW_SECONDS:
        raise refused("not_yet")


def _half_hash(access_token: str, algorithm: str) -> str:
    made = HASH_OF.get(algorithm[-3:], hashlib.sha512)(access_token.encode()).digest()
    return urlsafe_b64encode(made[: len(made) // 2]).rstrip(b"=").decode()


def _same(said: object, wanted: str) -> bool:
    return isinstance(said, str) and hmac.compare_digest(said.encode(), wanted.encode())


def _showed_second_factor(said: Mapping[str, Any], settings: OidcSettings) -> bool:
    shown = not set(settings.second_factor_methods).isdisjoint(_texts(said.get("amr")))
    return shown or _text(said.get("acr")) in settings.second_factor_contexts


def _text(value: object) -> str:
    return value if isinstance(value, str) and not re.search("[\x00\ud800-\udfff]", value) else ""


def _texts(value: object) -> list[str]:
    listed = [value] if isinstance(value, str) else value
    return [each for each in map(_text, listed) if each] if isinstance(listed, list) else []


def _groups(value: object) -> frozenset[str] | None:
    """None where nothing was said of groups, or only where they could be asked for."""
    return frozenset(_texts(value)) if isinstance(value, str | list) else None
