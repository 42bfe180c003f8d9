"""Events about the customer's sign-in systems, and the identities that they vouch for."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal


@dataclass(frozen=True, kw_only=True)
class ProviderCreated(Event):
    """People can sign in by another system."""

    kind = "auth.provider_created"
    target = "provider"
    name: str
    protocol: str
    issuer: str


@dataclass(frozen=True, kw_only=True)
class ProviderChanged(Event):
    """A sign-in system's settings were changed."""

    kind = "auth.provider_changed"
    target = "provider"
    name: str
    changed: list[str]


@dataclass(frozen=True, kw_only=True)
class ProviderDeleted(Event):
    """Nobody signs in by a system any more."""

    kind = "auth.provider_deleted"
    target = "provider"
    name: str


@dataclass(frozen=True, kw_only=True)
class ProviderTested(Event):
    """An administrator tried whether a sign-in system answers."""

    kind = "auth.provider_tested"
    target = "provider"
    name: str
    is_good: bool
    searched: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class SamlKeyCreated(Event):
    """The appliance made itself a key by which SAML identity providers know it."""

    kind = "saml_key.created"
    target = "saml_key"
    use: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class SamlKeySwitched(Event):
    """The appliance signs by another key for SAML from now on."""

    kind = "saml_key.switched"
    target = "saml_key"
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class SamlKeyRemoved(Event):
    """The appliance gave up a key for SAML that had signed before."""

    kind = "saml_key.removed"
    target = "saml_key"
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class IdentityLinked(Event):
    """A user can sign in by another identity."""

    kind = "auth.identity_linked"
    target = "user"
    provider_id: str
    by_rule: bool
    subject: str = personal()


@dataclass(frozen=True, kw_only=True)
class IdentityRestated(Event):
    """What a system calls a user is written down in another way than before; it is the same."""

    kind = "auth.identity_changed"
    target = "user"
    provider_id: str
    former_subject: str = personal()
    subject: str = personal()


@dataclass(frozen=True, kw_only=True)
class IdentityUnlinked(Event):
    """An identity no longer leads to a user."""

    kind = "auth.identity_unlinked"
    target = "user"
    provider_id: str
    subject: str = personal()


@dataclass(frozen=True, kw_only=True)
class AssertionRefused(Event):
    """A message of a sign-in system was refused."""

    kind = "auth.assertion_refused"
    target = "provider"
    outcome = Outcome.REFUSED
    protocol: str
    reason: str
    subject: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class BreakGlassUsed(Event):
    """The emergency administrator signed in."""

    kind = "auth.break_glass_used"
    target = "user"
    reason: str = personal()


@dataclass(frozen=True, kw_only=True)
class GroupMapped(Event):
    """A group stands for a team or a role."""

    kind = "group.mapped"
    target = "group"
    provider_id: str
    group: str
    grants_type: str
    grants_id: str
    role: str | None = None


@dataclass(frozen=True, kw_only=True)
class GroupUnmapped(Event):
    """A group no longer stands for a team or a role."""

    kind = "group.unmapped"
    target = "group"
    provider_id: str
    group: str
    grants_type: str
    grants_id: str
    role: str | None = None


@dataclass(frozen=True, kw_only=True)
class GroupsSynchronised(Event):
    """All groups were compared with a directory."""

    kind = "group.synchronised"
    target = "provider"
    run_id: str
    users: int
    added: int
    removed: int
    changed: int


@dataclass(frozen=True, kw_only=True)
class SynchronisationRefused(Event):
    """A directory's answer was not believed."""

    kind = "group.synchronisation_refused"
    target = "provider"
    outcome = Outcome.REFUSED
    run_id: str
    reason: str
    would_remove: int


@dataclass(frozen=True, kw_only=True)
class SynchronisationRequested(Event):
    """Somebody asked for all people to be compared with a directory."""

    kind = "group.synchronisation_requested"
    target = "provider"
    run_id: str
    is_dry_run: bool


@dataclass(frozen=True, kw_only=True)
class SynchronisationConfirmed(Event):
    """An administrator has looked at what a directory would take away, and it may."""

    kind = "group.synchronisation_confirmed"
    target = "provider"
    run_id: str
    confirmed_run_id: str
    removes: int
