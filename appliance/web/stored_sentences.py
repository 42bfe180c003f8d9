"""Finds again how a sentence was put together of which only the English text was stored.

What a job failed with is kept as the text it reads, for years, and is read by people whose language
the worker did not know. The templates of all sentences are those that translators have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.mofile import read_mo

from appliance.errors import Sentence, sentence

CATALOG = Path(__file__).parent / "translations/de/LC_MESSAGES/messages.mo"
"""One language is enough: it has the English of every text."""
LONGEST = 1000
"""Characters of a sentence; what is longer was not said by us alone."""
LEAST_WORDS = 8
"""Characters that a template has beside its places; with less it would fit anything."""
PLACE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class _Template:
    """One template, and what a text must have to be made of it."""

    words: str
    parts: tuple[str, ...]
    whole: re.Pattern[str]


def recognised(text: str) -> Sentence | None:
    """The sentence that reads like this; None where none of ours does."""
    if len(text) > LONGEST:
        return None
    for template in _templates():
        if all(part in text for part in template.parts):
            found = template.whole.fullmatch(text)
            if found is not None:
                words = template.words
                return sentence(words, **_recognised_too(found.groupdict()))
    return None


def _recognised_too(values: dict[str, str]) -> dict[str, str]:
    """The values; one may be a sentence itself, see `errors.together`."""
    return {name: recognised(value) or value for name, value in values.items()}


@cache
def _templates() -> tuple[_Template, ...]:
    """All that have places, those first that say most themselves."""
    with CATALOG.open("rb") as file:
        texts = [message.id for message in read_mo(file) if isinstance(message.id, str)]
    found = [template for text in texts if (template := _template(text)) is not None]
    return tuple(sorted(found, key=lambda each: -sum(map(len, each.parts))))


def _template(text: str) -> _Template | None:
    pieces = PLACE.split(text)
    parts, names = pieces[::2], pieces[1::2]
    if not names or sum(len(part.strip()) for part in parts) < LEAST_WORDS:
        return None
    pattern, seen = re.escape(parts[0]), set()
    for name, part in zip(names, parts[1:], strict=True):
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
        pattern += re.escape(part)
        seen.add(name)
    return _Template(text, tuple(parts), re.compile(pattern, re.DOTALL))
