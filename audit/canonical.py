"""One value, one spelling: the JSON text that is hashed and signed.

Source: RFC 8785, restricted to a profile in which the standard library writes the same bytes.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

KEY_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
LARGEST_INTEGER = 2**53 - 1
DEEPEST = 8


class ProfileError(ValueError):
    """The value is outside the profile, so it has no single spelling."""


def canonical(value: Any, *, deepest: int = DEEPEST) -> bytes:
    """The UTF-8 text of a value.

    `deepest` is one more for a line that holds a whole value, and by default as for any value.
    Errors:
        ProfileError: a float, a large integer, an odd key, a lone surrogate, or too deep.
    """
    _check(value, deepest)
    text = _spell(value)
    # A backslash, spelled, and then these letters look alike; only the strings themselves tell.
    if "\\u0000" in text:
        _check_texts(value)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ProfileError("a string with a lone surrogate") from error


_spell = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False
).encode


def _check(value: Any, levels: int) -> None:
    """Check all but what strings hold. A million entries go through here: it takes short ways."""
    if levels < 0:
        raise ProfileError(f"deeper than {DEEPEST} levels")
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, dict):
        if not all(map(_is_key, value)):
            odd = next(key for key in value if not _is_key(key))
            raise ProfileError(f"the key {str(odd)[:80]!r}")
        value = value.values()
    elif not isinstance(value, list):
        _check_number(value)
        return
    for item in value:
        if item.__class__ is not str or not levels:
            _check(item, levels - 1)


def _check_number(value: Any) -> None:
    if not isinstance(value, int):
        raise ProfileError(f"a {type(value).__name__}")
    if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        raise ProfileError("an integer beyond 2^53 - 1")


@lru_cache(maxsize=4096)
def _is_key(key: Any) -> bool:
    return isinstance(key, str) and KEY_PATTERN.match(key) is not None


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise ProfileError("a string with U+0000")
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            _check_texts(item)
