"""Text is sent compressed to those who can read it: long lists become a tenth.

The length of a compressed page says a little about its content. Somebody who can make a person's
browser ask for pages with words of their choice, and see how long the answers are, could guess a
secret in them letter by letter (the BREACH attack). Here that finds nothing: the session cookie
does not come along when another site asks (SameSite), a form's token is another one each second,
other secrets are shown only once, and a random length is added.

What has an ETag stays as it is: a writer sends it back to say which version was read.
"""

from __future__ import annotations

import secrets
import zlib
from functools import lru_cache

import flask

LEAST_BYTES = 1000  # Less fits into one packet anyway.
LEVEL = 4  # 300 kB in 2 ms; higher levels take twice that for a twentieth less.
STATIC_LEVEL = 9  # Once for each file and process.
TYPES = frozenset(
    {
        *("text/html", "text/plain", "text/css", "text/javascript", "text/xml"),
        *("application/json", "application/problem+json", "image/svg+xml"),
    }
)
STATIC_FILES = 100
NOISE_BYTES = 64
# A member with a comment, without a time, of an unknown system. Source: RFC 1952, section 2.3.
HEAD = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff"
OK = 200


def install(app: flask.Flask) -> None:
    """Compress the answers that are worth it, after all else has had its say about them."""

    @app.after_request
    def _compress(response: flask.Response) -> flask.Response:
        is_static = flask.request.endpoint == "static"
        if response.mimetype not in TYPES or not (is_static or _is_whole(response)):
            return response
        response.vary.add("Accept-Encoding")
        if response.status_code == OK and flask.request.accept_encodings.quality("gzip") > 0:
            _pack_static(response) if is_static else _pack(response)
        return response


def packed(data: bytes, *, level: int = LEVEL, noise_bytes: int = 0) -> bytes:
    """The data as gzip, with so many bytes that mean nothing."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    tail = zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
    comment = b"x" * noise_bytes + b"\0"
    return b"".join([HEAD, comment, deflate.compress(data), deflate.flush(), tail])


def _is_whole(response: flask.Response) -> bool:
    """Whether it is there in one piece and nobody has named this version of it."""
    return not (
        response.is_streamed
        or response.direct_passthrough
        or "ETag" in response.headers
        or "Content-Encoding" in response.headers
    )


def _pack(response: flask.Response) -> None:
    data = response.get_data()
    if len(data) >= LEAST_BYTES:
        response.set_data(packed(data, noise_bytes=secrets.randbelow(NOISE_BYTES)))
        response.headers["Content-Encoding"] = "gzip"


def _pack_static(response: flask.Response) -> None:
    response.direct_passthrough = False
    data = response.get_data()
    if len(data) < LEAST_BYTES:
        return
    response.set_data(_packed_static(data))
    response.headers["Content-Encoding"] = "gzip"
    tag, _is_weak = response.get_etag()
    if tag is not None:
        response.set_etag(tag, weak=True)  # The same file in other bytes.


@lru_cache(maxsize=STATIC_FILES)
def _packed_static(data: bytes) -> bytes:
    return packed(data, level=STATIC_LEVEL)
