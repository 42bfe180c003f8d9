"""Events about the customer's identity providers, and the identities that they vouch for."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal


@dataclass(frozen=True, kw_only=True)
class ProviderCreated(Event):
    """An identity provider was added."""

    kind = "auth.provider_created"
    target = "provider"
    name: str
    protocol: str
    issuer: str


@dataclass(frozen=True, kw_only=True)
class ProviderChanged(Event):
    """An identity provider's settings were changed."""

    kind = "auth.provider_changed"
    target = "provider"
    name: str
    changed: list[str]


@dataclass(frozen=True, kw_only=True)
class ProviderDeleted(Event):
    """An identity provider was deleted."""

    kind = "auth.provider_deleted"
    target = "provider"
    name: str


@dataclass(frozen=True, kw_only=True)
class ProviderTested(Event):
    """An administrator tested an identity provider."""

    kind = "auth.provider_tested"
    target = "provider"
    name: str
    is_good: bool
    searched: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class SamlKeyCreated(Event):
    """The appliance created a key for SAML."""

    kind = "saml_key.created"
    target = "saml_key"
    use: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class SamlKeySwitched(Event):
    """The appliance signs with another SAML key from now on."""

    kind = "saml_key.switched"
    target = "saml_key"
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class SamlKeyRemoved(Event):
    """A former SAML key of the appliance was removed."""

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
    """The identifier of a linked identity is stored in another form; it is the same identity."""

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
    """A message of an identity provider was refused."""

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
    """A group was mapped to a team or a role."""

    kind = "group.mapped"
    target = "group"
    provider_id: str
    group: str
    grants_type: str
    grants_id: str
    role: str | None = None


@dataclass(frozen=True, kw_only=True)
class GroupUnmapped(Event):
    """The mapping of a group to a team or a role was removed."""

    kind = "group.unmapped"
    target = "group"
    provider_id: str
    group: str
    grants_type: str
    grants_id: str
    role: str | None = None


@dataclass(frozen=True, kw_only=True)
class GroupsSynchronised(Event):
    """A synchronisation with a directory finished."""

    kind = "group.synchronised"
    target = "provider"
    run_id: str
    users: int
    added: int
    removed: int
    changed: int


@dataclass(frozen=True, kw_only=True)
class SynchronisationRefused(Event):
    """A synchronisation was stopped because it would remove too much."""

    kind = "group.synchronisation_refused"
    target = "provider"
    outcome = Outcome.REFUSED
    run_id: str
    reason: str
    would_remove: int


@dataclass(frozen=True, kw_only=True)
class SynchronisationRequested(Event):
    """A synchronisation with a directory was requested."""

    kind = "group.synchronisation_requested"
    target = "provider"
    run_id: str
    is_dry_run: bool


@dataclass(frozen=True, kw_only=True)
class SynchronisationConfirmed(Event):
    """An administrator confirmed a synchronisation that removes much."""

    kind = "group.synchronisation_confirmed"
    target = "provider"
    run_id: str
    confirmed_run_id: str
    removes: int
