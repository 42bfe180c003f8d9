"""To a syslog server over TLS (RFC 5425), which never says what it has taken.

What was written may lie in a buffer of a connection that breaks. So after every new connection the
last messages are sent once more, with the same ids, and heartbeats say how much was sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from appliance.delivery.exchange import Trust, unanswered
from appliance.delivery.line import Deadline, Line, dial
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
    """The longest that a connection and a batch may take together."""


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
        self._line: Line | None = None
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
        line, self._line = self._line, None
        if line is not None:
            line.say_goodbye()

    def _heartbeat(self) -> bytes:
        counters = {"sent": self._sent, "index": self._index}
        manner = self._manner
        return syslog.heartbeat(self._now(), manner.sender, counters, enterprise=manner.enterprise)

    def _write(self, messages: Iterable[bytes]) -> None:
        deadline = Deadline(self._manner.seconds)
        try:
            self._connected(deadline).sendall(_frames(messages))
        except OSError as error:
            self._drop()
            raise unanswered(self._place, error) from error

    def _connected(self, deadline: Deadline) -> Line:
        if self._line is not None and not self._line.has_ended():
            self._line.deadline = deadline
            return self._line
        self._drop()
        self._line = dial(self._place, self._trust.context(), deadline, most_bytes=0)
        self._line.sendall(_frames([*self._recent, self._heartbeat()]))
        return self._line

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


def _frames(messages: Iterable[bytes]) -> bytes:
    return b"".join(map(syslog.frame, messages))
