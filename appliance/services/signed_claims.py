"""What somebody claims by a signature, and what comes of checking it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.domain.signatures import NOT_KNOWN, Finding, SignatureForm

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from appliance.git.signed import Signed


@dataclass(frozen=True)
class Claim:
    """Something signed, the address that it names as its maker's, and when it says it was made.

    A push names no address: whose key it is says enough.
    """

    signed: Signed
    address: str | None
    made_at: datetime


@dataclass(frozen=True)
class Checked:
    """What came of a check, and how we know."""

    finding: Finding
    form: SignatureForm | None = None
    key: str = ""
    """The fingerprint or id of the key, as the signature names it."""
    owner: str = ""
    """The user whose the key is."""
    owner_id: UUID | None = None
    signed_at: datetime | None = None
    """Where the signature itself names a time."""
    is_by_appliance: bool = False
    """The appliance has signed what `owner` made here, without a git of their own."""
    is_by_organisation: bool = False
    """It counts by an authority that the repository's organisation trusts, not the appliance."""

    @property
    def is_verified(self) -> bool:
        """Whether all of it is as it should be."""
        return self.finding is Finding.VERIFIED

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows."""
        return self.finding in NOT_KNOWN
