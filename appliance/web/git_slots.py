"""How many git transfers one web process carries at a time.

A transfer holds a thread until it is over, and a push needs a second one for its hook. So transfers
get half of the threads, and only a few may wait for one of those: the rest always answers pages and
hooks.
"""

from __future__ import annotations

import threading

from appliance.errors import UnavailableError

PATIENCE_SECONDS = 5.0
RETRY_AFTER_SECONDS = 10


class Slot:
    """Leave to run one transfer. Its state is whether it was given back."""

    def __init__(self, slots: threading.Semaphore) -> None:
        self._slots = slots
        self._lock = threading.Lock()
        self._is_held = True

    def release(self) -> None:
        """Give it back; safe to repeat."""
        with self._lock:
            if self._is_held:
                self._is_held = False
                self._slots.release()


class GitSlots:
    """The slots of one process. Its state is how many are taken and how many wait."""

    def __init__(self, threads: int, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._slots = threading.BoundedSemaphore(max(1, threads // 2))
        self._waiting = threading.BoundedSemaphore(max(1, threads // 4))
        self._patience_seconds = patience_seconds

    def take(self) -> Slot:
        """A slot, after a short wait if need be.

        Errors:
            UnavailableError: all are taken; come back later.
        """
        if self._slots.acquire(blocking=False):
            return Slot(self._slots)
        if self._waiting.acquire(blocking=False):
            try:
                if self._slots.acquire(timeout=self._patience_seconds):
                    return Slot(self._slots)
            finally:
                self._waiting.release()
        raise UnavailableError(
            "Too many clones and pushes are under way. Try again in a moment.",
            retry_after_seconds=RETRY_AFTER_SECONDS,
        )
