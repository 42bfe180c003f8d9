"""What is known of a pull request when rules are asked whether it may be merged.

Who owns a fact fills it in: reviews and patch sets say who has approved what, checks say what came
of them. The judge in `rulesets` only reads. Everybody is named by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.domain.checks import Report
    from appliance.domain.ruleset_alerts import ChangeAlerts


class CheckOutcome(StrEnum):
    """What came of a check, for rules. A check that is not there at all has not been reported."""

    PASSED = "passed"
    """It succeeded, or said that it did not matter."""
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True)
class ReviewFact:
    """The latest word of one reviewer that approves or asks for changes and was not dismissed."""

    reviewer_id: UUID
    approves: bool
    """Otherwise they ask for changes."""
    may_write: bool = True
    """Whether the reviewer may write to the repository; the approval of others does not count."""
    is_current: bool = True
    """Whether what they saw is what would be merged: no push since, or none with a real difference.

    A rebase that leaves the changes as they were keeps it current.
    """
    team_ids: frozenset[UUID] = frozenset()
    """The teams that the reviewer is in, with the teams around those."""


@dataclass(frozen=True)
class OwnedFact:
    """Changed paths that one line of CODEOWNERS gives to somebody."""

    pattern: str
    """As it stands in the file."""
    owners: tuple[str, ...]
    """As they stand in the file, for people to read."""
    owner_ids: frozenset[UUID]
    """Everybody who counts as an owner: the users, the members of the teams."""
    paths: tuple[bytes, ...]


@dataclass(frozen=True)
class MergeFacts:
    """A pull request as it would be merged now."""

    head_oid: str
    author_id: UUID | None
    last_pusher_id: UUID | None
    """Who pushed the latest patch set."""
    reviews: tuple[ReviewFact, ...] = ()
    checks: Mapping[str, CheckOutcome] = field(default_factory=dict)
    """By name, of the head, or of what the merge queue has made of it."""
    reports: tuple[Report, ...] = ()
    """The same by who reported it, the newest first."""
    paths: tuple[bytes, ...] = ()
    """What changes against the merge base."""
    owned: tuple[OwnedFact, ...] = ()
    """By the CODEOWNERS of the target branch."""
    open_threads: int = 0
    """Conversations about lines that nobody has resolved."""
    is_up_to_date: bool = True
    """Whether the head contains the target branch as it is now."""
    by_queue: bool = False
    """Whether it is the merge queue that merges, and has tested what it makes."""
    title: str = ""
    description: str = ""
    alerts: ChangeAlerts | None = None
    """What it would bring; None where no rule asks."""
    addresses: frozenset[str] = frozenset()
    """Verified addresses of everybody who has pushed to the pull request, as they are compared."""
