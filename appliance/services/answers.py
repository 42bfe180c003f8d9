"""What this process remembers of commits: answers that stay true, because commits never change."""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

MOST = 10_000


class Remembered(Generic[Key, Value]):
    """Answers by what was asked. Its state is these and what they weigh; with too many of them it
    begins anew.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._weight = 0
        self._answers: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        """The answer; None where there is none yet."""
        return self._answers.get(key)

    def keep(self, key: Key, answer: Value, *, weight: int = 1) -> None:
        """Remember an answer, which weighs as much as so many of the usual ones."""
        if self._weight + weight > self._most:
            self._answers.clear()
            self._weight = 0
        self._weight += weight
        self._answers[key] = answer


class Patience:
    """Questions that took longer than somebody would wait. Its state is how long was too short.

    Nobody tries again in vain, until somebody has more time.
    """

    def __init__(self) -> None:
        self._too_short: Remembered[str, float] = Remembered()

    def is_in_vain(self, commit: str, seconds: float) -> bool:
        """Whether so many seconds were not enough before."""
        return seconds <= (self._too_short.get(commit) or 0.0)

    def note(self, commit: str, seconds: float) -> None:
        """Remember that so many seconds were not enough."""
        self._too_short.keep(commit, max(seconds, self._too_short.get(commit) or 0.0))
