"""Heartbeats: each process says, signed, how many of its events must be in the logs.

Who can write to the database could take an event out of the queue before it enters its log. Then
fewer are there than the process that wrote them has counted, and whoever verifies the log sees it.
The log's key certifies the key by which a process is known, so that nobody exchanges it on the way.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from appliance.access import gate
from appliance.db.audit_log import INSTANCE_LOG
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from audit import heartbeats

if TYPE_CHECKING:
    from appliance.db.recording import Count

Certify = Callable[[str, tuple[str, str], bytes], str]
"""What the log's key signs of a process's key: of the log, the node and its start, and the key."""


class Key(Protocol):
    """The key of one start of one process."""

    @property
    def public_bytes(self) -> bytes:
        """The public half."""

    def sign(self, message: bytes) -> bytes:
        """The signature of a message."""


def beat(
    work: UnitOfWork,
    counts: Iterable[Count],
    *,
    source: tuple[str, str],
    key: Key,
    certify: Certify,
    introduced: frozenset[str],
) -> dict[str, int]:
    """Record a heartbeat for each of these counts; gives the number it has in each log.

    In a log that is not among `introduced` the process says first by which key it is known.

    Shapes: `source` is the node and which start of the process.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    numbers = {}
    for count in counts:
        organisation_id = None if count.log == INSTANCE_LOG else UUID(count.log)
        public = _base64url(key.public_bytes)
        # Anew each time: whoever sees no more than this heartbeat can check it, by a key of today.
        certificate = certify(count.log, source, key.public_bytes)
        if count.log not in introduced:
            work.record(
                events.NodeStarted(
                    organisation_id=organisation_id, key=public, certificate=certificate
                )
            )
        said = count.up_to, count.committed, count.unknown
        signature = key.sign(heartbeats.signed_text(count.log, source, said))
        work.record(
            events.Heartbeat(
                organisation_id=organisation_id,
                log=count.log,
                up_to=count.up_to,
                committed=count.committed,
                unknown=count.unknown,
                key=public,
                certificate=certificate,
                signature=_base64url(signature),
            )
        )
        numbers[count.log] = work.recorded[-1].number
    return numbers


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
