"""To a syslog server over TLS (RFC 5425), which never says what it has taken.

What was written may lie in a buffer of a connection that breaks. So after every new connection the
last messages are sent once more, with the same ids, and heartbeats say how much was sent.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from appliance.delivery.exchange import Trust, connect, unanswered
from appliance.delivery.target import Batch, RejectedError
from appliance.domain import audit_formats
from appliance.domain.audit_formats import syslog
from appliance.domain.audit_formats.entry import Sender
from appliance.domain.destinations import Destination
from appliance.errors import sentence


@dataclass(frozen=True)
class Manner:
    """How a server is spoken to."""

    sender: Sender
    enterprise: int = syslog.USUAL_ENTERPRISE
    largest_bytes: int = 65_536
    """Longer messages are not sent: receivers cut them off, or break the connection."""
    again: int = 100
    """How many messages are sent once more after a new connection."""
    seconds: float = 30


class Syslog:
    """One server, and the connection to it."""

    def __init__(
        self,
        place: Destination,
        trust: Trust,
        manner: Manner,
        *,
        before: Iterable[bytes] = (),
        now: Callable[[], datetime],
    ) -> None:
        """`before` are the messages that were sent last, in an earlier life."""
        self._place, self._trust, self._manner, self._now = place, trust, manner, now
        self._connection: ssl.SSLSocket | None = None
        self._recent: deque[bytes] = deque(before, maxlen=manner.again)
        self._sent = 0
        self._index = -1

    def send(self, batch: Batch) -> None:
        """Write it; that it arrived nobody says."""
        messages = self.messages(batch)
        longest = max(map(len, messages))
        if longest > self._manner.largest_bytes:
            raise RejectedError(
                sentence(
                    "A message has %(size)s bytes; this receiver takes %(limit)s.",
                    size=longest,
                    limit=self._manner.largest_bytes,
                )
            )
        self._write(messages)
        self._recent.extend(messages)
        self._sent += len(messages)
        self._index = batch.last

    def messages(self, batch: Batch) -> list[bytes]:
        """The messages of a batch, without their frames."""
        manner = self._manner
        return [
            syslog.message(
                entry, manner.sender, audit_formats.line(spelled), enterprise=manner.enterprise
            )
            for entry, spelled in zip(batch.entries, batch.spelled, strict=True)
        ]

    def beat(self) -> None:
        """Say how much was sent over this object's life, and up to where."""
        self._write([self._heartbeat()])

    def close(self) -> None:
        """End the connection in good order."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.unwrap()
            connection.close()

    def _heartbeat(self) -> bytes:
        counters = {"sent": self._sent, "index": self._index}
        manner = self._manner
        return syslog.heartbeat(self._now(), manner.sender, counters, enterprise=manner.enterprise)

    def _write(self, messages: Iterable[bytes]) -> None:
        try:
            connection = self._connected()
            connection.sendall(b"".join(map(syslog.frame, messages)))
        except OSError as error:
            self._drop()
            raise unanswered(self._place, error) from error

    def _connected(self) -> ssl.SSLSocket:
        if self._connection is not None and not _has_ended(self._connection):
            return self._connection
        self._drop()
        plain = connect(self._place, self._manner.seconds)
        try:
            context = self._trust.context()
            self._connection = context.wrap_socket(plain, server_hostname=self._place.host)
        except BaseException:
            plain.close()
            raise
        again = [*self._recent, self._heartbeat()]
        self._connection.sendall(b"".join(map(syslog.frame, again)))
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _has_ended(connection: ssl.SSLSocket) -> bool:
    """Whether the other side has gone. It never says anything else."""
    seconds = connection.gettimeout()
    connection.settimeout(0)
    try:
        return connection.recv(1) == b""
    except ssl.SSLWantReadError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(seconds)
