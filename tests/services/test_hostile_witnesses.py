"""Witnesses and time-stamping authorities that answer with whatever hurts: on real sockets."""

from __future__ import annotations

import os
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import INSTANCE_LOG, AuditCheckpoint
from appliance.db.audit_witnesses import AuditCosignature, WitnessState
from appliance.domain.identity import appliance
from appliance.errors import UnavailableError
from appliance.jobs.witnessing import Asking
from appliance.services.audit_log import anchors
from appliance.services.audit_log.witnesses import Wanted
from audit import note
from tests.delivery.test_exchange import HABITS, HOSTILE
from tests.journeys.running import until
from tests.peers.drips import dripping
from tests.peers.receivers import Reply, receiving
from tests.peers.time_stamping import Authority
from tests.services import witnessed
from tests.services.witnessed import ask, log_of, progress, trust, witnessed_size
from witness import request
from witness.keys import Cosigner

NAME = "hostile.test/w"
SIGNED_AT = 1_795_000_000
NOBODY = Cosigner(NAME, os.urandom(32))


@pytest.fixture
def world(world):
    witnessed.prepare(world)
    world.keep_log()
    return world


@contextmanager
def answering(world, behave):
    """A witness of this name that answers what `behave` makes of the text it is shown."""

    def answer(asked):
        status, words = behave(request.parse(asked.body).state)
        return Reply(status, words if isinstance(words, bytes) else words.encode())

    with receiving(answer) as receiver:
        trust(world, Wanted("hostile", str(NOBODY.keys[0]), receiver.url))
        yield receiver


def said(world):
    return progress(world, "hostile")[INSTANCE_LOG]


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("status", [200, 400, 409, 422, 500])
def test_its_words_are_kept_as_a_plain_line(world, status, words):
    with answering(world, lambda _: (status, words)):
        ask(world)
    world.keep_log()

    assert said(world).problem.isprintable()
    assert 0 < len(said(world).problem) < 300
    assert witnessed_size(world) == 0
    for each in world.recorded("audit.witness_refused"):
        assert each.body["reason"].isprintable()


@pytest.mark.parametrize("size", [2**53, 10**16 - 1, 10**30, "-1", "٣", "1.0"])
def test_a_size_that_no_log_can_have_is_none(world, size):
    with answering(world, lambda _: (409, f"{size}\n")):
        ask(world)

    assert said(world).problem == "It names no size that it knows."
    assert not said(world).is_contradicting


def test_who_names_another_size_each_time_is_left_for_a_while(world):
    sizes = iter(range(1000))
    with answering(world, lambda _: (409, str(next(sizes) % 4 + 1))) as receiver:
        ask(world)
        count = receiver.seen
        # Not put back to now, as `ask` does: it is not the turn of anybody.
        look(world)

    assert said(world).problem == "It names another size each time."
    assert receiver.seen == count


def good_lines(state):
    return "".join(f"{each}\n" for each in NOBODY.sign(str(state), SIGNED_AT))


def another(state):
    return note.Checkpoint(state.origin, state.size, bytes(32))


def elsewhere(state):
    return note.Checkpoint("elsewhere.test/log", state.size, state.root)


def earlier(state):
    return note.Checkpoint(state.origin, state.size - 1, state.root)


@pytest.mark.parametrize("of", [another, elsewhere, earlier])
def test_a_signature_of_something_else_does_not_count(world, of):
    """Another root at this size, the same state of another log, what it signed before."""
    with answering(world, lambda state: (200, good_lines(of(state)))):
        ask(world)

    assert "is no signature" in said(world).problem
    assert (witnessed_size(world), kept(world)) == (0, [])


def test_a_signature_of_more_than_it_was_shown_does_not_count(world):
    """What it signs begins with our note, and goes on with a line of its own."""

    def more(state):
        with world.reading(appliance()) as work:
            log = log_of(world, state.origin.rpartition("/")[2])
            shown = work.session.get_one(AuditCheckpoint, (log.id, state.size)).note
        text = f"{shown}and whatever else\n"
        lines = "".join(f"{each}\n" for each in NOBODY.sign(text, SIGNED_AT))
        return 200, f"and whatever else\n\n{lines}"

    with answering(world, more):
        ask(world)

    assert "is no signature" in said(world).problem
    assert (witnessed_size(world), kept(world)) == (0, [])


