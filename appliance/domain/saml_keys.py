"""What the appliance's own keys for SAML are for, while one takes the place of another."""

from __future__ import annotations

from enum import StrEnum


class KeyUse(StrEnum):
    """Every key opens what was encrypted for it, and stands in the metadata; one of them signs."""

    SIGNS = "signs"
    NEXT = "next"
    """Identity providers may learn it, so that they know it when it signs."""
    EARLIER = "earlier"
    """It signed before; some provider may still encrypt for it."""


class KeyStep(StrEnum):
    """How one key takes the place of another, in this order."""

    PREPARE = "prepare"
    SWITCH = "switch"
    RETIRE = "retire"
