"""Second factors: what kinds there are."""

from __future__ import annotations

from enum import StrEnum


class Factor(StrEnum):
    """What somebody shows beside their password."""

    APP = "app"
    """An app whose code changes with the time (TOTP)."""
    KEY = "key"
    """A key in a device (WebAuthn): a security key or a passkey."""
    RECOVERY = "recovery"
    """A code for emergencies, which counts once."""
    PROVIDER = "provider"
    """An identity provider says that they showed one there."""
