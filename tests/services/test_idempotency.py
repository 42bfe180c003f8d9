"""One key, one act: also when whoever had the key died before it, after it, or is only slow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.errors import ConflictError, InvalidError
from appliance.services import idempotency
from appliance.services.idempotency import LEASE, Answer, Claim
from tests.world import NOON

PROOF = b"proof"
LATER = NOON + LEASE
ANSWER = Answer(201, "{}", {"Location": "/there"})


@pytest.fixture
def writer(world):
    return world.user("writer")


@pytest.fixture
def claim(world, writer):
    def claim(now, proof=PROOF):
        with world.begin(writer) as work:
            return idempotency.claim(
                work, "key", request_proof=proof, sealer=world.wiring.sealer, now=now
            )

    return claim


def test_a_key_that_somebody_works_on_waits(claim):
    assert claim(NOON) == Claim("key", NOON)
    with pytest.raises(ConflictError, match="still being worked on"):
        claim(LATER - timedelta(seconds=1))
    with pytest.raises(InvalidError):
        claim(LATER, proof=b"of another request")


@pytest.mark.parametrize("now", [LATER, NOON - timedelta(days=400)], ids=["later", "set-back"])
def test_a_key_whose_owner_died_before_it_did_anything_is_taken_over(claim, now):
    claim(NOON)

    assert claim(now) == Claim("key", now)
    with pytest.raises(ConflictError, match="still being worked on"):
        claim(now)


def test_who_was_only_slow_does_nothing_after_another_took_over(world, writer, claim):
    slow, quick = claim(NOON), claim(LATER)
    with world.begin(writer) as work:
        idempotency.note_done(work, quick)

    with pytest.raises(ConflictError, match="begun again"), world.begin(writer) as work:
        idempotency.note_done(work, slow)
    with world.begin(writer) as work:
        idempotency.keep(work, slow, Answer(201, "mine", {}), sealer=world.wiring.sealer)
        idempotency.release(work, slow)
        idempotency.keep(work, quick, ANSWER, sealer=world.wiring.sealer)

    assert claim(LATER) == ANSWER


def test_what_was_done_is_not_done_again_although_its_answer_was_lost(world, writer, claim):
    first = claim(NOON)
    with world.begin(writer) as work:
        idempotency.note_done(work, first)

    with pytest.raises(ConflictError, match="still being worked on"):
        claim(NOON)
    with pytest.raises(ConflictError, match="its answer was lost"):
        claim(LATER)
