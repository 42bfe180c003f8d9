"""How the steps of a trial are shown, whatever is tried: with the raw answers, without secrets."""

from __future__ import annotations

from dataclasses import dataclass

MASK = "•••"
LONGEST_LINE = 2000


@dataclass(frozen=True)
class Step:
    """How one step went, and with whom."""

    name: str
    server: str
    is_good: bool
    lines: tuple[str, ...]
    """What was said."""
