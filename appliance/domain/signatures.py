"""Signatures of commits, tags and pushes: what can come of checking one, and what a key is for."""

from __future__ import annotations

from enum import StrEnum


class SignatureForm(StrEnum):
    """In which form a signature was made; the names are those of git's `gpg.format`."""

    SSH = "ssh"
    OPENPGP = "openpgp"
    X509 = "x509"


class Finding(StrEnum):
    """What came of checking a signature. Only the first one means: verified."""

    VERIFIED = "verified"
    UNKNOWN_KEY = "unknown_key"
    """Nobody here has registered the key."""
    OTHER_ADDRESS = "other_address"
    """The signature is good, but the committer's address is none of the key's owner."""
    EXPIRED_KEY = "expired_key"
    """The key had expired, or was not valid yet, when the signature says it was made."""
    REVOKED_KEY = "revoked_key"
    UNTRUSTED_AUTHORITY = "untrusted_authority"
    """The certificate leads to no authority that is trusted here."""
    WRONG_USAGE = "wrong_usage"
    """The certificate is for something else than signing."""
    REVOCATION_UNKNOWN = "revocation_unknown"
    """An authority's list of revoked certificates is out of date: nobody knows."""
    BAD_SIGNATURE = "bad_signature"
    """The key is known, and has not made this signature of this content."""
    OTHER_PERSON = "other_person"
    """A push: the signature is good, but its key is not of whoever pushed."""
    STALE_NONCE = "stale_nonce"
    """A push: what was signed was not for this push, or came before."""
    UNSUPPORTED = "unsupported"
    """A form or an algorithm that is not checked here, or no longer trusted."""
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"


class SignedBy(StrEnum):
    """Whose signatures a rule lets count."""

    SSH = "ssh"
    OPENPGP = "openpgp"
    X509 = "x509"
    APPLIANCE = "appliance"
    """What the appliance commits and signs for somebody who works in the portal or by the API."""


NOT_KNOWN = (Finding.REVOCATION_UNKNOWN,)
"""Findings that say neither yes nor no."""


class KeyUse(StrEnum):
    """What an SSH key of a user is for."""

    AUTHENTICATION = "authentication"
    SIGNING = "signing"
    BOTH = "both"


MAY_SIGN = (KeyUse.SIGNING, KeyUse.BOTH)
MAY_ENTER = (KeyUse.AUTHENTICATION, KeyUse.BOTH)
