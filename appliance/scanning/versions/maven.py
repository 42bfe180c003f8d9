"""Maven's versions: numbers and qualifiers, where a hyphen weighs less than a dot.

A qualifier counts as if a hyphen stood before it, unless a dot follows. Tokens that say nothing
(`0`, `final`, `ga`, `release`) are dropped before a qualifier and at the end.

Source: Maven, POM Reference, "Version Order Specification".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.scanning.versions.refusal import Key, no_version

_ALLOWED = re.compile(r"[^\s/\\:\"<>|?*\[\](),\x00-\x1f]+")
_TOKENS = re.compile(r"([.-]?)([0-9]+|[^.\-0-9]+|(?=[.-])|\Z)", re.ASCII)
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_KNOWN = {
    word: place
    for place, word in enumerate(("alpha", "beta", "milestone", "rc", "snapshot", "", "sp"))
}
_UNKNOWN, _RELEASE = len(_KNOWN), _KNOWN[""]

# What stands at one place, in order.
_EARLIER, _EARLIER_AFTER_HYPHEN, _END, _LATER, _LATER_AFTER_HYPHEN = range(5)
_NUMBER_AFTER_HYPHEN, _NUMBER = 5, 6


@dataclass
class _Token:
    is_after_hyphen: bool
    number: int = -1
    """Of a qualifier: the one that follows it closely, as in rc1 and rc-1."""
    word: str | None = None

    @property
    def says_nothing(self) -> bool:
        return self.word == "" if self.word is not None else self.number == 0


def key(text: str) -> Key:
    """By its tokens, one after the other."""
    if not _ALLOWED.fullmatch(text) or not any(each.isalnum() for each in text):
        raise no_version(text)
    tokens = _without_what_says_nothing(_tokens(text.lower()))
    return (*(_place(each) for each in tokens), (_END, 0, "", 0))


def _place(token: _Token) -> Key:
    if token.word is None:
        return _NUMBER_AFTER_HYPHEN if token.is_after_hyphen else _NUMBER, token.number, "", 0
    known = _KNOWN.get(token.word, _UNKNOWN)
    where = _EARLIER if known < _RELEASE else _LATER
    said = token.word if known == _UNKNOWN else ""
    return where + token.is_after_hyphen, known, said, token.number


def _tokens(text: str) -> list[_Token]:
    """Split at dots, hyphens, and where digits and letters meet."""
    tokens: list[_Token] = []
    for separator, token in _TOKENS.findall(text):
        is_digits = token.isascii() and token.isdigit()
        last = tokens[-1] if tokens else None
        if not separator and not token:
            continue
        if is_digits and last and _is_free(last) and separator != ".":
            last.number = int(token)
            last.word = last.word if separator else _SHORT.get(last.word or "", last.word)
            last.is_after_hyphen = len(tokens) > 1
        elif is_digits or not token:
            is_after_hyphen = separator == "-" or (not separator and bool(tokens))
            tokens.append(_Token(is_after_hyphen, int(token or 0)))
        else:
            word = _ALIASES.get(token, token)
            tokens.append(_Token(separator != "." and bool(tokens), word=word))
    if len(tokens) > 1 and tokens[-1].word is not None:
        tokens[-1].is_after_hyphen = True
    return tokens


def _is_free(token: _Token) -> bool:
    return bool(token.word) and token.number < 0


def _without_what_says_nothing(tokens: list[_Token]) -> list[_Token]:
    """Zeros stay before a dot and a number only."""
    kept: list[_Token] = []
    for token in reversed(tokens):
        is_needed = bool(kept) and kept[-1].word is None and not kept[-1].is_after_hyphen
        if is_needed or not token.says_nothing:
            kept.append(token)
    return kept[::-1]
