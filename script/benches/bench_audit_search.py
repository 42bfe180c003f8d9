"""Searching an audit log of a million entries, on both databases: the slowest of twenty searches.

Each search is begun and its first page read as the doors do it, names and personal values included.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from appliance.db import bulk, schema
from appliance.db.audit_log import AuditBody, AuditLeaf, AuditLog, AuditValue
from appliance.db.engine import is_sqlite, make_engine, sqlite_url
from appliance.domain.ids import new_id
from appliance.jobs.sequencing import keep
from appliance.services.audit_log import search as audit_search
from appliance.services.audit_log import values as audit_values
from appliance.services.audit_log.search import Asked
from audit import entry, merkle
from audit.canonical import canonical
from tests.peers.postgresql import start_postgresql
from tests.world import World

from . import audit_sizes
from .rows import Row, percentile

SEARCH_MS = 300.0
AT_ONCE = 5000
DAYS = 365
SALT = bytes(range(32))
ACTORS, REPOSITORIES, TOKENS = 400, 300, 500
WORDS = 20_000
ACTIONS = (
    *("git.fetched",) * 40,
    *("git.pushed",) * 25,
    *("auth.signed_in",) * 15,
    *("repo.changed",) * 10,
    *("token.created",) * 5,
    *("access.refused",) * 4,
    "org.member_added",
)
TURNS = 60


def run(options: argparse.Namespace) -> list[Row]:
    """Every kind of search on both databases."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "PostgreSQL":
            home = Path(folder) / "home"
            rows += _measured("SQLite", home, _sqlite(home), options)
        if options.only != "SQLite":
            with start_postgresql() as server:
                url = server.create("bench")
                _migrate(url)
                rows += _measured("PostgreSQL", Path(folder) / "other", url, options)
    return rows


def _sqlite(home: Path) -> str:
    home.mkdir()
    url = sqlite_url(home / "codara.db")
    _migrate(url)
    return url


def _migrate(url: str) -> None:
    engine = make_engine(url)
    schema.upgrade(engine)
    engine.dispose()


def _measured(name: str, home: Path, url: str, options: argparse.Namespace) -> list[Row]:
    world = World(home, url)
    try:
        count = audit_sizes.size(options, name, audit_sizes.LARGE)
        print(f"... {count} entries, {name}", flush=True)
        log = Filled(world, count)
        began = time.perf_counter()
        keep(world.wiring.database, world.wiring.logs)
        rate = count / (time.perf_counter() - began)
        rows = [Row(f"{name}, made searchable", "entries/s", rate, 0)]
        log.settle()
        for kind, query in SEARCHES.items():
            if (options.only == name or options.only in kind) and options.searches in kind:
                rows += _search(f"{name}, {kind}", log, query)
        return rows
    finally:
        world.close()


def _search(name: str, log: Filled, query: Callable[[Filled, random.Random], Asked]) -> list[Row]:
    chance = random.Random(name)  # noqa: S311 - the same searches in every run.
    taken = []
    for turn in range(TURNS + 3):
        asked = query(log, chance)
        began = time.perf_counter()
        with log.world.reading(log.reader) as work:
            search = audit_search.begin(work, asked, now=log.now)
            audit_search.page(work, search, sealer=log.world.wiring.sealer)
        if turn >= 3:  # noqa: PLR2004 - the first ones warm up.
            taken.append((time.perf_counter() - began) * 1000)
    bound = SEARCH_MS if name.endswith("30 days") else 0
    return [Row(f"{name}, p95", "ms", percentile(taken, 0.95), bound)]


