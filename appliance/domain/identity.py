"""Actor: who is asking. A person, a token of theirs, a deploy key, a SCIM client, the appliance, or
a stranger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from appliance.domain.permissions import InstanceRole, Permission


class ActorKind(StrEnum):
    """What sort of actor it is."""

    USER = "user"
    DEPLOY_KEY = "deploy_key"
    SCIM_CLIENT = "scim_client"
    """A system of the customer that provisions people; it may do nothing else."""
    APPLIANCE = "appliance"
    STRANGER = "stranger"


class Method(StrEnum):
    """How the actor showed who they are."""

    NONE = "none"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the name of a method, not a secret.
    JWT = "jwt"
    PASSWORD = "password"  # noqa: S105 - the name of a method, not a secret.
    PROVIDER = "provider"
    PASSKEY = "passkey"
    SSH_KEY = "ssh_key"
    SSH_CERTIFICATE = "ssh_certificate"
    DEPLOY_KEY = "deploy_key"
    SCIM_TOKEN = "scim_token"  # noqa: S105 - the name of a method, not a secret.
    CONSOLE = "console"
    INTERNAL = "internal"
    IMPERSONATION = "impersonation"
    """In events only: an administrator, in a session of their own, acts as somebody else."""


@dataclass(frozen=True)
class Origin:
    """From where a request came; goes into its events and log lines."""

    address: str = ""
    user_agent: str = ""
    request_id: str = ""
    method: Method = Method.NONE
    credential_id: UUID | None = None
    device: str = field(default="", repr=False)
    """The secret that stays in a browser; never in events and log lines."""


@dataclass(frozen=True)
class Impersonator:
    """The administrator who acts as somebody else."""

    id: UUID
    name: str
    pseudonym: str
    impersonation_id: UUID


@dataclass(frozen=True)
class Actor:
    """Who is asking.

    `ceiling` is what a token allows at most (None: no ceiling); `only_repositories` are the
    repositories a token or deploy key was made for (None: all).
    """

    kind: ActorKind
    label: str
    pseudonym: str
    id: UUID | None = None
    instance_role: InstanceRole | None = None
    ceiling: frozenset[Permission] | None = None
    only_repositories: frozenset[UUID] | None = None
    closed_organisations: frozenset[UUID] = frozenset()
    """Organisations that may not be reached from where the actor is."""
    withheld_organisations: frozenset[UUID] = frozenset()
    """Organisations that keep the token in use out: while it is used, its user is nothing there."""
    is_elevated: bool = False
    used_second_factor: bool = False
    impersonator: Impersonator | None = None
    """Who acts as this actor; the rights are the actor's, and both stand in the events."""
    alone: str = ""
    """Why somebody at the console does alone what needs two people."""
    origin: Origin = field(default_factory=Origin)

    @property
    def is_signed_in(self) -> bool:
        """Whether somebody known is asking."""
        return self.kind is not ActorKind.STRANGER

    @property
    def is_administrator(self) -> bool:
        """Whether this person administers the instance."""
        return self.instance_role is InstanceRole.ADMINISTRATOR

    @property
    def recorded_method(self) -> Method:
        """How the actor showed who they are, as events say it."""
        return Method.IMPERSONATION if self.impersonator else self.origin.method

    @property
    def impersonation_id(self) -> UUID | None:
        """Under which an administrator acts as the actor."""
        return self.impersonator.impersonation_id if self.impersonator else None

    def ceiling_allows(self, permission: Permission) -> bool:
        """Whether the credential in use was given for this at all."""
        return self.ceiling is None or permission in self.ceiling


def stranger(origin: Origin | None = None) -> Actor:
    """Somebody who has not signed in."""
    return Actor(ActorKind.STRANGER, "stranger", "stranger", origin=origin or Origin())


def appliance(request_id: str = "") -> Actor:
    """The appliance itself, in jobs and at start-up."""
    origin = Origin(request_id=request_id, method=Method.INTERNAL)
    return Actor(ActorKind.APPLIANCE, "appliance", "appliance", origin=origin)
