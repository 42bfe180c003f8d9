"""What an organisation makes of licences, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from appliance.errors import InvalidError, sentence

_LINE = re.compile(
    r"(?P<package>[^=]*[^=\s])\s*=\s*(?P<licence>[^=]*[^=\s])\s*="
    r"(?:\s*until (?P<until>\d{4}-\d\d-\d\d)\s*=)?\s*(?P<reason>\S.*)"
)
NO_DECISION = sentence(
    "Write each package as pkg:pypi/one = MIT = why, on a line of its own; where it ends, as "
    "pkg:pypi/one = MIT = until 2027-03-31 = why."
)


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

    def __str__(self) -> str:
        """On one line, as `decided` reads it."""
        until = f"until {self.until.isoformat()} = " if self.until else ""
        return f"{self.package} = {self.licence} = {until}{self.reason}"


def decided(line: str) -> DecidedPackage:
    """What a line says: `PACKAGE = LICENCE = WHY`, or `PACKAGE = LICENCE = until DAY = WHY`.

    Errors:
        InvalidError: it says something else.
    """
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise InvalidError.of("decided", NO_DECISION)
    try:
        until = date.fromisoformat(found["until"]) if found["until"] else None
    except ValueError as error:
        raise InvalidError.of("decided", NO_DECISION) from error
    return DecidedPackage(found["package"], found["licence"], found["reason"], until)


@dataclass(frozen=True)
class LicencePolicy:
    """What an organisation says of licences. What is on neither list is to be looked at."""

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    decided: tuple[DecidedPackage, ...] = ()
    alerts_for_review: bool = False
    """Whether what is to be looked at gets alerts, too; what is denied always does."""
