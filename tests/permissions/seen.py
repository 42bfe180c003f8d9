"""What somebody can tell from an answer, so that two answers can be called the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from werkzeug.test import TestResponse

NOTHING: Mapping[str, str] = MappingProxyType({})
CHANGING = {
    *("Date", "X-Request-Id", "Content-Length", "RateLimit-Remaining", "RateLimit-Reset"),
    *("Set-Cookie", "ETag"),
}


def as_seen(answer: TestResponse, *names: str) -> tuple[int, str, dict[str, str]]:
    """What an asker can tell from an answer, but for the names they asked for."""
    text = answer.text
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGING}
    for name in names:
        text = text.replace(name, "NAME")
        headers = {each: value.replace(name, "NAME") for each, value in headers.items()}
    return answer.status_code, re.sub(r'[0-9a-f]{16}|value="[^"]{30,}"', "", text), headers
