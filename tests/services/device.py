"""A key in a device, in plain code: what a browser and its authenticator answer (WebAuthn)."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

HOST, ORIGIN = "codara.test", "https://codara.test"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def challenge_of(asked: dict[str, Any]) -> bytes:
    said = asked["challenge"]
    return urlsafe_b64decode(said + "=" * (-len(said) % 4))


@dataclass
class Device:
    """One key. Its state is how often it has signed."""

    host: str = HOST
    origin: str = ORIGIN
    verifies: bool = True
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0

    def make(self, asked: dict[str, Any], **changes: Any) -> str:
        """The answer to being asked to make a key."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id
        data = self._data(ATTESTED, changes) + attested + cbor2.dumps(cose)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": text(self._client("webauthn.create", asked, changes)),
            "attestationObject": text(attestation),
        }
        return self._answer(response)

    def sign(self, asked: dict[str, Any], **changes: Any) -> str:
        """The answer to being asked to sign."""
        self.count += 1
        client = self._client("webauthn.get", asked, changes)
        data = self._data(0, changes)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(changes.get("signature", signed)),
        }
        return self._answer(response)

    def _answer(self, response: dict[str, str]) -> str:
        shown = text(self.credential_id)
        whole = {"id": shown, "rawId": shown, "type": "public-key", "response": response}
        return json.dumps(whole | {"clientExtensionResults": {}})

    def _client(self, kind: str, asked: dict[str, Any], changes: dict[str, Any]) -> bytes:
        said = {
            "type": changes.get("kind", kind),
            "challenge": text(changes.get("challenge", challenge_of(asked))),
            "origin": changes.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _data(self, more: int, changes: dict[str, Any]) -> bytes:
        flags = changes.get("flags", PRESENT | (VERIFIED if self.verifies else 0)) | more
        host = hashlib.sha256(changes.get("host", self.host).encode()).digest()
        return host + bytes([flags]) + changes.get("count", self.count).to_bytes(4)
