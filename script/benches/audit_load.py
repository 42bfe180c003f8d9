"""Writers that change something and record it, in processes of their own, and how long each took.

Three ways to record: ours, a bare INSERT into a table nobody guards, and a chain of hashes behind a
lock. All three change the same business row in the same transaction.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from appliance import wiring
from appliance.db.audit_log import AuditLeaf
from appliance.db.repositories import Repository
from appliance.domain import events
from appliance.domain.identity import Actor, ActorKind, Method, Origin, appliance
from appliance.domain.ids import new_id
from appliance.errors import ApplianceError
from appliance.jobs.sequencing import sequencing
from appliance.settings import load

WARM_UP_SECONDS = 0.5
LOOK_SECONDS = 0.02
"""As often as the unit of work looks whether an event is in its log."""
BARE = "CREATE TABLE bench_bare (id {serial}, event text NOT NULL)"
CHAIN = "CREATE TABLE bench_chain (id {serial}, event text NOT NULL, hash {bytes} NOT NULL)"
HEAD = "CREATE TABLE bench_head (id integer PRIMARY KEY, hash {bytes} NOT NULL)"
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Place:
    """A database with repositories to change, one for each writer."""

    home: Path
    environment: dict[str, str]
    repositories: tuple[Any, ...]
    organisation_id: Any


@dataclass(frozen=True)
class Load:
    """What some writers did in the same seconds."""

    writers: int
    seconds: float
    milliseconds: list[float]
    """Of each transaction."""
    cpu_seconds: float
    """Of the writers; the database's own are not among them."""

    @property
    def per_second(self) -> float:
        """How many events."""
        return len(self.milliseconds) / self.seconds


Write = Callable[[wiring.Wiring, Place, Any, int], None]


def built(place: Place) -> wiring.Wiring:
    """The long-lived objects of a process."""
    return wiring.build(place.home, load(file=None, environment=place.environment))


def ours(objects: wiring.Wiring, place: Place, repository_id: Any, number: int) -> None:
    """Change a row through the unit of work, and record it."""
    with objects.database.begin(WRITER) as work:
        work.rows(CHANGE, _values(repository_id, number))
        work.record(change_event(place, repository_id, number))


def bare(objects: wiring.Wiring, place: Place, repository_id: Any, number: int) -> None:
    """The same change with a row of text."""
    del place
    with objects.database.engine.begin() as connection:
        connection.execute(CHANGE, _values(repository_id, number))
        connection.execute(ADD_BARE, {"event": _text(repository_id, number)})


def chained(objects: wiring.Wiring, place: Place, repository_id: Any, number: int) -> None:
    """The same change with a row that has the hash of the one before."""
    del place
    text = _text(repository_id, number)
    is_sqlite = objects.database.engine.dialect.name == "sqlite"
    with objects.database.engine.begin() as connection:
        connection.execute(CHANGE, _values(repository_id, number))
        last = connection.scalar(HEAD_HASH if is_sqlite else LOCKED_HEAD_HASH)
        digest = hashlib.sha256(bytes(last) + text.encode()).digest()
        connection.execute(ADD_CHAINED, {"event": text, "hash": digest})
        connection.execute(MOVE_HEAD, {"hash": digest})


HEAD_HASH = sa.text("SELECT hash FROM bench_head WHERE id = 1")
LOCKED_HEAD_HASH = sa.text("SELECT hash FROM bench_head WHERE id = 1 FOR UPDATE")
ADD_BARE = sa.text("INSERT INTO bench_bare (event) VALUES (:event)")
ADD_CHAINED = sa.text("INSERT INTO bench_chain (event, hash) VALUES (:event, :hash)")
MOVE_HEAD = sa.text("UPDATE bench_head SET hash = :hash WHERE id = 1")
CHANGE = (
    sa.update(Repository.__table__)  # type: ignore[arg-type]  # It is a table.
    .where(Repository.id == sa.bindparam("which"))
    .values(description=sa.bindparam("said"))
)
WRITER = Actor(
    kind=ActorKind.USER,
    label="writer",
    pseudonym="p_" + "a" * 26,
    id=new_id(),
    origin=Origin(
        address="192.0.2.7",
        method=Method.TOKEN,
        request_id="0123456789abcdef",
        credential_id=new_id(),
    ),
)


def _values(repository_id: Any, number: int) -> dict[str, Any]:
    return {"which": repository_id, "said": f"change {number}"}


def change_event(place: Place, repository_id: Any, number: int) -> events.Event:
    """What is recorded of a change, of a usual length."""
    return events.RepositoryChanged(
        about=repository_id,
        organisation_id=place.organisation_id,
        changed={"description": f"change {number}", "reason": "measured, and of a usual length"},
    )


