"""The process that serves all who listen to repositories: thousands of connections, one thread.

One question to the database, twice a second, finds what happened anywhere; each listener is told
what is theirs. Who comes back from a position, or was too slow to take more, catches up by
questions of their own, and joins the others where those are. Whoever may not listen any more is
let go within seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from appliance import garbage, logs, settings, wiring
from appliance.domain.identity import appliance
from appliance.errors import ApplianceError, HiddenError, RefusedError, UnauthenticatedError
from appliance.services import listening
from appliance.web import event_stream, headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.services.listening import Frame, Listener
    from appliance.wiring import Wiring

log = structlog.get_logger()

LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 15
RECHECK_SECONDS = 2.0
RECHECK_ANYWAY_SECONDS = 60.0
MOST_UNSENT_BYTES = 64 * 1024
"""So much waits for a slow listener; then they catch up from the log when they have taken it."""
SLOWEST_SECONDS = 60.0
BACKLOG = 1024
SPARE_FILES = 200
IDLE_SECONDS = 60.0
"""So long after the last listener the process ends, where it is started when one comes."""


class Connection(asyncio.Protocol):
    """One listener. Its state: up to where they were told, and whether they keep up."""

    __slots__ = ("_hub", "is_live", "listener", "part", "paused_at", "place", "seen", "transport")

    def __init__(self, hub: Hub, listener: Listener) -> None:
        self._hub = hub
        self.listener = listener
        self.place, self.part = listener.place, listener.part
        self.seen = listener.seen
        self.is_live = False
        self.paused_at = 0.0
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = transport
        self.transport.set_write_buffer_limits(high=MOST_UNSENT_BYTES)

    def data_received(self, data: bytes) -> None:
        """Nothing is expected of a listener."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - its form there.
        """They are gone."""
        self._hub.forget(self)

    def pause_writing(self) -> None:
        """They are slow: what happens meanwhile stays in the log."""
        self.is_live = False
        self.paused_at = time.monotonic()

    def resume_writing(self) -> None:
        """They have taken what there was, and catch up."""
        self.paused_at = 0.0
        self._hub.catch_up(self)

    def tell(self, frames: list[Frame]) -> None:
        """Write what they have not been told."""
        fresh = [each for each in frames if (each.place, each.part) > (self.place, self.part)]
        for frame in fresh:
            if self.paused_at:
                return
            if self.listener.may_hear(frame):
                self.transport.write(self._hub.spelled(frame))
            self.place, self.part = frame.place, frame.part


