"""Erasing a person with very many events from the audit log, and pruning its details and entries.

`--commits` says of how many events; the promise is for 100,000. On SQLite, and on PostgreSQL with
all its promises.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from appliance import wiring
from appliance.db.audit_log import AuditLog
from appliance.jobs import sequencing
from appliance.services.audit_log import erasure, pruning, removal
from appliance.services.audit_log.pruning import Asked

from . import audit_sizes
from .bench_audit_export import READER, _fill, _opened, _places
from .rows import Row

PROMISED = 100_000
ERASE_SECONDS = 60.0


def run(options: argparse.Namespace) -> list[Row]:
    """Rows for each database."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as folder:
        for name, home, url in _places(Path(folder)):
            if not audit_sizes.is_wanted(options, name):
                continue
            count = min(audit_sizes.size(options, name, audit_sizes.ERASED), PROMISED)
            print(f"... {count} events of a person, {name}", flush=True)
            _fill(home, url, count)
            with _opened(home, url) as objects:
                rows += _rows(name, objects, count)
    return rows


def _rows(name: str, objects: wiring.Wiring, count: int) -> list[Row]:
    before = _root(objects)
    begins: Any = partial(objects.database.begin, READER)
    now = datetime.now(UTC)
    started = time.perf_counter()
    erasure.erase(begins, READER.pseudonym, tools=objects.logs, now=now)
    seconds = time.perf_counter() - started
    if _root(objects) != before:
        raise AssertionError("an erasure changed the root")
    rows = [
        Row(
            f"{name}: erase a person with {count} events",
            "s",
            seconds,
            ERASE_SECONDS * count / PROMISED,
        )
    ]
    for what, asked in (
        ("details", Asked(bodies=count)),
        ("entries", Asked(entries=count)),
        ("tiles", Asked(tiles=True)),
    ):
        sequencing.keep(objects.database, objects.logs)
        started = time.perf_counter()
        with objects.database.reading(READER) as work:
            (planned,) = pruning.plan(work, asked, now=now)
        planning = time.perf_counter() - started
        with objects.database.begin(READER) as work:
            pruning_id = pruning.authorise(work, planned, tools=objects.logs, now=now)
        sequencing.keep(objects.database, objects.logs)
        started = time.perf_counter()
        done = removal.carry_out(begins, pruning_id, tools=objects.logs, now=now, report=_silent)
        seconds = planning + time.perf_counter() - started
        rows.append(Row(f"{name}: prune {done.removed} {what}", "s", seconds, 0))
    return rows


def _root(objects: wiring.Wiring) -> bytes:
    with objects.database.reading(READER) as work:
        return bytes(work.session.scalars(sa.select(AuditLog.root)).one())


def _silent(step: str, done: int = 0, total: int = 0) -> None:
    """Nobody looks."""
