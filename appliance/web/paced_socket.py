"""A client's connection on which nobody holds a thread for long by being slow.

The head of a request is gathered here before any thread sees it. After that, a thread waits for a
client in here only: for the body, until an answer is taken, and until the client hangs up. For each
there is a pace: how long the client may be silent, and how much it has to move in the time it makes
us wait. Whoever makes a thread wait for more than a moment needs one of the few places of this
process, so that slow clients never hold more than a part of its threads. Clones, pushes and large
files have places of their own, see `git_slots`.
"""

from __future__ import annotations

import errno
import select
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, NoMoreData

KIB = 1024
HEAD_BYTES = 128 * KIB
"""Longest head. A path of 4,000 bytes has 12,000 in an address; cookies and tokens are short."""
END_OF_HEAD = b"\n\r\n"
FAREWELL_BYTES = 64 * KIB
CHUNK_BYTES = 64 * KIB
MOMENT_SECONDS = 0.1
"""A client for which a thread waits no longer needs no place, unless its pace says otherwise."""


@dataclass(frozen=True)
class Pace:
    """How slow a client may be: it may make us wait for so long, and longer for what it moves."""

    silence_seconds: float
    grace_seconds: float
    bytes_per_second: float
    needs_place: bool = True
    moment_seconds: float = MOMENT_SECONDS

    def patience_seconds(self, waited_seconds: float, moved_bytes: int) -> float:
        """How long to wait now for a client that made us wait so long and moved so much."""
        allowed = self.grace_seconds + moved_bytes / self.bytes_per_second
        return min(self.silence_seconds, allowed - waited_seconds)


HEAD = Pace(silence_seconds=5, grace_seconds=5, bytes_per_second=float("inf"))
"""A head is a few packets; whoever is slower may come again."""
PAGE = Pace(silence_seconds=10, grace_seconds=10, bytes_per_second=8 * KIB)
"""Pages, forms and the API, whose bodies have some megabytes at most."""
TRANSFER = Pace(silence_seconds=120, grace_seconds=120, bytes_per_second=KIB, needs_place=False)
"""Clones, pushes and large files, for which a slow link will do."""
FAREWELL = Pace(silence_seconds=2, grace_seconds=2, bytes_per_second=float("inf"), moment_seconds=0)
"""What a client may take to hang up, if there is a place for it."""


class PacedSocket(socket.socket):
    """A client's connection. Its state is the present pace and what the client did since it began.

    The system never blocks on it, so that all waiting is done, and counted, here.
    """

    def __init__(self, plain: socket.socket, places: threading.Semaphore) -> None:
        family, kind, protocol = plain.family, plain.type, plain.proto
        super().__init__(family, kind, protocol, fileno=plain.detach())
        super().settimeout(0)
        self._places = places
        self._has_place = False
        self._gathered = bytearray()
        self._is_given_away = False
        self.begin(HEAD)

    def has_head(self) -> bool:
        """Take what has arrived; whether it is all of a head, or more than one, or the end."""
        while len(self._gathered) < HEAD_BYTES:
            try:
                chunk = super().recv(CHUNK_BYTES)
            except BlockingIOError:
                return False
            except OSError:
                return True  # The thread will find out the same.
            before = max(0, len(self._gathered) - len(END_OF_HEAD) + 1)
            self._gathered += chunk
            if not chunk or END_OF_HEAD in self._gathered[before:]:
                return True
        return True

    @property
    def has_begun(self) -> bool:
        """Whether some of a head is here."""
        return bool(self._gathered)

    def begin(self, pace: Pace) -> None:
        """From now on the client keeps this pace; what it did before is forgotten."""
        self.end()
        self._pace = pace
        self._moved_bytes = 0
        self._waited_seconds = 0.0

    def end(self) -> None:
        """Nobody waits for this client any more."""
        if self._has_place:
            self._has_place = False
            self._places.release()

    def give_away(self) -> None:
        """Another process serves this connection from now on; here it is only let go of."""
        self._is_given_away = True

    def close_politely(self) -> None:
        """Close the connection when the client has read the answer, or soon.

        Closing it while bytes of the client lie unread could cost it the end of the answer.
        Gunicorn waits for that in the one thread that accepts clients. Source: RFC 9112, section
        9.6.
        """
        if self._is_given_away:
            self.close()
            return
        self.begin(FAREWELL)
        try:
            self.shutdown(socket.SHUT_WR)
            while self._moved_bytes < FAREWELL_BYTES and self.recv(CHUNK_BYTES):
                pass
        except OSError:  # It is gone already, or takes too long.
            return
        finally:
            self.close()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - the system's name and argument.
        """Change nothing, whatever gunicorn wishes."""

    def settimeout(self, value: float | None) -> None:
        """Change nothing: the pace decides."""

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """The next bytes; none when the client hung up before a head, or after the answer.

        Errors:
            LimitRequestHeaders: the head does not end.
            NoMoreData: the head comes too slowly.
            TimeoutError: the body comes too slowly.
            ConnectionResetError: the body broke off.
        """
        if self._pace is HEAD and self._moved_bytes >= HEAD_BYTES:
            raise LimitRequestHeaders(f"A head has at most {HEAD_BYTES} bytes.")
        while True:
            try:
                chunk = self._take_gathered(bufsize) or super().recv(bufsize, flags)
            except BlockingIOError:
                self._wait_to_read()
                continue
            self._moved_bytes += len(chunk)
            # Nobody asks for more of a body than was announced.
            if not chunk and self._pace not in {HEAD, FAREWELL}:
                raise ConnectionResetError(errno.ECONNRESET, "The body broke off.")
            return chunk

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send all of it.

        Errors:
            ConnectionResetError: the client takes it too slowly.
        """
        left = memoryview(data).cast("B")
        while left:
            try:
                sent = super().send(left, flags)
            except BlockingIOError:
                self._wait_to_send()
                continue
            self._moved_bytes += sent
            left = left[sent:]

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file, or so many bytes of it; gives how many were sent."""
        file.seek(offset)
        sent = 0
        while chunk := file.read(CHUNK_BYTES if count is None else min(CHUNK_BYTES, count - sent)):
            self.sendall(chunk)
            sent += len(chunk)
        return sent

    def _take_gathered(self, most_bytes: int) -> bytes:
        taken = bytes(self._gathered[:most_bytes])
        del self._gathered[:most_bytes]
        return taken

    def _wait_to_read(self) -> None:
        try:
            self._wait(select.POLLIN)
        except TimeoutError as error:
            if self._pace is HEAD:
                raise NoMoreData from error  # Which gunicorn takes for a client that has gone.
            raise

    def _wait_to_send(self) -> None:
        try:
            self._wait(select.POLLOUT)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, str(error)) from error

    def _wait(self, event: int) -> None:
        """Wait until the client has done its part: a moment for everyone, longer with a place."""
        patience = self._pace.patience_seconds(self._waited_seconds, self._moved_bytes)
        if self._pace.needs_place and not self._has_place:
            patience = min(patience, self._pace.moment_seconds - self._waited_seconds)
        if self._poll(event, patience):
            return
        if not self._pace.needs_place or self._has_place:
            raise TimeoutError("The client was too slow.")
        self._has_place = self._places.acquire(blocking=False)
        if not self._has_place:
            raise TimeoutError("Too many clients are slow.")

    def _poll(self, event: int, seconds: float) -> bool:
        if seconds <= 0:
            return False
        poll = select.poll()
        poll.register(self, event)
        began = time.monotonic()
        ready = poll.poll(seconds * 1000)
        self._waited_seconds += time.monotonic() - began
        return bool(ready)
