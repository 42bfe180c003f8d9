"""Alpine's versions: numbers, a letter, suffixes, a commit and the revision of the package.

Source: apk-package(5), "Version"; apk-tools, `src/version.c`, for what counts more than what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.scanning.versions.refusal import Key, no_version

_VERSION = re.compile(
    r"(?P<numbers>[0-9]+(?:\.[0-9]+)*)(?:(?P<letter>[a-z])(?P<behind>[0-9]*(?:\.[0-9]+)*))?"
    r"(?P<suffixes>(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)"
    r"(?:~(?P<commit>[0-9a-f]+))?(?P<revision>-r[0-9]*)?",
    re.ASCII,
)
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)", re.ASCII)
_BEFORE = ("alpha", "beta", "pre", "rc")
_AFTER = ("cvs", "svn", "git", "hg", "p")

# What stands at one place, in order: more is later, unless it is a suffix of what is not released.
(_EARLIER, _END, _REVISION, _COMMIT, _OF_SUFFIX, _LATER, _LETTER, _NUMBER) = range(8)


def key(text: str) -> Key:
    """By all it consists of, one after the other."""
    found = _VERSION.fullmatch(text)
    if not found:
        raise no_version(text)
    return (*_places(found), (_END, 0, ""))


def _places(found: re.Match[str]) -> Iterator[Key]:
    first, *others = found["numbers"].split(".")
    yield _NUMBER, int(first), ""
    for each in others:
        # A number with a zero in front is a fraction: 1.05 comes before 1.1.
        yield (_NUMBER, 0, each) if each.startswith("0") else (_NUMBER, int(each), "")
    if found["letter"]:
        yield _LETTER, 0, found["letter"]
        for each in re.findall(r"[0-9]+", found["behind"]):
            yield _NUMBER, int(each), ""
    for word, number in _SUFFIX.findall(found["suffixes"]):
        is_before = word in _BEFORE
        yield (_EARLIER, _BEFORE.index(word), "") if is_before else (_LATER, _AFTER.index(word), "")
        if number:
            yield _OF_SUFFIX, int(number), ""
    if found["commit"]:
        yield _COMMIT, 0, found["commit"]
    if found["revision"]:
        yield _REVISION, int(found["revision"][2:] or 0), ""