def _text(repository_id: Any, number: int) -> str:
    """About as long as one of our entries with its body."""
    return json.dumps({"repository": str(repository_id), "number": number, "more": "x" * 500})


def prepare(engine: sa.Engine) -> None:
    """Make the tables of the two references."""
    is_sqlite = engine.dialect.name == "sqlite"
    words = {
        "serial": "integer PRIMARY KEY" if is_sqlite else "bigserial PRIMARY KEY",
        "bytes": "blob" if is_sqlite else "bytea",
    }
    with engine.begin() as connection:
        for statement in (BARE, CHAIN, HEAD):
            connection.execute(sa.text(statement.format(**words)))
        connection.execute(sa.text("INSERT INTO bench_head VALUES (1, :hash)"), {"hash": bytes(32)})


def loaded(place: Place, write: Write, *, writers: int, seconds: float) -> Load:
    """Let so many writers write as fast as they can for so long."""
    started = FORK.Barrier(writers)
    lines, children = [], []
    for number in range(writers):
        mine, theirs = FORK.Pipe(duplex=False)
        repository_id = place.repositories[number % len(place.repositories)]
        words = (place, write, repository_id, seconds, started, theirs)
        child = FORK.Process(target=_write, args=words, daemon=True)
        child.start()
        theirs.close()
        lines.append(mine)
        children.append(child)
    taken: list[float] = []
    cpu_seconds = 0.0
    for line in lines:
        milliseconds, used = line.recv()
        taken += milliseconds
        cpu_seconds += used
    for child in children:
        child.join()
    return Load(writers, seconds, taken, cpu_seconds)


def _write(
    place: Place,
    write: Write,
    repository_id: Any,
    seconds: float,
    started: Any,
    line: Connection,
) -> None:
    objects = built(place)
    started.wait()
    number, taken = 0, []
    ends = time.perf_counter() + WARM_UP_SECONDS
    while time.perf_counter() < ends:
        number += _try(write, objects, place, repository_id, number)
    began_cpu, ends = time.process_time(), time.perf_counter() + seconds
    while (began := time.perf_counter()) < ends:
        if _try(write, objects, place, repository_id, number):
            taken.append((time.perf_counter() - began) * 1000)
        number += 1
    line.send((taken, time.process_time() - began_cpu))
    objects.database.engine.dispose()


def _try(
    write: Write, objects: wiring.Wiring, place: Place, repository_id: Any, number: int
) -> bool:
    """Whether it was written; who waits too long for a lock is told so, and is not counted."""
    try:
        write(objects, place, repository_id, number)
    except (ApplianceError, sa.exc.OperationalError):
        return False
    return True


@contextmanager
def kept(place: Place) -> Iterator[None]:
    """The sequencer, in a process of its own, for the length of the block."""
    is_over = FORK.Event()

    def run() -> None:
        objects = built(place)
        with sequencing(objects):
            is_over.wait()
        objects.database.engine.dispose()

    child = FORK.Process(target=run, daemon=True)
    child.start()
    try:
        yield
    finally:
        is_over.set()
        child.join()


@contextmanager
def watched(place: Place) -> Iterator[list[float]]:
    """Somebody who writes now and then, and waits until it is in a signed state of the log.

    Gives a list that, after the block, has how long each wait took. Units: milliseconds.
    """
    is_over, (mine, theirs) = FORK.Event(), FORK.Pipe(duplex=False)
    child = FORK.Process(target=_watch, args=(place, is_over, theirs), daemon=True)
    child.start()
    waits: list[float] = []
    try:
        yield waits
    finally:
        is_over.set()
        waits += mine.recv()
        child.join()


def _watch(place: Place, is_over: Any, line: Connection) -> None:
    objects, taken = built(place), []
    while not is_over.wait(LOOK_SECONDS):
        try:
            taken.append(_signed_after_ms(objects, place))
        except ApplianceError:
            continue  # On SQLite it is one of many that wait for the same lock.
    line.send(taken)
    objects.database.engine.dispose()


def _signed_after_ms(objects: wiring.Wiring, place: Place) -> float:
    with objects.database.begin(appliance()) as work:
        event_id = work.record(change_event(place, place.repositories[0], 0))
    began = time.perf_counter()
    query = sa.select(AuditLeaf.idx).where(AuditLeaf.event_id == event_id)
    while True:
        with objects.database.reading(appliance()) as work:
            if work.session.scalar(query) is not None:
                return (time.perf_counter() - began) * 1000
        time.sleep(LOOK_SECONDS)
