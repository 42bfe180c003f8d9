"""Access reviews: what is looked at, who decides, and what becomes of each right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from appliance.errors import InvalidError, sentence

LONGEST_NAME = 100
LONGEST_REASON = 500
MOST_ITEMS = 50_000
MOST_AT_ONCE = 500
MOST_REVIEWERS = 50
SHORTEST = timedelta(hours=1)
LONGEST = timedelta(days=366)
MOST_DAYS = 3 * 366


class Right(StrEnum):
    """What kind of right it is, or what lets somebody use one."""

    INSTANCE = "instance"
    MEMBERSHIP = "membership"
    TEAM = "team"
    REPOSITORY = "repository"
    TOKEN = "token"  # noqa: S105 - the name of a kind, not a secret.
    SSH_KEY = "ssh_key"
    DEPLOY_KEY = "deploy_key"
    SERVICE_ACCOUNT = "service_account"


CREDENTIALS = frozenset({Right.TOKEN, Right.SSH_KEY, Right.DEPLOY_KEY, Right.SERVICE_ACCOUNT})
"""Those that are no rights themselves, but what somebody or something comes in with."""


class Source(StrEnum):
    """Where a right comes from."""

    PERSON = "person"
    DIRECTORY = "directory"
    REQUEST = "request"


class Reviewers(StrEnum):
    """Who decides."""

    OWNERS = "owners"
    REPOSITORY_OWNERS = "repository_owners"
    NAMED = "named"


class AtDueDate(StrEnum):
    """What becomes of what nobody has decided by then."""

    KEEP = "keep"
    REVOKE = "revoke"


class Decision(StrEnum):
    """What a reviewer decided."""

    KEEP = "keep"
    REVOKE = "revoke"


class Outcome(StrEnum):
    """What came of a decision to revoke."""

    REVOKED = "revoked"
    TO_BE_REMOVED = "to_be_removed"
    """In the directory that gives it: it cannot be taken away here."""
    GONE = "gone"
    """It had ended meanwhile."""
    FAILED = "failed"


@dataclass(frozen=True)
class Plan:
    """How a review is to be."""

    name: str
    organisation: str
    """Empty: the whole appliance."""
    rights: tuple[Right, ...]
    reviewers: Reviewers
    due_at: datetime
    named: tuple[str, ...] = ()
    at_due: AtDueDate = AtDueDate.KEEP
    repeat_days: int | None = None


def checked(plan: Plan, now: datetime) -> Plan:
    """A plan that can be carried out, as far as it says so itself.

    Errors:
        InvalidError: it cannot.
    """
    name = " ".join(plan.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError.of("name", sentence("Give the review a name."))
    if not SHORTEST <= plan.due_at - now <= LONGEST:
        raise InvalidError.of("due", sentence("Choose a day within one year from now."))
    if not plan.rights or (plan.organisation and Right.INSTANCE in plan.rights):
        raise InvalidError.of("rights", sentence("Choose which rights are reviewed."))
    if (plan.reviewers is Reviewers.NAMED) is not bool(plan.named):
        raise InvalidError.of("named", sentence("Enter who decides."))
    if len(plan.named) > MOST_REVIEWERS:
        raise InvalidError.of(
            "named", sentence("Name at most %(most)s reviewers.", most=MOST_REVIEWERS)
        )
    if plan.repeat_days is not None and not 1 <= plan.repeat_days <= MOST_DAYS:
        raise InvalidError.of("repeat_days", sentence("Enter a number of days."))
    return plan


def check_reason(reason: str, decision: Decision) -> str:
    """Why something was decided; whoever takes away says it.

    Errors:
        InvalidError: there is no reason, or too long a one.
    """
    said = reason.strip()
    if len(said) > LONGEST_REASON or (decision is Decision.REVOKE and not said):
        raise InvalidError.of(
            "reason", sentence("Give a reason of at most %(most)s characters.", most=LONGEST_REASON)
        )
    return said


def line(values: dict[str, Any]) -> str:
    """One item of a result: JSON with sorted names, without spaces, in ASCII."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def digest(lines: Iterable[str]) -> str:
    """The SHA-256 of lines, each with its end, in hex."""
    found = hashlib.sha256()
    for each in lines:
        found.update(each.encode("ascii") + b"\n")
    return found.hexdigest()
