"""A write that is sent twice under one key is done once, and answered the same twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.credentials import IdempotencyKey
from appliance.db.unit_of_work import UnitOfWork
from appliance.errors import ConflictError, InvalidError

LONGEST_KEY = 255


@dataclass(frozen=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: str
    headers: dict[str, str]


@open_to_everyone(because="it looks only at what the same actor did before")
def claim(work: UnitOfWork, key: str, *, request_hash: bytes, now: datetime) -> Answer | None:
    """Reserve a key for a first request (None), or give the answer of the request it belongs to.

    Errors:
        InvalidError: the key was used for another request, or is too long.
        ConflictError: the first request is still being worked on.
    """
    if not key or len(key) > LONGEST_KEY:
        raise InvalidError.of("Idempotency-Key", f"A key has 1 to {LONGEST_KEY} characters.")
    found = _find(work, key)
    if found is None:
        work.session.add(
            IdempotencyKey(
                actor_ref=work.actor.pseudonym, key=key, request_hash=request_hash, created_at=now
            )
        )
        return None
    if found.request_hash != request_hash:
        raise InvalidError.of("Idempotency-Key", "This key was used for another request.")
    if found.status is None:
        raise ConflictError("The first request with this key is still being worked on.")
    return Answer(found.status, found.body or "", json.loads(found.headers or "{}"))


@open_to_everyone(because="it keeps only the same actor's own answer")
def keep(work: UnitOfWork, key: str, answer: Answer) -> None:
    """Remember what was answered, for a day."""
    found = _find(work, key)
    if found is not None:
        found.status, found.body = answer.status, answer.body
        found.headers = json.dumps(answer.headers)


@open_to_everyone(because="it forgets only the same actor's own key")
def release(work: UnitOfWork, key: str) -> None:
    """Forget a key whose request failed, so that it can be tried again."""
    found = _find(work, key)
    if found is not None:
        work.session.delete(found)


def _find(work: UnitOfWork, key: str) -> IdempotencyKey | None:
    return work.session.scalar(
        sa.select(IdempotencyKey).where(
            IdempotencyKey.actor_ref == work.actor.pseudonym, IdempotencyKey.key == key
        )
    )
