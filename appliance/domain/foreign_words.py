"""What other systems say, made fit to be kept and shown: a line of letters, and not a long one.

They may say anything: commands for a terminal, half a character, a megabyte, or a NUL, which
PostgreSQL keeps in no text.
"""

from __future__ import annotations

import re

MOST_CHARACTERS = 200
LOOKED_AT = 4096
"""So much of it is read at all."""
SPACES = re.compile(r"\s+")


def cleaned(words: str | bytes, most: int = MOST_CHARACTERS) -> str:
    """The beginning of what somebody else said, without what is no letter, digit or sign."""
    some = words[: max(LOOKED_AT, most)]
    text = some.decode("utf-8", "replace") if isinstance(some, bytes) else some
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    line = SPACES.sub(" ", plain).strip()
    return line if len(line) <= most else f"{line[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
