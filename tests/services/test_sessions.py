"""Sessions: who sees and ends them, and what the nightly sweep takes."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession, IdempotencyKey, LastUse, SessionActivity
from appliance.db.users import PasswordReset
from appliance.domain.identity import Method, appliance, stranger
from appliance.domain.ids import new_id
from appliance.errors import (
    ConflictError,
    ElevationRequiredError,
    HiddenError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import sessions
from tests.world import NOON

DAY = timedelta(days=1)


def open_session(world, name, *, ends_at=NOON + DAY, revoked_at=None, seen_at=NOON):
    identifier = new_id()
    session = BrowserSession(
        id=identifier,
        user_id=world.actor(name).id,
        secret_hash=identifier.hex * 2,
        address="192.0.2.7",
        user_agent="a browser",
        created_at=NOON,
        ends_at=ends_at,
        revoked_at=revoked_at,
    )
    world.add(session, SessionActivity(id=identifier, seen_at=seen_at))
    return identifier


def browser(actor, session_id=None):
    origin = replace(actor.origin, method=Method.SESSION, credential_id=session_id)
    return replace(actor, origin=origin)


def test_only_sessions_in_force_are_listed_newest_first(world):
    writer = world.user("writer")
    first = open_session(world, "writer")
    open_session(world, "writer", ends_at=NOON)
    open_session(world, "writer", revoked_at=NOON)
    open_session(world, "writer", seen_at=NOON - DAY)
    second = open_session(world, "writer")
    world.user("reader")
    open_session(world, "reader")
    with world.reading(browser(writer, first)) as work:
        page = sessions.list_sessions(work, limit=1, now=NOON)
        rest = sessions.list_sessions(work, after=page.next, now=NOON)
    assert [(each.id, each.is_current) for each in page.items + rest.items] == [
        (second, False),
        (first, True),
    ]
    assert rest.next is None


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("self", None),
        ("administrator", None),
        ("unelevated", ElevationRequiredError),
        ("user", HiddenError),
        ("stranger", UnauthenticatedError),
    ],
)
def test_who_may_end_a_session(world, who, refusal):
    writer = world.user("writer")
    session_id = open_session(world, "writer")
    actor = {
        "self": lambda: browser(writer),
        "administrator": world.administrator,
        "unelevated": lambda: browser(world.administrator()),
        "user": world.user,
        "stranger": stranger,
    }[who]()
    with pytest.raises(refusal) if refusal else nullcontext(), world.begin(actor) as work:
        sessions.revoke_session(work, session_id, now=NOON)
    ended = world.one(sa.select(BrowserSession.revoked_at)) is not None
    assert ended == (refusal is None)
    remembered = [] if who == "stranger" else ["access.refused"]
    assert world.events() == (remembered if refusal else ["session.revoked"])


def test_a_session_ends_once_and_an_unknown_one_not_at_all(world):
    writer = world.user("writer")
    session_id = open_session(world, "writer")
    with world.begin(writer) as work:
        sessions.revoke_session(work, session_id, now=NOON)
    with pytest.raises(ConflictError), world.begin(writer) as work:
        sessions.revoke_session(work, session_id, now=NOON)
    with pytest.raises(HiddenError), world.begin(writer) as work:
        sessions.revoke_session(work, new_id(), now=NOON)


def test_all_others_end_and_the_one_in_use_stays(world):
    writer = world.user("writer")
    current = open_session(world, "writer")
    for _ in range(2):
        open_session(world, "writer")
    with world.begin(browser(writer, current)) as work:
        assert sessions.revoke_other_sessions(work, now=NOON) == 2
    with world.reading(writer) as work:
        assert [each.id for each in sessions.list_sessions(work, now=NOON).items] == [current]
    with world.begin(world.administrator()) as work:
        assert sessions.revoke_other_sessions(work, name="writer", now=NOON) == 1
    with pytest.raises(RefusedError), world.begin(world.user("reader")) as work:
        sessions.revoke_other_sessions(work, name="writer", now=NOON)
    assert world.events() == ["session.revoked"] * 3 + ["access.refused"]


def test_the_sweep_takes_what_ended_long_ago(world):
    writer = world.user("writer")
    kept = {open_session(world, "writer"), open_session(world, "writer", ends_at=NOON - DAY)}
    open_session(world, "writer", ends_at=NOON - 31 * DAY)
    open_session(world, "writer", revoked_at=NOON - 31 * DAY)
    for days in (1, 40):
        world.add(
            PasswordReset(
                user_id=writer.id,
                secret_hash=str(days),
                created_at=NOON,
                expires_at=NOON - days * DAY,
            ),
            IdempotencyKey(
                actor_ref="a", key=str(days), request_proof=b"", created_at=NOON - days * DAY / 2
            ),
        )
    world.add(LastUse(credential_id=new_id(), used_at=NOON))
    with pytest.raises(RefusedError), world.begin(writer) as work:
        sessions.sweep(work, now=NOON)
    with world.begin(appliance()) as work:
        assert sessions.sweep(work, now=NOON) == 5
    with world.reading(appliance()) as work:
        assert set(work.session.scalars(sa.select(BrowserSession.id))) == kept
        assert list(work.session.scalars(sa.select(IdempotencyKey.key))) == ["1"]
        assert list(work.session.scalars(sa.select(PasswordReset.secret_hash))) == ["1"]
    assert world.events() == ["access.refused", "config.swept"]
