"""Somebody who listens to Server-Sent Events, and remembers them; and who serves them."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from appliance.domain.identity import Actor
from appliance.services import listening
from appliance.web import event_server, event_stream
from tests.peers.server import running
from tests.world import World


@dataclass(frozen=True)
class Event:
    """One event as it came."""

    id: str
    name: str
    payload: Any


class Ear:
    """A connection on which an answer comes. Its state is what was not taken yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.id = ""
        self._connection = connection
        connection.settimeout(120)
        self._file = connection.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value
        while not self.id:
            self._field()

    def next(self) -> Event | None:
        """The next event; none when it is over. What comes without data only moves the position."""
        name, data = "", []
        while field := self._field():
            if field[0] == "event":
                name = field[1]
            elif field[0] == "data":
                data.append(field[1])
            elif field[0] == "end" and data:
                return Event(self.id, name, json.loads("\n".join(data)))
        return None

    def some(self, number: int) -> list[Event]:
        """So many events."""
        found = [self.next() for _ in range(number)]
        return [each for each in found if each is not None]

    def close(self) -> None:
        self._file.close()
        self._connection.close()

    def _field(self) -> tuple[str, str] | None:
        line = self._file.readline()
        if not line:
            return None
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "id":
            self.id = value
        return field or "end", value


def over_http(url: str, path: str, token: str) -> Ear:
    """Somebody who asks the web door."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=60)
    head = (
        f"GET /api/v1/repos/{path}/events HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    )
    connection.sendall(head.encode())
    return Ear(connection)


def given(world: World, actor: Actor, path: str, last: str = "") -> Ear:
    """Somebody whose connection is given to who serves listeners, as the web door does."""
    ours, theirs = socket.socketpair()
    with world.reading(actor) as work:
        listener = listening.start(work, path, last, sealer=world.wiring.sealer)
    with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(os.fspath(world.wiring.home.events_socket))
        socket.send_fds(line, [json.dumps(listener.spelled()).encode()], [theirs.fileno()])
        assert line.recv(16) == event_stream.TAKEN
    return Ear(ours)


@contextmanager
def serving_listeners(world: World) -> Generator[None]:
    """Who serves listeners, in a thread."""
    loop, is_ready = asyncio.new_event_loop(), threading.Event()
    door = world.wiring.home.events_socket
    door.parent.mkdir(exist_ok=True)
    task = loop.create_task(event_server.serve(world.wiring, door, ready=is_ready.set))

    def run() -> None:
        loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert is_ready.wait(120)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


@contextmanager
def process_of_listeners(world: World) -> Generator[Any]:
    """The same as a process, as the product starts it."""
    words = [sys.executable, "-m", "appliance.cli", "events", "--home", str(world.home)]
    environment = {**world.environment, "PATH": "/usr/bin:/bin"}
    with running(words, ready="events.ready", environment=environment) as process:
        yield process
