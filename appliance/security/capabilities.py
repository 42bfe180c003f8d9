"""Signed capabilities: the appliance tells its own small programs what they may ask it for.

A capability is `PAYLOAD.PROOF`, both base64url without padding. The payload is JSON in one spelling
(sorted names, no spaces) with the facts and the expiry; the proof is its HMAC-SHA256. Each purpose
has a key of its own, so a capability for one is noise to every other.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime

from appliance.errors import UnauthenticatedError, sentence
from appliance.security.signing import InstanceSecret, Purpose

EXPIRES = "expires"
LONGEST_TEXT = 8192  # It travels in an environment variable and in one JSON body.
NOT_VALID = sentence("This capability is not valid here or has expired.")


class Capabilities:
    """Issues and checks capabilities of one purpose (`push`, `lfs`)."""

    def __init__(self, secret: InstanceSecret, purpose: str) -> None:
        self._key = secret.key(Purpose.CAPABILITIES, purpose)
        self._purpose = purpose

    def __repr__(self) -> str:
        return f"Capabilities({self._purpose!r})"

    def issue(self, facts: Mapping[str, object], *, expires_at: datetime) -> str:
        """A capability that states `facts`, which must be JSON values."""
        stated = {**facts, EXPIRES: int(expires_at.timestamp())}
        payload = json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()
        return f"{_base64(payload)}.{_base64(self._proof(payload))}"

    def check(self, text: str, *, now: datetime) -> dict[str, object]:
        """The facts a capability states, if we issued it for this purpose and it still holds.

        Errors:
            UnauthenticatedError: anything else; the message does not say what.
        """
        payload = self._proven(text)
        stated: dict[str, object] = json.loads(payload)
        expires = stated.pop(EXPIRES)
        if not isinstance(expires, int) or now.timestamp() >= expires:
            raise UnauthenticatedError(NOT_VALID)
        return stated

    def _proven(self, text: str) -> bytes:
        """The payload, read only after its proof has been compared."""
        encoded_payload, _, encoded_proof = text[: LONGEST_TEXT + 1].partition(".")
        try:
            payload, proof = _from_base64(encoded_payload), _from_base64(encoded_proof)
        except ValueError as error:
            raise UnauthenticatedError(NOT_VALID) from error
        if len(text) > LONGEST_TEXT or not hmac.compare_digest(proof, self._proof(payload)):
            raise UnauthenticatedError(NOT_VALID)
        return payload

    def _proof(self, payload: bytes) -> bytes:
        return hmac.new(self._key, payload, hashlib.sha256).digest()


def _base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _from_base64(text: str) -> bytes:
    """The value of a text; one value has one text, so that nobody can vary a capability."""
    value = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if _base64(value) != text:
        raise ValueError("not the one spelling")
    return value
