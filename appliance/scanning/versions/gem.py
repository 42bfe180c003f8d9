"""Ruby's versions: numbers, and words that come before them.

A missing part counts as 0, so 1.0 is 1. That is not how tuples compare, so a run of zeros becomes
one element of the key that knows what follows it.

Source: RubyGems, `Gem::Version`.
"""

from __future__ import annotations

import re
from itertools import groupby

from appliance.scanning.versions.refusal import Key, no_version

_VERSION = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII)
_SEGMENTS = re.compile(r"[0-9]+|[a-z]+", re.ASCII | re.IGNORECASE)

# What stands at one place, in order.
_WORD, _ZEROS_BEFORE_WORD, _END, _ZEROS_BEFORE_NUMBER, _NUMBER = range(5)


def key(text: str) -> Key:
    """By its segments. A hyphen starts a pre-release."""
    if not _VERSION.fullmatch(text):
        raise no_version(text)
    segments: list[int | str] = [
        int(each) if each.isdigit() else each
        for each in _SEGMENTS.findall(text.replace("-", ".pre."))
    ]
    return (*_placed(_canonical(segments)), (_END, 0, ""))


def _canonical(segments: list[int | str]) -> list[int | str]:
    """Without the zeros at the end, and at the end of the numbers before the first word."""
    first = next(
        (place for place, each in enumerate(segments) if isinstance(each, str)), len(segments)
    )
    return [*_without_zeros(segments[:first]), *_without_zeros(segments[first:])]


def _without_zeros(segments: list[int | str]) -> list[int | str]:
    while segments and segments[-1] == 0:
        segments = segments[:-1]
    return segments


def _placed(segments: list[int | str]) -> list[Key]:
    places: list[Key] = []
    at = 0
    for is_zero, run in groupby(segments, key=lambda each: each == 0):
        found = list(run)
        at += len(found)
        if not is_zero:
            places += [
                (_WORD, 0, each) if isinstance(each, str) else (_NUMBER, each, "") for each in found
            ]
        elif isinstance(segments[at], str):
            places.append((_ZEROS_BEFORE_WORD, len(found), ""))
        else:
            places.append((_ZEROS_BEFORE_NUMBER, -len(found), ""))
    return places
