"""Debian's versions: epoch, upstream version and revision; a tilde comes before everything.

Source: Debian Policy Manual, section 5.6.12, and deb-version(7).
"""

from __future__ import annotations

import re

from appliance.scanning.versions.refusal import Key, no_version

_VERSION = re.compile(
    r"(?:(?P<epoch>[0-9]{1,10}):)?(?P<upstream>[A-Za-z0-9][A-Za-z0-9.+~:-]*?)"
    r"(?:-(?P<revision>[A-Za-z0-9.+~]+))?",
    re.ASCII,
)
_PARTS = re.compile(r"([^0-9]*)([0-9]*)", re.ASCII)
_END = 0
_AFTER_LETTERS = 256
_NOTHING: Key = ((_END,), 0)


def key(text: str) -> Key:
    """By epoch, then upstream version, then revision."""
    found = _VERSION.fullmatch(text)
    if not found or (found["epoch"] is None and ":" in found["upstream"]):
        raise no_version(text)
    return int(found["epoch"] or 0), parts(found["upstream"]), parts(found["revision"] or "")


def parts(text: str) -> Key:
    """Words and numbers by turns, down to the empty ones that end it."""
    found = [
        ((*(_weight(each) for each in word), _END), int(number or 0))
        for word, number in _PARTS.findall(text)
    ]
    while found and found[-1] == _NOTHING:
        found.pop()
    return (*found, _NOTHING)


def _weight(character: str) -> int:
    """A tilde before the end, the end before letters, letters before all else."""
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + _AFTER_LETTERS
