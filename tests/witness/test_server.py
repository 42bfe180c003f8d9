"""Witnesses as processes, asked over HTTP."""

import hashlib
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from audit import note
from tests.witness import dying_witness_file
from tests.witness.logs import ORIGIN, Log
from witness import server


@pytest.fixture
def log():
    return Log(entries=5)


@pytest.fixture
def witness(make_witness, log):
    return make_witness("w.test/one", log.key).start()


def test_it_answers_as_the_protocol_says(witness, log):
    signed = witness.ask(log.request())
    conflict = witness.ask(log.grow(2).request())

    whole = note.parse((log.checkpoint(5) + signed.body).encode())
    assert signed.status == 200
    assert [key.name for key, _ in note.signed_by(whole, [witness.key])] == ["w.test/one"]
    assert (conflict.status, conflict.type, conflict.body) == (409, "text/x.tlog.size", "5\n")


def test_anybody_may_ask_what_it_signed_last(witness, log):
    witness.ask(log.request())
    path = f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    found = note.parse(witness.ask(b"", path, "GET").body.encode())

    assert note.checkpoint(found.text).size == 5
    assert len(note.signed_by(found, [log.key, witness.key])) == 2
    assert witness.ask(b"", f"/{'0' * 64}/checkpoint", "GET").status == 404


def test_other_addresses_and_long_requests_are_refused(witness):
    assert witness.ask(b"x", "/elsewhere").status == 404
    assert witness.ask(b"x" * 400_000).status == 413


def test_a_request_that_ends_too_early_leaves_it_alive(witness, log):
    host, port = urlsplit(witness.url).hostname, urlsplit(witness.url).port
    with socket.create_connection((host, port)) as connection:
        connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 500\r\n\r\nold 0\n")

    assert witness.ask(log.request()).status == 200


def test_requests_at_the_same_moment_never_make_it_go_back(witness, log):
    """The race that the protocol warns of: a smaller state must not overwrite a larger one."""
    witness.ask(log.request())
    log.grow(40)
    bodies = [log.request(5, size) for size in range(6, 46)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(witness.ask, bodies))

    signed = [size for size, each in zip(range(6, 46), answers, strict=True) if each.status == 200]
    assert len(signed) == 1, "all ask from the same size, so one is right and the others too late"
    assert {each.body for each in answers if each.status == 409} == {f"{signed[0]}\n"}
    assert witness.state.head(ORIGIN).size == signed[0]


def test_of_two_histories_at_the_same_moment_one_is_signed(witness, log):
    witness.ask(log.request())
    honest, forked = log.forked_at(5).grow(4), log.forked_at(4).grow(7)
    bodies = [honest.request(5), log.grow(4).request(5), forked.request(5)] * 6
    with ThreadPoolExecutor(18) as pool:
        answers = list(pool.map(witness.ask, bodies))

    assert sum(each.status == 200 for each in answers) == 1


def test_two_witness_processes_share_one_state(make_witness, witness, log):
    second = make_witness("w.test/unused")
    second.key_file, second.state_file = witness.key_file, witness.state_file
    second.start()
    witness.ask(log.request())
    log.grow(20)
    bodies = [log.request(5, size) for size in range(6, 26)]
    barrier = threading.Barrier(2)

    def all_of(of, some):
        barrier.wait()
        return [of.ask(body).status for body in some]

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(all_of, witness, bodies[::2])
        two = pool.submit(all_of, second, bodies[1::2])
        statuses = one.result() + two.result()

    assert sorted(set(statuses)) == [200, 409]
    assert statuses.count(200) == 1


def test_killed_between_remembering_and_answering_it_still_knows(make_witness, log):
    """The state is on the disk before anybody can have the signature."""
    witness = make_witness("w.test/one", log.key)
    witness.start((sys.executable, str(dying_witness_file())))
    with pytest.raises(OSError, match=r".*"):
        witness.ask(log.request())
    assert witness.wait() == -9

    witness.start()
    told = witness.ask(log.request())
    again = witness.ask(log.request(5))

    assert (told.status, told.body) == (409, "5\n")
    assert again.status == 200


def test_killed_again_and_again_it_signs_one_history(make_witness, log):
    witness = make_witness("w.test/one", log.key)
    signed = []
    for round_ in range(12):
        witness.start()
        old = witness.state.head(ORIGIN)
        old_size = old.size if old else 0
        bodies = [log.grow(3).request(old_size) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            running = [pool.submit(witness.ask, body) for body in bodies]
            if round_ % 2:
                witness.stop(kill=True)
            answers = [each.result() for each in running if each.exception() is None]
            signed += [each.body for each in answers if each.status == 200]
        witness.stop(kill=True)

    sizes = witness.state.head(ORIGIN).size
    assert sizes <= len(log.leaves)
    assert signed, "some rounds were not interrupted"


def test_it_ends_when_asked(witness):
    assert witness.stop() == 0


def test_strangers_that_drip_keep_no_log_from_its_signature(make_witness, log):
    """More than it serves at once, each with half a request and a byte now and then."""
    made = make_witness("w.test/patient", log.key)
    serving = server.Server(("127.0.0.1", 0), made.state, made.cosigner, longest_seconds=0.5)
    serving.daemon_threads = False
    thread = threading.Thread(target=serving.serve_forever, args=(0.02,))
    thread.start()
    made.url = f"http://127.0.0.1:{serving.server_port}"
    is_over = threading.Event()
    strangers = [socket.create_connection(serving.server_address) for _ in range(server.AT_ONCE)]

    def drip():
        while not is_over.wait(0.05):
            for each in strangers:
                with suppress(OSError):
                    each.sendall(b"P")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        said = made.ask(log.request())
    finally:
        is_over.set()
        dripping.join()
        for each in strangers:
            each.close()
        serving.shutdown()
        thread.join()
        serving.server_close()

    assert said.status == 200