def test_a_signature_with_another_key_does_not_count(world):
    other = Cosigner("other.test/w", os.urandom(32))
    with answering(world, lambda state: (200, f"{other.sign(str(state), SIGNED_AT)[0]}\n")):
        ask(world)

    assert "another key" in said(world).problem
    assert kept(world) == []


def test_of_several_lines_the_one_that_was_checked_is_kept(world):
    """Another name before the same short id of a key is another key."""

    def with_another_first(state):
        (good,) = NOBODY.sign(str(state), SIGNED_AT)
        return 200, f"{note.Signature('decoy.test/w', good.key_id, b'x' * 72)}\n{good}\n"

    with answering(world, with_another_first):
        ask(world)

    assert witnessed_size(world) == log_of(world).size
    assert all(each.startswith(f"{note.DASH}{NAME} ") for each in kept(world))


def kept(world):
    with world.reading(appliance()) as work:
        return list(work.session.scalars(sa.select(AuditCosignature.line)))


def look(world):
    asking = Asking(world.wiring.database, world.settings.witnesses)
    asking.look()
    asking.close()


@pytest.mark.parametrize("habit", ["headers", "body", "soon", "nothing"])
def test_a_witness_that_drips_is_left_and_all_its_questions_wait(world, habit):
    world.configure(CODARA_WITNESSES__SECONDS="0.5")
    with dripping(*HABITS[habit]) as drips:
        url = f"http://127.0.0.1:{drips.port}"
        trust(world, Wanted("hostile", str(NOBODY.keys[0]), url))
        look(world)
        look(world)

    with world.reading(appliance()) as work:
        states = work.session.scalars(sa.select(WitnessState)).all()
    assert len(states) > 1
    assert {each.failures for each in states} == {1}
    assert "does not answer" in said(world).problem


def test_a_witness_that_drips_keeps_nobody_from_the_others(world, make_witness):
    good = make_witness("good.test/w", *witnessed.log_keys(world)).start()
    world.configure(CODARA_WITNESSES__SECONDS="120")
    asking = Asking(world.wiring.database, world.settings.witnesses)
    try:
        with dripping(*HABITS["body"]) as drips:
            url = f"http://127.0.0.1:{drips.port}"
            trust(world, Wanted("a-hostile", str(NOBODY.keys[0]), url))
            trust(world, Wanted("good", str(good.key), good.url))
            asking.look()
            until(lambda: drips.came.acquire(blocking=False))
            asking.look()
            until(lambda: len(progress(world, "good")) > 1)
            assert progress(world, "a-hostile") == {}, "it is being asked all the time"
    finally:
        asking.close()


@pytest.mark.parametrize("habit", ["headers", "body", "nothing"])
def test_an_authority_that_drips_is_left(world, habit):
    world.configure(CODARA_WITNESSES__SECONDS="0.5")
    with world.reading(world.actor("root")) as work:
        wanted = anchors.newest(work, INSTANCE_LOG)
    with dripping(*HABITS[habit]) as drips, pytest.raises(UnavailableError, match="not answer"):
        anchors.ask(f"http://127.0.0.1:{drips.port}/", wanted, rules=world.settings.witnesses)


def test_the_name_of_an_authority_is_kept_as_a_plain_line(world, tmp_path):
    authority = Authority(tmp_path, "Clock \x1b[2J\u202e\n" + "long " * 5)
    with authority.serving() as url, world.reading(world.actor("root")) as work:
        wanted = anchors.newest(work, INSTANCE_LOG)
        stamp = anchors.ask(url, wanted, rules=world.settings.witnesses)
    with world.begin(world.actor("root")) as work:
        made = anchors.keep(work, wanted.log_id, wanted.size, stamp, now=witnessed.NOW)

    assert made.authority.isprintable()
    assert "Clock" in made.authority
