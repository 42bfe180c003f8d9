"""Maven's versions: numbers and qualifiers, where a hyphen weighs less than a dot.

Where digits and letters meet, a hyphen is thought. Tokens that say nothing (`0`, `final`, `ga`,
`release`) are dropped before a hyphen and at the end; elsewhere a zero is as good as nothing until
one sees what follows it, so a run of zeros becomes one element of the key.

Source: Maven, POM Reference, "Version Order Specification". Maven's own order has circles, as in
`1-1`, `1`, `1.0.rc`; here the last comes before the other two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

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
_EARLIER, _EARLIER_AFTER_HYPHEN, _ZEROS_BEFORE_EARLIER, _END = range(4)
_LATER, _LATER_AFTER_HYPHEN, _NUMBER_AFTER_HYPHEN = range(4, 7)
_ZEROS_BEFORE_LATER, _ZEROS_BEFORE_NUMBER, _NUMBER = range(7, 10)


@dataclass
class _Token:
    is_after_hyphen: bool
    number: int = 0
    word: str | None = None

    @property
    def says_nothing(self) -> bool:
        return not self.word if self.word is not None else self.number == 0

    @property
    def is_plain_zero(self) -> bool:
        return self.word is None and self.number == 0 and not self.is_after_hyphen

    @property
    def is_earlier(self) -> bool:
        return self.word is not None and _KNOWN.get(self.word, _UNKNOWN) < _RELEASE


def key(text: str) -> Key:
    """By its tokens, one after the other."""
    if not _ALLOWED.fullmatch(text) or not any(each.isalnum() for each in text):
        raise no_version(text)
    tokens = _without_what_says_nothing(_tokens(text.lower()))
    return (*_places(tokens), (_END, 0, ""))


def _places(tokens: list[_Token]) -> Iterator[Key]:
    at = 0
    while at < len(tokens):
        zeros = sum(1 for _ in takewhile(lambda token: token.is_plain_zero, tokens[at:]))
        at += zeros
        if not zeros:
            yield _place(tokens[at])
            at += 1
        elif at == len(tokens) or tokens[at].word is None:
            yield _ZEROS_BEFORE_NUMBER, -zeros, ""
        else:
            is_earlier = tokens[at].is_earlier
            yield _ZEROS_BEFORE_EARLIER if is_earlier else _ZEROS_BEFORE_LATER, zeros, ""


def _place(token: _Token) -> Key:
    if token.word is None:
        return _NUMBER_AFTER_HYPHEN if token.is_after_hyphen else _NUMBER, token.number, ""
    known = _KNOWN.get(token.word, _UNKNOWN)
    where = _EARLIER if known < _RELEASE else _LATER
    return where + token.is_after_hyphen, known, token.word if known == _UNKNOWN else ""


def _tokens(text: str) -> list[_Token]:
    """Split at dots, hyphens, and where digits and letters meet."""
    tokens: list[_Token] = []
    for separator, token in _TOKENS.findall(text if text[0] not in ".-" else f"0{text}"):
        if not separator and not token:
            continue
        is_after_hyphen = bool(tokens) and separator != "."
        if not token or (token.isascii() and token.isdigit()):
            if tokens and tokens[-1].word and token and not separator:
                tokens[-1].word = _SHORT.get(tokens[-1].word, tokens[-1].word)
            tokens.append(_Token(is_after_hyphen, int(token or 0)))
        else:
            tokens.append(_Token(is_after_hyphen, word=_ALIASES.get(token, token)))
    return tokens


def _without_what_says_nothing(tokens: list[_Token]) -> list[_Token]:
    kept: list[_Token] = []
    for token in reversed(tokens):
        is_needed = bool(kept) and not kept[-1].is_after_hyphen
        if is_needed or not token.says_nothing:
            kept.append(token)
    return kept[::-1]
