"""RPM's versions: epoch, version and release; a tilde before the end, a caret just after it.

Source: RPM Reference Manual, "Dependencies", and `rpmvercmp`.
"""

from __future__ import annotations

import re

from appliance.scanning.versions.refusal import Key, no_version

_ALLOWED = re.compile(r"[^\s/\x00-\x1f]+")
_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+|~|\^", re.ASCII)

# What stands at one place, in order.
_TILDE, _END, _CARET, _WORD, _NUMBER = range(5)
_MARKS = {"~": _TILDE, "^": _CARET}


def key(text: str) -> Key:
    """By epoch, then version, then release. RPM compares whatever it is given, and so do we."""
    if not _ALLOWED.fullmatch(text):
        raise no_version(text)
    epoch, colon, rest = text.partition(":")
    if not colon or epoch in {"", "(none)"}:
        epoch, rest = "0", rest if colon else text
    version, hyphen, release = rest.partition("-")
    if not version:
        raise no_version(text)
    return segments(epoch), segments(version), len(hyphen), segments(release)


def segments(text: str) -> Key:
    """Words and numbers; whatever else stands between them only separates."""
    return (*(_place(each) for each in _SEGMENTS.findall(text)), (_END, 0, ""))


def _place(segment: str) -> Key:
    if segment in _MARKS:
        return _MARKS[segment], 0, ""
    return (_NUMBER, int(segment), "") if segment.isdigit() else (_WORD, 0, segment)
