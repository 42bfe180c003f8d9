"""The rows of a table of measurements, and how it is printed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from .measure import Run


@dataclass(frozen=True)
class Row:
    """One line: what we took, what the reference took if there is one, and what we promise."""

    name: str
    unit: str
    ours: float
    bound: float
    """Largest allowed ratio; without a reference, largest allowed value. 0 promises nothing."""
    reference: float | None = None
    fastest: str = ""
    """Ratio of the fastest runs: what noise has least to do with."""
    is_least: bool = False
    """Whether the bound is the smallest allowed value instead: so many a second, at least."""

    @property
    def value(self) -> float:
        """What is compared with the bound."""
        return self.ours / self.reference if self.reference else self.ours

    @property
    def is_kept(self) -> bool:
        """Whether we are within the bound."""
        if self.is_least:
            return self.value >= self.bound
        return not self.bound or self.value <= self.bound


def compared(
    name: str,
    ours: Sequence[Run],
    reference: Sequence[Run],
    *,
    wall: float = 0,
    cpu: float = 0,
) -> list[Row]:
    """Rows for the wall and for the processor, with the bounds of each ratio; by the median."""
    rows = []
    for what, bound, field in (
        ("wall", wall, "wall_seconds"),
        ("CPU", cpu, "cpu_seconds"),
    ):
        mine = [getattr(run, field) * 1000 for run in ours]
        theirs = [getattr(run, field) * 1000 for run in reference]
        fastest = f"{min(mine) / min(theirs):.2f}" if min(theirs) else ""
        row = Row(
            name=f"{name}, {what}",
            unit="ms",
            ours=statistics.median(mine),
            bound=bound,
            reference=statistics.median(theirs),
            fastest=fastest,
        )
        rows.append(row)
    return rows


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0.95) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(rows: Sequence[Row]) -> str:
    """All rows as a Markdown table."""
    lines = [
        "| what | ours | reference | ratio | of the fastest | bound | |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        ratio = f"{row.value:.2f}" if row.reference else ""
        reference = f"{row.reference:.1f} {row.unit}" if row.reference else ""
        unit = "x" if row.reference else f" {row.unit}"
        least = "at least " if row.is_least else ""
        bound = f"{least}{row.bound:g}{unit}" if row.bound else ""
        verdict = "" if not row.bound else "kept" if row.is_kept else "NOT KEPT"
        cells = [row.name, f"{row.ours:.1f} {row.unit}", reference, ratio, row.fastest, bound]
        lines.append(f"| {' | '.join([*cells, verdict])} |")
    return "\n".join(lines)