class Hub:
    """All listeners of this process. Its state is who they are, and up to where all were told."""

    def __init__(self, objects: Wiring, *, most: int) -> None:
        self._database = objects.database
        self._sealer = objects.sealer
        self._url = objects.settings.server.url.rstrip("/")
        self._head = _head(is_https=self._url.startswith("https:"))
        self._most = most
        self._of: dict[str, set[Connection]] = {}
        self._count = 0
        self._quiet_since = time.monotonic()
        self._place = 0
        self._checked_at = 0.0
        self._spelled: dict[str, bytes] = {}
        self._threads = ThreadPoolExecutor(4, "events")
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin with what happens from now on.

        Errors:
            UnavailableError: the database does not answer.
        """
        self._place = await self._asked(listening.newest)

    async def adopt(self, listener: Listener, connection: socket.socket) -> bool:
        """Take a connection over; gives whether there is room."""
        if self._count >= self._most:
            return False
        connection.settimeout(0)
        loop = asyncio.get_running_loop()
        _, made = await loop.connect_accepted_socket(lambda: Connection(self, listener), connection)
        self._count += 1
        self._of.setdefault(listener.repository_id, set()).add(made)
        position = listening.position(
            listener.repository_id, made.place, made.part, sealer=self._sealer
        )
        made.transport.write(self._head + event_stream.beginning(position))
        self.catch_up(made)
        return True

    def forget(self, connection: Connection) -> None:
        """Somebody has gone."""
        there = self._of.get(connection.listener.repository_id, set())
        if connection in there:
            there.discard(connection)
            self._count -= 1
            self._quiet_since = time.monotonic()
        if not there:
            self._of.pop(connection.listener.repository_id, None)

    def catch_up(self, connection: Connection) -> None:
        """Tell somebody what happened before they joined the others."""
        # Who has heard a part of an entry hears its rest first.
        if connection.place >= self._place and connection.part == listening.WHOLE:
            connection.is_live = True
            return
        task = asyncio.get_running_loop().create_task(self._catch_up(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def spelled(self, frame: Frame) -> bytes:
        """An event as it is written: once for all who hear it."""
        if frame.position not in self._spelled:
            self._spelled[frame.position] = event_stream.written(frame)
        return self._spelled[frame.position]

    async def run(self) -> None:
        """Tell, look after rights, and show that we are there, until cancelled."""
        await asyncio.gather(
            _again(self._look, LOOK_SECONDS),
            _again(self._recheck, RECHECK_SECONDS),
            _again(self._beat, 1.0),
        )

    async def until_idle(self) -> None:
        """Wait until nobody has listened for a while."""
        while True:
            await asyncio.sleep(1)
            if not self._count and time.monotonic() - self._quiet_since >= IDLE_SECONDS:
                return

    def close(self) -> None:
        """Let all go; they come again by themselves."""
        for connection in self._all():
            connection.transport.close()
        self._threads.shutdown(cancel_futures=True)  # What is asked now ends first.

    async def _look(self) -> None:
        self._spelled.clear()
        while True:
            found, until = await self._asked(self._what_comes(self._place))
            for repository_id, frames in found.items():
                for connection in list(self._of.get(repository_id, ())):
                    if connection.is_live:
                        connection.tell(frames)
            is_all = until == self._place
            self._place = until
            if is_all:
                return

    async def _catch_up(self, connection: Connection) -> None:
        repository_id = connection.listener.repository_id
        # An entry of which they have heard a part is read once more.
        place = connection.place - 1
        while not connection.transport.is_closing() and not connection.paused_at:
            try:
                found, until = await self._asked(self._what_comes(place, repository_id))
            except ApplianceError:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            connection.tell(found.get(repository_id, []))
            place = until
            if until >= self._place and not connection.paused_at:
                connection.is_live = True
                return

    def _what_comes(self, place: int, repository_id: str = "") -> Callable[[Any], Any]:
        return lambda work: listening.after(
            work, place, sealer=self._sealer, url=self._url, repository_id=repository_id
        )

    async def _recheck(self) -> None:
        """Ask again of all whether they may, when something has happened, and once a minute."""
        newest = await self._asked(listening.newest)
        is_time = time.monotonic() - self._checked_at >= RECHECK_ANYWAY_SECONDS
        if is_time:
            self._checked_at = time.monotonic()
        of: dict[Any, list[Connection]] = {}
        for connection in self._all():
            if is_time or connection.seen < newest:
                of.setdefault(connection.listener.who, []).append(connection)
        loop = asyncio.get_running_loop()
        for connections in of.values():
            listener = connections[0].listener
            may_stay = await loop.run_in_executor(self._threads, self._may, listener)
            for connection in connections:
                connection.seen = newest
                if not may_stay:
                    connection.transport.write(event_stream.END)
                    connection.transport.close()

    def _may(self, listener: Listener) -> bool:
        try:
            with self._database.reading(appliance()) as work:
                listening.insist(work, listener, now=datetime.now(UTC))
        except (UnauthenticatedError, HiddenError, RefusedError):
            return False
        except ApplianceError:  # The database does not answer now; that sends nobody away.
            return True
        return True

    async def _beat(self) -> None:
        """Show a part of all listeners that we are there, and let go of who takes nothing."""
        present = time.monotonic()
        turn = int(present) % HEARTBEAT_SECONDS
        for connection in self._all():
            if connection.paused_at and present - connection.paused_at > SLOWEST_SECONDS:
                connection.transport.abort()
            elif connection.is_live and id(connection) // 64 % HEARTBEAT_SECONDS == turn:
                connection.transport.write(event_stream.HEARTBEAT)

    def _all(self) -> list[Connection]:
        return [each for there in self._of.values() for each in there]

    async def _asked(self, question: Callable[[Any], Any]) -> Any:
        """The answer of the database, which another thread waits for."""

        def ask() -> Any:
            with self._database.reading(appliance()) as work:
                return question(work)

        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)


async def _again(act: Callable[[], Any], every_seconds: float) -> None:
    while True:
        try:
            await act()
        except ApplianceError as error:
            log.warning("events.wait", code=error.code, message=str(error))
        except Exception:
            # The one handler of this door: a mistake of ours must not end all listening.
            log.exception("events.stumbled")
        await asyncio.sleep(every_seconds)


def _head(*, is_https: bool) -> bytes:
    said = {
        "Content-Type": event_stream.MEDIA_TYPE,
        "Cache-Control": "no-store",
        "Connection": "close",
        # nginx would gather answers.
        "X-Accel-Buffering": "no",
        "Content-Security-Policy": headers.POLICY,
        **headers.HEADERS,
    }
    secure = {"Strict-Transport-Security": headers.HSTS} if is_https else {}
    return event_stream.head(said | secure)


async def serve(
    objects: Wiring,
    door: Path | socket.socket,
    *,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve listeners until cancelled; at a door that somebody holds open, while there are any."""
    most = _room(objects.settings.server.most_listeners)
    hub = Hub(objects, most=most)
    await hub.open()
    is_held = isinstance(door, socket.socket)
    listener = door if isinstance(door, socket.socket) else opened(door)
    ready()
    parts = asyncio.gather(hub.run(), _take_all(listener, hub))
    idle = asyncio.ensure_future(hub.until_idle())
    if is_held:
        idle.add_done_callback(lambda _: parts.cancel())
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await parts
    finally:
        idle.cancel()
        hub.close()
        listener.close()


