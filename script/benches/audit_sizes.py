"""How many events the measurements of the audit log take, and which of these are wanted.

All together end within a quarter of an hour on two processors. What is promised of a million events
is measured with half as many, and bounds of time shrink with them; `--commits 1000000` insists.
"""

from __future__ import annotations

import argparse

LARGE = {"PostgreSQL": 500_000, "SQLite": 100_000}
BACKLOG = {"PostgreSQL": 200_000, "SQLite": 100_000}
ERASED = {"PostgreSQL": 100_000, "SQLite": 50_000}


def size(options: argparse.Namespace, database: str, usual: dict[str, int]) -> int:
    """As many as somebody asked for, or as is usual."""
    return int(options.commits) if options.is_sized else usual[database]


def is_wanted(options: argparse.Namespace, *names: str) -> bool:
    """Whether `--only` names one of these, or nothing."""
    return not options.only or options.only in names
