"""Events about whose signatures count, and what must be signed."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event

__all__ = [
    "SigningRuleRemoved",
    "SigningRuleSet",
    "X509AuthorityChanged",
    "X509AuthorityRemoved",
    "X509AuthorityTrusted",
    "X509CertificateAdded",
    "X509CertificateRemoved",
]


@dataclass(frozen=True, kw_only=True)
class X509AuthorityTrusted(Event):
    """A certificate authority is trusted for signatures."""

    kind = "x509_authority.trusted"
    target = "authority"
    fingerprint: str
    subject: str
    scope: str


@dataclass(frozen=True, kw_only=True)
class X509AuthorityChanged(Event):
    """The revocation list of a certificate authority was replaced."""

    kind = "x509_authority.changed"
    target = "authority"
    fingerprint: str
    revoked: int
    list_digest: str
    """SHA-256 of the list."""


@dataclass(frozen=True, kw_only=True)
class X509AuthorityRemoved(Event):
    """A certificate authority is no longer trusted for signatures."""

    kind = "x509_authority.removed"
    target = "authority"
    fingerprint: str
    subject: str
    scope: str


@dataclass(frozen=True, kw_only=True)
class X509CertificateAdded(Event):
    """A user added an X.509 certificate for signatures and proved that it is theirs."""

    kind = "x509_certificate.added"
    target = "certificate"
    user_id: str
    fingerprint: str
    ends_at: str


@dataclass(frozen=True, kw_only=True)
class X509CertificateRemoved(Event):
    """An X.509 certificate was removed from its user."""

    kind = "x509_certificate.removed"
    target = "certificate"
    user_id: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class SigningRuleSet(Event):
    """An organisation demands signatures in all its repositories, for some branches or tags."""

    kind = "org.signing_rule_set"
    target = "org"
    pattern: str
    signed_by: list[str]
    """Which signatures of new commits and tags count; empty: they need none."""
    signed_push: bool


@dataclass(frozen=True, kw_only=True)
class SigningRuleRemoved(Event):
    """An organisation no longer demands signatures for some branches or tags."""

    kind = "org.signing_rule_removed"
    target = "org"
    pattern: str
