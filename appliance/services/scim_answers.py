"""What every answer to a SCIM client has: resources and pages, bodies, versions. RFC 7644, 3.14."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain import scim
from appliance.errors import PreconditionError, sentence
from appliance.federation import scim_messages
from appliance.federation.scim_messages import Body

OUTDATED = sentence("It was changed meanwhile. Read it again.")
ANY = "*"


@dataclass(frozen=True)
class Answered:
    """A resource as it is answered."""

    id: str
    location: str
    etag: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """A page of a list."""

    total: int
    start: int
    items: list[dict[str, Any]]


def read_body(content: bytes) -> Body:
    """The JSON object that a client sent.

    Errors:
        ScimError: it is none.
    """
    return scim_messages.body(content)


def page_of(asked: Any) -> tuple[int, int]:
    """Where a page begins, counted from one, and how many it has at most."""
    count = scim.USUAL_PAGE if asked.count is None else asked.count
    return min(asked.start_index or 1, 10**9), min(count, scim.LARGEST_PAGE)


def insist_on_version(etag: str, if_match: str) -> None:
    """Go on only if this is the version that the client knows, where it says one.

    Errors:
        PreconditionError: it is another.
    """
    known = [each.strip() for each in if_match.split(",") if each.strip()]
    if known and ANY not in known and etag not in known:
        raise PreconditionError(OUTDATED)
