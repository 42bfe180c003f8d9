"""All that is promised of the audit log, measured one after the other; bounds stand first.

`script/bench audit` is the whole of it, in a quarter of an hour on two processors; the parts can be
run alone, as sets of their own or by `--only`: growth (or append, drain), search, export, removal,
or a database. `audit_sizes.py` says of how many events; with a million it takes above an hour.
"""

from __future__ import annotations

import argparse
import time

from . import (
    audit_sizes,
    bench_audit_export,
    bench_audit_growth,
    bench_audit_removal,
    bench_audit_search,
)
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
    """Every measurement of every part, on both databases, and how long each part took."""
    rows: list[Row] = []
    wholes = {name for name, _ in PARTS}
    for name, part in PARTS:
        below = bench_audit_growth.PARTS if part is bench_audit_growth else ()
        if not audit_sizes.is_wanted(options, name, *below, *audit_sizes.LARGE):
            continue
        print(f"... {name}", flush=True)
        of_part = argparse.Namespace(**vars(options))
        of_part.only = "" if options.only in wholes else options.only
        of_part.searches = USUAL_DAYS
        began = time.monotonic()
        rows += part.run(of_part)
        rows.append(Row(f"all of {name}", "s", time.monotonic() - began, 0))
    return sorted(rows, key=lambda row: not row.bound)
