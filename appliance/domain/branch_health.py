"""How branches are: protected, merged, stale; and which merged ones have had their time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from appliance.errors import InvalidError, sentence

STALE = timedelta(days=90)
"""A branch whose last commit is older is stale."""
MOST_DAYS = 3650


class Show(StrEnum):
    """Which branches a list has."""

    ALL = "all"
    ACTIVE = "active"
    """Neither merged nor stale."""
    STALE = "stale"
    MERGED = "merged"


class Sort(StrEnum):
    """How a list of branches is sorted."""

    NAME = "name"
    NEWEST = "newest"
    AHEAD = "ahead"
    """What has most commits that the default branch has not comes first."""
    BEHIND = "behind"


class Checked(StrEnum):
    """What the checks of the branches in a list come to."""

    ANY = "any"
    PASSED = "passed"
    PENDING = "pending"
    FAILED = "failed"
    NONE = "none"
    """Nothing was said of their heads."""


@dataclass(frozen=True)
class Wanted:
    """Which branches a list has, and in which order."""

    show: Show = Show.ALL
    checks: Checked = Checked.ANY
    sort: Sort = Sort.NEWEST
    is_turned: bool = False
    containing: bytes = b""

    @property
    def is_by_distance(self) -> bool:
        """Whether it is sorted by how far branches are from the default branch."""
        return self.sort in {Sort.AHEAD, Sort.BEHIND}

    @property
    def asks_all(self) -> bool:
        """Whether all branches must be looked at, to know the first."""
        return self.is_by_distance or self.show is not Show.ALL or self.checks is not Checked.ANY


@dataclass(frozen=True)
class Health:
    """What is known of a branch, as far as lists and policies ask."""

    at: datetime | None
    """When its last commit was made."""
    is_default: bool = False
    is_protected: bool = False
    is_contained: bool = False
    """The default branch has all of its commits."""
    was_ahead: bool = False
    """It once had a commit that the default branch had not."""
    pull_merged_at: datetime | None = None
    """When a pull request was merged whose head it still is."""
    has_open_pull: bool = False
    """An open pull request is from it or into it."""

    @property
    def is_merged(self) -> bool:
        """Whether the default branch has what it brought; what is only behind brought nothing."""
        brought = self.is_contained and self.was_ahead
        return not self.is_default and (brought or self.pull_merged_at is not None)

    @property
    def is_only_behind(self) -> bool:
        """Whether it is at an earlier place of the default branch, and never had more."""
        return self.is_contained and not self.is_default and not self.is_merged

    def is_stale(self, now: datetime) -> bool:
        """Whether nobody has worked on it for long."""
        return not self.is_default and self.at is not None and now - self.at > STALE

    def is_shown(self, show: Show, now: datetime) -> bool:
        """Whether a list has it."""
        if show is Show.MERGED:
            return self.is_merged
        if show is Show.STALE:
            return self.is_stale(now)
        return show is Show.ALL or not (self.is_merged or self.is_stale(now))

    @property
    def may_go(self) -> bool:
        """Whether a policy may delete it, once its time has come."""
        return self.is_merged and not self.is_kept

    @property
    def is_kept(self) -> bool:
        """Whether no policy deletes it, whatever it has."""
        return self.is_default or self.is_protected or self.has_open_pull


def is_due(health: Health, since: datetime, days: int, now: datetime) -> bool:
    """Whether a policy of so many days deletes a branch that is merged since then."""
    return days > 0 and health.may_go and now - since > timedelta(days=days)


def check_days(days: int, *, field: str = "merged_branch_days") -> int:
    """A number of days for a policy; 0 means never.

    Errors:
        InvalidError: there are no such days.
    """
    if not 0 <= days <= MOST_DAYS:
        raise InvalidError.of(field, sentence("From 0 (never) to %(most)s days.", most=MOST_DAYS))
    return days
