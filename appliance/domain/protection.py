"""Protected branches and tags, and what a push does to one; what rules refuse is in `rulesets`."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from appliance.domain.permissions import Role
from appliance.domain.signatures import SignedBy


class Movement(StrEnum):
    """What a push does to one ref."""

    CREATE = "create"
    FAST_FORWARD = "fast_forward"
    FORCE = "force"
    DELETE = "delete"


@dataclass(frozen=True)
class Protection:
    """A rule for the refs that a pattern names. The pattern is on the full ref name."""

    pattern: str
    push_role: Role
    allow_force: bool
    allow_delete: bool
    signed_by: frozenset[SignedBy] = frozenset()
    """Which signatures of new commits and tags count; empty: they need none."""
    signed_push: bool = False
    """Whether whoever pushes must sign that they do."""


@dataclass(frozen=True)
class FirmRule:
    """What an organisation demands in all its repositories, which cannot loosen it.

    It stands beside their own rules, and where both are about a ref, the strictest wins.
    """

    pattern: str
    signed_by: frozenset[SignedBy]
    signed_push: bool


@dataclass(frozen=True)
class Demand:
    """What signatures must be of for the refs that a pattern names."""

    pattern: str
    signed_by: frozenset[SignedBy]
    is_firm: bool = False
    """Whether more than the repository alone demands it."""
    excludes: tuple[str, ...] = ()
    """Patterns of refs for which it does not count."""

    def is_about(self, ref: bytes) -> bool:
        """Whether it counts for a ref."""
        return matches(self.pattern, ref) and not any(matches(each, ref) for each in self.excludes)


@dataclass(frozen=True)
class RefUpdate:
    """One ref of a push. Object ids are hex; 40 zeros mean there is none."""

    ref: bytes
    old_oid: str
    new_oid: str


NO_OBJECT = "0" * 40


def matches(pattern: str, ref: bytes) -> bool:
    """Whether the rule is about this ref. `*` does not stop at a slash, as in `release/*`."""
    return fnmatch.fnmatchcase(ref.decode("utf-8", "surrogateescape"), pattern)


def wanted_for(demands: Iterable[Demand], ref: bytes) -> frozenset[SignedBy] | None:
    """Which signatures count for a ref, where all rules agree; None where it needs none."""
    found = [demand.signed_by for demand in demands if demand.is_about(ref)]
    return frozenset.intersection(*found) if found else None
