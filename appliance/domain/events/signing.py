"""Events about whose signatures count."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event


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
