"""Questions that a page asks several times, each verb for itself, and that are answered once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from sqlalchemy.orm import Session

T = TypeVar("T")

READING = "reading"
"""The answers of a session in which nothing can be changed; others have none."""


def once(session: Session, key: Hashable, find: Callable[[], T]) -> T:
    """An answer, remembered until the transaction ends, where that cannot have changed it."""
    answers: dict[Hashable, T] | None = session.info.get(READING)
    if answers is None:
        return find()
    if key not in answers:
        answers[key] = find()
    return answers[key]
