"""A batch on its way: what the receiver takes, and which single event it will not take.

No database here: whoever sends notes each outcome in a transaction of its own, in the order in
which they come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.delivery.target import Batch, RejectedError, Target
from appliance.domain.audit_formats.entry import Entry
from appliance.errors import UnavailableError, sentence


@dataclass(frozen=True)
class Taken:
    """The receiver has these for good."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Poisoned:
    """The receiver takes others, and not this one."""

    entry: Entry
    reason: str


def deliver(
    target: Target, batch: Batch, *, test: Callable[[], Batch]
) -> Iterator[Taken | Poisoned]:
    """Send a batch; of one that is rejected the halves, until the event is found that is to blame.

    An event is to blame only if the receiver takes a test message at that moment: otherwise it is
    the receiver that is out of order, and nothing is put aside.

    Errors:
        UnavailableError: the receiver does not answer, or rejects whatever it is sent.
    """
    try:
        target.send(batch)
    except RejectedError as rejection:
        if len(batch.entries) == 1:
            _insist_on_order(target, test(), rejection)
            yield Poisoned(batch.entries[0], rejection.message)
            return
    else:
        yield Taken(tuple(batch.entries))
        return
    middle = len(batch.entries) // 2
    yield from deliver(target, batch.part(0, middle), test=test)
    yield from deliver(target, batch.part(middle, len(batch.entries)), test=test)


def _insist_on_order(target: Target, test: Batch, rejection: RejectedError) -> None:
    try:
        target.send(test)
    except RejectedError as error:
        raise UnavailableError(
            sentence(
                "The receiver takes nothing, not even a test message: %(why)s",
                why=rejection.message,
            )
        ) from error
