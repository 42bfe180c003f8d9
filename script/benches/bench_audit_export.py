"""Taking a large audit log along, checking it, and proving single events of it.

`--commits` says of how many events, `--only` on which database: SQLite, or PostgreSQL with all its
promises.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from appliance import garbage, wiring
from appliance.db import bulk, recording, schema
from appliance.db.audit_log import AuditLeaf, AuditQueued
from appliance.db.engine import sqlite_url
from appliance.db.recording import Ending
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.identity import Actor, ActorKind, Method, Origin, appliance
from appliance.domain.ids import new_id
from appliance.domain.permissions import InstanceRole
from appliance.jobs import sequencing
from appliance.services.audit_log import bundle, export, tables, trees
from appliance.services.audit_log.export import Form, Wanted
from appliance.settings import load
from appliance.wiring_heartbeats import Heart
from tests.peers import postgresql

from . import audit_sizes
from .inside import IN_EARNEST
from .rows import Row

AT_ONCE = 20_000
PROOFS = 1000
COLUMNS = ("event_id", "log", "header", "salt", "body", "personal")
MIB = 1024.0  # Linux says the largest memory of a process in KiB.
BOUNDS = {Form.JSONL: 60.0, Form.CSV: 90.0, Form.BUNDLE: 0.0}
LARGEST_MIB = 256.0
VERIFY_SECONDS, VERIFY_MIB = 60.0, 200.0
HASH_SECONDS = 10.0
READER = Actor(
    kind=ActorKind.USER,
    label="auditor",
    pseudonym="p_" + "a" * 26,
    id=new_id(),
    instance_role=InstanceRole.ADMINISTRATOR,
    origin=Origin(address="192.0.2.7", method=Method.CONSOLE, request_id="0123456789abcdef"),
)


def run(options: argparse.Namespace) -> list[Row]:
    """Rows for each database."""
    found = []
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as folder:
        for name, home, url in _places(Path(folder)):
            if not audit_sizes.is_wanted(options, name):
                continue
            count = audit_sizes.size(options, name, audit_sizes.LARGE)
            print(f"... {count} events, {name}", flush=True)
            _fill(home, url, count)
            found += _rows(name, home, url, count)
    return found


def export_here(home: Path, url: str, form: Form, out: Path) -> None:
    """One export, in a process of its own, whose memory can be seen."""
    with _opened(home, url) as objects:
        garbage.settle()  # As every worker does.

        def opens() -> AbstractContextManager[UnitOfWork]:
            return objects.database.reading(READER)

        with opens() as work:
            plan = export.plan(work, Wanted("instance"), now=datetime.now(UTC))
        tools = objects.logs
        if form is Form.BUNDLE:
            bundle.write(opens, plan, out, tools=tools, progress=_silent)
        else:
            tables.write(opens, plan, out, form=form, tools=tools, progress=_silent)


def _places(folder: Path) -> Iterator[tuple[str, Path, str]]:
    home = folder / "sqlite"
    home.mkdir()
    yield "SQLite", home, sqlite_url(home / "codara.db")
    postgresql.SPEED.update(IN_EARNEST)
    with postgresql.start_postgresql() as server:
        other = folder / "postgresql"
        other.mkdir()
        yield "PostgreSQL", other, server.create("bench")


@contextmanager
def _opened(home: Path, url: str) -> Iterator[wiring.Wiring]:
    said = {"CODARA_DATABASE__URL": url, "CODARA_DATABASE__STATEMENT_TIMEOUT_SECONDS": "300"}
    settings = load(file=None, environment=said)
    objects = wiring.build(home, settings)
    try:
        yield objects
    finally:
        objects.database.engine.dispose()
        objects.redis.close()


def _fill(home: Path, url: str, count: int) -> None:
    with _opened(home, url) as objects:
        schema.bring_up_to_date(objects.database.engine)
        source, heart = objects.database.source, Heart(objects.database, objects.logs.signer)
        for start in range(0, count, AT_ONCE):
            some = [
                _recorded(objects, number) for number in range(start, min(start + AT_ONCE, count))
            ]
            rows = [tuple(each.row[name] for name in COLUMNS) for each in some]
            with objects.database.begin(appliance()) as work:
                work.session.execute(sa.select(1))  # The first statement begins a transaction.
                bulk.insert(work.session.connection(), AuditQueued, COLUMNS, rows)
            source.finish(((each.boot, each.log, each.number) for each in some), Ending.COMMITTED)
            heart.beat()  # A verifier does not follow a million entries that nobody counted.
            sequencing.keep(objects.database, objects.logs)


def _recorded(objects: wiring.Wiring, number: int) -> recording.Recorded:
    event = events.AccessRefused(
        reason=f"reason {number}", attempt=f"to read lab/notes-{number % 977}"
    )
    return recording.prepare(event, READER, objects.database.source)


def _rows(name: str, home: Path, url: str, count: int) -> list[Row]:
    share = count / 1_000_000
    rows = []
    for form in Form:
        out = home / f"out-{form}"
        words = [sys.executable, "-c", _PROGRAM, str(home), url, str(form), str(out)]
        seconds, cpu_seconds, mebibytes = _measured(words)
        title = f"{name}: {count} events as {form}"
        rows.append(Row(title, "s", seconds, BOUNDS[form] * share))
        rows.append(Row(f"{title}, CPU", "s", cpu_seconds, BOUNDS[form] * share))
        rows.append(Row(f"{title}, memory", "MiB", mebibytes, LARGEST_MIB))
    rows += _verified(name, home, url, share)
    return [*rows, *_proofs(name, home, url, count)]


_SAY_MEMORY = "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
_PROGRAM = (
    "import sys; from pathlib import Path; from script.benches import bench_audit_export as bench;"
    "from appliance.services.audit_log.export import Form;"
    "home, url, form, out = sys.argv[1:];"
    "bench.export_here(Path(home), url, Form(form), Path(out));" + _SAY_MEMORY
)
_HASHES = (
    "import gzip, sys; from audit import merkle;"
    "lines = gzip.open(sys.argv[1]);"
    "merkle.root_of(merkle.leaf_hash(line[:-1]) for line in lines);" + _SAY_MEMORY
)
_VERIFIER = (
    "import sys; from audit import trust, verify; from pathlib import Path;"
    "keys = trust.read(Path(sys.argv[2]).read_bytes());"
    "code = verify.verify(Path(sys.argv[1]), keys).verdict;" + _SAY_MEMORY + "; sys.exit(code)"
)


def _verified(name: str, home: Path, url: str, share: float) -> list[Row]:
    keys = home / "keys.json"
    with _opened(home, url) as objects:
        origin = f"{objects.logs.origin}/instance"
        vkeys = [str(key) for key in objects.logs.signer.keys(origin)]
    said = ",".join(f'{{"from":0,"until":null,"vkey":"{each}"}}' for each in vkeys)
    log = f'{{"keys":[{said}],"origin":"{origin}"}}'
    keys.write_text(f'{{"format":"codara-audit-trust/1","logs":[{log}]}}')
    words = ["-S", "-E", "-c", _VERIFIER, str(home / "out-bundle"), str(keys)]
    seconds, cpu_seconds, mebibytes = _measured([sys.executable, *words])
    headers = next((home / "out-bundle").glob("logs/*/headers.jsonl.gz"))
    hashed, _, _ = _measured([sys.executable, "-S", "-E", "-c", _HASHES, str(headers)])
    return [
        Row(f"{name}: hash the headers of the bundle", "s", hashed, HASH_SECONDS * share),
        Row(f"{name}: verify the bundle", "s", seconds, VERIFY_SECONDS * share),
        Row(f"{name}: verify the bundle, CPU", "s", cpu_seconds, VERIFY_SECONDS * share),
        Row(f"{name}: verify the bundle, memory", "MiB", mebibytes, VERIFY_MIB),
    ]


def _proofs(name: str, home: Path, url: str, count: int) -> list[Row]:
    chosen = random.Random(1).sample(range(count), min(PROOFS, count))  # noqa: S311 - no secret.
    milliseconds = []
    with _opened(home, url) as objects:
        with objects.database.reading(READER) as work:
            query = sa.select(AuditLeaf.idx, AuditLeaf.event_id).where(AuditLeaf.idx.in_(chosen))
            ids = [row.event_id for row in work.session.execute(query)]
        for event_id in ids:
            started = time.perf_counter()
            with objects.database.begin(READER) as work:
                trees.prove(work, event_id)
            milliseconds.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(milliseconds, n=100)
    return [
        Row(f"{name}: a proof, recorded, p50", "ms", cuts[49], 5),
        Row(f"{name}: a proof, recorded, p99", "ms", cuts[98], 30),
    ]


def _measured(words: list[str]) -> tuple[float, float, float]:
    """Seconds on the wall and of the processor, and the largest memory."""
    started = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Its own word on its memory: what the system says counts the copy of us that it began as.
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu_seconds, int(said) / MIB


def _silent(step: str, done: int = 0, total: int = 0) -> None:
    """Nobody looks."""
