"""What merge and squash commits of pull requests say: texts with places like `%{title}`.

A place that there is nothing for stays empty; what is no known place is refused when it is set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from appliance.domain.git_operations import MergeMethod
from appliance.errors import InvalidError, sentence

LONGEST = 4096
PLACE = re.compile(r"%\{(?P<name>[a-z_]+)\}")
EMPTY_LINES = re.compile(r"\n{3,}")


class Place(StrEnum):
    """What can stand in a template."""

    NUMBER = "number"
    TITLE = "title"
    DESCRIPTION = "description"
    SOURCE = "source_branch"
    TARGET = "target_branch"
    AUTHOR = "author"
    URL = "url"
    APPROVED_BY = "approved_by"
    """A line `Approved-by: NAME` for each."""
    COMMITS = "commits"
    """A line for each commit's subject."""
    CO_AUTHORS = "co_authored_by"
    """A line `Co-authored-by: NAME <ADDRESS>` for each."""
    PERCENT = "percent"
    """A percent sign, where one is not to begin a place."""


MERGE_TITLE = "Merge %{source_branch}: %{title} (#%{number})"
MERGE_BODY = "%{approved_by}"
SQUASH_TITLE = "%{title} (#%{number})"
SQUASH_BODY = "%{commits}\n\n%{approved_by}\n%{co_authored_by}"
WITH_MESSAGE = frozenset({MergeMethod.MERGE, MergeMethod.SEMI_LINEAR, MergeMethod.SQUASH})
"""The methods that make a commit of their own."""


def check(template: str, *, field: str) -> str:
    """A template that can be filled.

    Errors:
        InvalidError: it is too long, or has a place that is not known.
    """
    found = template.replace("\r\n", "\n").strip()
    if len(found) > LONGEST:
        raise InvalidError.of(field, sentence("At most %(most)s characters.", most=LONGEST))
    known = set(Place)
    for match in PLACE.finditer(found):
        if match["name"] not in known:
            raise InvalidError.of(
                field,
                sentence(
                    "%(place)s is not one of: %(known)s.",
                    place=match[0],
                    known=", ".join(f"%{{{each}}}" for each in Place),
                ),
            )
    return found


def filled(template: str, values: Mapping[Place, str]) -> str:
    """What a template says of one pull request. What is filled in is not filled again."""

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if name == Place.PERCENT:
            return "%"
        return values.get(Place(name), "") if name in set(Place) else match[0]

    return EMPTY_LINES.sub("\n\n", PLACE.sub(value, template)).strip()


def speaks_of(template: str, *places: Place) -> bool:
    """Whether one of these places stands in a template."""
    return any(match["name"] in places for match in PLACE.finditer(template))


def plain(text: str) -> str:
    """What somebody wrote, as a template that says just that."""
    return PLACE.sub(lambda match: f"%{{{Place.PERCENT}}}{match[0][1:]}", text)


def message(title: str, body: str) -> bytes:
    """A commit's message: a title on one line, and more."""
    first = " ".join(title.split())
    rest = f"\n\n{body.strip()}" if body.strip() else ""
    return f"{first}{rest}\n".encode("utf-8", "surrogateescape")
