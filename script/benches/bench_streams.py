"""Sending the audit log to each kind of receiver, how fast and at what cost of our processor.

`--commits` says how many events. The receivers run in a process of their own, on this machine, and
take everything at once: what is measured is the sender, with its database, on SQLite.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

from appliance import wiring
from appliance.db import bulk, recording, schema
from appliance.db.audit_log import AuditQueued
from appliance.db.engine import sqlite_url
from appliance.domain import events
from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import Covers, Receiver
from appliance.domain.identity import appliance
from appliance.jobs import sequencing
from appliance.jobs.streaming import Streaming
from appliance.services.audit_log import stream_reports, streams
from appliance.services.audit_log.streams import NewStream
from appliance.settings import load
from tests.peers.receivers import Authority, Reply, Request, receiving, syslog_server

from .bench_audit_export import COLUMNS, READER
from .rows import Row

MOST = 20_000
LEAST_PER_SECOND = 1000
MS_OF_A_THOUSAND = 1_000_000 / LEAST_PER_SECOND
SECRET = "a secret that both sides know"  # noqa: S105 - both sides are here.
OPTIONS = {Receiver.S3: {"access_key": "key"}}
FORMATS = {Receiver.SYSLOG: Format.CEF}


def run(options: argparse.Namespace) -> list[Row]:
    """Two rows for each kind of receiver: what a thousand events take, by the clock and of us."""
    count = min(options.commits, MOST)
    found = []
    with (
        tempfile.TemporaryDirectory(prefix="codara-bench-") as folder,
        _receivers(Path(folder)) as addresses,
        _opened(Path(folder)) as objects,
    ):
        _fill(objects, count)
        for receiver, address in addresses.items():
            if options.only in receiver:
                found += _rows(objects, receiver, address, count)
    return found


def _rows(objects: wiring.Wiring, receiver: Receiver, address: str, count: int) -> list[Row]:
    stream_id = _stream(objects, receiver, address)
    sender = Streaming(objects)
    wall, cpu = time.monotonic(), time.process_time()
    while _left(objects, stream_id):
        sender.work_off(stream_id)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    sender.close()
    thousands = count / 1000
    name = f"{receiver}, a thousand events"
    return [
        Row(name, "ms", wall * 1000 / thousands, MS_OF_A_THOUSAND),
        Row(f"{name}, CPU", "ms", cpu * 1000 / thousands, MS_OF_A_THOUSAND),
    ]


def _stream(objects: wiring.Wiring, receiver: Receiver, address: str) -> UUID:
    wanted = NewStream(
        name=receiver,
        receiver=receiver,
        address=address,
        format=FORMATS.get(receiver, Format.JSON),
        covers=Covers.INSTANCE,
        secret="" if receiver in {Receiver.SYSLOG, Receiver.FILE} else SECRET,
        options=OPTIONS.get(receiver),
        begin=streams.START,
    )
    with objects.database.begin(READER) as work:
        return streams.create(work, wanted, sealer=objects.sealer, now=datetime.now(UTC)).id


def _left(objects: wiring.Wiring, stream_id: UUID) -> int:
    with objects.database.reading(READER) as work:
        found = stream_reports.show(work, stream_id, now=datetime.now(UTC))
    if found.stream.error:
        raise SystemExit(found.stream.error)
    return found.lag_events


def _fill(objects: wiring.Wiring, count: int) -> None:
    rows = []
    for number in range(count):
        event = events.AccessRefused(reason=f"reason {number}", attempt=f"to read lab/{number}")
        row = recording.prepare(event, READER, objects.database.source).row
        rows.append(tuple(row[name] for name in COLUMNS))
    with objects.database.begin(appliance()) as work:
        bulk.insert(work.session.connection(), AuditQueued, COLUMNS, rows)
    sequencing.keep(objects.database, objects.logs)


@contextmanager
def _opened(folder: Path) -> Iterator[wiring.Wiring]:
    home = folder / "home"
    home.mkdir()
    settings = load(
        file=None,
        environment={
            "CODARA_DATABASE__URL": sqlite_url(home / "codara.db"),
            "CODARA_STREAMS__PRIVATE_ADDRESSES": "true",
            "CODARA_STREAMS__AUTHORITIES_FILE": str(folder / "authority.pem"),
            "CODARA_STREAMS__FOLDER": str(folder / "drop"),
        },
    )
    objects = wiring.build(home, settings)
    schema.bring_up_to_date(objects.database.engine)
    try:
        yield objects
    finally:
        objects.database.engine.dispose()
        objects.redis.close()


@contextmanager
def _receivers(folder: Path) -> Iterator[dict[Receiver, str]]:
    """The address of each kind of receiver, for the length of the block."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(theirs, folder))
    process.start()
    try:
        yield {**ours.recv(), Receiver.FILE: "carried"}
    finally:
        ours.send(None)
        process.join()


def _serve(line: Connection, folder: Path) -> None:
    authority = Authority(folder)
    with (
        receiving(_take, context=authority.context()) as https,
        syslog_server(authority.context()) as syslog,
    ):
        addresses = dict.fromkeys((Receiver.WEBHOOK, Receiver.SPLUNK, Receiver.S3), https.url)
        line.send({**addresses, Receiver.SYSLOG: f"tls://127.0.0.1:{syslog.port}"})
        with contextlib.suppress(EOFError):
            line.recv()


def _take(request: Request) -> Reply:
    """Yes, as each of them says it; nothing is kept."""
    if request.path.startswith("/services/collector/ack"):
        asked = json.loads(request.body)["acks"]
        return Reply(200, json.dumps({"acks": dict.fromkeys(map(str, asked), True)}).encode())
    return Reply(200, b'{"ackId": 1}', is_kept=False)
