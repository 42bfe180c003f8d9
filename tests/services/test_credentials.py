"""Access tokens: what they may, how long they live, and that they never grow."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.credentials import AccessToken
from appliance.db.users import User, UserState
from appliance.domain.identity import Method, Origin, stranger
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission, Role
from appliance.errors import (
    ConflictError,
    ElevationRequiredError,
    HiddenError,
    InvalidError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import credentials, identify
from tests.world import NOON

DAY = timedelta(days=1)


def make(world, actor, **fields: Any):
    given = {"name": "laptop", "scopes": ["repo:read"], "expires_at": NOON + DAY} | fields
    with world.begin(actor) as work:
        return credentials.create_token(work, **given, tools=world.wiring.sign_in, now=NOON)


def entering(world, secret, now=NOON):
    key = world.wiring.sign_in.fingerprint_key
    with world.reading(stranger()) as work:
        return identify.by_token(work, secret, origin=Origin(), fingerprint_key=key, now=now)


@pytest.mark.promise("P6")
def test_a_token_is_shown_once_and_opens_what_it_was_made_for(world):
    writer = world.user("writer", role=None)
    made = make(world, writer, scopes=["repo:write", "user", "repo:write"])
    assert made.secret.startswith("cod_")
    assert made.secret not in repr(made)
    assert made.token.scopes == ["repo:write", "user"]
    actor = entering(world, made.secret)
    assert (actor.label, actor.origin.method) == ("writer", Method.TOKEN)
    assert actor.ceiling_allows(Permission.REPOSITORY_WRITE)
    assert not actor.ceiling_allows(Permission.REPOSITORY_DELETE)
    assert made.secret not in world.recorded()[0].text
    assert world.events() == ["token.created"]
    with pytest.raises(UnauthenticatedError, match="expired"):
        entering(world, made.secret, NOON + DAY)


@pytest.mark.parametrize(
    ("who", "for_whom", "refusal"),
    [
        ("writer", None, None),
        ("writer", "writer", None),
        ("administrator", "writer", None),
        ("browser", None, ElevationRequiredError),
        ("elevated", None, None),
        ("reader", "writer", RefusedError),
        ("stranger", None, UnauthenticatedError),
        ("stranger", "writer", HiddenError),
    ],
)
def test_who_makes_a_token_for_whom(world, who, for_whom, refusal):
    writer = world.user("writer")
    browser = replace(writer, origin=replace(writer.origin, method=Method.SESSION))
    actor = {
        "writer": lambda: writer,
        "administrator": world.administrator,
        "browser": lambda: browser,
        "elevated": lambda: replace(browser, is_elevated=True),
        "reader": lambda: world.user("reader"),
        "stranger": stranger,
    }[who]()
    with pytest.raises(refusal) if refusal else nullcontext():
        assert make(world, actor, user=for_whom).token.user_id == writer.id
    remembered = [] if who == "stranger" else ["access.refused"]
    assert world.events() == (remembered if refusal else ["token.created"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["repo:fly"]}, "scopes"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"expires_at": None}, "expires_at"),
        ({"expires_at": NOON}, "expires_at"),
        ({"expires_at": NOON + 366 * DAY}, "expires_at"),
        ({"repositories": []}, "repositories"),
    ],
)
def test_what_makes_no_sense_names_its_field(world, fields, field):
    with pytest.raises(InvalidError) as raised:
        make(world, world.user(), **fields)
    assert [problem.field for problem in raised.value.fields] == [field]
    assert world.events() == []


def test_a_token_without_end_exists_only_where_the_instance_allows_it(world):
    writer = world.user("writer")
    world.configure(CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE="true")
    made = make(world, writer, expires_at=None)
    assert entering(world, made.secret, NOON + 10_000 * DAY).label == "writer"


@pytest.mark.promise("P7")
def test_a_token_for_one_repository_opens_no_other(world):
    world.repository("lab/notes")
    world.repository("lab/other")
    writer = world.user("writer", role=Role.WRITER, on="lab/notes")
    world.grant("writer", Role.WRITER, "lab/other")
    made = make(world, writer, repositories=["lab/notes"])
    notes = world._repository("lab/notes")
    assert entering(world, made.secret).only_repositories == {notes.id}
    with pytest.raises(HiddenError):
        make(world, world.user("stranger-here"), repositories=["lab/notes"])
    with world.reading(writer) as work:
        (listed,) = credentials.list_tokens(work).items
    assert listed.repositories == ("lab/notes",)


@pytest.mark.promise("P7")
@pytest.mark.parametrize(
    ("fields", "is_narrower"),
    [
        ({}, True),
        ({"scopes": ["user"]}, True),
        ({"scopes": ["repo:read", "user"]}, True),
        ({"scopes": ["repo:write"]}, False),
        ({"scopes": ["admin"]}, False),
        ({"repositories": None}, False),
        ({"repositories": ["lab/other"]}, False),
        ({"expires_at": NOON + 2 * DAY}, False),
    ],
)
def test_a_token_hands_on_only_what_it_holds(world, fields, is_narrower):
    world.repository("lab/notes")
    world.repository("lab/other")
    writer = world.user("writer", role=Role.WRITER, on="lab/notes")
    world.grant("writer", Role.WRITER, "lab/other")
    holds = {"scopes": ["repo:read", "user"], "repositories": ["lab/notes"]}
    actor = entering(world, make(world, writer, **holds).secret)
    wanted = {"scopes": ["repo:read"], "repositories": ["lab/notes"]} | fields
    refusals = (RefusedError, HiddenError)
    with nullcontext() if is_narrower else pytest.raises(refusals):
        make(world, actor, **wanted)
    last = "token.created" if is_narrower else "access.refused"
    assert world.events() == ["token.created", last]


def test_a_token_without_the_scope_makes_none(world):
    actor = entering(world, make(world, world.user("writer")).secret)
    with pytest.raises(RefusedError):
        make(world, actor)


def test_a_token_is_revoked_by_its_user_or_an_administrator(world):
    writer = world.user("writer")
    for actor in (writer, world.administrator()):
        made = make(world, writer)
        with pytest.raises(HiddenError), world.begin(world.user()) as work:
            credentials.revoke_token(work, made.token.id, now=NOON)
        with world.begin(actor) as work:
            credentials.revoke_token(work, made.token.id, now=NOON)
        with pytest.raises(UnauthenticatedError):
            entering(world, made.secret)
        with pytest.raises(ConflictError), world.begin(actor) as work:
            credentials.revoke_token(work, made.token.id, now=NOON)
    with pytest.raises(HiddenError), world.begin(writer) as work:
        credentials.revoke_token(work, new_id(), now=NOON)
    assert world.events().count("token.revoked") == 2


def test_tokens_are_listed_newest_first_with_their_last_use(world):
    writer = world.user("writer")
    made = [make(world, writer, name=f"laptop {number}") for number in range(3)]
    make(world, world.user("reader"))
    with world.begin(writer) as work:
        credentials.revoke_token(work, made[1].token.id, now=NOON)
    with world.begin(writer) as work:
        identify.note_use(work, made[0].token.id, address="192.0.2.7", now=NOON)
    with world.reading(writer) as work:
        page = credentials.list_tokens(work, limit=1)
        rest = credentials.list_tokens(work, after=page.next)
    assert [each.token.name for each in page.items + rest.items] == ["laptop 2", "laptop 0"]
    assert (rest.items[0].used_at, rest.items[0].used_from) == (NOON, "192.0.2.7")
    with pytest.raises(RefusedError), world.reading(world.user()) as work:
        credentials.list_tokens(work, user="writer")


@pytest.mark.promise("P29")
def test_a_suspended_users_token_stops_and_works_again_after(world):
    made = make(world, world.user("writer"))
    for state, opens in ((UserState.SUSPENDED, False), (UserState.ACTIVE, True)):
        with world.wiring.database.engine.begin() as connection:
            connection.execute(sa.update(User).values(state=state))
        with nullcontext() if opens else pytest.raises(UnauthenticatedError):
            entering(world, made.secret)


@pytest.mark.promise("P8")
def test_a_token_becomes_a_jwt_that_ends_with_it(world):
    tools = world.wiring.sign_in
    writer = world.user("writer")
    made = make(world, writer, expires_at=NOON + timedelta(seconds=100))
    actor = entering(world, made.secret)
    with world.begin(actor) as work:
        short = credentials.issue_jwt(work, tools=tools, now=NOON)
    assert short.expires_at == NOON + timedelta(seconds=100)
    assert short.text not in repr(short)

    def by_jwt(now):
        with world.reading(stranger()) as work:
            return identify.by_bearer(
                work, short.text, origin=Origin(), bearer=tools.bearer, now=now
            )

    jwt_actor = by_jwt(NOON)
    assert (jwt_actor.origin.method, jwt_actor.ceiling) == (Method.JWT, actor.ceiling)
    with pytest.raises(UnauthenticatedError):
        by_jwt(NOON + timedelta(seconds=100))
    with pytest.raises(RefusedError), world.begin(jwt_actor) as work:
        credentials.issue_jwt(work, tools=tools, now=NOON)
    with world.begin(writer) as work:
        credentials.revoke_token(work, made.token.id, now=NOON)
    with pytest.raises(UnauthenticatedError):
        by_jwt(NOON)
    assert world.events() == [
        "token.created",
        "token.jwt_issued",
        "access.refused",
        "token.revoked",
    ]


@pytest.mark.parametrize(
    ("who", "refusal"), [("stranger", UnauthenticatedError), ("writer", RefusedError)]
)
def test_nothing_but_a_token_becomes_a_jwt(world, who, refusal):
    actor = stranger() if who == "stranger" else world.user(who)
    with pytest.raises(refusal), world.begin(actor) as work:
        credentials.issue_jwt(work, tools=world.wiring.sign_in, now=NOON)
    assert world.one(sa.select(AccessToken)) is None
