"""Sends streams of the audit log: each in its order, several beside each other, none waited for."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from appliance.domain.identity import appliance
from appliance.domain.ids import new_id
from appliance.errors import ApplianceError, ConflictError, InvalidError, UnavailableError, sentence
from appliance.jobs.stream_room import AT_ONCE, Room
from appliance.repeating import repeating
from appliance.services.audit_log import claims as audit_claims
from appliance.services.audit_log import delivery, sending, targets
from appliance.services.audit_log.claims import Claim, Due
from appliance.services.audit_log.sending import Poisoned

if TYPE_CHECKING:
    from appliance.delivery.target import Target
    from appliance.services.audit_log.delivery import Next
    from appliance.services.audit_log.targets import Plan
    from appliance.wiring import Wiring

log = structlog.get_logger()

EVERY_SECONDS = 0.5
LEASE_SECONDS = 15.0
RENEW_SECONDS = 4.0
TURN_SECONDS = 5.0
"""After so long another stream has its turn, where there are more of them than threads."""
BEAT_SECONDS = 60.0
STUMBLED = sentence("The appliance itself stumbled over this stream. Its own log says how.")


class _Open:
    """A target that is kept from turn to turn, because it has a connection."""

    def __init__(self, plan: Plan, target: Target) -> None:
        self.version = plan.version
        self.target = target
        self.used_at = time.monotonic()


class Streaming:
    """Sends what is due. Its state: which streams it has claimed, and targets that stay open."""

    def __init__(self, objects: Wiring, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._database = objects.database
        self._sealer = objects.sealer
        self._rules = objects.settings.streams
        self._host = objects.logs.origin.partition("/")[0]
        self._lease = timedelta(seconds=lease_seconds)
        self._me = str(new_id())
        self._room = Room()
        self._lock = threading.Lock()
        self._claims: dict[UUID, Claim] = {}
        self._open: dict[UUID, _Open] = {}
        self._threads = ThreadPoolExecutor(AT_ONCE, "stream")
        self._renewed_at = time.monotonic()
        self._is_ending = threading.Event()

    def look(self) -> None:
        """Begin with what is due, and go on with what was begun."""
        with suppress(ApplianceError):
            self._renew()
        try:
            with self._database.reading(appliance()) as work:
                due = audit_claims.due(work, now=_now())
        except ApplianceError as error:
            log.warning("streams.wait", code=error.code, message=str(error))
            return
        for each in due:
            self._begin(each, self._turn)
        for stream_id in self._silent():
            if not self._begin(Due(stream_id, stream_id, is_proven=True), self._beat):
                self._forget(stream_id)

    def work_off(self, stream_id: UUID) -> None:
        """Send what there is of one stream, now."""
        if self._claim(stream_id):
            self._turn(stream_id)

    def close(self) -> None:
        """End after what is being sent now."""
        self._is_ending.set()
        self._threads.shutdown()
        for each in self._open.values():
            each.target.close()

    def _begin(self, due: Due, act: Callable[[UUID], None]) -> bool:
        """Begin if nobody else sends it and there is room; gives whether it could be ours."""
        if not self._room.enter(due):
            return True
        if not self._claim(due.stream_id):
            self._room.leave(due.stream_id)
            return False
        self._threads.submit(self._carry, act, due.stream_id)
        return True

    def _carry(self, act: Callable[[UUID], None], stream_id: UUID) -> None:
        """Act in a thread of its own, whose end nobody else looks at."""
        try:
            act(stream_id)
        except Exception:
            log.exception("streams.stumbled", stream=str(stream_id))
        finally:
            self._room.leave(stream_id)

    def _forget(self, stream_id: UUID) -> None:
        """Let go of the target of a stream that was paused, deleted, or taken over."""
        known = self._open.pop(stream_id, None)
        if known is not None:
            # Not by whoever looks after all: a receiver may take its time to say goodbye.
            self._threads.submit(known.target.close)

    def _claim(self, stream_id: UUID) -> bool:
        now = _now()
        wanted = Claim(stream_id, self._me, now + self._lease)
        try:
            with self._database.begin(appliance()) as work:
                is_ours = audit_claims.claim(work, wanted, now=now)
        except ApplianceError as error:
            log.warning("streams.wait", code=error.code, message=str(error))
            return False
        if is_ours:
            with self._lock:
                self._claims[stream_id] = wanted
        return is_ours

    def _renew(self) -> None:
        """So long as a thread works on a stream, nobody else takes it."""
        if time.monotonic() - self._renewed_at < min(
            RENEW_SECONDS, self._lease.total_seconds() / 3
        ):
            return
        self._renewed_at = time.monotonic()
        with self._lock:
            claims = [replace(each, until=_now() + self._lease) for each in self._claims.values()]
        if claims:
            with self._database.begin(appliance()) as work:
                audit_claims.renew(work, claims)

    @contextmanager
    def _held(self, stream_id: UUID) -> Iterator[Claim]:
        """For the length of the block; a failure is noted, and the stream given back."""
        claimed = self._claims[stream_id]
        try:
            try:
                yield claimed
            except ConflictError as error:
                log.info("stream.lost", stream=str(stream_id), message=str(error))
            except (UnavailableError, InvalidError) as error:
                self._note_failure(claimed, error)
            except ApplianceError as error:
                log.warning("stream.waits", stream=str(stream_id), message=str(error))
                self._note_failure(claimed, error)
            except Exception:
                # Whatever it was, it must not come back at once, nor unseen.
                log.exception("streams.stumbled", stream=str(stream_id))
                self._note_failure(claimed, UnavailableError(STUMBLED))
            with self._database.begin(appliance()) as work:
                audit_claims.release(work, claimed)
        except ApplianceError as error:
            # The database went away; the claim ends by itself.
            log.warning("stream.waits", stream=str(stream_id), message=str(error))
        finally:
            with self._lock:
                self._claims.pop(stream_id, None)

    def _note_failure(self, claimed: Claim, error: ApplianceError) -> None:
        with suppress(ConflictError), self._database.begin(appliance()) as work:
            delivery.note_failure(
                work,
                claimed,
                str(error),
                longest_pause_seconds=self._rules.longest_pause_seconds,
                jitter=random.random(),  # noqa: S311 - spreads pauses; nobody guesses anything.
                now=_now(),
            )

    def _turn(self, stream_id: UUID) -> None:
        with self._held(stream_id) as claimed:
            end = time.monotonic() + TURN_SECONDS
            self._retry(claimed)
            while time.monotonic() < end and not self._is_ending.is_set():
                with self._database.reading(appliance()) as work:
                    plan = delivery.plan(work, claimed, sealer=self._sealer, host=self._host)
                    following = delivery.next_entries(work, claimed, sealer=self._sealer)
                if plan is None or following is None:
                    return
                begun = time.monotonic()
                try:
                    self._send(claimed, plan, following)
                finally:
                    self._room.note(stream_id, time.monotonic() - begun)

    def _send(self, claimed: Claim, plan: Plan, following: Next) -> None:
        if following.missed:
            with self._database.begin(appliance()) as work:
                delivery.note_missed(work, claimed, following, now=_now())
        if following.entries:
            target = self._target(plan)
            batch = plan.batch(following.entries)
            for outcome in sending.deliver(
                target, batch, test=lambda: targets.test_batch(plan, _now())
            ):
                with self._database.begin(appliance()) as work:
                    if isinstance(outcome, Poisoned):
                        if not delivery.park(work, claimed, following, outcome, now=_now()):
                            return
                        continue
                    until = outcome.entries[-1].index + 1
                    taken = len(outcome.entries)
                    delivery.advance(work, claimed, following, until, taken=taken, now=_now())
        with self._database.begin(appliance()) as work:
            delivery.advance(work, claimed, following, following.until, taken=0, now=_now())

    def _retry(self, claimed: Claim) -> None:
        """What was put aside, and what a person wants to be sent again."""
        with self._database.reading(appliance()) as work:
            waiting = delivery.to_retry(work, claimed, sealer=self._sealer)
            plan = delivery.plan(work, claimed, sealer=self._sealer, host=self._host)
        if plan is None:
            return
        for each in waiting:
            batch = plan.batch(each.entries)
            target, test = self._target(plan), partial(targets.test_batch, plan, _now())
            for outcome in sending.deliver(target, batch, test=test):
                reason = outcome.reason if isinstance(outcome, Poisoned) else ""
                with self._database.begin(appliance()) as work:
                    delivery.note_retried(work, claimed, each.entries[0], reason=reason, now=_now())

    def _target(self, plan: Plan) -> Target:
        known = self._open.get(plan.stream_id)
        if known is not None and known.version == plan.version:
            known.used_at = time.monotonic()
            return known.target
        if known is not None:
            known.target.close()
        made = _Open(plan, targets.open_target(plan, rules=self._rules, now=_now))
        self._open.pop(plan.stream_id, None)
        if targets.stays_open(plan):
            self._open[plan.stream_id] = made
        return made.target

    def _silent(self) -> list[UUID]:
        """Open targets that have heard nothing for a while."""
        limit = time.monotonic() - BEAT_SECONDS
        return [stream_id for stream_id, each in list(self._open.items()) if each.used_at < limit]

    def _beat(self, stream_id: UUID) -> None:
        with self._held(stream_id):
            known = self._open[stream_id]
            known.used_at = time.monotonic()
            known.target.beat()


@contextmanager
def streaming(objects: Wiring) -> Iterator[None]:
    """Send what is due for the length of the block, in threads: receivers are slow."""
    sender = Streaming(objects)
    try:
        with repeating(sender.look, name="streaming", every_seconds=EVERY_SECONDS):
            yield
    finally:
        sender.close()


def _now() -> datetime:
    return datetime.now(UTC)
