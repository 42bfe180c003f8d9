"""What a witness signs, and what it refuses. Statuses: c2sp.org/tlog-witness."""

import base64
import contextlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle, note
from tests.audit.signers import Signer
from tests.witness.logs import ORIGIN, Log
from witness import judge, keys, request
from witness.state import State

NOW = 1_795_000_000


@pytest.fixture
def log():
    return Log(entries=5)


@pytest.fixture
def cosigner(tmp_path):
    return keys.create(tmp_path / "witness.key", "w.test/one")


@pytest.fixture
def state(tmp_path, log):
    state = State(tmp_path / "witness.db")
    state.add_log(log.key)
    return state


@pytest.fixture
def ask(state, cosigner):
    return lambda data: judge.answer(state, cosigner, data, now=NOW)


def test_it_signs_a_first_state_and_each_that_continues_it(ask, log, state):
    first = ask(log.request())
    second = ask(log.grow(9).request(5))

    assert (first.status, second.status) == (200, 200)
    assert state.head(ORIGIN).size == 14


def test_another_program_finds_its_signature_good(ask, log, cosigner):
    """Read and checked here byte by byte, with nothing of ours but the key."""
    line = ask(log.request()).body
    dash, name, text = line.rstrip("\n").split(" ")
    data = base64.b64decode(text)
    key_id, at, signature = data[:4], int.from_bytes(data[4:12], "big"), data[12:]
    body = log.checkpoint().partition("\n\n")[0] + "\n"

    assert (dash, name, at) == ("—", "w.test/one", NOW)
    assert key_id.hex() == str(cosigner.keys[0]).split("+", 2)[1]
    material = base64.b64decode(str(cosigner.keys[0]).split("+", 2)[2])
    assert material[0] == 4
    Ed25519PublicKey.from_public_bytes(material[1:]).verify(
        signature, f"cosignature/v1\ntime {NOW}\n{body}".encode()
    )


def test_it_signs_with_a_post_quantum_key_beside_it(tmp_path, state, log):
    cosigner = keys.create(tmp_path / "second.key", "w.test/two", post_quantum=True)
    lines = judge.answer(state, cosigner, log.request(), now=NOW).body.splitlines()
    data = base64.b64decode(lines[1].split(" ")[2])
    root = merkle.root_of(log.leaves)
    message = b"".join(
        [
            b"subtree/v1\n\0",
            bytes([len("w.test/two")]) + b"w.test/two",
            NOW.to_bytes(8, "big"),
            bytes([len(ORIGIN)]) + ORIGIN.encode(),
            bytes(8),
            (5).to_bytes(8, "big"),
            root,
        ]
    )

    assert len(lines) == 2
    MLDSA44PublicKey.from_public_bytes(cosigner.keys[1].public).verify(data[12:], message)


def test_the_key_is_the_same_when_it_is_read_again(tmp_path):
    made = keys.create(tmp_path / "key", "w.test/three", post_quantum=True)

    assert keys.load(tmp_path / "key").keys == made.keys


def test_a_key_that_others_may_read_is_no_key(tmp_path):
    keys.create(tmp_path / "key", "w.test/three")
    (tmp_path / "key").chmod(0o640)

    with pytest.raises(keys.KeyFileError, match="chmod 600"):
        keys.load(tmp_path / "key")


def test_who_asks_from_another_size_is_told_the_right_one(ask, log):
    ask(log.request())
    answer = ask(log.grow(3).request(4))

    assert (answer.status, answer.type, answer.body) == (409, "text/x.tlog.size", "5\n")


def test_what_was_signed_already_is_signed_again(ask, log, state):
    """An answer that was lost on its way must be had again."""
    ask(log.request())
    answer = ask(log.request(5))

    assert answer.status == 200
    assert state.head(ORIGIN).size == 5


def test_a_fork_is_refused_and_kept_as_evidence(ask, log, state):
    ask(log.request())
    fork = log.forked_at(4).grow(6)
    answer = ask(fork.request(5))

    assert answer.status == 422
    assert state.head(ORIGIN).size == 5
    assert [(origin, data) for origin, _, _, data in state.evidence()] == [
        (ORIGIN, fork.request(5))
    ]


def test_another_root_at_the_same_size_is_refused(ask, log):
    ask(log.request())

    assert ask(log.forked_at(4).grow(1).request(5)).status == 422


