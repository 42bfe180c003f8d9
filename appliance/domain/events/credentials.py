"""Events about what lets programs in, beyond that it was made and revoked."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, personal

__all__ = [
    "CredentialRuleChanged",
    "SshKeyKeptOut",
    "TokenApprovalRequested",
    "TokenApprovalRevoked",
    "TokenApproved",
    "TokenExpired",
    "TokenRefused",
    "TokenReportedLeaked",
]


@dataclass(frozen=True, kw_only=True)
class TokenReportedLeaked(Event):
    """A leaked token was reported and revoked."""

    kind = "token.reported_leaked"
    target = "token"
    found_by: str
    """`report`: whoever is the actor showed it. `scan`: a scan found it."""
    user_id: str | None = None
    """Of an access token; a SCIM token is nobody's."""
    place: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class CredentialRuleChanged(Event):
    """An organisation's rules for tokens and keys were changed."""

    kind = "org.credential_rule_changed"
    target = "org"
    approval: str
    most_days: int | None = None
    unused_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class SshKeyKeptOut(Event):
    """An organisation no longer accepts a user's SSH key; elsewhere it works as before."""

    kind = "ssh_key.kept_out"
    target = "ssh_key"
    user_id: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class TokenApprovalRequested(Event):
    """Approval of a token was requested from an organisation's owners."""

    kind = "token.approval_requested"
    target = "token"
    user_id: str
    reason: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class TokenApproved(Event):
    """An owner approved a token for their organisation."""

    kind = "token.approved"
    target = "token"
    user_id: str
    reason: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class TokenRefused(Event):
    """An owner refused a token access to their organisation."""

    kind = "token.approval_refused"
    target = "token"
    user_id: str
    reason: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class TokenApprovalRevoked(Event):
    """An owner revoked the approval of a token."""

    kind = "token.approval_revoked"
    target = "token"
    user_id: str
    reason: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class TokenExpired(Event):
    """A token expired, by age or because it was not used."""

    kind = "token.expired"
    target = "token"
    user_id: str
    why: str
    """`unused`: nobody had used it for too long."""
