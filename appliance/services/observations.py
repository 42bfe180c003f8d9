"""Since when a part of the appliance is as it is, told from looks at it that were remembered.

Whoever looks writes down what they saw: the scheduler every minute, a page or a command whenever
somebody asks. A row of looks without a long gap tells how long a condition has lasted. Where there
was a gap, nobody knows what happened in it, and the row begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

LONGEST_GAP = timedelta(minutes=3)
"""Three looks of the scheduler may be missed before a row counts as broken."""


@dataclass(frozen=True)
class Observed:
    """One part's condition as far back as an unbroken row of looks goes."""

    condition: str
    since: datetime
    looked_at: datetime
    change_was_seen: bool
    """Whether the row shows another condition before; otherwise it began with this one."""


class Memory(Protocol):
    """Where looks are kept."""

    def recall(self) -> dict[str, Observed] | None:
        """What was seen last of each part; None where the memory itself does not answer."""

    def keep(self, observed: Mapping[str, Observed]) -> None:
        """Remember it."""


def note(
    memory: Memory, conditions: Mapping[str, str], *, now: datetime
) -> dict[str, Observed] | None:
    """Write down what was seen just now, and give what the row of looks tells; None if unknown."""
    before = memory.recall()
    if before is None:
        return None
    observed = {
        name: _continued(before.get(name), condition, now) for name, condition in conditions.items()
    }
    memory.keep(observed)
    return observed


def _continued(before: Observed | None, condition: str, now: datetime) -> Observed:
    if before is None or now - before.looked_at > LONGEST_GAP:
        return Observed(condition, now, now, change_was_seen=False)
    if before.condition != condition:
        return Observed(condition, now, now, change_was_seen=True)
    return Observed(condition, before.since, now, before.change_was_seen)
