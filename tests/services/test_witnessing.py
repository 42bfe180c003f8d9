"""The appliance asks real witnesses, each in a process of its own, to sign its logs."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from appliance.db.audit_log import INSTANCE_LOG, AuditCheckpoint, AuditLog
from appliance.db.audit_witnesses import AuditCosignature, WitnessState
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.errors import ConflictError, HiddenError, InvalidError, NotFoundError, RefusedError
from appliance.jobs import witnessing
from appliance.services import (
    audit_cosignatures,
    audit_witness_files,
    audit_witnesses,
    audit_witnessing,
)
from appliance.services.audit_witnesses import Wanted
from audit import note
from tests.audit.signers import Signer
from tests.witness.logs import Log

NOW = datetime.now(UTC)
SCHEMES = ("https", "http")


@pytest.fixture
def world(world):
    world.configure(CODARA_WITNESSES__PRIVATE_ADDRESSES="true", CODARA_WITNESSES__EVERY_SECONDS="1")
    world.administrator("root")
    lab = world.organisation("lab")
    with world.begin(appliance()) as work:
        work.record(events.AuditTrustExported(logs=1, organisation_id=lab.id))
    grow(world, 5)
    return world


def log_keys(world):
    with world.reading(appliance()) as work:
        origins = list(work.session.scalars(sa.select(AuditLog.origin)))
    return [world.wiring.logs.signer.keys(origin)[0] for origin in origins]


@pytest.fixture
def joined(world, make_witness):
    """Makes a witness that knows the logs, and lets the appliance trust it."""

    def make(name, *, url=True, operator=""):
        running = make_witness(f"{name}.test/w", *log_keys(world)).start()
        trust(world, Wanted(name, str(running.key), running.url if url else "", operator))
        return running

    return make


def trust(world, wanted):
    with world.begin(world.actor("root")) as work:
        return audit_witnesses.trust(work, wanted, schemes=SCHEMES, now=NOW)


def ask(world):
    """As often as it takes: each turn asks whoever is due."""
    with world.begin(appliance()) as work:
        work.session.execute(sa.update(WitnessState).values(not_before=NOW - timedelta(days=1)))
    witnessing.witness(world.wiring.database, world.settings.witnesses)


def size_of(world, name=INSTANCE_LOG):
    return log_of(world, name).size


def log_of(world, name=INSTANCE_LOG):
    with world.reading(appliance()) as work:
        query = (
            sa.select(AuditLog).where(AuditLog.name == name).order_by(AuditLog.generation.desc())
        )
        return work.session.scalars(query).first()


def witnessed(world, name=INSTANCE_LOG):
    with world.reading(appliance()) as work:
        return audit_cosignatures.witnessed_size(work, log_of(world, name).id)


def progress(world, name):
    with world.reading(world.actor("root")) as work:
        (report,) = (each for each in audit_witnesses.listed(work) if each.name == name)
    return {each.log: each for each in report.logs}


def grow(world, times=1):
    """Something is recorded, and signed by the log."""
    for _ in range(times):
        with world.begin(appliance()) as work:
            work.record(events.AuditTrustExported(logs=1))
    world.keep_log()


def test_a_state_is_signed_and_the_signature_kept(world, joined):
    running = joined("one")
    world.keep_log()
    size = size_of(world)
    ask(world)

    assert witnessed(world) == size
    assert running.state.head(log_of(world).origin).size == size


def test_another_program_finds_the_kept_signature_good(world, joined):
    running = joined("one")
    ask(world)
    with world.reading(appliance()) as work:
        log = log_of(world)
        cosigned = audit_cosignatures.newest_witnessed(work, log.id)
    body, _, signatures = cosigned.note.partition("\n\n")
    line = next(each for each in signatures.splitlines() if each.startswith("— one.test/w "))
    data = base64.b64decode(line.split(" ")[2])
    at = int.from_bytes(data[4:12], "big")

    Ed25519PublicKey.from_public_bytes(running.key.public).verify(
        data[12:], f"cosignature/v1\ntime {at}\n{body}\n".encode()
    )
    assert abs(at - NOW.timestamp()) < 600


def test_each_log_is_witnessed_for_itself(world, joined):
    joined("one")
    with world.reading(appliance()) as work:
        names = list(work.session.scalars(sa.select(AuditLog.name)))
    ask(world)

    assert all(witnessed(world, name) == size_of(world, name) for name in names)


def test_a_log_that_grows_is_proven_to_continue(world, joined):
    joined("one")
    ask(world)
    before = witnessed(world)
    grow(world, 3)
    ask(world)

    assert witnessed(world) == size_of(world) > before


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
        assert audit_witnesses.quorum(work).needed == 2
    world.keep_log()
    ask(world)

    assert witnessed(world) == size_of(world)
    assert "does not answer" in progress(world, "three")[INSTANCE_LOG].problem


def test_one_of_three_is_not_enough(world, joined):
    joined("one")
    for name in ("two", "three"):
        joined(name).stop(kill=True)
    world.keep_log()
    ask(world)

    assert witnessed(world) == 0
    assert progress(world, "one")[INSTANCE_LOG].known_size > 0


def test_the_witnesses_of_one_operator_count_once(world, joined):
    joined("one", operator="university")
    joined("two", operator="university")
    joined("three").stop(kill=True)
    world.keep_log()
    ask(world)

    assert witnessed(world) == 0, "two operators are needed, and one has signed"


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

    assert witnessed(world) == size_of(world)
    assert running.state.head(log_of(world).origin).size == size_of(world)


def test_an_answer_that_was_lost_is_had_again(world, joined):
    running = joined("one")
    with world.reading(appliance()) as work:
        (question,) = (
            each for each in audit_witnessing.due(work, now=NOW) if each.log_id == log_of(world).id
        )
    assert running.ask(question.request).status == 200  # Nobody kept what it said.
    ask(world)

    assert witnessed(world) == size_of(world)


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
    assert witnessed(world) == 0


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
    assert witnessed(world) == size_of(world)


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

    assert witnessed(world) == 0
    assert "where we may not go" in progress(world, "one")[INSTANCE_LOG].problem


def test_too_long_without_witnesses_is_told_once_and_its_end_too(world, joined):
    running = joined("one")
    port = int(running.url.rpartition(":")[2])
    ask(world)
    running.stop()
    grow(world)
    world.configure(CODARA_WITNESSES__OVERDUE_HOURS="0.0000001")
    for _ in range(2):
        witnessing.tell_of_waiting(world.wiring.database, world.settings.witnesses)
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
    at = witnessed(world)
    with world.begin(world.actor("root")) as work:
        audit_witnesses.set_quorum(work, 2)
        audit_witnesses.remove(work, "two")
    after_one_left = witnessed(world)
    with world.begin(world.actor("root")) as work:
        audit_witnesses.remove(work, "one")

    assert (at > 0, after_one_left, witnessed(world)) == (True, at, 0)


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


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Not A Name"},
        {"vkey": "nonsense"},
        {"vkey": str(Log().key)},
        {"url": "ftp://w.example"},
        {"url": "http://user:word@w.example/"},
        {"operator": "two words"},
    ],
)
def test_what_is_no_witness_is_refused(world, fields):
    key = Signer("w.test/x", note.Kind.COSIGNATURE_ED25519).key
    with pytest.raises(InvalidError):
        trust(world, Wanted(**{"name": "one", "vkey": str(key), **fields}))


def test_a_log_is_no_witness_of_itself(world):
    (key, *_) = log_keys(world)
    own = note.Key("w.test/own", note.Kind.COSIGNATURE_ED25519, key.public)
    with pytest.raises(InvalidError, match="no second pair of eyes"):
        trust(world, Wanted("own", str(own)))


def test_one_key_is_one_witness(world):
    key = Signer("w.test/x", note.Kind.COSIGNATURE_ED25519).key
    trust(world, Wanted("one", str(key)))
    other = note.Key("w.test/y", key.kind, key.public)
    with pytest.raises(ConflictError, match="this key"):
        trust(world, Wanted("two", str(other)))


def test_only_administrators_choose_witnesses(world):
    key = str(Signer("w.test/x", note.Kind.COSIGNATURE_ED25519).key)
    writer = world.user("writer")
    with pytest.raises(RefusedError), world.begin(writer) as work:
        audit_witnesses.trust(work, Wanted("one", key), schemes=SCHEMES, now=NOW)
    with pytest.raises(RefusedError), world.begin(writer) as work:
        audit_witnesses.set_quorum(work, 0)


def test_a_file_goes_there_and_comes_back(world, joined):
    """The machine of the witness has no network: what is carried is the same as what is sent."""
    running = joined("laptop", url=False)
    world.keep_log()
    ask(world)
    with world.reading(world.actor("root")) as work:
        carried = audit_witness_files.written(work, INSTANCE_LOG, witness="laptop")
    said = running.ask(carried.data)
    note_text = carried.data.partition(b"\n\n")[2] + said.body.encode()
    with world.begin(world.actor("root")) as work:
        brought = audit_witness_files.bring(work, note_text, now=NOW)

    assert (brought.log, brought.size, brought.witnesses) == (
        INSTANCE_LOG,
        carried.size,
        ["laptop"],
    )
    assert brought.is_witnessed
    assert witnessed(world) == carried.size
    with world.reading(world.actor("root")) as work:
        again = audit_witness_files.written(work, INSTANCE_LOG, witness="laptop")
    assert again.data.startswith(f"old {carried.size}\n".encode())


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda data, _: data[:0], InvalidError),
        (lambda data, _: data + b"\xff" * 3000, InvalidError),
        (lambda data, _: data + b"x" * 400_000, InvalidError),
        (lambda data, _: data.replace(b"instance\n", b"elsewhere\n", 1), NotFoundError),
        (lambda data, _: data.rpartition("— laptop".encode())[0], InvalidError),
        (
            lambda data, size: data.replace(b"\n%d\n" % size, b"\n%d\n" % (size + 1), 1),
            InvalidError,
        ),
    ],
)
def test_hostile_files_end_in_clear_errors(world, joined, spoil, error):
    running = joined("laptop", url=False)
    world.keep_log()
    with world.reading(world.actor("root")) as work:
        carried = audit_witness_files.written(work, INSTANCE_LOG, since=0)
    good = carried.data.partition(b"\n\n")[2] + running.ask(carried.data).body.encode()
    with pytest.raises(error), world.begin(world.actor("root")) as work:
        audit_witness_files.bring(work, spoil(good, carried.size), now=NOW)


def test_another_history_that_a_witness_signed_is_recorded(world, joined):
    """The log's own key has signed two histories, and somebody brings the proof."""
    running = joined("laptop", url=False)
    world.keep_log()
    log = log_of(world)
    other = note.Checkpoint(log.origin, log.size, bytes(32))
    signed = world.wiring.logs.signer.sign_checkpoint(other, 1)
    (signature, *_) = running.cosigner.sign(str(other), 1_795_000_000)
    with world.begin(world.actor("root")) as work:
        brought = audit_witness_files.bring(work, f"{signed}{signature}\n".encode(), now=NOW)
    world.keep_log()

    assert brought.is_contradicting
    assert "audit.witness_refused" in world.events()
    assert witnessed(world) == 0


def test_strangers_get_no_file(world):
    with pytest.raises((HiddenError, RefusedError)), world.reading(world.user("reader")) as work:
        audit_witness_files.written(work, INSTANCE_LOG, since=0)


def test_a_state_below_the_quorum_is_served_and_says_so(world, joined):
    joined("one")
    joined("two")
    joined("three").stop(kill=True)
    with world.begin(world.actor("root")) as work:
        audit_witnesses.set_quorum(work, 3)
    world.keep_log()
    ask(world)
    log = log_of(world)
    with world.reading(world.actor("root")) as work:
        (said,) = (each for each in audit_witnesses.logs(work) if each.log == INSTANCE_LOG)
        served = audit_cosignatures.with_cosignatures(
            work, log.id, log.size, work.session.get_one(AuditCheckpoint, (log.id, log.size)).note
        )

    assert (said.witnessed, said.size) == (0, log.size)
    assert said.unwitnessed_since is not None
    assert served.count("\n— ") == 3
