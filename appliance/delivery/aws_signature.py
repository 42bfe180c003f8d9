"""Signs a request to S3 and its like.

Source: AWS General Reference, "Signature Version 4 signing process": canonical request, string to
sign, signing key. We sign whole bodies only.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
SERVICE = "s3"


@dataclass(frozen=True)
class Keys:
    """Who asks."""

    access: str
    secret: str = field(repr=False)
    region: str


def path_of(key: str) -> str:
    """The path of an object as it is sent and signed: encoded once, as S3 alone wants it."""
    return quote(key, safe="/-_.~")


def sign(
    method: str, path: str, headers: Mapping[str, str], body: bytes, *, keys: Keys, moment: datetime
) -> dict[str, str]:
    """The headers with those that the signature adds. `host` must be among them.

    `path` is encoded already, and has no query.
    """
    time = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    body_hash = hashlib.sha256(body).hexdigest()
    signed = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    signed |= {"x-amz-date": time, "x-amz-content-sha256": body_hash}
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = f"{method}\n{path}\n\n{lines}\n{names}\n{body_hash}"
    scope = f"{time[:8]}/{keys.region}/{SERVICE}/{TERMINATOR}"
    text = "\n".join((ALGORITHM, time, scope, hashlib.sha256(request.encode()).hexdigest()))
    signature = hmac.digest(_key(keys, time[:8]), text.encode(), "sha256").hex()
    signed["authorization"] = (
        f"{ALGORITHM} Credential={keys.access}/{scope}, SignedHeaders={names}, "
        f"Signature={signature}"
    )
    return signed


def _key(keys: Keys, day: str) -> bytes:
    key = f"AWS4{keys.secret}".encode()
    for word in (day, keys.region, SERVICE, TERMINATOR):
        key = hmac.digest(key, word.encode(), "sha256")
    return key
