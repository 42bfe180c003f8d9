"""The words of a text, as they are kept for searching and as a search asks for them.

A word is a run of letters and digits, folded so that case, width and ligatures make no difference.
Characters of languages that put no space between words stand alone, so that a phrase finds them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST_WORD = 64
"""A longer run is several words, one after the other."""
MOST_BYTES = 256 * 1024
"""Of words of one event; PostgreSQL indexes no more than four times that."""
# Kana, Han, Hangul syllables, and what is beyond the first plane of Han.
ALONE = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
WORD = re.compile(rf"(?=[^\W_])[{ALONE}]|(?:(?![{ALONE}])[^\W_]){{1,{LONGEST_WORD}}}")


def fold(text: str) -> str:
    """Text as it is compared. Source: Unicode Standard, section 3.13, definition D146."""
    if text.isascii():
        return text.lower()  # The same, and most of what is said is.
    folded = unicodedata.normalize("NFD", text).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", folded).casefold())


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in their order. Words of words are the same again."""
    return tuple(WORD.findall(fold(text)))


def stored(texts: Iterable[str]) -> str:
    """Texts as they are kept: each word between spaces, so that a phrase is a part of it.

    A bar keeps a phrase from reaching into the next text. What is beyond `MOST_BYTES` is left out.
    """
    kept: list[str] = []
    room = MOST_BYTES
    for text in texts:
        found = words(text[:room])
        room -= sum(len(word.encode()) + 1 for word in found)
        if room < 0:
            break
        kept.append(" ".join(found))
    return f" {' | '.join(filter(None, kept))} "