async def serve_until_asked(
    objects: Wiring, door: Path | socket.socket, *, ready: Callable[[], None]
) -> None:
    """Serve listeners until we are asked to end."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(serve(objects, door, ready=ready))
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, task.cancel)
    await task


def opened(door: Path) -> socket.socket:
    """The local socket at which connections are given away; whoever had it has ended."""
    with contextlib.suppress(FileNotFoundError):
        door.unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
    made.bind(os.fspath(door))
    made.listen(BACKLOG)
    return made


async def _take_all(door: socket.socket, hub: Hub) -> None:
    """Take what the web door gives away."""
    loop = asyncio.get_running_loop()
    while True:
        line, _ = await loop.sock_accept(door)
        with line:
            try:
                line.settimeout(event_stream.PATIENCE_SECONDS)
                listener, connection = event_stream.take(line)
                is_taken = await hub.adopt(listener, connection)
                if not is_taken:
                    connection.close()
                line.send(event_stream.TAKEN if is_taken else event_stream.FULL)
            except (OSError, ValueError, TypeError) as error:
                log.warning("events.not_taken", message=str(error))


def _room(wanted: int) -> int:
    """How many listeners there may be: each needs a file of this process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = wanted + SPARE_FILES
    if hard != resource.RLIM_INFINITY:
        files = min(files, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return max(1, files - SPARE_FILES)


def run(home: Path, door: socket.socket | None = None) -> None:
    """Serve until we are asked to end; at a door that is held open, until nobody listens."""
    os.environ["CODARA_HOME"] = os.fspath(home)
    present_settings = settings.from_process(home)
    logs.configure(present_settings.telemetry.log_level)
    objects = wiring.build(home, present_settings)
    garbage.settle()
    where = door or objects.home.events_socket
    asyncio.run(serve_until_asked(objects, where, ready=lambda: log.info("events.ready")))
