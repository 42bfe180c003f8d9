"""What an organisation demands of signatures in all its repositories: for which branches or tags.

Its repositories cannot loosen it: their own rules stand beside, and where both are about a ref, the
strictest wins. Only owners of the organisation push past it, and say so.
"""

from __future__ import annotations

from datetime import datetime

from appliance.access import fetch, gate
from appliance.db.signing_keys import SigningRule, signing_rules
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.domain.protection import FirmRule
from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.services.protections import full_pattern

NEEDED = Permission.ORGANISATION_MANAGE
MOST_RULES = 50


def listed(work: UnitOfWork, organisation: str) -> list[SigningRule]:
    """The rules of an organisation, for who may change them."""
    found = fetch.organisation(work, organisation, NEEDED)
    return signing_rules(work.session, found.id)


def over(work: UnitOfWork, path: str) -> list[SigningRule]:
    """The rules that its organisation has set over a repository, for who may read it."""
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    organisation_id = repository.organisation_id
    return signing_rules(work.session, organisation_id) if organisation_id else []


def demand(work: UnitOfWork, organisation: str, rule: FirmRule, *, now: datetime) -> SigningRule:
    """Set the rule for a pattern; it replaces the one the pattern had. It counts at once.

    Errors:
        InvalidError: it demands nothing, no ref could match the pattern, or there are too many.
    """
    found = fetch.organisation(work, organisation, NEEDED)
    gate.require_elevation(work, NEEDED, sensitive=True)
    if not rule.signed_by and not rule.signed_push:
        raise InvalidError.of(
            "signed_by", sentence("Choose what must be signed, or remove the rule.")
        )
    pattern = full_pattern(rule.pattern)
    existing = signing_rules(work.session, found.id)
    row = next((each for each in existing if each.pattern == pattern), None)
    if row is None:
        if len(existing) >= MOST_RULES:
            raise InvalidError.of(
                "pattern", sentence("An organisation has at most %(most)s rules.", most=MOST_RULES)
            )
        row = SigningRule(organisation_id=found.id, pattern=pattern, created_at=now)
        work.session.add(row)
    row.signed_by, row.signed_push = sorted(rule.signed_by), rule.signed_push
    work.record(
        events.SigningRuleSet(
            about=found.id,
            organisation_id=found.id,
            pattern=pattern,
            signed_by=row.signed_by,
            signed_push=row.signed_push,
        )
    )
    return row


def drop(work: UnitOfWork, organisation: str, pattern: str) -> None:
    """Remove the rule for a pattern.

    Errors:
        NotFoundError: there is no rule for it.
    """
    found = fetch.organisation(work, organisation, NEEDED)
    gate.require_elevation(work, NEEDED, sensitive=True)
    whole = full_pattern(pattern)
    existing = signing_rules(work.session, found.id)
    row = next((each for each in existing if each.pattern == whole), None)
    if row is None:
        raise NotFoundError(sentence("There is no rule for %(pattern)s.", pattern=pattern))
    work.session.delete(row)
    work.record(
        events.SigningRuleRemoved(about=found.id, organisation_id=found.id, pattern=row.pattern)
    )
