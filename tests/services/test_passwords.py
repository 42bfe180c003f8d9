"""Choosing passwords: which are good, whose they are, and what ends when one is set."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.users import PasswordReset, User
from appliance.domain.identity import Method, Origin, stranger
from appliance.errors import (
    ConflictError,
    ElevationRequiredError,
    HiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
    ThrottledError,
    UnauthenticatedError,
)
from appliance.security.throttle import PER_ADDRESS
from appliance.services import passwords, sessions, sign_in, users
from tests.world import NOON, PASSWORD

NEW = "quite another sentence"


def enter(world, name="writer", password=PASSWORD):
    tools = world.wiring.sign_in
    with world.reading(stranger()) as work:
        proof = sign_in.check_password(work, name_or_email=name, password=password, tools=tools)
    with world.begin(stranger()) as work:
        return sign_in.sign_in(work, proof, tools=tools, now=NOON)


def open_sessions(world, actor):
    with world.reading(actor) as work:
        return [each.id for each in sessions.list_sessions(work, now=NOON).items]


def link_for(world, name="writer"):
    with world.begin(world.administrator()) as work:
        return passwords.issue_reset_link(work, name, tools=world.wiring.sign_in, now=NOON)


@pytest.mark.promise("P3")
@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        (NEW, None),
        ("short", "at least 12"),
        ("password1234", "too common"),
        ("abcdefghijklmnop", "alphabet"),
        ("writer@codara.test", "name or ours"),
        ("codara-writer-1", "name or ours"),
    ],
)
def test_a_weak_password_is_refused_with_a_reason(world, password, complaint):
    actor = world.user("writer")
    outcome = pytest.raises(InvalidError, match=complaint) if complaint else nullcontext()
    with outcome, world.reading(actor) as work:
        chosen = passwords.choose_own(work, password=password, tools=world.wiring.sign_in)
        assert password not in repr(chosen)


def test_a_new_password_ends_other_sessions_and_open_links(world):
    writer = world.user("writer", password=PASSWORD)
    opened = [enter(world).session.id for _ in range(3)]
    secret = link_for(world).secret
    tools = world.wiring.sign_in
    with world.reading(writer) as work:
        proof = sign_in.confirm_password(work, password=PASSWORD, tools=tools)
        chosen = passwords.choose_own(work, password=NEW, tools=tools)
    actor = world.actor("writer", method=Method.SESSION)
    actor = _in_session(actor, opened[1])
    with world.begin(actor) as work:
        passwords.change(work, proof, chosen, now=NOON)
    assert open_sessions(world, actor) == [opened[1]]
    enter(world, password=NEW)
    with pytest.raises(UnauthenticatedError):
        enter(world)
    with pytest.raises(NotFoundError), world.reading(stranger()) as work:
        passwords.whose_link(work, secret, tools=tools, now=NOON)
    with pytest.raises(ConflictError), world.begin(actor) as work:
        passwords.change(work, proof, chosen, now=NOON)
    assert "user.password_changed" in world.events()


def test_nobody_sets_a_password_with_anothers_proof(world):
    world.user("writer", password=PASSWORD)
    reader = world.user("reader", password=PASSWORD)
    tools = world.wiring.sign_in
    with world.reading(reader) as work:
        proof = sign_in.confirm_password(work, password=PASSWORD, tools=tools)
        chosen = passwords.choose_own(work, password=NEW, tools=tools)
    with pytest.raises(ConflictError), world.begin(world.actor("writer")) as work:
        passwords.change(work, proof, chosen, now=NOON)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("administrator", None),
        ("unelevated", ElevationRequiredError),
        ("user", RefusedError),
        ("writer", RefusedError),
        ("stranger", HiddenError),
    ],
)
def test_only_an_administrator_makes_a_link(world, who, refusal):
    writer = world.user("writer")
    actor = {
        "administrator": world.administrator,
        "unelevated": lambda: _in_session(world.administrator(), None),
        "user": world.user,
        "writer": lambda: writer,
        "stranger": stranger,
    }[who]()
    with pytest.raises(refusal) if refusal else nullcontext(), world.begin(actor) as work:
        link = passwords.issue_reset_link(work, "writer", tools=world.wiring.sign_in, now=NOON)
        assert link.secret not in repr(link)
    refused = [] if who == "stranger" else ["access.refused"]
    assert world.events() == (refused if refusal else ["user.password_reset_issued"])


@pytest.mark.promise("P6")
def test_a_link_sets_a_password_once_and_ends_every_session(world):
    writer = world.user("writer", password=PASSWORD)
    enter(world)
    link = link_for(world)
    tools = world.wiring.sign_in
    with world.reading(stranger()) as work:
        assert passwords.whose_link(work, link.secret, tools=tools, now=NOON).name == "writer"
        chosen = passwords.choose_by_link(work, link.secret, password=NEW, tools=tools, now=NOON)
    with world.begin(stranger()) as work:
        passwords.reset(work, link.secret, chosen, tools=tools, now=NOON)
    assert open_sessions(world, writer) == []
    assert world.events()[-2:] == ["user.password_reset_issued", "user.password_changed"]
    with pytest.raises(NotFoundError), world.begin(stranger()) as work:
        passwords.reset(work, link.secret, chosen, tools=tools, now=NOON)
    enter(world, password=NEW)


@pytest.mark.promise("P6")
@pytest.mark.parametrize("spoilt", ["guessed", "expired", "replaced", "suspended"])
def test_a_link_that_does_not_hold_says_only_that(world, spoilt):
    world.user("writer", password=PASSWORD)
    link = link_for(world)
    now = NOON + timedelta(days=1) if spoilt == "expired" else NOON
    secret = "guess" if spoilt == "guessed" else link.secret
    with world.begin(world.actor("administrator")) as work:
        if spoilt == "replaced":
            passwords.issue_reset_link(work, "writer", tools=world.wiring.sign_in, now=NOON)
        if spoilt == "suspended":
            users.suspend(work, "writer", now=NOON)
    refused = pytest.raises(NotFoundError, match="Ask an administrator")
    with refused, world.reading(stranger()) as work:
        passwords.choose_by_link(work, secret, password=NEW, tools=world.wiring.sign_in, now=now)


def test_links_are_not_guessed_from_one_address(world):
    guesser = stranger(Origin(address="192.0.2.7"))
    outcomes = []
    for _ in range(PER_ADDRESS.free_attempts + 2):
        try:
            with world.reading(guesser) as work:
                passwords.choose_by_link(
                    work, "guess", password=NEW, tools=world.wiring.sign_in, now=NOON
                )
        except (NotFoundError, ThrottledError) as error:
            outcomes.append(type(error))
    assert outcomes == [NotFoundError] * (PER_ADDRESS.free_attempts + 1) + [ThrottledError]


def test_a_suspended_user_gets_no_link(world):
    world.user("writer")
    administrator = world.administrator()
    with world.begin(administrator) as work:
        users.suspend(work, "writer", now=NOON)
    with pytest.raises(ConflictError), world.begin(administrator) as work:
        passwords.issue_reset_link(work, "writer", tools=world.wiring.sign_in, now=NOON)
    assert world.one(sa.select(PasswordReset)) is None


def test_a_one_time_password_is_ones_own_after_it_was_changed(world):
    world.user("writer", password=PASSWORD)
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(User).values(must_change_password=True))
    assert enter(world).user.must_change_password
    writer, tools = world.actor("writer"), world.wiring.sign_in
    with world.reading(writer) as work:
        proof = sign_in.confirm_password(work, password=PASSWORD, tools=tools)
        chosen = passwords.choose_own(work, password=NEW, tools=tools)
    with world.begin(writer) as work:
        passwords.change(work, proof, chosen, now=NOON)
    assert not enter(world, password=NEW).user.must_change_password


def _in_session(actor, session_id):
    return replace(
        actor, origin=replace(actor.origin, method=Method.SESSION, credential_id=session_id)
    )