def test_a_log_that_became_shorter_is_refused(ask, log, state):
    ask(log.grow(5).request())

    assert ask(log.request(0, 4)).body == "10\n"
    assert ask(log.request(4, 4)).status == 409
    assert ask(request.write(10, [], log.checkpoint(4))).status == 400
    assert state.head(ORIGIN).size == 10


def test_a_stranger_is_told_that_the_log_is_unknown(ask):
    assert ask(Log("other.test/log", entries=2).request()).status == 404


def test_a_state_that_the_log_did_not_sign_is_refused(ask, log):
    impostor = Log(entries=5)
    impostor.signer = Signer(ORIGIN, seed="impostor")

    assert ask(impostor.request()).status == 403


def test_a_signature_that_is_not_good_is_refused(ask, log):
    text, _, line = log.checkpoint().partition("\n\n")
    data = bytearray(base64.b64decode(line.split(" ")[2]))
    data[-1] ^= 1
    bad = f"{text}\n\n— {ORIGIN} {base64.b64encode(data).decode()}\n"

    assert ask(request.write(0, [], bad)).status == 403


def test_nothing_is_proven_from_nothing(ask, log):
    assert ask(request.write(0, [bytes(32)], log.checkpoint())).status == 422


def test_an_empty_log_has_the_root_of_nothing(ask, log):
    text = str(note.Checkpoint(ORIGIN, 0, bytes(32)))
    wrong = f"{text}\n{log.signer.line(text)}\n"

    assert ask(request.write(0, [], wrong)).status == 422
    assert ask(Log().request()).status == 200
    assert ask(log.request()).status == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b"old 5", b"old 05"),
        lambda data: data.replace(b"old 5", b"old -5"),
        lambda data: data.replace(b"old 5", b"old " + b"9" * 30),
        lambda data: data.replace(b"old 5\n", b""),
        lambda data: data.replace(b"old 5\n", b"old 5\n" + b"A" * 43 + b"=\n" * 64),
        lambda data: data.replace(b"=\n\n", b"\n\n", 1),
        lambda data: data.replace(b"\n\n", b"\n"),
        lambda data: data[:-1],
        lambda data: data[:0],
        lambda data: data[:0] + b"\n\n\n",
        lambda data: data + b"\xff\n",
        lambda data: data + b"x" * request.LARGEST,
    ],
)
def test_what_is_no_request_is_refused(ask, log, spoil):
    ask(log.request())

    assert ask(spoil(log.grow(3).request(5))).status == 400


@given(data=st.data())
def test_hostile_bytes_end_in_an_answer(data):
    whole = Log(entries=9).request(5)
    at = data.draw(st.integers(0, len(whole)))
    until = data.draw(st.integers(at, len(whole)))
    spoiled = whole[:at] + data.draw(st.binary(max_size=20)) + whole[until:]

    with contextlib.suppress(request.MalformedError):
        request.parse(spoiled)


def test_the_state_itself_refuses_to_go_back(state, log):
    bigger, smaller = (
        note.checkpoint(log.checkpoint(size).partition("\n\n")[0] + "\n") for size in (5, 4)
    )
    with state.alone() as turn:
        turn.put_head(bigger, "", NOW)
    with pytest.raises(Exception, match="never goes back"), state.alone() as turn:
        turn.put_head(smaller, "", NOW)

    assert state.head(ORIGIN).size == 5


def test_a_log_that_is_added_again_goes_on_where_it_was(ask, state, log):
    ask(log.request())
    state.remove_log(ORIGIN)
    forgotten = ask(log.grow(2).request(5)).status
    state.add_log(log.key)

    assert forgotten == 404
    assert ask(log.request()).body == "5\n"


def test_evidence_has_an_end(ask, state, log, monkeypatch):
    monkeypatch.setattr("witness.state.MOST_EVIDENCE", 3)
    ask(log.request())
    for number in range(6):
        ask(log.forked_at(4).grow(2 + number).request(5))

    assert len(state.evidence()) == 3


def test_any_history_of_honest_growth_is_signed(ask, log):
    ask(log.request())
    for more in (0, 1, 1, 2, 3, 0, 27, 5, 64, 1, 128, 8, 31, 0, 9, 257):
        old = len(log.leaves)
        log.grow(more)
        assert ask(log.request(old)).status == 200
