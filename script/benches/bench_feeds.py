"""Feeds of advisories: taking one in, and matching what repositories are made of against it.

The records are generated, with the fields, lengths and shares that real ones have.
`--on` takes one of the databases, `--commits` how many advisories.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from appliance.db import schema
from appliance.db.engine import make_engine
from appliance.domain.identity import appliance
from appliance.scanning.feeds.manifest import FeedFile, FileKind
from appliance.services import advisory_rematch, feed_staging
from appliance.services.feed_staging import Plan
from tests.peers import postgresql
from tests.world import World

from . import feed_records, inventories
from .inside import IN_EARNEST
from .rows import Row

ADVISORIES = 300_000
REPOSITORIES = 10_000
IMPORT_CPU_SECONDS = 60.0
MATCH_SECONDS = 60.0
GIB = 1024**3


def run(options: argparse.Namespace) -> list[Row]:
    """Rows for each of the two databases."""
    advisories = options.commits if options.is_sized else ADVISORIES
    found: list[Row] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="codara-bench-")))
        files = feed_records.write(folder / "feed", advisories, random.Random(1))  # noqa: S311 - no secret.
        for name, world in _worlds(stack, folder, options.on):
            found += _rows(name, world(), folder / "feed", files)
    return found


def _worlds(stack: ExitStack, folder: Path, wanted: str) -> list[tuple[str, Callable[[], World]]]:
    worlds: list[tuple[str, Callable[[], World]]] = []
    if wanted in {"", "sqlite"}:
        worlds.append(("SQLite", partial(_world, stack, folder / "sqlite", "")))
    if wanted in {"", "postgresql"}:
        postgresql.SPEED.update(IN_EARNEST)
        server = stack.enter_context(postgresql.start_postgresql())
        worlds.append(("PostgreSQL", partial(_world, stack, folder / "pg", server.create("bench"))))
    return worlds


def _world(stack: ExitStack, home: Path, url: str) -> World:
    home.mkdir()
    engine = make_engine(url or f"sqlite:///{home / 'codara.db'}")
    schema.upgrade(engine)
    engine.dispose()
    world = World(home, url or f"sqlite:///{home / 'codara.db'}")
    stack.callback(world.close)
    return world


def _rows(name: str, world: World, folder: Path, files: list[str]) -> list[Row]:
    listed = [FeedFile(each, _kind(each), 0, "", "", "") for each in files]
    begin = partial(world.wiring.database.begin, appliance())
    plan = Plan(1, 0, folder, listed, 64 * GIB)
    started, wall = time.process_time(), time.perf_counter()
    staged = feed_staging.stage(plan, begin, lambda *_: None)
    cpu, wall = time.process_time() - started, time.perf_counter() - wall
    size = f"{staged.advisories:,} advisories"
    return [
        Row(name=f"{name}, import of {size}", unit="CPU-s", ours=cpu, bound=IMPORT_CPU_SECONDS),
        Row(name=f"{name}, the same by the clock", unit="s", ours=wall, bound=0),
        *_matched(name, world),
    ]


def _matched(name: str, world: World) -> list[Row]:
    """The first comparison opens all alerts; the next one finds that a hundredth has changed."""
    inventories.fill(world, REPOSITORIES, random.Random(2))  # noqa: S311 - no secret.
    inventories.use_feed(world, 1)
    first = _match(world)
    changed = inventories.change_some(world)
    again = _match(world)
    return [
        Row(
            name=f"{name}, first match of {REPOSITORIES:,} repositories, all alerts opened",
            unit="CPU-s",
            ours=first,
            bound=0,
        ),
        Row(
            name=f"{name}, match of {REPOSITORIES:,} repositories, {changed:,} advisories changed",
            unit="CPU-s",
            ours=again,
            bound=MATCH_SECONDS,
        ),
    ]


def _match(world: World) -> float:
    """What the job does, without removing what is past."""
    begin = partial(world.wiring.database.begin, appliance())
    started = time.process_time()
    after: int | None = 0
    while after is not None:
        with begin() as work:
            after = advisory_rematch.match_some(work, after)
    while True:
        with world.reading(appliance()) as work:
            waiting = advisory_rematch.waiting(work)
        if not waiting:
            return time.process_time() - started
        for some in advisory_rematch.batches(waiting):
            with begin() as work:
                advisory_rematch.settle(work, some, now=datetime.now(UTC))


def _kind(path: str) -> FileKind:
    return FileKind.OSV if path.startswith("osv/") else FileKind.EPSS
