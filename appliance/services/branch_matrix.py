"""Several branches, each compared with each: how far ahead, how far behind.

Functions on an `OpenRepository`, which `files.opened` gives to who may read it; none of them needs
a transaction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.services import history

if TYPE_CHECKING:
    from appliance.git.refs import Divergence
    from appliance.services.files import OpenRepository

MOST = 10
SECONDS = 10.0


@dataclass(frozen=True)
class Side:
    """One of those that are compared, as it was named, and where it is."""

    name: bytes
    commit: str


@dataclass(frozen=True)
class Cell:
    """How far a side is from a base; None where there was no time to find out."""

    side: Side
    base: Side
    divergence: Divergence | None


@dataclass(frozen=True)
class Matrix:
    """Each side compared with each other one."""

    sides: tuple[Side, ...]
    cells: tuple[Cell, ...]

    @property
    def is_complete(self) -> bool:
        """Whether all of it is known."""
        return all(each.divergence is not None for each in self.cells)

    def of(self, side: Side) -> list[Cell]:
        """The row of one side."""
        return [each for each in self.cells if each.side is side]


def compare(
    repository: OpenRepository, names: Sequence[bytes], *, seconds: float = SECONDS
) -> Matrix:
    """Up to `MOST` branches, tags or commits, those named twice once.

    Errors:
        NotFoundError: one of them means nothing here. InvalidError: it means no commit.
    """
    sides = tuple(
        Side(name, history.resolve(repository, name).commit)
        for name in list(dict.fromkeys(names))[:MOST]
    )
    deadline = time.monotonic() + seconds
    cells = []
    for base in sides:
        others = [each for each in sides if each is not base]
        left = max(0.0, deadline - time.monotonic())
        oids = list(dict.fromkeys(each.commit for each in others))
        far = dict(
            zip(oids, history.divergence(repository, base.commit, oids, seconds=left), strict=True)
        )
        cells += [Cell(each, base, far[each.commit]) for each in others]
    return Matrix(sides, tuple(cells))
