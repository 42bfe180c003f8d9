"""Signing in, out, and confirming: who gets in, who learns what, and what is remembered."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.db.users import User, UserState
from appliance.domain.identity import Method, Origin, stranger
from appliance.errors import ConflictError, ThrottledError, UnauthenticatedError
from appliance.security.passwords import Hasher
from appliance.security.throttle import PER_ADDRESS, PER_USER, Throttle
from appliance.security.throttle_stores import MemoryStore
from appliance.services import identify, sign_in
from tests.world import NOON, PASSWORD, World

ORIGIN = Origin(address="192.0.2.7", user_agent="a browser", request_id="r1")


class CountingHasher(Hasher):
    """The real hasher; it also says how often it was asked, and about what."""

    def __init__(self) -> None:
        super().__init__(32, 1)
        self.asked: list[bool] = []

    def verify(self, stored, password):
        self.asked.append(stored is not None)
        return super().verify(stored, password)


@pytest.fixture
def tools(world):
    """Sign-in tools that count for themselves, and whose clock the test turns."""
    clock = [1000.0]
    store = MemoryStore()
    tools = replace(
        world.wiring.sign_in,
        hasher=CountingHasher(),
        per_user=Throttle(store, PER_USER, clock=lambda: clock[0]),
        per_address=Throttle(MemoryStore(), PER_ADDRESS, clock=lambda: clock[0]),
    )
    object.__setattr__(tools, "clock", clock)
    return tools


def check(world: World, tools, name, password=PASSWORD, origin=ORIGIN):
    with world.reading(stranger(origin)) as work:
        return sign_in.check_password(work, name_or_email=name, password=password, tools=tools)


def enter(world: World, tools, name="writer", now=NOON):
    proof = check(world, tools, name)
    with world.begin(stranger(ORIGIN)) as work:
        return sign_in.sign_in(work, proof, tools=tools, now=now)


def known(world: World, tools, secret, now=NOON):
    with world.reading(stranger()) as work:
        return identify.by_session(
            work, secret, origin=ORIGIN, fingerprint_key=tools.fingerprint_key, now=now
        )


@pytest.mark.parametrize(
    "typed", ["writer", "WRITER", " writer ", "writer@codara.test", "Writer@Codara.Test"]
)
def test_a_name_or_an_address_and_the_password_open_a_session(world, tools, typed):
    world.user("writer", password=PASSWORD)
    opened = enter(world, tools, typed)
    found = known(world, tools, opened.secret)
    assert (found.user.name, found.actor.is_elevated) == ("writer", True)
    assert found.session_id == opened.session.id
    assert opened.secret not in repr(opened)
    assert opened.secret != opened.session.secret_hash
    assert world.events() == ["auth.signed_in"]
    header = world.recorded()[0].header
    assert header["actor"]["ref"] == found.user.pseudonym
    assert header["auth"]["method"] == Method.SESSION
    assert header["auth"]["token_ref"] == str(opened.session.id)


@pytest.mark.promise("P2")
@pytest.mark.parametrize(
    ("name", "password", "state", "reason"),
    [
        ("nobody", PASSWORD, UserState.ACTIVE, "unknown"),
        ("nobody@codara.test", PASSWORD, UserState.ACTIVE, "unknown"),
        ("", "", UserState.ACTIVE, "unknown"),
        ("writer", "another long sentence", UserState.ACTIVE, "password"),
        ("writer", "", UserState.ACTIVE, "password"),
        ("writer", PASSWORD, UserState.SUSPENDED, "suspended"),
        ("writer", PASSWORD, UserState.DELETED, "unknown"),
        ("guest", PASSWORD, UserState.ACTIVE, "password"),
    ],
)
def test_every_failure_says_and_does_the_same(world, tools, name, password, state, reason):
    world.user("writer", password=PASSWORD)
    world.user("guest")
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(User).where(User.name == "writer").values(state=state))
    with pytest.raises(UnauthenticatedError, match="Incorrect user name or password"):
        check(world, tools, name, password)
    assert len(tools.hasher.asked) == 1
    assert world.events() == ["auth.sign_in_refused"]
    assert f'"reason":"{reason}"' in world.recorded()[0].text


def test_what_was_typed_as_a_name_is_kept_apart(world, tools):
    with pytest.raises(UnauthenticatedError):
        check(world, tools, "my secret by mistake")
    assert "by mistake" not in world.recorded()[0].text
    kept = world.recorded()[0].values["name"]
    assert (kept.value, kept.person) == ("my secret by mistake", "stranger")


@pytest.mark.promise("P4")
@pytest.mark.parametrize("name", ["writer", "nobody"])
def test_too_many_attempts_must_wait_before_anything_is_looked_at(world, tools, name):
    world.user("writer", password=PASSWORD)
    for _ in range(PER_USER.free_attempts + 1):
        with pytest.raises(UnauthenticatedError):
            check(world, tools, name, "not the password")
    asked = len(tools.hasher.asked)
    with pytest.raises(ThrottledError) as raised:
        check(world, tools, name)
    assert raised.value.retry_after_seconds == 1
    assert len(tools.hasher.asked) == asked
    tools.clock[0] += 1
    with nullcontext() if name == "writer" else pytest.raises(UnauthenticatedError):
        check(world, tools, name)


def test_an_address_that_tries_many_names_must_wait(world, tools):
    world.user("writer", password=PASSWORD)
    for number in range(PER_ADDRESS.free_attempts + 1):
        with pytest.raises(UnauthenticatedError):
            check(world, tools, f"name-{number}")
    with pytest.raises(ThrottledError):
        check(world, tools, "writer")
    check(world, tools, "writer", origin=Origin(address="192.0.2.8"))


def test_success_forgets_the_failures_of_a_user(world, tools):
    world.user("writer", password=PASSWORD)
    for _ in range(3):
        for _ in range(PER_USER.free_attempts):
            with pytest.raises(UnauthenticatedError):
                check(world, tools, "writer", "not the password")
            tools.clock[0] += 1
        check(world, tools, "writer")
    assert world.events().count("auth.sign_in_refused") == 15


def test_a_hash_with_old_parameters_is_replaced(world, tools):
    world.user("writer")
    old = Hasher(64, 2).hash(PASSWORD)
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(User).values(password_hash=old))
    enter(world, tools)
    stored = world.one(sa.select(User.password_hash))
    assert stored != old
    assert not tools.hasher.needs_rehash(stored)
    enter(world, tools)


def test_a_proof_does_not_outlive_the_password_or_the_user(world, tools):
    world.user("writer", password=PASSWORD)
    for change in ({"password_hash": "another"}, {"state": UserState.SUSPENDED}):
        proof = check(world, tools, "writer")
        with world.wiring.database.engine.begin() as connection:
            connection.execute(sa.update(User).values(change))
        with pytest.raises(UnauthenticatedError), world.begin(stranger(ORIGIN)) as work:
            sign_in.sign_in(work, proof, tools=tools, now=NOON)
        stored = tools.hasher.hash(PASSWORD)
        with world.wiring.database.engine.begin() as connection:
            connection.execute(sa.update(User).values(password_hash=stored))
    assert world.one(sa.select(BrowserSession)) is None


def test_checking_a_password_does_not_hold_the_writers_lock(world, tools):
    world.user("writer", password=PASSWORD)
    with world.reading(stranger(ORIGIN)) as reading:
        sign_in.check_password(reading, name_or_email="writer", password=PASSWORD, tools=tools)
        world.user("somebody-else")  # Would wait for the lock and fail.


def test_signing_out_ends_the_session(world, tools):
    world.user("writer", password=PASSWORD)
    opened = enter(world, tools)
    with world.begin(known(world, tools, opened.secret).actor) as work:
        sign_in.sign_out(work, now=NOON)
    assert known(world, tools, opened.secret) is None
    assert world.events() == ["auth.signed_in", "auth.signed_out"]


def test_only_a_session_is_signed_out_or_elevated(world, tools):
    actor = world.user("writer", password=PASSWORD)
    with world.reading(actor) as work:
        proof = sign_in.confirm_password(work, password=PASSWORD, tools=tools)
    with pytest.raises(ConflictError), world.begin(actor) as work:
        sign_in.sign_out(work, now=NOON)
    with pytest.raises(ConflictError), world.begin(actor) as work:
        sign_in.elevate(work, proof, now=NOON)
    with pytest.raises(UnauthenticatedError), world.begin(stranger()) as work:
        sign_in.sign_out(work, now=NOON)
    assert world.events() == []


@pytest.mark.promise("P5")
def test_a_session_ends_by_idleness_and_by_age(world, tools):
    world.user("writer", password=PASSWORD)
    opened = enter(world, tools)
    rules = world.settings.sign_in
    idle = timedelta(seconds=rules.session_idle_seconds)
    whole = timedelta(seconds=rules.session_absolute_seconds)
    assert known(world, tools, opened.secret, NOON + idle - timedelta(seconds=1))
    assert known(world, tools, opened.secret, NOON + idle) is None
    with world.begin(stranger()) as work:
        identify.touch_session(work, opened.session.id, now=NOON + whole - idle / 2)
    assert known(world, tools, opened.secret, NOON + whole - timedelta(seconds=1))
    assert known(world, tools, opened.secret, NOON + whole) is None


def test_confirming_the_password_elevates_for_a_while(world, tools):
    world.user("writer", password=PASSWORD)
    opened = enter(world, tools)
    later = NOON + timedelta(seconds=world.settings.sign_in.elevation_seconds)
    actor = known(world, tools, opened.secret, later).actor
    assert not actor.is_elevated
    with world.reading(actor) as work:
        proof = sign_in.confirm_password(work, password=PASSWORD, tools=tools)
    with world.begin(actor) as work:
        until = sign_in.elevate(work, proof, now=later)
    assert until == later + (later - NOON)
    assert known(world, tools, opened.secret, later).actor.is_elevated
    assert not known(world, tools, opened.secret, until).actor.is_elevated
    assert world.events() == ["auth.signed_in", "session.elevated"]


def test_a_wrong_confirmation_is_refused_remembered_and_slowed_down(world, tools):
    world.user("writer", password=PASSWORD)
    actor = known(world, tools, enter(world, tools).secret).actor
    for _ in range(PER_USER.free_attempts + 1):
        with pytest.raises(UnauthenticatedError), world.reading(actor) as work:
            sign_in.confirm_password(work, password="not the password", tools=tools)
    with pytest.raises(ThrottledError), world.reading(actor) as work:
        sign_in.confirm_password(work, password=PASSWORD, tools=tools)
    assert world.events()[1:] == ["session.elevation_refused"] * 6
    check(world, tools, "writer")  # Signing in elsewhere is counted apart.


def test_anothers_password_elevates_nobody(world, tools):
    world.user("writer", password=PASSWORD)
    world.user("reader", password=PASSWORD)
    actor = known(world, tools, enter(world, tools).secret).actor
    proof = check(world, tools, "reader")
    with pytest.raises(ConflictError), world.begin(actor) as work:
        sign_in.elevate(work, proof, now=NOON)


@pytest.mark.promise("P2")
@pytest.mark.parametrize("name", ["writer", "nobody"])
def test_git_takes_passwords_only_where_the_instance_allows_it(world, tools, name):
    world.user("writer", password=PASSWORD)
    with pytest.raises(UnauthenticatedError, match="access token"):
        by_git(world, tools, name)
    assert tools.hasher.asked == []
    world.configure(CODARA_SIGN_IN__PASSWORD_OVER_GIT="true")
    with nullcontext() if name == "writer" else pytest.raises(UnauthenticatedError):
        actor = by_git(world, tools, name)
        assert (actor.label, actor.origin.method) == ("writer", Method.PASSWORD)
        assert actor.origin.address == ORIGIN.address


def test_git_takes_no_password_that_must_be_changed(world, tools):
    world.user("writer", password=PASSWORD)
    world.configure(CODARA_SIGN_IN__PASSWORD_OVER_GIT="true")
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(User).values(must_change_password=True))
    with pytest.raises(UnauthenticatedError, match="own password first"):
        by_git(world, tools, "writer")


def by_git(world, tools, name):
    with world.reading(stranger(ORIGIN)) as work:
        return sign_in.password_for_git(work, name_or_email=name, password=PASSWORD, tools=tools)
