"""What is said of a commit: where in it somebody speaks, and how much."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.pull_requests import Anchor, Side, check_anchor

MOST_COMMENTS = 1_000
"""On one commit, whose page shows all of them."""


@dataclass(frozen=True)
class Spot:
    """Where in a commit: the whole without a path, else a file of its diff or lines of one."""

    path: bytes = b""
    side: Side = Side.NEW
    start_line: int | None = None
    end_line: int | None = None
    """Both count from 1, and both lines are meant."""

    @property
    def is_whole(self) -> bool:
        """Whether the commit as such is meant."""
        return not self.path and self.start_line is None and self.end_line is None


def check_spot(spot: Spot) -> Spot:
    """A spot that is possible.

    Errors:
        InvalidError: its lines are none, or the wrong way round, or of no file.
    """
    if spot.is_whole:
        return Spot()
    found = check_anchor(Anchor(1, spot.path, spot.side, spot.start_line, spot.end_line))
    return Spot(found.path, found.side, found.start_line, found.end_line)
