"""Events about rulesets and the properties that they choose repositories by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain.events.base import Event, personal

__all__ = [
    "PropertyDefined",
    "PropertyDefinitionRemoved",
    "RepositoryPropertiesChanged",
    "RulesetChanged",
    "RulesetExempted",
    "RulesetRemoved",
]


@dataclass(frozen=True, kw_only=True)
class RulesetChanged(Event):
    """A layered set of rules was made or changed. `changed` has what is new, by its name."""

    kind = "branch_rule.ruleset_changed"
    target = "ruleset"
    name: str
    scope: str
    """`instance`, `organisation` or `repository`."""
    changed: dict[str, Any]
    is_new: bool = False


@dataclass(frozen=True, kw_only=True)
class RulesetRemoved(Event):
    """A layered set of rules counts no more."""

    kind = "branch_rule.ruleset_removed"
    target = "ruleset"
    name: str
    scope: str


@dataclass(frozen=True, kw_only=True)
class RulesetExempted(Event):
    """Somebody may bypass a set of rules: a user, a team, or all with a role."""

    kind = "branch_rule.exempted"
    target = "ruleset"
    name: str
    subject: str
    """`user`, `team`, `role` and the like."""
    user_id: str | None = None
    team_id: str | None = None
    role: str | None = None
    reason: str = personal()


@dataclass(frozen=True, kw_only=True)
class RepositoryPropertiesChanged(Event):
    """What is said of a repository was changed, by which rulesets choose it."""

    kind = "repo.properties_changed"
    target = "repo"
    properties: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PropertyDefined(Event):
    """An organisation said what a property of its repositories is."""

    kind = "org.property_defined"
    target = "org"
    key: str
    property_kind: str
    """`text`, `choice` or `boolean`."""
    allowed: list[str]
    required: bool
    default: str | None = None
    set_by: str
    """`owners` or `maintainers`."""


@dataclass(frozen=True, kw_only=True)
class PropertyDefinitionRemoved(Event):
    """A property of an organisation's repositories is free words again."""

    kind = "org.property_removed"
    target = "org"
    key: str
