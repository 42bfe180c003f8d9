"""Events about people and groups that clients of SCIM provision, and about the clients' tokens."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal


@dataclass(frozen=True, kw_only=True)
class ScimTokenCreated(Event):
    """A SCIM token was created."""

    kind = "scim.token_created"
    target = "provider"
    token_id: str
    expires_at: str | None = None
    networks: list[str] | None = None
    """From where it may be used; not said: from anywhere."""
    name: str


@dataclass(frozen=True, kw_only=True)
class ScimTokenRevoked(Event):
    """A SCIM token was revoked."""

    kind = "scim.token_revoked"
    target = "provider"
    token_id: str
    why: str | None = None
    """`unused`: nobody had used it for too long."""


@dataclass(frozen=True, kw_only=True)
class ScimAddressRefused(Event):
    """A SCIM token was refused from this address."""

    kind = "scim.address_refused"
    target = "provider"
    outcome = Outcome.REFUSED
    token_id: str
    scope: str
    """Whose list: of the instance, or of the token."""


@dataclass(frozen=True, kw_only=True)
class ScimUserCreated(Event):
    """A SCIM client created a user."""

    kind = "scim.user_created"
    target = "user"
    provider_id: str
    resource_id: str
    is_active: bool
    user_name: str = personal()


@dataclass(frozen=True, kw_only=True)
class ScimUserChanged(Event):
    """A SCIM client changed a user."""

    kind = "scim.user_changed"
    target = "user"
    provider_id: str
    resource_id: str
    is_active: bool
    changed: list[str]


@dataclass(frozen=True, kw_only=True)
class ScimUserDeleted(Event):
    """A SCIM client deleted a user."""

    kind = "scim.user_deleted"
    target = "user"
    provider_id: str
    resource_id: str


@dataclass(frozen=True, kw_only=True)
class ScimGroupCreated(Event):
    """A SCIM client created a group."""

    kind = "scim.group_created"
    target = "group"
    provider_id: str
    group: str


@dataclass(frozen=True, kw_only=True)
class ScimGroupChanged(Event):
    """A SCIM client changed a group or its members."""

    kind = "scim.group_changed"
    target = "group"
    provider_id: str
    group: str
    changed: list[str]
    added: list[str]
    removed: list[str]
    part: int | None = None
    parts: int | None = None


@dataclass(frozen=True, kw_only=True)
class ScimGroupDeleted(Event):
    """A SCIM client deleted a group."""

    kind = "scim.group_deleted"
    target = "group"
    provider_id: str
    group: str
