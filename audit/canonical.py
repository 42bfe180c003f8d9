"""One value, one spelling: the JSON text that is hashed and signed.

Source: RFC 8785, restricted to a profile in which the standard library writes the same bytes.
"""

from __future__ import annotations

import json
import re
from typing import Any

KEY_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
LARGEST_INTEGER = 2**53 - 1
DEEPEST = 8


class ProfileError(ValueError):
    """The value is outside the profile, so it has no single spelling."""


def canonical(value: Any) -> bytes:
    """The UTF-8 text of a value.

    Errors:
        ProfileError: a float, a large integer, an odd key, a lone surrogate, or too deep.
    """
    _check(value, 0)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def _check(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise ProfileError(f"deeper than {DEEPEST} levels")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int):
        _check_integer(value)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        _check_object(value, depth)
    else:
        raise ProfileError(f"a {type(value).__name__}")


def _check_integer(number: int) -> None:
    if abs(number) > LARGEST_INTEGER:
        raise ProfileError("an integer beyond 2^53 - 1")


def _check_object(members: dict[Any, Any], depth: int) -> None:
    for key, item in members.items():
        if not isinstance(key, str) or not KEY_PATTERN.match(key):
            raise ProfileError(f"the key {key!r}")
        _check(item, depth + 1)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ProfileError("a string with U+0000")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ProfileError("a string with a lone surrogate") from error
