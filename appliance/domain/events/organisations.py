"""Events about organisations and teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class OrganisationCreated(Event):
    """An organisation was created."""

    kind = "org.created"
    target = "org"
    user_id: str | None = None
    """Its first owner."""
    name: str


@dataclass(frozen=True, kw_only=True)
class OrganisationChanged(Event):
    """An organisation's settings were changed."""

    kind = "org.changed"
    target = "org"
    changed: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class OrganisationRenamed(Event):
    """An organisation has another name; the old one redirects."""

    kind = "org.renamed"
    target = "org"
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class OrganisationDeleted(Event):
    """An organisation was deleted."""

    kind = "org.deleted"
    target = "org"
    name: str


@dataclass(frozen=True, kw_only=True)
class MemberAdded(Event):
    """A user became a member of an organisation."""

    kind = "org.member_added"
    target = "org"
    user_id: str
    role: str
    provider_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class MemberRoleChanged(Event):
    """A member's role in an organisation was changed."""

    kind = "org.member_role_changed"
    target = "org"
    user_id: str
    before: str
    after: str
    provider_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(Event):
    """A user is no longer a member of an organisation, nor of its teams; their roles ended."""

    kind = "org.member_removed"
    target = "org"
    user_id: str
    provider_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class TeamCreated(Event):
    """A team was created."""

    kind = "team.created"
    target = "team"
    name: str
    parent_id: str | None


@dataclass(frozen=True, kw_only=True)
class TeamChanged(Event):
    """A team's name, description or parent was changed."""

    kind = "team.changed"
    target = "team"
    changed: dict[str, Any]
    parent_id: str | None = None
    """The team around it, where that was changed."""


@dataclass(frozen=True, kw_only=True)
class TeamDeleted(Event):
    """A team was deleted."""

    kind = "team.deleted"
    target = "team"
    name: str


@dataclass(frozen=True, kw_only=True)
class TeamMemberAdded(Event):
    """A user joined a team."""

    kind = "team.member_added"
    target = "team"
    user_id: str
    provider_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class TeamMemberRemoved(Event):
    """A user left a team."""

    kind = "team.member_removed"
    target = "team"
    user_id: str
    provider_id: str | None = None
