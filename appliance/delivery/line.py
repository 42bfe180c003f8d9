"""A connection on which everything together ends in time: connecting, greeting, saying, hearing.

The timeout of a socket counts each wait alone, so whoever sends a byte at a time, or takes one at
a time, would keep us for ever. Here one end counts for all of it, and what comes is counted too.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from appliance.domain.destinations import Destination

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

GOODBYE_SECONDS = 1.0
"""So long a farewell may take; who does not answer it is left without one."""
LONGEST_CHATTER = 64 * 1024


class Deadline:
    """When something has to be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """How many seconds are left.

        Errors:
            TimeoutError: none.
        """
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("it took too long")
        return seconds


class Line:
    """A connection. Its state: when it has to be over, and how much may still come."""

    def __init__(self, connection: socket.socket, deadline: Deadline, most_bytes: int) -> None:
        self._connection = connection
        self.deadline = deadline
        self.bytes_left = most_bytes

    def sendall(self, data: ReadableBuffer) -> None:
        """Say all of it.

        Errors:
            OSError: nobody takes it, or not in time.
        """
        rest = memoryview(data)
        while rest:
            self._connection.settimeout(self.deadline.left())
            rest = rest[self._connection.send(rest) :]

    def hear(self, into: memoryview) -> int:
        """Wait for some bytes; gives how many came, and 0 at the end.

        Errors:
            OSError: nothing comes in time, or too much.
        """
        self._connection.settimeout(self.deadline.left())
        count = self._connection.recv_into(into)
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise ConnectionAbortedError("it says too much")
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What comes, as `http.client` wants to read it."""
        return io.BufferedReader(_Ear(self))

    def has_ended(self) -> bool:
        """Whether the other side has gone, where it has nothing to say; who talks is left, too."""
        self._connection.settimeout(0)
        came = 0
        try:
            while came < LONGEST_CHATTER:
                octets = self._connection.recv(LONGEST_CHATTER)
                if not octets:
                    return True
                came += len(octets)
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
        return True

    def say_goodbye(self) -> None:
        """End it in good order."""
        if isinstance(self._connection, ssl.SSLSocket):
            with suppress(OSError, ValueError):
                self._connection.settimeout(GOODBYE_SECONDS)
                self._connection.unwrap()
        self.close()

    def close(self) -> None:
        """End it."""
        self._connection.close()


class _Ear(io.RawIOBase):
    """Reads a line; closing it leaves the line open."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """As `Line.hear`."""
        return self._line.hear(memoryview(buffer))


def dial(
    place: Destination, context: ssl.SSLContext | None, deadline: Deadline, *, most_bytes: int
) -> Line:
    """A line to the first of a receiver's addresses that answers, in TLS where there is a context.

    Errors:
        OSError: none does, or not in time, or its certificate is not good.
    """
    connection = _connected(place, deadline)
    try:
        if context is not None:
            connection = context.wrap_socket(
                connection, server_hostname=place.host, do_handshake_on_connect=False
            )
            connection.settimeout(deadline.left())
            connection.do_handshake()
    except BaseException:
        connection.close()
        raise
    return Line(connection, deadline, most_bytes)


def _connected(place: Destination, deadline: Deadline) -> socket.socket:
    failure: OSError = OSError("no address")
    for others, address in zip(range(len(place.addresses), 0, -1), place.addresses, strict=True):
        try:
            # One that swallows what comes leaves time for the others.
            return socket.create_connection((address, place.port), deadline.left() / others)
        except OSError as error:
            failure = error
    raise failure
