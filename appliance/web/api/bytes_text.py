"""Names and contents are bytes; JSON holds text. What is no UTF-8 goes along as base64 too."""

from __future__ import annotations

import base64
from typing import Literal

from appliance.errors import InvalidError
from appliance.web import requests
from appliance.web.api import frame

SEGMENTS_BEFORE_TAIL = 6
"""`api`, `v1`, `repos`, the owner, the name, and the verb come before a path."""

Encoding = Literal["utf-8", "base64"]


class Named(frame.Answer):
    """Something with a name that git keeps as bytes."""

    path: str
    path_base64: str | None = None


def text(raw: bytes) -> str:
    """The bytes as text; those that are no UTF-8 are written as escapes."""
    return raw.decode("utf-8", "backslashreplace")


def exact(raw: bytes) -> str | None:
    """The bytes as base64 where the text cannot say them; otherwise nothing."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode("ascii")
    return None


def content(raw: bytes) -> tuple[str, Encoding]:
    """A file's content for JSON, and how it is written."""
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode("ascii"), "base64"


def uncover(words: str, encoding: Encoding) -> bytes:
    """The bytes that a client wrote as text or as base64.

    Errors:
        InvalidError: it is no base64.
    """
    if encoding == "utf-8":
        return words.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(words, validate=True)
    except ValueError as error:
        raise InvalidError.of("content", "This is no base64.") from error


def tail() -> bytes:
    """The path at the end of this request's address, as bytes."""
    return requests.raw_tail(SEGMENTS_BEFORE_TAIL)
