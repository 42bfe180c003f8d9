"""Asking for access: what can be asked for, what becomes of it, and what an organisation allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from appliance.domain.permissions import ROLE_ORDER, Role
from appliance.errors import InvalidError, sentence

ANSWERED_WITHIN = timedelta(days=14)
"""A request that nobody has answered by then counts no more."""
MOST_PENDING = 20
LONGEST_REASON = 500
LONGEST_NAME = 141
LONGEST_HOURS = 366 * 24
SHORTEST_HOURS = 1


class Thing(StrEnum):
    """What one can ask for: a role on a repository, or to belong to a team or an organisation."""

    REPOSITORY = "repository"
    TEAM = "team"
    ORGANISATION = "organisation"


class RequestState(StrEnum):
    """What has become of a request."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Approvers(StrEnum):
    """Who answers requests for a role on a repository; for all else, owners of the organisation."""

    ORGANISATION_OWNERS = "organisation_owners"
    OWNERS = "owners"
    MAINTAINERS = "maintainers"


@dataclass(frozen=True)
class AccessRule:
    """What may be asked for in an organisation, for how long, and who answers."""

    is_open: bool = True
    approvers: Approvers = Approvers.OWNERS
    longest_hours: int = 30 * 24
    allows_endless: bool = False
    highest_role: Role = Role.MAINTAINER


USUAL_RULE = AccessRule()
"""For organisations whose owners have set none, and for what belongs to users."""


@dataclass(frozen=True)
class Wish:
    """What somebody asks for, why, and for how long: no hours are without end."""

    thing: Thing
    name: str
    role: Role | None
    hours: int | None
    reason: str


def insist_on_rule(rule: AccessRule, role: Role | None, hours: int | None) -> None:
    """Go on only if a rule allows a role and a span.

    Errors:
        InvalidError: the role is too high, or the span too long.
    """
    if role is not None and is_higher(role, rule.highest_role):
        raise InvalidError.of(
            "role", sentence("You can request at most the role %(role)s.", role=rule.highest_role)
        )
    if hours is None and not rule.allows_endless:
        raise InvalidError.of(
            "hours",
            sentence("Enter a duration of at most %(hours)s hours.", hours=rule.longest_hours),
        )
    if hours is not None and hours > rule.longest_hours:
        raise InvalidError.of(
            "hours", sentence("At most %(hours)s hours.", hours=rule.longest_hours)
        )


def check_hours(hours: int | None) -> int | None:
    """A span as it may be stored, whatever a rule says.

    Errors:
        InvalidError: it is none.
    """
    if hours is not None and not SHORTEST_HOURS <= hours <= LONGEST_HOURS:
        raise InvalidError.of(
            "hours", sentence("Enter between 1 and %(hours)s hours.", hours=LONGEST_HOURS)
        )
    return hours


def check_reason(reason: str) -> str:
    """The words that say why.

    Errors:
        InvalidError: there are none, or too many.
    """
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise InvalidError.of(
            "reason", sentence("Give a reason of at most %(most)s characters.", most=LONGEST_REASON)
        )
    return said


def is_higher(one: Role, other: Role) -> bool:
    """Whether the one role allows more."""
    return ROLE_ORDER.index(one) > ROLE_ORDER.index(other)
