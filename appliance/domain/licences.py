"""What an organisation makes of licences, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class LicenceDecision(StrEnum):
    """What a policy says of a licence, from the best to the worst."""

    ALLOW = "allow"
    REVIEW = "review"
    """Somebody has to look at it: so it is with everything that nobody has decided."""
    DENY = "deny"


@dataclass(frozen=True)
class DecidedPackage:
    """What somebody found out about a package, whatever its manifest says."""

    package: str
    """A package URL without version."""
    licence: str
    """An expression; that of a package that may be used under any: `LicenseRef-allowed`, say."""
    reason: str
    until: date | None = None
    """The last day on which it counts."""

    def counts(self, today: date) -> bool:
        """Whether it still holds."""
        return self.until is None or today <= self.until


@dataclass(frozen=True)
class LicencePolicy:
    """What an organisation says of licences. What is on neither list is to be looked at."""

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    decided: tuple[DecidedPackage, ...] = ()
    alerts_for_review: bool = False
    """Whether what is to be looked at gets alerts, too; what is denied always does."""
