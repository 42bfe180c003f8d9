"""The heart of a process: counts what it writes to the audit logs, and says so every minute.

Every process that may write events beats while it lives, and once more when it ends in order.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from appliance.db.audit_log import INSTANCE_LOG
from appliance.db.recording import Count
from appliance.db.unit_of_work import Database
from appliance.domain.identity import appliance
from appliance.errors import ApplianceError
from appliance.repeating import repeating
from appliance.security.log_signing import LogSigner
from appliance.security.signing import SigningKey, new_signing_key
from appliance.services.audit_log import heartbeats

log = structlog.get_logger()

EVERY_SECONDS = 60.0


class Heart:
    """Of one process. Its state is its key, and what it has said of each log.

    One that beats always does so in the instance's log although nothing happened, so that a fresh
    signed state shows that nothing did. Safe to share between threads.
    """

    def __init__(
        self, database: Database, signer: LogSigner, *, beats_always: bool = False
    ) -> None:
        self._database = database
        self._signer = signer
        self._beats_always = beats_always
        self._lock = threading.Lock()
        self._boot = ""
        self._key: SigningKey = new_signing_key()
        self._said: dict[str, int] = {}
        """The number of the last heartbeat in each log: nothing happened while it is the last."""

    def beat(self) -> None:
        """Say what became of the events so far, in each log that any were written to since.

        Errors:
            UnavailableError: the database does not answer; the next beat counts these, too.
        """
        with self._lock:
            boot, counts = self._database.source.counts()
            if boot != self._boot:
                # A process that was forked is another, and must not sign as the one before.
                self._boot, self._key, self._said = boot, new_signing_key(), {}
            due = [each for each in counts if each.up_to > self._said.get(each.log, 0)]
            if self._beats_always and INSTANCE_LOG not in {each.log for each in due}:
                due += [each for each in counts if each.log == INSTANCE_LOG] or [
                    Count(INSTANCE_LOG, 0, 0, 0)
                ]
            if due:
                self._say(due)

    def _say(self, due: list[Count]) -> None:
        with self._database.begin(appliance()) as work:
            numbers = heartbeats.beat(
                work,
                due,
                source=(self._database.source.node, self._boot),
                key=self._key,
                certify=self._signer.certify,
                introduced=frozenset(self._said),
            )
        self._said |= numbers


@contextmanager
def beating(database: Database, signer: LogSigner, *, beats_always: bool = False) -> Iterator[None]:
    """Beat for the length of the block, and once more at its end."""
    heart = Heart(database, signer, beats_always=beats_always)

    def beat() -> None:
        try:
            heart.beat()
        except ApplianceError as error:
            log.warning("heart.missed_a_beat", code=error.code, message=str(error))

    first = 0 if beats_always else EVERY_SECONDS
    with repeating(beat, name="heart", every_seconds=EVERY_SECONDS, first_after_seconds=first):
        yield
    beat()
