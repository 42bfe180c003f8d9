"""The appliance asks real witnesses, each in a process of its own, to sign its logs."""

import base64
import time
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from appliance.db.audit_log import INSTANCE_LOG, AuditCheckpoint, AuditLog
from appliance.db.audit_witnesses import AuditCosignature, WitnessState
from appliance.domain.identity import appliance
from appliance.jobs import witnessing
from appliance.services.audit_log import cosignatures, witnesses
from appliance.services.audit_log import witnessing as audit_witnessing
from appliance.services.audit_log.witnesses import Wanted
from audit import note
from tests.services import witnessed
from tests.services.witnessed import (
    NOW,
    ask,
    grow,
    log_keys,
    log_of,
    progress,
    size_of,
    trust,
    witnessed_size,
)


@pytest.fixture
def world(world):
    witnessed.prepare(world)
    return world


@pytest.fixture
def joined(world, make_witness):
    """Makes a witness that knows the logs, and lets the appliance trust it."""

    def make(name, *, url=True, operator=""):
        running = make_witness(f"{name}.test/w", *log_keys(world)).start()
        trust(world, Wanted(name, str(running.key), running.url if url else "", operator))
        return running

    return make


def test_a_state_is_signed_and_the_signature_kept(world, joined):
    running = joined("one")
    world.keep_log()
    size = size_of(world)
    ask(world)

    assert witnessed_size(world) == size
    assert running.state.head(log_of(world).origin).size == size


def test_another_program_finds_the_kept_signature_good(world, joined):
    running = joined("one")
    before = int(time.time())
    ask(world)
    with world.reading(appliance()) as work:
        log = log_of(world)
        cosigned = cosignatures.newest_witnessed(work, log.id)
    body, _, signatures = cosigned.note.partition("\n\n")
    line = next(each for each in signatures.splitlines() if each.startswith("— one.test/w "))
    data = base64.b64decode(line.split(" ")[2])
    at = int.from_bytes(data[4:12], "big")

    Ed25519PublicKey.from_public_bytes(running.key.public).verify(
        data[12:], f"cosignature/v1\ntime {at}\n{body}\n".encode()
    )
    assert before <= at <= time.time()


def test_each_log_is_witnessed_for_itself(world, joined):
    joined("one")
    with world.reading(appliance()) as work:
        names = list(work.session.scalars(sa.select(AuditLog.name)))
    ask(world)

    assert all(witnessed_size(world, name) == size_of(world, name) for name in names)


def test_a_log_that_grows_is_proven_to_continue(world, joined):
    joined("one")
    ask(world)
    before = witnessed_size(world)
    grow(world, 3)
    ask(world)

    assert witnessed_size(world) == size_of(world) > before


def test_witnessing_itself_does_not_make_the_log_grow_for_ever(world, joined):
    joined("one")
    for _ in range(3):
        world.keep_log()
        ask(world)
    size = size_of(world)
    for _ in range(4):
        world.keep_log()
        ask(world)

    assert size_of(world) == size
    assert world.events().count("audit.witnessed") == len(progress(world, "one"))


def test_two_of_three_are_enough_with_one_dead(world, joined):
    for name in ("one", "two"):
        joined(name)
    dead = joined("three")
    dead.stop(kill=True)
    with world.begin(world.actor("root")) as work:
        assert witnesses.quorum(work).needed == 2
    world.keep_log()
    ask(world)

    assert witnessed_size(world) == size_of(world)
    assert "does not answer" in progress(world, "three")[INSTANCE_LOG].problem


def test_one_of_three_is_not_enough(world, joined):
    joined("one")
    for name in ("two", "three"):
        joined(name).stop(kill=True)
    world.keep_log()
    ask(world)

    assert witnessed_size(world) == 0
    assert progress(world, "one")[INSTANCE_LOG].known_size > 0


def test_the_witnesses_of_one_operator_count_once(world, joined):
    joined("one", operator="university")
    joined("two", operator="university")
    joined("three").stop(kill=True)
    world.keep_log()
    ask(world)

    assert witnessed_size(world) == 0, "two operators are needed, and one has signed"


def test_who_does_not_answer_is_asked_less_and_less(world, joined):
    joined("one").stop(kill=True)
    pauses = []
    for _ in range(4):
        ask(world)
        with world.reading(appliance()) as work:
            state = work.session.scalars(sa.select(WitnessState)).first()
            pauses.append((state.not_before - datetime.now(UTC)).total_seconds())

    assert [round(each / 30) for each in pauses] == [1, 2, 4, 8]


def test_a_witness_that_knows_another_size_is_asked_from_there(world, joined):
    running = joined("one")
    ask(world)
    with world.begin(appliance()) as work:
        work.session.execute(sa.update(WitnessState).values(known_size=0))
    grow(world)
    ask(world)

    assert witnessed_size(world) == size_of(world)
    assert running.state.head(log_of(world).origin).size == size_of(world)


def test_an_answer_that_was_lost_is_had_again(world, joined):
    running = joined("one")
    with world.reading(appliance()) as work:
        (question,) = (
            each for each in audit_witnessing.due(work, now=NOW) if each.log_id == log_of(world).id
        )
    assert running.ask(question.request).status == 200  # Nobody kept what it said.
    ask(world)

    assert witnessed_size(world) == size_of(world)


