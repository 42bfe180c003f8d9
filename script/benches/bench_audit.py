"""All that is promised of the audit log, measured one after the other; bounds stand first.

`script/bench audit --commits 1000000` is the whole of it; the parts can be run alone.
"""

from __future__ import annotations

import argparse

from . import bench_audit_export, bench_audit_growth, bench_audit_removal, bench_audit_search
from .rows import Row

PARTS = (
    ("growth", bench_audit_growth),
    ("search", bench_audit_search),
    ("export", bench_audit_export),
    ("removal", bench_audit_removal),
)
USUAL_DAYS = "30 days"
"""Of all searches the one of which something is promised."""


def run(options: argparse.Namespace) -> list[Row]:
    """Every measurement of every part, on both databases."""
    rows: list[Row] = []
    for name, part in PARTS:
        print(f"... {name}", flush=True)
        of_part = argparse.Namespace(**vars(options))
        if name == "search":
            of_part.only = USUAL_DAYS
        rows += part.run(of_part)
    return sorted(rows, key=lambda row: not row.bound)
