"""How the audit log grows: appending under load, signing, draining a backlog, proofs.

Beside a bare INSERT and beside a chain of hashes behind a lock, in the same run. `--only` takes a
database or a part: append, drain (with proofs of what was drained).
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from appliance.db import bulk, recording, schema
from appliance.db.audit_log import AuditLog, AuditQueued
from appliance.db.engine import make_engine, sqlite_url
from appliance.db.recording import COLUMNS, Ending
from appliance.jobs import sequencing
from appliance.services.audit_log import trees
from tests.peers import postgresql
from tests.world import World

from . import audit_load, audit_sizes
from .audit_load import Load, Place
from .inside import IN_EARNEST
from .measure import tree_cpu_seconds
from .rows import Row, percentile

REPOSITORIES = 16
WRITERS = (1, 8, 16)
APPEND, DRAIN = PARTS = ("append", "drain")
MANY = 8
SECONDS_PER_ROUND = 0.8
PROOFS = 400
AT_ONCE = 20_000
# Source: what the log is to reach on two processors; of SQLite less is asked.
LEAST_PER_SECOND = {"PostgreSQL": 1500, "SQLite": 200}
P99_MS = {1: 50, 8: 50, 16: 150}
GAIN = 4
NEARLY = 0.8
SIGNED_P99_MS = 1000
DRAINED_PER_SECOND = 10_000
PROOF_MS = {0.5: 5, 0.99: 30}


def run(options: argparse.Namespace) -> list[Row]:
    """Every measurement, on both databases."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as name:
        for database, opened in (("PostgreSQL", _on_postgresql), ("SQLite", _on_sqlite)):
            if audit_sizes.is_wanted(options, database, *PARTS):
                with opened(Path(name) / database) as (place, server):
                    rows += _measured(database, place, server, options)
    return rows


Opened = tuple[Place, Callable[[], float]]


@contextmanager
def _on_postgresql(folder: Path) -> Generator[Opened]:
    # What the tests do without: here a commit has to be on the disk.
    postgresql.SPEED.update(IN_EARNEST)
    with postgresql.start_postgresql() as server:
        pid = int((server.socket_folder / "data/postmaster.pid").read_text("utf-8").split()[0])
        yield _place(folder, server.create("bench")), lambda: tree_cpu_seconds(pid)


@contextmanager
def _on_sqlite(folder: Path) -> Generator[Opened]:
    folder.mkdir(parents=True)
    yield _place(folder, sqlite_url(folder / "codara.db")), lambda: 0.0


def _place(folder: Path, url: str) -> Place:
    engine = make_engine(url)
    schema.upgrade(engine)
    audit_load.prepare(engine)
    engine.dispose()
    world = World(folder, url)
    try:
        world.administrator("admin")
        lab = world.organisation("lab")
        names = [f"lab/part-{number}" for number in range(REPOSITORIES)]
        repositories = tuple(world.repository(name).id for name in names)
        return Place(folder, world.environment, repositories, lab.id)
    finally:
        world.close()


def _measured(
    database: str, place: Place, server: Callable[[], float], options: argparse.Namespace
) -> list[Row]:
    rows = []
    if audit_sizes.is_wanted(options, database, APPEND):
        print(f"... appending, {database}", flush=True)
        rows += _appending(database, place, server, options.rounds * SECONDS_PER_ROUND)
    if audit_sizes.is_wanted(options, database, DRAIN):
        count = audit_sizes.size(options, database, audit_sizes.BACKLOG)
        print(f"... a backlog of {count}, {database}", flush=True)
        rows += _draining(database, place, server, count)
        print(f"... proofs, {database}", flush=True)
        rows += _proofs(database, place)
    return rows


def _appending(
    database: str, place: Place, server: Callable[[], float], seconds: float
) -> list[Row]:
    rows, loads, bares = [], {}, {}
    for writers in WRITERS:
        bare = audit_load.loaded(place, audit_load.bare, writers=writers, seconds=seconds)
        chain = audit_load.loaded(place, audit_load.chained, writers=writers, seconds=seconds)
        before = server()
        with audit_load.kept(place), audit_load.watched(place) as waits:
            ours = audit_load.loaded(place, audit_load.ours, writers=writers, seconds=seconds)
        loads[writers], bares[writers] = ours, bare
        rows += _load_rows(database, ours, bare, chain, server() - before)
        if waits:
            name = f"commit to signed state, {writers} writers, {database}"
            rows.append(Row(f"{name}, p50", "ms", percentile(waits, 0.5), 0))
            rows.append(Row(f"{name}, p99", "ms", percentile(waits, 0.99), SIGNED_P99_MS))
    # SQLite has one writer at a time, however many there are.
    least = _least_gain(bares) if database == "PostgreSQL" else 0
    name = f"8 writers against 1, {database}"
    return [
        *rows,
        Row(name, "times", _gain(loads), least, is_least=True),
        Row(f"{name}, bare", "times", _gain(bares), 0),
    ]


