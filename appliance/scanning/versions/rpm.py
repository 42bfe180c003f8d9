"""RPM's versions: epoch, version and release; a tilde before the end, a caret just after it.

Source: RPM Reference Manual, "Dependencies", and `rpmvercmp`.
"""

from __future__ import annotations

import re

from appliance.scanning.versions.refusal import Key, no_version

_VERSION = re.compile(
    r"(?:(?P<epoch>[0-9]{1,10}|\(none\)):)?(?P<version>[A-Za-z0-9._+%{}^~&]+)"
    r"(?:-(?P<release>[A-Za-z0-9._+%{}^~&]+))?",
    re.ASCII,
)
_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+|~|\^", re.ASCII)

# What stands at one place, in order.
_TILDE, _END, _CARET, _WORD, _NUMBER = range(5)
_MARKS = {"~": _TILDE, "^": _CARET}


def key(text: str) -> Key:
    """By epoch, then version, then release."""
    found = _VERSION.fullmatch(text)
    if not found or not any(each.isalnum() for each in found["version"]):
        raise no_version(text)
    epoch = found["epoch"] if found["epoch"] != "(none)" else None
    return int(epoch or 0), segments(found["version"]), segments(found["release"] or "")


def segments(text: str) -> Key:
    """Words and numbers; whatever else stands between them only separates."""
    return (*(_place(each) for each in _SEGMENTS.findall(text)), (_END, 0, ""))


def _place(segment: str) -> Key:
    if segment in _MARKS:
        return _MARKS[segment], 0, ""
    return (_NUMBER, int(segment), "") if segment.isdigit() else (_WORD, 0, segment)
