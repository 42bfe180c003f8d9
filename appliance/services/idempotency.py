"""A write that is sent twice under one key is done once, and answered the same twice.

Whoever claims a key has it for a lease. What it does is committed together with `note_done`, which
fails when the key was taken over meanwhile. So a request whose process died before that can be sent
again after the lease, and one that died after it is never done twice: its repeat is told.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.credentials import IdempotencyKey
from appliance.db.unit_of_work import UnitOfWork
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.security.sealing import Place, Sealer

LONGEST_KEY = 255
LEASE = timedelta(minutes=2)
"""No request of the API works for longer; whoever has a key for longer has died."""
DONE = b""
"""In the place of the answer: it was done, and its answer is still to come, or was lost."""


@dataclass(frozen=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Claim:
    """A key that is ours, and since when: somebody who took it over has it since later."""

    key: str
    since: datetime


@open_to_everyone(because="it looks only at what the same actor did before")
def claim(
    work: UnitOfWork, key: str, *, request_proof: bytes, sealer: Sealer, now: datetime
) -> Answer | Claim:
    """Reserve a key for a first request, or give the answer of the request it belongs to.

    Errors:
        InvalidError: the key was used for another request, or is too long.
        ConflictError: the first request is still being worked on, or its answer was lost.
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
        return Claim(key, now)
    if found.request_proof != request_proof:
        raise InvalidError.of("Idempotency-Key", "This key was used for another request.")
    if found.sealed_answer:
        return Answer(**json.loads(sealer.unseal(found.sealed_answer, _place(found))))
    if abs(now - found.created_at) < LEASE:
        raise ConflictError("The first request with this key is still being worked on.")
    if found.sealed_answer == DONE:
        raise ConflictError(
            "The first request with this key was done, but its answer was lost. Look at what is "
            "there before you send it with another key."
        )
    found.created_at = now
    return Claim(key, now)


@open_to_everyone(because="it marks only the same actor's own key")
def note_done(work: UnitOfWork, claim: Claim) -> None:
    """Commit together with this what the request does.

    Errors:
        ConflictError: it took so long that another one has taken the key over.
    """
    found = _find_own(work, claim)
    if found is None:
        raise ConflictError("This took so long that it was begun again. Nothing was changed.")
    if found.sealed_answer is None:
        found.sealed_answer = DONE


@open_to_everyone(because="it keeps only the same actor's own answer")
def keep(work: UnitOfWork, claim: Claim, answer: Answer, *, sealer: Sealer) -> None:
    """Remember what was answered, for a day."""
    found = _find_own(work, claim)
    if found is not None:
        found.sealed_answer = sealer.seal(json.dumps(asdict(answer)).encode(), _place(found))


@open_to_everyone(because="it forgets only the same actor's own key")
def release(work: UnitOfWork, claim: Claim) -> None:
    """Forget a key whose request failed, so that it can be tried again."""
    found = _find_own(work, claim)
    if found is not None:
        work.session.delete(found)


def _find(work: UnitOfWork, key: str) -> IdempotencyKey | None:
    return work.session.scalar(
        sa.select(IdempotencyKey)
        .where(IdempotencyKey.actor_ref == work.actor.pseudonym, IdempotencyKey.key == key)
        .with_for_update()
    )


def _find_own(work: UnitOfWork, claim: Claim) -> IdempotencyKey | None:
    found = _find(work, claim.key)
    return found if found is not None and found.created_at == claim.since else None


def _place(row: IdempotencyKey) -> Place:
    return Place(IdempotencyKey.__tablename__, "sealed_answer", str(row.id))
