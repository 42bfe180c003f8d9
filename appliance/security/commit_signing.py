"""The appliance's own SSH key, by which it signs commits and tags that it writes for somebody.

Source: OpenSSH's PROTOCOL.sshsig for the form; RFC 8709 for the key.
"""

from __future__ import annotations

import hashlib
import textwrap
from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.security.ssh_keys import parse_blob
from appliance.security.ssh_signatures import BEGINNING, ENDING, MAGIC, VERSION
from appliance.security.ssh_wire import written

KIND = b"ssh-ed25519"
NAMESPACE = b"git"
DIGEST = b"sha512"
LINE = 70


class CommitSigner:
    """Signs in the appliance's name. Its state is the key."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.blob = written(KIND) + written(public)
        """The public key as in RFC 4253, section 6.6."""
        self.fingerprint = parse_blob(self.blob, expected_type=KIND.decode()).fingerprint

    def __repr__(self) -> str:
        return f"CommitSigner({self.fingerprint})"

    def sign(self, payload: bytes) -> bytes:
        """The signature of a commit or tag, as `ssh-keygen -Y sign -n git` would write it."""
        parts = (NAMESPACE, b"", DIGEST, hashlib.sha512(payload).digest())
        made = self._key.sign(MAGIC + b"".join(written(part) for part in parts))
        blob = MAGIC + VERSION.to_bytes(4, "big")
        whole = (self.blob, NAMESPACE, b"", DIGEST, written(KIND) + written(made))
        body = b64encode(blob + b"".join(written(part) for part in whole)).decode("ascii")
        lines = [BEGINNING, *(line.encode() for line in textwrap.wrap(body, LINE)), ENDING]
        return b"\n".join(lines) + b"\n"


def line_of(blob: bytes, comment: str) -> str:
    """A public key as it stands in a file."""
    return f"{KIND.decode()} {b64encode(blob).decode('ascii')} {comment}"
