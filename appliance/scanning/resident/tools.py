"""What it takes to have something looked through, and to tell found secrets apart without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from appliance.scanning.resident.door import Door
from appliance.security.signing import InstanceSecret, Purpose


@dataclass(frozen=True)
class ScannerTools:
    """Where the scanner is asked, and the keys. It keeps no state."""

    socket: Path
    secret: InstanceSecret
    own: tuple[Mapping[str, Any], ...] = ()
    """The patterns of an organisation, for pushes to its repositories."""

    @property
    def door(self) -> Door:
        """Where it is asked."""
        return Door(self.socket)

    def with_own(self, own: tuple[Mapping[str, Any], ...]) -> Self:
        """The same, with the patterns of an organisation."""
        return replace(self, own=own) if own else self

    @property
    def fingerprint_key(self) -> bytes:
        """With which the scanner fingerprints what it finds, so that no value leaves it."""
        return self.secret.key(Purpose.FOUND_SECRETS, "scanner")

    def owner_key(self, owner_id: UUID) -> bytes:
        """With which the secrets in what belongs to one owner are told apart."""
        return self.secret.key(Purpose.FOUND_SECRETS, owner_id.hex)
