"""Telling others what happens: deliveries to webhooks, and ten thousand who listen.

`--commits` says how many deliveries. The receiver runs in a process of its own, on this machine,
and takes everything at once; listeners are connections that are given to the process of listeners
as the web door gives them. What is measured is the appliance, on each database.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from appliance.db.webhooks import WebhookDelivery
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole
from appliance.domain.webhooks import DeliveryState
from appliance.jobs.hooking import Hooking
from appliance.services import listening, webhooks
from appliance.services.webhooks import NewWebhook
from appliance.web import event_server, event_stream
from tests.peers.receivers import Reply, receiving
from tests.world import World

from . import identity_worlds
from .rows import Row

MOST_DELIVERIES = 2000
LISTENERS = 10_000
SPARE_FILES = 500
MIB = 1024 * 1024
MOST_MIB = 1024.0
MOST_MILLISECONDS = 5000.0
LEAST_PER_SECOND = 50.0
PATIENCE_SECONDS = 300
NEAR = {
    "CODARA_WEBHOOKS__PLAIN_HTTP_HOSTS": "127.0.0.1",
    "CODARA_WEBHOOKS__PRIVATE_ADDRESSES": "true",
}
"""Where the receiver is."""


def run(options: argparse.Namespace) -> list[Row]:
    """Deliveries a second, what listeners take, and how soon all of them hear of a push."""
    found = []
    for name, opened in identity_worlds.chosen(options.on, **NEAR).items():
        with opened() as world:
            (world.home / "run").mkdir(exist_ok=True)
            world.repository("lab/notes")
            world.user("owner", member=OrganisationRole.OWNER, of="lab")
            rows = []
            if options.only in "webhooks":
                rows += _deliveries(world, min(options.commits, MOST_DELIVERIES))
            if options.only in "listeners":
                rows += _listeners(world)
        found += [replace(row, name=f"{row.name}, {name}") for row in rows]
    return found


def _push(world: World, number: int) -> None:
    repository = world._repository("lab/notes")  # noqa: SLF001 - what the tests build theirs with.
    with world.begin(appliance()) as work:
        for at in range(number):
            work.record(
                events.Pushed(
                    about=repository.id,
                    organisation_id=repository.organisation_id,
                    push_id=str(at),
                    protocol="https",
                    refs=[["refs/heads/main", f"{at:040x}", f"{at + 1:040x}", "moved"]],
                    settled_by="report",
                )
            )
    world.keep_log()


def _deliveries(world: World, count: int) -> list[Row]:
    sender = Hooking(world.wiring)
    with _process(_receive) as address:
        wanted = NewWebhook(f"{address}/in", ["push"])
        with world.begin(world.actor("owner")) as work:
            hook, _ = webhooks.create(
                work, "lab/notes", wanted, sealer=world.wiring.sealer, now=datetime.now(UTC)
            )
            identifier = hook.id
        _push(world, count)
        wall, cpu = time.monotonic(), time.process_time()
        sender.queue()
        while world.one(
            sa.select(WebhookDelivery.number)
            .where(WebhookDelivery.state == DeliveryState.WAITING)
            .limit(1)
        ):
            sender.work_off(identifier)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    sender.close()
    name = "webhooks, one repository in its order"
    return [
        Row(name, "deliveries/s", count / wall, LEAST_PER_SECOND, is_least=True),
        Row(f"{name}, CPU of one", "ms", cpu * 1000 / count, 0),
    ]


def _listeners(world: World) -> list[Row]:
    files = LISTENERS * 2 + SPARE_FILES
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))
    with _process(lambda line: _serve(world, line)) as process_id:
        before = _memory(process_id)
        ears = [_ear(world) for _ in range(LISTENERS)]
        _until_all(ears, b"\nid: ", lambda: None)
        held = _memory(process_id)
        heard = _until_all(ears, b"event: push", lambda: _push(world, 1))
        for each in ears:
            each.close()
    name = f"{LISTENERS:,} listeners"
    return [
        Row(f"{name}, memory of their process", "MiB", held / MIB, MOST_MIB),
        Row(f"{name}, memory of one", "KiB", (held - before) / 1024 / LISTENERS, 0),
        Row(f"{name}, until all hear of a push", "ms", heard * 1000, MOST_MILLISECONDS),
    ]


def _ear(world: World) -> socket.socket:
    """Somebody who listens: the other end is with the process of listeners."""
    ours, theirs = socket.socketpair()
    with world.reading(world.actor("owner")) as work:
        listener = listening.start(work, "lab/notes", "", sealer=world.wiring.sealer)
    with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(os.fspath(world.wiring.home.events_socket))
        socket.send_fds(line, [json.dumps(listener.spelled()).encode()], [theirs.fileno()])
        if line.recv(16) != event_stream.TAKEN:
            raise SystemExit("A listener was not taken.")
    ours.settimeout(0)
    return ours


def _until_all(ears: list[socket.socket], words: bytes, act: Callable[[], None]) -> float:
    """How long it takes from an act until all have heard some words."""
    waiting = {each.fileno(): b"" for each in ears}
    with selectors.DefaultSelector() as selector:
        for each in ears:
            selector.register(each, selectors.EVENT_READ)
        begun = time.monotonic()
        act()
        while waiting and time.monotonic() - begun < PATIENCE_SECONDS:
            for key, _ in selector.select(1):
                ear: Any = key.fileobj
                heard = waiting.get(ear.fileno(), b"") + ear.recv(65536)
                if words in heard:
                    selector.unregister(ear)
                    del waiting[ear.fileno()]
                else:
                    waiting[ear.fileno()] = heard
        if waiting:
            raise SystemExit(f"{len(waiting)} heard nothing.")
        return time.monotonic() - begun


def _memory(process_id: int) -> int:
    """What a process has for itself, and its part of what it shares, in bytes."""
    text = Path(f"/proc/{process_id}/smaps_rollup").read_text("ascii")
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if "Pss:" in line)


def _serve(world: World, line: Connection) -> None:
    door = world.wiring.home.events_socket
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    world.configure()  # A process of its own has objects of its own.
    serving = event_server.serve_until_asked(
        world.wiring, door, ready=lambda: line.send(os.getpid())
    )
    asyncio.run(serving)


def _receive(line: Connection) -> None:
    with receiving(lambda _: Reply(200, b"{}", is_kept=False)) as receiver:
        line.send(receiver.url)
        signal.sigwait({signal.SIGTERM})


@contextmanager
def _process(act: Callable[[Connection], None]) -> Iterator[Any]:
    """A process for the length of the block; gives the first that it says."""
    ours, theirs = multiprocessing.Pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    process = multiprocessing.get_context("fork").Process(target=act, args=(theirs,))
    process.start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()
