"""Characters that deceive a reader: what they are, and how they are shown instead.

A name or a line of code may hold bytes that are no text, control characters, marks that turn the
direction of writing, and letters that cannot be seen. Git keeps all of them; a person must see that
they are there. Source: Unicode Technical Report 36, sections 2.5 and 3; CVE-2021-42574.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

FIRST_SURROGATE, LAST_SURROGATE = 0xDC80, 0xDCFF  # What "surrogateescape" makes of a byte.
JOINERS = "\u200c\u200d"
EMPTY_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"  # Letters by category, nothing to the eye.
VISIBLE_SPACES = " \u3000"
ODD_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
CANDIDATES = re.compile(r"[^\n\t\x20-\x7e]")
"""Everything that a quick look cannot call harmless."""


def decode(raw: bytes | str) -> str:
    """The text in `raw`, each byte that is no UTF-8 kept as one surrogate."""
    return raw if isinstance(raw, str) else raw.decode("utf-8", "surrogateescape")


@lru_cache(maxsize=4096)
def replacement(character: str) -> str | None:
    r"""What to show for a character nobody would see, or None where it may stand as it is.

    A stray byte becomes `\xNN`, a control character its picture, any other `U+NNNN` in brackets.
    """
    code = ord(character)
    if FIRST_SURROGATE <= code <= LAST_SURROGATE:
        return f"\\x{code - 0xDC00:02X}"
    if code < 0x20:  # noqa: PLR2004 - the C0 controls; U+2400 shows them in the same order
        return chr(0x2400 + code)
    if code == 0x7F:  # noqa: PLR2004 - delete, the one control that stands apart
        return "\u2421"
    if character in VISIBLE_SPACES:
        return None
    category = unicodedata.category(character)
    if category in ODD_CATEGORIES or category == "Zs" or character in EMPTY_LETTERS:
        return f"\u27e8U+{code:04X}\u27e9"
    return None


@lru_cache(maxsize=512)
def describe(character: str) -> str:
    """The character's name in words, for a title."""
    code = ord(character)
    if FIRST_SURROGATE <= code <= LAST_SURROGATE:
        return f"0x{code - 0xDC00:02X}"
    return f"U+{code:04X} {unicodedata.name(character, '')}".rstrip()


def joins(text: str, at: int) -> bool:
    """Is the character at `at` a joiner between two letters or pictures that need one?"""
    if text[at] not in JOINERS or at == 0 or at + 1 >= len(text):
        return False
    return all(_takes_joiners(text[place]) for place in (at - 1, at + 1))


def _takes_joiners(character: str) -> bool:
    """Scripts outside ASCII, and emoji with their modifiers, use joiners in ordinary writing."""
    return ord(character) > 0x7F and unicodedata.category(character)[0] in "LMS"  # noqa: PLR2004 - ASCII ends there


def odd_places(text: str, *, in_name: bool) -> list[tuple[int, str]]:
    """Where something must be shown in another way, and how.

    In a name, line breaks, tabs and outer spaces count too: nobody expects them there.
    """
    places = [
        (match.start(), shown)
        for match in CANDIDATES.finditer(text)
        if (shown := replacement(match.group())) and not joins(text, match.start())
    ]
    if in_name:
        places += [(at, chr(0x2400 + ord(text[at]))) for at in _unexpected_spaces(text)]
        places.sort()
    return places


def _unexpected_spaces(text: str) -> list[int]:
    """Positions of line breaks and tabs, and of spaces at either end."""
    places = {match.start() for match in re.finditer(r"[\n\t]", text)}
    inner = text.strip(" ")
    start = text.find(inner) if inner else len(text)
    places.update(range(start))
    places.update(range(start + len(inner), len(text)))
    return sorted(places)
