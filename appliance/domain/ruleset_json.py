"""Rules and bypass lists as they are kept and sent: plain JSON, with only what is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from appliance.domain.alerts import AlertKind, Confidence, Lane, Severity
from appliance.domain.permissions import Role
from appliance.domain.policies import Moment, Policy
from appliance.domain.ruleset_words import (
    TAKES,
    Bypass,
    Rule,
    RuleKind,
    Subject,
    SubjectKind,
    is_set,
)
from appliance.domain.signatures import SignedBy

SUBJECTS = ("allowed", "reviewers", "reporters")
TEXTS = ("checks", "patterns", "exempt", "windows")
CHOSEN = {
    "signed_by": SignedBy,
    "policies": Policy,
    "moments": Moment,
    "kinds": AlertKind,
    "severities": Severity,
    "confidences": Confidence,
    "lanes": Lane,
}


def of_rule(rule: Rule) -> dict[str, Any]:
    """A rule, without what it does not say."""
    said = {name: getattr(rule, name) for name in TAKES[rule.kind] if is_set(rule, name)}
    return {"kind": rule.kind.value} | {name: _plain(value) for name, value in said.items()}


def rule(said: Mapping[str, Any]) -> Rule:
    """A rule that was kept."""
    values = {name: value for name, value in said.items() if name != "kind"}
    return Rule(RuleKind(said["kind"]), **{name: _value(name, values[name]) for name in values})


def of_subject(subject: Subject) -> dict[str, str]:
    """A user, team or role."""
    made = {"kind": subject.kind.value}
    if subject.id is not None:
        made["id"] = str(subject.id)
    if subject.role is not None:
        made["role"] = subject.role.value
    return made


def subject(said: Mapping[str, str]) -> Subject:
    """A user, team or role that was kept."""
    return Subject(
        SubjectKind(said["kind"]),
        UUID(said["id"]) if "id" in said else None,
        Role(said["role"]) if "role" in said else None,
    )


def of_bypass(bypass: Bypass) -> dict[str, str]:
    """Who may go past a ruleset."""
    return {**of_subject(bypass.subject), "reason": bypass.reason}


def bypass(said: Mapping[str, str]) -> Bypass:
    """Who may go past a ruleset, as it was kept."""
    return Bypass(subject(said), said.get("reason", ""))


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(each.value for each in value)
    if isinstance(value, tuple):
        return [of_subject(each) if isinstance(each, Subject) else each for each in value]
    return value


def _value(name: str, value: Any) -> Any:
    if name in SUBJECTS:
        return tuple(subject(each) for each in value)
    if name in TEXTS:
        return tuple(value)
    return frozenset(map(CHOSEN[name], value)) if name in CHOSEN else value


def subjects_of(rules: Iterable[Rule], bypasses: Iterable[Bypass]) -> set[UUID]:
    """The ids of all users and teams that rules and a bypass list name."""
    named = [each for rule_ in rules for name in SUBJECTS for each in getattr(rule_, name)]
    named += [each.subject for each in bypasses]
    return {each.id for each in named if each.id is not None}
