"""An entry of the log: its header, and commitments to what is kept apart from it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from audit.canonical import canonical

SALT_BYTES = 32


def commit_personal(field: str, salt: bytes, value: str) -> str:
    """What stands in the body for a personal value.

    Shapes: salt is 32 random bytes, kept with the value; without it the commitment says nothing.
    """
    digest = hashlib.sha256(
        b"audit-pii/v1\x00" + field.encode("ascii") + b"\x00" + salt + value.encode("utf-8")
    )
    return "p1:" + _base64url(digest.digest())


def commit_body(salt: bytes, body: dict[str, Any]) -> str:
    """What stands in the header for the body.

    Shapes: salt is 32 random bytes.
    """
    digest = hashlib.sha256(b"audit-body/v1\x00" + salt + canonical(body))
    return "s1:" + _base64url(digest.digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
