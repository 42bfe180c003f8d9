"""What is said of a text that is no version."""

from __future__ import annotations

from typing import Any

from appliance.errors import InvalidError, sentence

Key = tuple[Any, ...]
"""What versions are compared by. Keys of one ecosystem have a total order: that of tuples."""

LONGEST = 256
"""Characters of a version. Longer ones are an attempt to keep somebody busy."""
MOST_DIGITS = 100
"""Of one number in it: larger ones would take long to become numbers."""


class NoVersionError(InvalidError):
    """The text is no version of that ecosystem."""


def no_version(text: str) -> NoVersionError:
    """What to raise for `text`."""
    return NoVersionError(sentence("%(text)s is no version.", text=repr(text[:80])))
