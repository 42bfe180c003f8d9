"""Keys that live in a device (WebAuthn, Level 3): what a browser is asked, and what it answers.

The one file that knows the library. Any key that a browser brings is taken: where it was made is
not asked for (no attestation), because that says who somebody is and not that it is them.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import ipaddress
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from appliance.errors import ConflictError, InvalidError, sentence

CHALLENGE_BYTES = 32  # Source: WebAuthn Level 3, section 13.4.3, asks for 16 at least.
LARGEST_ANSWER = 16_384
LIBRARY = "webauthn"
"""It takes 9 MiB, so a process imports it when somebody has a key, and not when it starts."""
NO_ANSWER = sentence("The key's response is not valid. Try again.")
NEEDS_NAME = sentence(
    "Keys need an appliance that is reached by a host name, not an IP address. Ask an "
    "administrator."
)


@dataclass(frozen=True)
class Here:
    """This appliance, as browsers know it."""

    name: str
    host: str
    origin: str


@dataclass(frozen=True)
class MadeKey:
    """A key that was made for here."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True)
class ShownKey:
    """A key that has just signed."""

    sign_count: int
    is_verified: bool
    """Whether the device made sure that it is its owner: by a PIN, a finger, a face."""


def here(name: str, url: str) -> Here:
    """What browsers bind keys to.

    Errors:
        ConflictError: the appliance has no name, only a number.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not can_be_bound(url):
        raise ConflictError(NEEDS_NAME)
    return Here(name, host, f"{parts.scheme}://{parts.netloc}")


def can_be_bound(url: str) -> bool:
    """Whether browsers let keys be made for this address."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(host)
    return False


def new_challenge() -> bytes:
    """What a key is to sign, once."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def mark(challenge: bytes) -> str:
    """By what a challenge is found again."""
    return hashlib.sha256(challenge).hexdigest()


def ask_to_make(
    place: Here, challenge: bytes, *, handle: bytes, user: str, known: Sequence[bytes]
) -> dict[str, Any]:
    """What a browser needs in order to make a key for a user; not on a device that has one."""
    webauthn, structs = _library(), _library(".helpers.structs")
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=place.name,
        user_id=handle,
        user_name=user,
        user_display_name=user,
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    asked: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return asked


def ask_to_sign(
    place: Here, challenge: bytes, *, known: Sequence[bytes], must_verify: bool
) -> dict[str, Any]:
    """What a browser needs to let a key sign: one of these, or, if there are none, any of here."""
    webauthn, structs = _library(), _library(".helpers.structs")
    wanted = structs.UserVerificationRequirement
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        challenge=challenge,
        allow_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=wanted.REQUIRED if must_verify else wanted.PREFERRED,
    )
    asked: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return asked


def read(answer: str) -> tuple[bytes, bytes]:
    """Which key answers, and to which challenge: what a browser says, and nothing is checked yet.

    Errors:
        InvalidError: it is no answer.
    """
    try:
        said = json.loads(answer)
        client = json.loads(_bytes(said["response"]["clientDataJSON"]))
        return _bytes(said["rawId"]), _bytes(client["challenge"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidError.of("answer", NO_ANSWER) from error


def made(place: Here, answer: str, challenge: bytes) -> MadeKey:
    """The key that a browser made, if it was made here and now.

    Errors:
        InvalidError: it was not.
    """
    try:
        found = _library().verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
        )
    except _unreadable() as error:
        raise InvalidError.of("answer", NO_ANSWER) from error
    return MadeKey(found.credential_id, found.credential_public_key, found.sign_count)


def shown(place: Here, answer: str, challenge: bytes, *, public_key: bytes) -> ShownKey:
    """What a key has signed, if it is this one and signed here and now.

    Errors:
        InvalidError: it is another, or did not.
    """
    try:
        found = _library().verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # Who calls compares it, and says so in the log.
        )
    except _unreadable() as error:
        raise InvalidError.of("answer", NO_ANSWER) from error
    return ShownKey(found.new_sign_count, found.user_verified)


def _library(part: str = "") -> ModuleType:
    return importlib.import_module(LIBRARY + part)


def _unreadable() -> tuple[type[Exception], ...]:
    return _library(".helpers.exceptions").WebAuthnException, ValueError, RecursionError


def _bytes(text: str) -> bytes:
    """What base64url without padding stands for."""
    return base64.urlsafe_b64decode(text + "===")  # What is too much is passed over.
