"""Which streams may be sent at this moment: threads are few, and receivers may be slow or hostile.

A stream is trusted to be quick when it took something the last time, and soon. All others share a
part of the threads, and those of one owner a part of that; so nobody's receivers keep the threads
of others, however many they are and however slowly they speak.
"""

from __future__ import annotations

import threading
from uuid import UUID

from appliance.services.audit_log.claims import Due

AT_ONCE = 8
OF_ONE_OWNER = 4
DOUBTFUL_AT_ONCE = 4
DOUBTFUL_OF_ONE_OWNER = 2
SLOW_SECONDS = 3.0
"""Who takes longer for one batch is slow."""


class Room:
    """The places. Its state: who has one, and whose receivers were slow the last time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside: dict[UUID, Due] = {}
        self._slow: set[UUID] = set()

    def enter(self, due: Due) -> bool:
        """Take a place, if there is one for this stream; it has none yet."""
        with self._lock:
            if due.stream_id in self._inside or not self._has_place(due):
                return False
            self._inside[due.stream_id] = due
            return True

    def leave(self, stream_id: UUID) -> None:
        """Give the place back."""
        with self._lock:
            self._inside.pop(stream_id, None)

    def note(self, stream_id: UUID, seconds: float) -> None:
        """Remember how long a receiver took."""
        with self._lock:
            if seconds > SLOW_SECONDS:
                self._slow.add(stream_id)
            else:
                self._slow.discard(stream_id)

    def _has_place(self, due: Due) -> bool:
        inside = list(self._inside.values())
        of_owner = [each for each in inside if each.owner == due.owner]
        if len(inside) >= AT_ONCE or len(of_owner) >= OF_ONE_OWNER:
            return False
        return not self._is_doubtful(due) or (
            sum(map(self._is_doubtful, inside)) < DOUBTFUL_AT_ONCE
            and sum(map(self._is_doubtful, of_owner)) < DOUBTFUL_OF_ONE_OWNER
        )

    def _is_doubtful(self, due: Due) -> bool:
        return not due.is_proven or due.stream_id in self._slow
