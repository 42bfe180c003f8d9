"""Signed pushes: the nonce that a client must sign, and the certificate that it sends.

A certificate names the refs of a push and holds the nonce; git keeps it as a blob that nothing
reaches, and tells its hooks which. What stands in it is checked elsewhere: git is told of programs
that say nothing, so that a host without gpg does as well.

The nonce is a time and its HMAC, which git computes anew; only where the list of refs is written
without git (transport.py) it is computed here.
Source: git-receive-pack(1), "PRE-RECEIVE HOOK"; `prepare_push_cert_nonce` in receive-pack.c.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from appliance.errors import ApplianceError
from appliance.git.handles import Kind, opened
from appliance.git.signed import BEGINNINGS, Signed

SLOP_SECONDS = 900
"""How old a nonce may be over HTTPS, where one connection gives it and another brings it back:
as long as somebody may look for the token that their key is on."""
CERTIFICATE_BYTES = 1024 * 1024
"""Largest certificate that is kept: some 8,000 refs."""
OBJECT_ID = re.compile("[0-9a-f]{40}")
GOOD_NONCE = "OK"


@dataclass(frozen=True)
class Certificate:
    """What came with a signed push. Without text it was too large to keep."""

    text: bytes
    nonce_status: str
    """What git says of the nonce: OK, SLOP, BAD, MISSING or UNSOLICITED."""

    @property
    def has_good_nonce(self) -> bool:
        """Whether it was signed for this very push."""
        return self.nonce_status == GOOD_NONCE

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def signed(self) -> Signed:
        """The signature at its end, and what that is of."""
        start = max(self.text.rfind(b"\n" + beginning) for beginning in BEGINNINGS) + 1
        return Signed(self.text[start:], self.text[:start])


def seed_of(key: bytes, repository_id: UUID) -> str:
    """The secret from which a repository's nonces are made: none fits another repository."""
    return hmac.digest(key, repository_id.bytes, "sha256").hex()


def configuration(seed: str) -> dict[str, str]:
    """What git needs to offer signed pushes."""
    return {"receive.certNonceSlop": str(SLOP_SECONDS), "receive.certNonceSeed": seed}


def silence(ssh_program: Path) -> dict[str, str]:
    """What git needs to check nothing itself; `ssh_program` is the one of `hooks.py`."""
    return {
        "gpg.program": "/bin/false",
        "gpg.x509.program": "/bin/false",
        "gpg.ssh.program": os.fspath(ssh_program),
        "gpg.ssh.allowedSignersFile": "/dev/null",
    }


def capability(seed: str) -> bytes:
    """What a client is told so that it may sign a push now; as git would write it."""
    stamp = int(time.time())
    # As git's own check makes it: with SHA-1, and with the seed for the text, not for the key.
    # The folder is ".", in which git is started.
    mark = hmac.new(f".:{stamp}".encode(), seed.encode(), "sha1").hexdigest()
    return f" push-cert={stamp}-{mark}".encode()


def read(folder: Path, oid: str, nonce_status: str, *, quarantine: Path | None) -> Certificate:
    """The certificate that git has stored under this id; without text where it cannot be had."""
    if not OBJECT_ID.fullmatch(oid):
        return Certificate(b"", nonce_status)
    try:
        with opened(folder) as handle:
            if quarantine is not None:
                handle.repository.odb.add_disk_alternate(os.fspath(quarantine))
            text = handle.read(oid, Kind.BLOB, most_bytes=CERTIFICATE_BYTES)
    except ApplianceError:
        text = b""
    return Certificate(text, nonce_status)
