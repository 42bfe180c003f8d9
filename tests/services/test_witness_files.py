"""Which witnesses count, and states that are carried to them by hand."""

import pytest

from appliance.db.audit_log import INSTANCE_LOG
from appliance.errors import ConflictError, HiddenError, InvalidError, NotFoundError, RefusedError
from appliance.services.audit_log import witness_files, witnesses
from appliance.services.audit_log.witnesses import Wanted
from audit import note
from tests.audit.signers import Signer
from tests.services import witnessed
from tests.services.witnessed import (
    NOW,
    SCHEMES,
    ask,
    log_keys,
    log_of,
    trust,
    witnessed_size,
)
from tests.witness.logs import Log


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
        witnesses.trust(work, Wanted("one", key), schemes=SCHEMES, now=NOW)
    with pytest.raises(RefusedError), world.begin(writer) as work:
        witnesses.set_quorum(work, 0)


def test_a_file_goes_there_and_comes_back(world, joined):
    """The machine of the witness has no network: what is carried is the same as what is sent."""
    running = joined("laptop", url=False)
    world.keep_log()
    ask(world)
    with world.reading(world.actor("root")) as work:
        carried = witness_files.written(work, INSTANCE_LOG, witness="laptop")
    said = running.ask(carried.data)
    note_text = carried.data.partition(b"\n\n")[2] + said.body.encode()
    with world.begin(world.actor("root")) as work:
        brought = witness_files.bring(work, note_text, now=NOW)

    assert (brought.log, brought.size, brought.witnesses) == (
        INSTANCE_LOG,
        carried.size,
        ["laptop"],
    )
    assert brought.is_witnessed
    assert witnessed_size(world) == carried.size
    with world.reading(world.actor("root")) as work:
        again = witness_files.written(work, INSTANCE_LOG, witness="laptop")
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
        carried = witness_files.written(work, INSTANCE_LOG, since=0)
    good = carried.data.partition(b"\n\n")[2] + running.ask(carried.data).body.encode()
    with pytest.raises(error), world.begin(world.actor("root")) as work:
        witness_files.bring(work, spoil(good, carried.size), now=NOW)


def test_another_history_that_a_witness_signed_is_recorded(world, joined):
    """The log's own key has signed two histories, and somebody brings the proof."""
    running = joined("laptop", url=False)
    world.keep_log()
    log = log_of(world)
    other = note.Checkpoint(log.origin, log.size, bytes(32))
    signed = world.wiring.logs.signer.sign_checkpoint(other, 1)
    (signature, *_) = running.cosigner.sign(str(other), 1_795_000_000)
    with world.begin(world.actor("root")) as work:
        brought = witness_files.bring(work, f"{signed}{signature}\n".encode(), now=NOW)
    world.keep_log()

    assert brought.is_contradicting
    assert "audit.witness_refused" in world.events()
    assert witnessed_size(world) == 0


def test_strangers_get_no_file(world):
    with pytest.raises((HiddenError, RefusedError)), world.reading(world.user("reader")) as work:
        witness_files.written(work, INSTANCE_LOG, since=0)
