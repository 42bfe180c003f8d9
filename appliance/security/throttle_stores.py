"""Where a throttle keeps its counts: a Redis that all processes share, or this process's memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from appliance.security.throttle import Pace, Store

Answer = TypeVar("Answer")

KEY_PREFIX = "throttle:"
REDIS_PATIENCE_SECONDS = 0.5  # A sign-in waits so long at most before this process counts alone.

# One step on the server, so that attempts arriving together see each other.
# KEYS[1] the record; ARGV: now, window, then the waits after 0, 1, 2 … failures.
CLAIM = """
local now = tonumber(ARGV[1])
local failures = tonumber(redis.call('HGET', KEYS[1], 'failures') or '0')
local last_at = tonumber(redis.call('HGET', KEYS[1], 'last_at') or ARGV[1])
local wait = tonumber(ARGV[3 + math.min(failures, #ARGV - 3)])
local remaining = math.max(0, math.min(last_at + wait - now, wait))
if remaining == 0 then
  redis.call('HSET', KEYS[1], 'failures', failures + 1, 'last_at', ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return tostring(remaining)
"""
TAKE_BACK = """
if tonumber(redis.call('HGET', KEYS[1], 'failures') or '0') > 1 then
  redis.call('HINCRBY', KEYS[1], 'failures', -1)
else
  redis.call('DEL', KEYS[1])
end
"""


class RedisStore:
    """Counts in Redis or Valkey. Each record ends by itself, so the memory it takes is bounded."""

    def __init__(self, url: str) -> None:
        # One retry, because a connection kept from before a restart of Redis fails once; not the
        # library's own ten, which would hold a sign-in for seconds.
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=REDIS_PATIENCE_SECONDS,
            socket_connect_timeout=REDIS_PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )
        self._claim = self._client.register_script(CLAIM)
        self._take_back = self._client.register_script(TAKE_BACK)

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def claim(self, key: str, pace: Pace, now: float) -> float:
        """In one step: the seconds to wait, or 0 after counting an attempt as failed."""
        arguments: list[str | float] = [repr(now), pace.window_seconds, *pace.waits()]
        return float(self._claim(keys=[KEY_PREFIX + key], args=arguments))

    def postpone(self, key: str, pace: Pace, now: float) -> None:
        """Let the wait begin now."""
        with self._client.pipeline(transaction=True) as steps:
            steps.hsetnx(KEY_PREFIX + key, "failures", "1")
            steps.hset(KEY_PREFIX + key, "last_at", repr(now))
            steps.expire(KEY_PREFIX + key, pace.window_seconds)
            steps.execute()

    def take_back(self, key: str) -> None:
        """Count one failure less."""
        self._take_back(keys=[KEY_PREFIX + key])

    def forget(self, key: str) -> None:
        """Know nothing of this key."""
        self._client.delete(KEY_PREFIX + key)


@dataclass(frozen=True)
class _Record:
    """What this process knows of one key."""

    failures: int
    last_at: float
    forgotten_at: float


class MemoryStore:
    """Counts in this process, for the latest `capacity` keys."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._lock = threading.Lock()

    def claim(self, key: str, pace: Pace, now: float) -> float:
        """In one step: the seconds to wait, or 0 after counting an attempt as failed."""
        with self._lock:
            record = self._known(key, now)
            waits = pace.waits()
            wait = waits[min(record.failures, len(waits) - 1)]
            # At most the whole wait, even where the clock was set back since.
            remaining = max(0.0, min(record.last_at + wait - now, wait))
            if remaining == 0:
                self._keep(key, _Record(record.failures + 1, now, now + pace.window_seconds))
            return remaining

    def postpone(self, key: str, pace: Pace, now: float) -> None:
        """Let the wait begin now."""
        with self._lock:
            failures = max(1, self._known(key, now).failures)
            self._keep(key, _Record(failures, now, now + pace.window_seconds))

    def take_back(self, key: str) -> None:
        """Count one failure less."""
        with self._lock:
            record = self._records.pop(key, None)
            if record is not None and record.failures > 1:
                fewer = _Record(record.failures - 1, record.last_at, record.forgotten_at)
                self._keep(key, fewer)

    def forget(self, key: str) -> None:
        """Know nothing of this key."""
        with self._lock:
            self._records.pop(key, None)

    def _known(self, key: str, now: float) -> _Record:
        record = self._records.get(key)
        return record if record and now < record.forgotten_at else _Record(0, now, now)

    def _keep(self, key: str, record: _Record) -> None:
        self._records[key] = record
        self._records.move_to_end(key)
        while len(self._records) > self._capacity:
            self._records.popitem(last=False)


class FallbackStore:
    """The shared store while it answers, and this process's memory while it does not.

    Throttling goes on without Redis, a little more generous: each process counts for itself. A
    store that failed is left alone for `retry_seconds`.
    """

    def __init__(
        self,
        shared: RedisStore,
        own: MemoryStore,
        *,
        retry_seconds: float = 5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._own = own
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._away_until = clock()

    def claim(self, key: str, pace: Pace, now: float) -> float:
        """In one step: the seconds to wait, or 0 after counting an attempt as failed."""
        return self._ask(lambda store: store.claim(key, pace, now))

    def postpone(self, key: str, pace: Pace, now: float) -> None:
        """Let the wait begin now."""
        self._ask(lambda store: store.postpone(key, pace, now))

    def take_back(self, key: str) -> None:
        """Count one failure less."""
        self._ask(lambda store: store.take_back(key))

    def forget(self, key: str) -> None:
        """Know nothing of this key."""
        self._ask(lambda store: store.forget(key))

    def _ask(self, question: Callable[[Store], Answer]) -> Answer:
        if self._clock() >= self._away_until:
            try:
                return question(self._shared)
            except redis.RedisError:
                self._away_until = self._clock() + self._retry_seconds
        return question(self._own)
