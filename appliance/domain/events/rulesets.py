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
    """A ruleset was created or changed. `changed` has the new values, by name."""

    kind = "branch_rule.ruleset_changed"
    target = "ruleset"
    name: str
    scope: str
    """`instance`, `organisation` or `repository`."""
    changed: dict[str, Any]
    is_new: bool = False


@dataclass(frozen=True, kw_only=True)
class RulesetRemoved(Event):
    """A ruleset was removed."""

    kind = "branch_rule.ruleset_removed"
    target = "ruleset"
    name: str
    scope: str


@dataclass(frozen=True, kw_only=True)
class RulesetExempted(Event):
    """A user, a team, or everybody with a role may bypass a ruleset."""

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
    """The properties of a repository were changed."""

    kind = "repo.properties_changed"
    target = "repo"
    properties: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PropertyDefined(Event):
    """An organisation defined a property of its repositories."""

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
    """The definition of a property was removed; any text is allowed again."""

    kind = "org.property_removed"
    target = "org"
    key: str