def _least_gain(bares: dict[int, Load]) -> float:
    """What eight have to gain: where one keeps a processor busy, nearly what a bare INSERT gains.

    Four times is asked where a single writer waits for the disk most of its time.
    """
    return min(GAIN, NEARLY * _gain(bares))


def _gain(loads: dict[int, Load]) -> float:
    return loads[MANY].per_second / max(loads[1].per_second, 0.001)


def _load_rows(
    database: str, ours: Load, bare: Load, chain: Load, server_seconds: float
) -> list[Row]:
    """Of one number of writers: the time of an event, all writers together, and of a change."""
    name = f"{ours.writers} writers, {database}"
    least = LEAST_PER_SECOND[database] if ours.writers == MANY else 0
    most_ms = P99_MS[ours.writers] if database == "PostgreSQL" else 0
    each = 1000 / max(ours.per_second, 0.001)
    count = max(len(ours.milliseconds), 1)
    cpu = ours.cpu_seconds * 1000 / count
    bare_cpu = bare.cpu_seconds * 1000 / max(len(bare.milliseconds), 1)
    return [
        Row(f"events, {name}", "/s", ours.per_second, least, is_least=True),
        Row(f"an event, {name}, bare", "ms", each, 0, 1000 / max(bare.per_second, 0.001)),
        Row(f"an event, {name}, chained", "ms", each, 0, 1000 / max(chain.per_second, 0.001)),
        Row(f"a change, {name}, p50", "ms", percentile(ours.milliseconds, 0.5), 0),
        Row(f"a change, {name}, p99", "ms", percentile(ours.milliseconds, 0.99), most_ms),
        Row(f"a change, {name}, writer's CPU, bare", "ms", cpu, 0, bare_cpu),
        Row(f"a change, {name}, server's CPU", "ms", server_seconds * 1000 / count, 0),
    ]


def _draining(database: str, place: Place, server: Callable[[], float], count: int) -> list[Row]:
    objects = audit_load.built(place)
    sequencing.keep(objects.database, objects.logs)
    _fill(objects.database.engine, objects.database.source, place, count)
    rows = []
    for what, act, least in (
        ("gets its place", sequencing.integrate, DRAINED_PER_SECOND),
        ("can be found", sequencing.catch_up, 0),
    ):
        before, cpu, began = server(), time.process_time(), time.perf_counter()
        while act(objects.database, objects.logs):
            pass
        wall = (time.perf_counter() - began) * 1000 / count
        cpu_ms = (time.process_time() - cpu) * 1000 / count
        server_ms = (server() - before) * 1000 / count
        name = f"an event of the backlog {what}"
        rows += [
            Row(f"{name}, {database}", "/s", 1000 / wall, least, is_least=True),
            Row(f"{name}, {database}, CPU", "ms", cpu_ms, 0),
            Row(f"{name}, {database}, server's CPU", "ms", server_ms, 0),
        ]
    objects.database.engine.dispose()
    return rows


def _fill(engine: sa.Engine, source: recording.Source, place: Place, count: int) -> None:
    for start in range(0, count, AT_ONCE):
        rows = []
        for number in range(start, min(start + AT_ONCE, count)):
            event = audit_load.change_event(place, place.repositories[number % 16], number)
            recorded = recording.prepare(event, audit_load.WRITER, source)
            source.finish([(recorded.boot, recorded.log, recorded.number)], Ending.COMMITTED)
            rows.append(tuple(recorded.row[column] for column in COLUMNS))
        with engine.begin() as connection:
            # Begin in earnest: what copies does not begin by itself.
            connection.execute(sa.select(sa.func.count()).select_from(AuditLog))
            bulk.insert(connection, AuditQueued, COLUMNS, rows)


def _proofs(database: str, place: Place) -> list[Row]:
    """Proofs from the tiles in the database, each in a transaction of its own."""
    world = World(place.home, place.environment["CODARA_DATABASE__URL"])
    inclusion: list[float] = []
    consistency: list[float] = []
    try:
        administrator = world.actor("admin")
        for _ in range(PROOFS):
            began = time.perf_counter()
            with world.reading(administrator) as work:
                tree = trees.newest(work, "lab")
                trees.inclusion(work, tree, secrets.randbelow(tree.size))
            inclusion.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            with world.reading(administrator) as work:
                first = 1 + secrets.randbelow(tree.size)
                trees.consistency(work, "lab", first, tree.size)
            consistency.append((time.perf_counter() - began) * 1000)
    finally:
        world.close()
    return [
        Row(f"{what} among {tree.size}, {database}, p{int(share * 100)}", "ms", taken, most)
        for what, times in (("inclusion", inclusion), ("consistency", consistency))
        for share, most in PROOF_MS.items()
        for taken in [percentile(times, share)]
    ]
