"""A write that is sent twice under one key is done once, and answered the same twice."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.credentials import IdempotencyKey
from appliance.db.unit_of_work import UnitOfWork
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.security.sealing import Place, Sealer

LONGEST_KEY = 255


@dataclass(frozen=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: str
    headers: dict[str, str]


@open_to_everyone(because="it looks only at what the same actor did before")
def claim(
    work: UnitOfWork, key: str, *, request_proof: bytes, sealer: Sealer, now: datetime
) -> Answer | None:
    """Reserve a key for a first request (None), or give the answer of the request it belongs to.

    Errors:
        InvalidError: the key was used for another request, or is too long.
        ConflictError: the first request is still being worked on.
    """
    if not key or len(key) > LONGEST_KEY:
        raise InvalidError.of(
            "Idempotency-Key",
            sentence("A key has 1 to %(longest_key)s characters.", longest_key=LONGEST_KEY),
        )
    found = _find(work, key)
    if found is None:
        row = IdempotencyKey(
            actor_ref=work.actor.pseudonym, key=key, request_proof=request_proof, created_at=now
        )
        work.session.add(row)
        return None
    if found.request_proof != request_proof:
        raise InvalidError.of("Idempotency-Key", "This key was used for another request.")
    if found.sealed_answer is None:
        raise ConflictError("The first request with this key is still being worked on.")
    return Answer(**json.loads(sealer.unseal(found.sealed_answer, _place(found))))


@open_to_everyone(because="it keeps only the same actor's own answer")
def keep(work: UnitOfWork, key: str, answer: Answer, *, sealer: Sealer) -> None:
    """Remember what was answered, for a day."""
    found = _find(work, key)
    if found is not None:
        found.sealed_answer = sealer.seal(json.dumps(asdict(answer)).encode(), _place(found))


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


def _place(row: IdempotencyKey) -> Place:
    return Place(IdempotencyKey.__tablename__, "sealed_answer", str(row.id))
