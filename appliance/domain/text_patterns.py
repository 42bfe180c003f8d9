"""Regular expressions that administrators and owners write, found in time linear in the text.

They are RE2's, which knows no look-around and no back-references, so nobody's pattern takes long.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import re2

from appliance.errors import InvalidError, sentence

LONGEST = 500
MOST_MEMORY_BYTES = 1024 * 1024


def insist_on(pattern: str) -> None:
    """Go on only if a pattern can be used.

    Errors:
        InvalidError: it is none, or too long.
    """
    try:
        if 0 < len(pattern) <= LONGEST:
            _compiled(pattern)
            return
    except re2.error:
        pass
    said = sentence("%(pattern)s is not a valid regular expression (RE2).", pattern=pattern[:100])
    raise InvalidError.of("rules", said)


def any_found(patterns: Iterable[str], text: str) -> bool:
    """Whether one of the patterns is somewhere in a text."""
    return any(_compiled(pattern).search(text) is not None for pattern in patterns)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem, options.log_errors = MOST_MEMORY_BYTES, False
    return re2.compile(pattern, options)
