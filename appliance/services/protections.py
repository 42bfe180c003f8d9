"""Protected branches and tags: who may push to them, and whether history may be rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.access import fetch
from appliance.db.repositories import ProtectionRule
from appliance.db.repository_rows import protections
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission, Role
from appliance.domain.signatures import SignedBy
from appliance.errors import InvalidError, NotFoundError, sentence

PREFIXES = ("refs/heads/", "refs/tags/")
PATTERN_CHARACTERS = 255
MOST_RULES = 200


@dataclass(frozen=True)
class Rule:
    """What is to hold for the refs that a pattern names."""

    pattern: str
    """A branch, or a full ref name; `*` stands for anything, slashes too."""
    push_role: Role = Role.WRITER
    allow_force: bool = False
    allow_delete: bool = False
    signed_by: frozenset[SignedBy] = frozenset()
    """Which signatures of new commits and tags count; empty: they need none."""
    signed_push: bool = False
    """Whether whoever pushes must sign that they do."""


def listed(work: UnitOfWork, path: str) -> list[ProtectionRule]:
    """The rules of a repository, by pattern."""
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    return protections(work.session, repository.id)


def protect(work: UnitOfWork, path: str, rule: Rule, *, now: datetime) -> ProtectionRule:
    """Set the rule for a pattern; it replaces the one the pattern had.

    Errors:
        HiddenError, RefusedError: the actor may not.
        InvalidError: no ref could match the pattern, or there are too many rules.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_PROTECT)
    pattern = full_pattern(rule.pattern)
    existing = protections(work.session, repository.id)
    row = next((each for each in existing if each.pattern == pattern), None)
    if row is None:
        if len(existing) >= MOST_RULES:
            raise InvalidError.of(
                "pattern",
                sentence("A repository has at most %(most_rules)s rules.", most_rules=MOST_RULES),
            )
        row = ProtectionRule(repository_id=repository.id, pattern=pattern, created_at=now)
        work.session.add(row)
    row.push_role = rule.push_role
    row.allow_force, row.allow_delete = rule.allow_force, rule.allow_delete
    row.signed_by, row.signed_push = sorted(rule.signed_by), rule.signed_push
    work.record(
        events.ProtectionSet(
            about=repository.id,
            organisation_id=repository.organisation_id,
            pattern=pattern,
            push_role=rule.push_role,
            allow_force=rule.allow_force,
            allow_delete=rule.allow_delete,
            signed_by=row.signed_by,
            signed_push=rule.signed_push,
        )
    )
    return row


def unprotect(work: UnitOfWork, path: str, pattern: str) -> None:
    """Remove the rule for a pattern.

    Errors:
        HiddenError, RefusedError: the actor may not.
        NotFoundError: there is no rule for it.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_PROTECT)
    query = sa.select(ProtectionRule).where(
        ProtectionRule.repository_id == repository.id,
        ProtectionRule.pattern == full_pattern(pattern),
    )
    row = work.session.scalar(query)
    if row is None:
        raise NotFoundError(sentence("There is no rule for %(pattern)s.", pattern=pattern))
    work.session.delete(row)
    work.record(
        events.ProtectionRemoved(
            about=repository.id, organisation_id=repository.organisation_id, pattern=row.pattern
        )
    )


def full_pattern(pattern: str) -> str:
    """The pattern on full ref names; a bare one is about branches.

    Errors:
        InvalidError: no branch or tag could match it.
    """
    pattern = pattern.strip()
    full = pattern if pattern.startswith("refs/") else f"{PREFIXES[0]}{pattern}"
    is_usable = full.isprintable() and " " not in full and len(full) <= PATTERN_CHARACTERS
    if not pattern or not is_usable or not full.startswith(PREFIXES) or full in PREFIXES:
        raise InvalidError.of(
            "pattern", "A pattern names branches, as in release/*, or tags, as in refs/tags/v*."
        )
    return full
