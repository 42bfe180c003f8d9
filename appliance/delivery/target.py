"""What every target is: it takes batches in their order, and says of each whether it was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from appliance.domain import audit_formats
from appliance.domain.audit_formats import Format, Message
from appliance.domain.audit_formats.entry import Entry
from appliance.errors import InvalidError


class RejectedError(InvalidError):
    """The receiver answered, and will not take these events however often they are sent."""

    code = "rejected_by_receiver"
    title = "The receiver does not accept this"


@dataclass(frozen=True)
class Batch:
    """Events of one log in the order of their indexes, spelled already."""

    stream: str
    """The stream's id."""
    number: int
    """Counts what the stream has delivered; what is sent again has the same number."""
    kind: Format
    entries: Sequence[Entry]
    spelled: Sequence[Any]

    @property
    def log(self) -> str:
        """The log that they are from."""
        return self.entries[0].log

    @property
    def first(self) -> int:
        """The index of the first."""
        return self.entries[0].index

    @property
    def last(self) -> int:
        """The index of the last."""
        return self.entries[-1].index

    @property
    def message(self) -> Message:
        """All of them as one body."""
        return audit_formats.batch(self.kind, self.spelled)

    def part(self, start: int, end: int) -> Batch:
        """Some of them, as a batch."""
        return Batch(
            self.stream, self.number, self.kind, self.entries[start:end], self.spelled[start:end]
        )


class Target(Protocol):
    """Where batches go."""

    def send(self, batch: Batch) -> None:
        """Come back when the receiver has taken it.

        Errors:
            RejectedError: it will never take all of these.
            UnavailableError: it cannot be reached, or did not confirm; some may have arrived.
        """

    def beat(self) -> None:
        """Say that we are there, to receivers that want to hear it while nothing happens.

        Errors:
            UnavailableError: it cannot be reached.
        """

    def close(self) -> None:
        """Let go of connections."""
