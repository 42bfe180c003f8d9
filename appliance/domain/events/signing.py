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
    """Signatures count whose certificates lead to an authority."""

    kind = "x509_authority.trusted"
    target = "authority"
    fingerprint: str
    subject: str
    scope: str


@dataclass(frozen=True, kw_only=True)
class X509AuthorityChanged(Event):
    """An authority's list of revoked certificates was brought anew."""

    kind = "x509_authority.changed"
    target = "authority"
    fingerprint: str
    revoked: int
    list_digest: str
    """SHA-256 of the list."""


@dataclass(frozen=True, kw_only=True)
class X509AuthorityRemoved(Event):
    """What an authority's certificates have signed counts no more."""

    kind = "x509_authority.removed"
    target = "authority"
    fingerprint: str
    subject: str
    scope: str


@dataclass(frozen=True, kw_only=True)
class X509CertificateAdded(Event):
    """A user showed that an X.509 certificate is theirs: what it signs counts as theirs."""

    kind = "x509_certificate.added"
    target = "certificate"
    user_id: str
    fingerprint: str
    ends_at: str


@dataclass(frozen=True, kw_only=True)
class X509CertificateRemoved(Event):
    """An X.509 certificate stands for its user no more."""

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
