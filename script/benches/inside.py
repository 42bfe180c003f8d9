"""What authorisation and one event cost inside the product, on each of the two databases."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from appliance.db import schema
from appliance.db.engine import make_engine
from appliance.domain.identity import Method, Origin, stranger
from appliance.domain.permissions import Role
from appliance.services import fetches, identify
from tests.peers import postgresql
from tests.world import World

from .rows import Row

BOUND_MS = 2.0
ROUNDS = 300
WARM_UP = 30
IN_EARNEST = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


def rows(world: World, folder: Path, *, rounds: int = ROUNDS) -> list[Row]:
    """Rows for SQLite, in the product's own home, and for PostgreSQL with all its promises."""
    folder.mkdir()
    found = _measure("SQLite", world, "lab/small", rounds)
    # What the tests do without: here a commit has to be on the disk.
    postgresql.SPEED.update(IN_EARNEST)
    with postgresql.start_postgresql() as server:
        url = server.create("bench")
        engine = make_engine(url)
        schema.upgrade(engine)
        engine.dispose()
        other = World(folder, url)
        try:
            other.user("writer")
            other.organisation("lab")
            other.repository("lab/small")
            other.grant("writer", Role.WRITER, "lab/small")
            found += _measure("PostgreSQL", other, "lab/small", rounds)
        finally:
            other.close()
    return found


def _measure(name: str, world: World, path: str, rounds: int) -> list[Row]:
    secret = world.token("writer")
    wiring, origin = world.wiring, Origin(address="127.0.0.1", method=Method.TOKEN)

    def authorise() -> fetches.Opened:
        # As the door of git does it: see `reading` in appliance/web/git_access.py.
        with wiring.database.reading(stranger(origin)) as work:
            work.actor = identify.by_token(
                work,
                secret,
                origin=origin,
                fingerprint_key=wiring.sign_in.fingerprint_key,
                now=datetime.now(UTC),
            )
            return fetches.start(work, path, tools=wiring.git)

    opened = authorise()
    writer = world.actor("writer")

    def note() -> None:
        with wiring.database.begin(writer) as work:
            fetches.note(work, opened, protocol="https")

    def authorise_and_note() -> None:
        authorise()
        note()

    both = _median(authorise_and_note, rounds)
    return [
        Row(f"authorisation, {name}", "ms", _median(authorise, rounds), 0),
        Row(f"event and its commit, {name}", "ms", _median(note, rounds), 0),
        Row(f"authorisation and event, {name}, CPU", "ms", _cpu(authorise_and_note, rounds), 0),
        Row(f"authorisation and event, {name}", "ms", both, BOUND_MS),
    ]


def _cpu(act: Callable[[], object], rounds: int) -> float:
    """Milliseconds of this process; the database server's own are not among them."""
    began = time.process_time()
    for _ in range(rounds):
        act()
    return (time.process_time() - began) * 1000 / rounds


def _median(act: Callable[[], object], rounds: int) -> float:
    """Milliseconds."""
    for _ in range(WARM_UP):
        act()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)
