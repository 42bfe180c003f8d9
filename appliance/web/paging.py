"""Opaque cursors and ETags. A cursor is signed, so that nobody can make one up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote, urlencode

import flask

from appliance.errors import InvalidError
from appliance.web import requests

PROOF_BYTES = 12
DEFAULT_LIMIT = 30
LARGEST_LIMIT = 100


def cursor(after: Any) -> str:
    """The cursor that stands for a place in a list; `after` is a JSON value."""
    payload = json.dumps(after, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_proof(payload) + payload).rstrip(b"=").decode("ascii")


def after(cursor: str | None) -> Any:
    """The place a cursor stands for; None for the beginning.

    Errors:
        InvalidError: it is none of ours.
    """
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError as error:
        raise _not_ours() from error
    proof, payload = raw[:PROOF_BYTES], raw[PROOF_BYTES:]
    if not hmac.compare_digest(proof, _proof(payload)):
        raise _not_ours()
    return json.loads(payload)


def etag(body: bytes) -> str:
    """A tag that changes with the body."""
    return hashlib.sha256(body).hexdigest()[:32]


def _proof(payload: bytes) -> bytes:
    key = requests.wiring().cursor_key
    return hmac.new(key, payload, hashlib.sha256).digest()[:PROOF_BYTES]


def _not_ours() -> InvalidError:
    return InvalidError.of("cursor", "Unknown cursor. Start without one.")


def next_link(next_cursor: str | None) -> dict[str, str]:
    """The Link header to the next page, RFC 8288; nothing on the last page."""
    if next_cursor is None:
        return {}
    # Not `url_for`: it takes some words of a query, such as `_scheme`, for its own.
    path = quote(flask.request.environ["PATH_INFO"].encode("latin-1"))
    query = urlencode(flask.request.args.to_dict(flat=True) | {"cursor": next_cursor})
    base = requests.wiring().settings.server.url
    return {"Link": f'<{base}{path}?{query}>; rel="next"'}