class Filled:
    """A log with many entries of a year. Its state are the names of what they are about."""

    def __init__(self, world: World, count: int) -> None:
        self.world = world
        self.reader = world.administrator()
        self.now = datetime.now(UTC)
        self.organisation = world.organisation("lab")
        self.actors = [world.user(f"writer-{number}") for number in range(ACTORS)]
        self.repositories = [str(new_id()) for _ in range(REPOSITORIES)]
        self.tokens = [str(new_id()) for _ in range(TOKENS)]
        self._chance = random.Random(7)  # noqa: S311 - the same entries in every run.
        self._fill(count)

    def settle(self) -> None:
        """Let PostgreSQL know what it holds, as its own upkeep would soon; SQLite has no such."""
        engine = self.world.wiring.database.engine
        if not is_sqlite(engine):
            address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")

    def _fill(self, count: int) -> None:
        log = AuditLog(
            name=str(self.organisation.id),
            origin=f"bench/{self.organisation.id}",
            size=count,
            root=merkle.EMPTY_ROOT,
            edge=b"",
            created_at=self.now,
        )
        self.world.add(log)
        for start in range(0, count, AT_ONCE):
            entries = list(self._entries(start, min(count, start + AT_ONCE), count))
            with self.world.wiring.database.begin(self.reader) as work:
                connection = work.session.connection()
                connection.execute(sa.select(1))  # COPY alone begins no transaction.
                leaves = [(log.id, index, *leaf) for index, leaf, _, _, _ in entries]
                bulk.insert(connection, AuditLeaf, ("log_id", "idx", "event_id", "header"), leaves)
                bodies = [(log.id, index, SALT, body) for index, _, body, _, _ in entries]
                bulk.insert(connection, AuditBody, ("log_id", "idx", "salt", "body"), bodies)
                values = [
                    audit_values.Open(
                        audit_values.Place(log.id, index, 0), "address", who, SALT, where
                    )
                    for index, _, _, who, where in entries
                ]
                sealed = audit_values.seal(
                    work, values, sealer=self.world.wiring.sealer, now=self.now
                )
                columns = ("log_id", "idx", "number", "field", "person", "sealed")
                bulk.insert(connection, AuditValue, columns, sealed)

    def _entries(self, start: int, end: int, count: int) -> Iterator[Any]:
        chance, year = self._chance, timedelta(days=DAYS)
        for index in range(start, end):
            moment = self.now - year + year * ((index + chance.random()) / count)
            actor, action = chance.choice(self.actors), chance.choice(ACTIONS)
            address = f"10.{chance.randrange(4)}.{chance.randrange(256)}.{chance.randrange(256)}"
            body = canonical(
                {
                    "address": entry.commit_personal("address", SALT, address),
                    "reason": " ".join(f"w{int(chance.paretovariate(0.5)) % WORDS}" for _ in "abc"),
                    "ref": f"refs/heads/topic-{chance.randrange(1000)}",
                }
            )
            header = self._header(index, moment, actor.pseudonym, action)
            event_id = new_id()
            header["id"] = str(event_id)
            text = json.dumps(header, sort_keys=True, separators=(",", ":"))
            yield index, (event_id, text), body.decode(), actor.pseudonym, address

    def _header(self, index: int, moment: datetime, actor: str, action: str) -> dict[str, Any]:
        chance = self._chance
        outcome = "success" if chance.random() < 0.99 else "refused"  # noqa: PLR2004 - one in 100.
        return {
            "action": action,
            "actor": {"ref": actor, "type": "user"},
            "auth": {"method": "token", "mfa": False, "token_ref": chance.choice(self.tokens)},
            "b": None,
            "category": action.partition(".")[0],
            "log": str(self.organisation.id),
            "outcome": outcome,
            "request_id": os.urandom(8).hex(),
            "src": {"boot": "b", "n": index + 1, "node": "n"},
            "target": {"ref": chance.choice(self.repositories), "type": "repo"},
            "time": moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "v": 1,
        }


def _actor(log: Filled, chance: random.Random) -> str:
    return f"actor:{chance.choice(log.actors).label}"


def _in_a_month(text: str, chance: random.Random, log: str = "") -> Asked:
    first = datetime.now(UTC).date() - timedelta(days=chance.randrange(30, DAYS))
    return Asked(text, log, first.isoformat(), (first + timedelta(days=30)).isoformat())


def _text(words: Callable[[Filled, random.Random], str]) -> Callable[..., Asked]:
    return lambda log, chance: Asked(f"{words(log, chance)} created:*..*")


SEARCHES: dict[str, Callable[[Filled, random.Random], Asked]] = {
    "an actor in 30 days": lambda log, chance: _in_a_month(_actor(log, chance), chance),
    "an actor's pushes of one log in 30 days": lambda log, chance: _in_a_month(
        f"{_actor(log, chance)} action:git.pushed", chance, log="lab"
    ),
    "all of the last 90 days": lambda _log, _chance: Asked(),
    "one repository": lambda log, chance: Asked(f"repo:{chance.choice(log.repositories)}"),
    "what was refused": lambda _log, _chance: Asked("-outcome:success"),
    "a rare word": _text(lambda _log, chance: f"w{chance.randrange(5000, WORDS)}"),
    "a common word": _text(lambda _log, chance: f"w{chance.randrange(1, 4)}"),
    "a phrase": _text(lambda _log, chance: f'"heads topic {chance.randrange(1000)}"'),
    "a word an actor said": lambda log, chance: Asked(
        f"{_actor(log, chance)} w{chance.randrange(1, 50)} created:*..*"
    ),
    "a network": _text(lambda _log, chance: f"ip:10.1.{chance.randrange(256)}.0/24"),
    "what is not there": _text(lambda _log, _chance: "action:repo.changed outcome:failed"),
}
