"""How long an alert may stay open: a clock for each severity.

It starts at the first sight on a protected branch, or when the advisory came in, whichever is
later. What attackers are known to use is due sooner. It pauses only while a dismissal holds that
somebody else has approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from appliance.domain.alerts import Severity

USUAL_DAYS: Mapping[Severity, int] = {
    Severity.CRITICAL: 7,
    Severity.HIGH: 30,
    Severity.MEDIUM: 90,
    Severity.LOW: 180,
    Severity.UNKNOWN: 30,
}
EXPLOITED_DAYS = 7
MOST_DAYS = 3650


@dataclass(frozen=True)
class ClockRules:
    """In how many days alerts are to be dealt with; a severity without a row never falls due."""

    days: Mapping[Severity, int] = field(default_factory=lambda: dict(USUAL_DAYS))
    exploited_days: int | None = EXPLOITED_DAYS

    def of(self, severity: Severity, *, is_exploited: bool) -> int | None:
        """The days for one alert."""
        usual = self.days.get(severity)
        if not is_exploited or self.exploited_days is None:
            return usual
        return self.exploited_days if usual is None else min(usual, self.exploited_days)


@dataclass(frozen=True)
class Clock:
    """One alert's clock."""

    started_at: datetime | None = None
    paused_at: datetime | None = None
    paused_seconds: int = 0

    def started(self, at: datetime, *, advisory_at: datetime | None = None) -> Clock:
        """Started, unless it runs already: at the later of the two."""
        if self.started_at is not None:
            return self
        return replace(self, started_at=max(at, advisory_at or at))

    def paused(self, now: datetime) -> Clock:
        """Paused, by an approved decision."""
        return self if self.paused_at is not None else replace(self, paused_at=now)

    def resumed(self, now: datetime) -> Clock:
        """Running again."""
        if self.paused_at is None:
            return self
        more = max(0, int((now - self.paused_at).total_seconds()))
        return replace(self, paused_at=None, paused_seconds=self.paused_seconds + more)

    def due_at(self, days: int | None) -> datetime | None:
        """When it is due; None while it does not run."""
        if self.started_at is None or self.paused_at is not None or days is None:
            return None
        return self.started_at + timedelta(days=days, seconds=self.paused_seconds)
