"""Remembers in the queue server how each part was when somebody looked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

import redis

from appliance.services.observations import Observed

KEY = "codara:observed"
Field = bytes | bytearray | memoryview | str | int | float


class QueueMemory:
    """A memory that outlives processes and restarts, but not the queue server's data."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection

    def recall(self) -> dict[str, Observed] | None:
        """What was seen last of each part; None where the queue server does not answer."""
        try:
            stored: dict[bytes, bytes] = self._connection.hgetall(KEY)  # type: ignore[assignment]  # Not the asynchronous client.
        except redis.RedisError:
            return None
        return {name.decode(): _read(value) for name, value in stored.items()}

    def keep(self, observed: Mapping[str, Observed]) -> None:
        """Remember it; a queue server that has just gone away is told of by its own part."""
        values: dict[Field, Field] = {name: _written(each) for name, each in observed.items()}
        try:
            self._connection.hset(KEY, mapping=values)
        except redis.RedisError:
            return


def _written(observed: Observed) -> str:
    return json.dumps(asdict(observed), default=datetime.isoformat)


def _read(value: bytes) -> Observed:
    fields = json.loads(value)
    for name in ("since", "looked_at"):
        fields[name] = datetime.fromisoformat(fields[name])
    return Observed(**fields)
