"""May this actor move this ref from here to there: protected branches and tags."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from appliance.domain.permissions import ROLE_ORDER, Role
from appliance.domain.signatures import SignedBy
from appliance.errors import sentence


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
    """Whether the organisation demands it, and not the repository alone."""


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


def demands(rules: Iterable[Protection | FirmRule]) -> tuple[Demand, ...]:
    """What rules demand of signatures."""
    return tuple(
        Demand(rule.pattern, rule.signed_by, isinstance(rule, FirmRule))
        for rule in rules
        if rule.signed_by
    )


def are_about(rules: Iterable[FirmRule], refs: Iterable[bytes]) -> bool:
    """Whether one of the rules is about one of these refs."""
    patterns = {rule.pattern for rule in rules}
    return any(matches(pattern, ref) for ref in refs for pattern in patterns)


def wanted_for(demands: Iterable[Demand], ref: bytes) -> frozenset[SignedBy] | None:
    """Which signatures count for a ref, where all rules agree; None where it needs none."""
    found = [demand.signed_by for demand in demands if matches(demand.pattern, ref)]
    return frozenset.intersection(*found) if found else None


def refusal(
    protections: list[Protection], ref: bytes, movement: Movement, role: Role | None
) -> str | None:
    """Why the movement is refused, as a plain sentence; None if it is not.

    Where several rules match, every one of them must agree.
    """
    for rule in protections:
        if not matches(rule.pattern, ref):
            continue
        name = ref.decode("utf-8", "replace")
        named = "" if rule.pattern == name else f" ({rule.pattern})"
        if movement is Movement.DELETE and not rule.allow_delete:
            return sentence(
                "%(name)s is protected%(rule)s: it may not be deleted.",
                name=name,
                rule=named,
            )
        if movement is Movement.FORCE and not rule.allow_force:
            return sentence(
                "%(name)s is protected%(rule)s: its history may not be "
                "rewritten. Merge or rebase on it and push again.",
                name=name,
                rule=named,
            )
        if role is None or ROLE_ORDER.index(role) < ROLE_ORDER.index(rule.push_role):
            return sentence(
                "%(name)s is protected%(rule)s: only a %(push_role)s may push to it.",
                name=name,
                rule=named,
                push_role=rule.push_role,
            )
    return None