def test_a_rollback_is_refused_told_and_recorded_once(world, joined):
    """The witness has seen more than the database has: it was put back to an earlier state."""
    running = joined("one")
    world.keep_log()
    log = log_of(world)
    state = note.Checkpoint(log.origin, log.size + 40, bytes(32))
    with running.state.alone() as turn:
        turn.put_head(state, "", 1)
    for _ in range(3):
        ask(world)
    world.keep_log()

    found = progress(world, "one")[INSTANCE_LOG]
    assert found.is_contradicting
    assert f"signed {log.size + 40} entries" in found.problem
    assert world.events().count("audit.witness_refused") == 1
    assert witnessed_size(world) == 0


def test_a_fork_is_refused_told_and_recorded(world, joined):
    running = joined("one")
    world.keep_log()
    log = log_of(world)
    with running.state.alone() as turn:
        turn.put_head(note.Checkpoint(log.origin, log.size - 1, bytes(32)), "", 1)
    ask(world)
    world.keep_log()

    found = progress(world, "one")[INSTANCE_LOG]
    assert found.is_contradicting
    assert "only grew" in found.problem
    assert "audit.witness_refused" in world.events()
    assert running.state.evidence()


def test_a_witness_that_follows_again_is_no_alarm_any_more(world, joined):
    running = joined("one")
    log = log_of(world)
    with running.state.alone() as turn:
        turn.put_head(note.Checkpoint(log.origin, 1, bytes(32)), "", 1)
    ask(world)
    running.stop()
    running.state_file.unlink()
    running.state.__init__(running.state_file)
    for key in log_keys(world):
        running.state.add_log(key)
    port = int(running.url.rpartition(":")[2])
    running.start(port=port)
    ask(world)

    assert not progress(world, "one")[INSTANCE_LOG].is_contradicting
    assert witnessed_size(world) == size_of(world)


def test_two_that_ask_at_once_end_with_one_signature(world, joined):
    """Two schedulers have the same turn; the second finds the work done."""
    joined("one")
    with world.reading(appliance()) as work:
        questions = audit_witnessing.due(work, now=NOW)
    rules = world.settings.witnesses
    for _ in range(2):
        for question in questions:
            answer = audit_witnessing.ask(question, rules=rules)
            with world.begin(appliance()) as work:
                again = audit_witnessing.note_answer(work, question, answer, rules=rules, now=NOW)
            if again is not None:
                answer = audit_witnessing.ask(again, rules=rules)
                with world.begin(appliance()) as work:
                    audit_witnessing.note_answer(work, again, answer, rules=rules, now=NOW)

    with world.reading(appliance()) as work:
        rows = work.session.scalars(sa.select(AuditCosignature)).all()
        assert len(rows) == len(questions)


def test_nobody_is_asked_where_we_may_not_go(world, joined):
    joined("one")
    world.configure(CODARA_WITNESSES__PRIVATE_ADDRESSES="false")
    ask(world)

    assert witnessed_size(world) == 0
    assert "address is not allowed" in progress(world, "one")[INSTANCE_LOG].problem


def test_too_long_without_witnesses_is_told_once_and_its_end_too(world, joined):
    running = joined("one")
    port = int(running.url.rpartition(":")[2])
    ask(world)
    running.stop()
    grow(world)
    world.configure(CODARA_WITNESSES__OVERDUE_HOURS="0.0000001")
    for _ in range(2):
        witnessing.tell_of_waiting(world.wiring.database, world.settings.witnesses)
    with world.reading(world.actor("root")) as work:
        found = witnesses.condition(work, overdue_hours=0, now=datetime.now(UTC))
        patient = witnesses.condition(work, overdue_hours=24, now=datetime.now(UTC))
    assert (found.waiting > 0, patient.waiting) == (True, 0)
    running.start(port=port)
    world.keep_log()
    ask(world)
    world.keep_log()

    late = world.recorded("audit.witness_failed")
    assert [each.body["log"] for each in late].count(INSTANCE_LOG) == 1
    assert [each.body["log"] for each in world.recorded("audit.witnessed")].count(INSTANCE_LOG) == 2


def test_what_a_removed_witness_signed_counts_no_more(world, joined):
    joined("one")
    joined("two")
    world.keep_log()
    ask(world)
    at = witnessed_size(world)
    with world.begin(world.actor("root")) as work:
        witnesses.set_quorum(work, 2)
        witnesses.remove(work, "two")
    after_one_left = witnessed_size(world)
    with world.begin(world.actor("root")) as work:
        witnesses.remove(work, "one")

    assert (at > 0, after_one_left, witnessed_size(world)) == (True, at, 0)


def test_signatures_can_neither_be_changed_nor_removed(world, joined):
    joined("one")
    ask(world)
    for statement in (
        sa.update(AuditCosignature).values(line="x"),
        sa.delete(AuditCosignature),
    ):
        with (
            pytest.raises(Exception, match=r"only grows|Somebody else"),
            world.begin(appliance()) as work,
        ):
            work.session.execute(statement)


def test_a_state_below_the_quorum_is_served_and_says_so(world, joined):
    joined("one")
    joined("two")
    joined("three").stop(kill=True)
    with world.begin(world.actor("root")) as work:
        witnesses.set_quorum(work, 3)
    world.keep_log()
    ask(world)
    log = log_of(world)
    with world.reading(world.actor("root")) as work:
        (said,) = (each for each in witnesses.logs(work) if each.log == INSTANCE_LOG)
        served = cosignatures.with_cosignatures(
            work, log.id, log.size, work.session.get_one(AuditCheckpoint, (log.id, log.size)).note
        )

    assert (said.witnessed, said.size) == (0, log.size)
    assert said.unwitnessed_since is not None
    assert served.count("\n— ") == 3
