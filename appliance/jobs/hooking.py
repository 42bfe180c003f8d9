"""Tells webhooks what happened: events become deliveries, and deliveries are sent, in threads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from appliance.domain.identity import appliance
from appliance.domain.ids import new_id
from appliance.domain.webhooks import DeliveryState
from appliance.errors import ApplianceError, ConflictError
from appliance.jobs.stream_room import AT_ONCE, Room
from appliance.repeating import repeating
from appliance.services import webhook_claims, webhook_queue, webhook_sending, webhook_targets
from appliance.services.audit_log.claims import Claim, Due
from appliance.services.webhook_sending import Try

if TYPE_CHECKING:
    from appliance.services.webhook_sending import Noted
    from appliance.services.webhook_targets import Parcel
    from appliance.wiring import Wiring

log = structlog.get_logger()

EVERY_SECONDS = 0.5
LEASE_SECONDS = 30.0
TURN_SECONDS = 5.0
"""After so long another webhook has its turn, where there are more of them than threads."""


class Hooking:
    """Delivers what is due. Its state: which webhooks it has claimed."""

    def __init__(self, objects: Wiring, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._database = objects.database
        self._sealer = objects.sealer
        self._rules = objects.settings.webhooks
        self._url = objects.settings.server.url.rstrip("/")
        self._lease = timedelta(seconds=lease_seconds)
        self._me = str(new_id())
        self._room = Room()
        self._lock = threading.Lock()
        self._claims: dict[UUID, Claim] = {}
        self._threads = ThreadPoolExecutor(AT_ONCE, "webhook")
        self._renewed_at = time.monotonic()
        self._is_ending = threading.Event()

    def look(self) -> None:
        """Write down what is to be delivered, and begin with what is due."""
        try:
            self._renew()
            self.queue()
            with self._database.reading(appliance()) as work:
                due = webhook_claims.due(work, now=_now())
        except ApplianceError as error:
            log.warning("webhooks.wait", code=error.code, message=str(error))
            return
        for each in due:
            self._begin(each)

    def queue(self) -> None:
        """Write down all that is to be delivered of what has happened.

        Errors:
            UnavailableError: the database does not answer.
        """
        while True:
            with self._database.reading(appliance()) as work:
                if not webhook_queue.is_behind(work):
                    return
            try:
                with self._database.begin(appliance()) as work:
                    webhook_queue.take(work, sealer=self._sealer, url=self._url, now=_now())
            except ConflictError:
                return

    def work_off(self, hook_id: UUID) -> None:
        """Deliver what is due to one webhook, now."""
        if self._claim(hook_id):
            self._turn(hook_id)

    def close(self) -> None:
        """End after what is being sent now."""
        self._is_ending.set()
        self._threads.shutdown()

    def _begin(self, due: Due) -> None:
        if not self._room.enter(due):
            return
        if not self._claim(due.stream_id):
            self._room.leave(due.stream_id)
            return
        self._threads.submit(self._carry, due.stream_id)

    def _carry(self, hook_id: UUID) -> None:
        """In a thread of its own, whose end nobody else looks at."""
        try:
            self._turn(hook_id)
        except Exception:
            log.exception("webhooks.stumbled", hook=str(hook_id))
        finally:
            self._room.leave(hook_id)

    def _claim(self, hook_id: UUID) -> bool:
        now = _now()
        wanted = Claim(hook_id, self._me, now + self._lease)
        with self._database.begin(appliance()) as work:
            is_ours = webhook_claims.claim(work, wanted, now=now)
        if is_ours:
            with self._lock:
                self._claims[hook_id] = wanted
        return is_ours

    def _renew(self) -> None:
        """So long as a thread works on a webhook, nobody else takes it."""
        if time.monotonic() - self._renewed_at < self._lease.total_seconds() / 4:
            return
        self._renewed_at = time.monotonic()
        with self._lock:
            claims = [replace(each, until=_now() + self._lease) for each in self._claims.values()]
        if claims:
            with self._database.begin(appliance()) as work:
                webhook_claims.renew(work, claims)

    def _turn(self, hook_id: UUID) -> None:
        claimed = self._claims[hook_id]
        try:
            end = time.monotonic() + TURN_SECONDS
            while time.monotonic() < end and self._deliver_some(claimed, end):
                pass
            with self._database.begin(appliance()) as work:
                webhook_claims.release(work, claimed)
        except ConflictError as error:
            log.info("webhook.lost", hook=str(hook_id), message=str(error))
        except ApplianceError as error:
            # The claim ends by itself, and then somebody tries again.
            log.warning("webhook.waits", hook=str(hook_id), message=str(error))
        finally:
            with self._lock:
                self._claims.pop(hook_id, None)

    def _deliver_some(self, claimed: Claim, end: float) -> bool:
        """Send the next deliveries; gives whether there may be more."""
        with self._database.reading(appliance()) as work:
            parcels = webhook_sending.parcels(work, claimed, sealer=self._sealer, now=_now())
        resting: set[UUID] = set()
        for parcel in parcels:
            if self._is_ending.is_set() or time.monotonic() >= end:
                return False
            if parcel.line in resting:
                continue
            noted = self._deliver(claimed, parcel)
            if not noted.goes_on:
                return False
            if noted.state is DeliveryState.WAITING:
                resting.add(parcel.line)
        return bool(parcels)

    def _deliver(self, claimed: Claim, parcel: Parcel) -> Noted:
        """Send one, and write down what came of it."""
        begun = time.monotonic()
        timestamp = int(_now().timestamp())
        outcome = webhook_targets.send(parcel, rules=self._rules, timestamp=timestamp)
        seconds = time.monotonic() - begun
        self._room.note(claimed.stream_id, seconds)
        jitter = random.random()  # noqa: S311 - spreads pauses; nobody guesses anything.
        with self._database.begin(appliance()) as work:
            tried = Try(outcome, seconds, jitter, _now())
            return webhook_sending.note(work, claimed, parcel, tried)


@contextmanager
def hooking(objects: Wiring) -> Iterator[None]:
    """Deliver what is due for the length of the block."""
    sender = Hooking(objects)
    try:
        with repeating(sender.look, name="hooking", every_seconds=EVERY_SECONDS):
            yield
    finally:
        sender.close()


def _now() -> datetime:
    return datetime.now(UTC)
