"""Passwords that are off, for whom they still count, and the door at the console."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.identity import Method, stranger
from appliance.domain.permissions import InstanceRole
from appliance.errors import ConflictError, InvalidError, RefusedError, UnauthenticatedError
from appliance.services import break_glass, sign_in
from tests.services.arrivals import ORIGIN
from tests.world import PASSWORD, World

HOUR = timedelta(hours=1)


@pytest.fixture
def people(world):
    """A user and an administrator, each with a password."""
    world.user("writer", password=PASSWORD)
    world.user("administrator", instance=InstanceRole.ADMINISTRATOR, password=PASSWORD)
    return world


def enter(world: World, name: str):
    tools = world.wiring.sign_in
    with world.reading(stranger(ORIGIN)) as work:
        proof = sign_in.check_password(work, name_or_email=name, password=PASSWORD, tools=tools)
    with world.begin(stranger(ORIGIN)) as work:
        return sign_in.sign_in(work, proof, tools=tools, now=datetime.now(UTC))


def open_door(world: World, *, reason="the directory is down", method=Method.CONSOLE, name=None):
    actor = world.actor("administrator", method=method)
    with world.begin(actor) as work:
        return break_glass.open_door(
            work, name or "administrator", reason=reason, now=datetime.now(UTC)
        )


@pytest.mark.parametrize(
    ("whose", "user_enters", "administrator_enters"),
    [("everybody", True, True), ("administrators", False, True), ("nobody", False, False)],
)
def test_a_password_opens_the_door_for_whom_the_setting_says(
    people, whose, user_enters, administrator_enters
):
    people.configure(CODARA_SIGN_IN__LOCAL_PASSWORDS=whose)
    for name, enters in (("writer", user_enters), ("administrator", administrator_enters)):
        if enters:
            assert enter(people, name).user.name == name
        else:
            with pytest.raises(UnauthenticatedError, match="is disabled"):
                enter(people, name)

    refused = people.recorded("auth.sign_in_refused")
    assert {each.body["reason"] for each in refused} <= {"password_off"}
    assert len(refused) == 2 - user_enters - administrator_enters


def test_each_session_by_an_exception_is_told_loudly_and_no_other(people):
    enter(people, "administrator")
    assert people.recorded("auth.break_glass_used") == []
    people.configure(CODARA_SIGN_IN__LOCAL_PASSWORDS="administrators")

    enter(people, "administrator")

    assert people.events()[-1] == "auth.break_glass_used"


def test_at_the_console_the_door_opens_for_a_while_and_says_so(people):
    people.configure(CODARA_SIGN_IN__LOCAL_PASSWORDS="nobody")

    until = open_door(people)

    assert timedelta() < until - datetime.now(UTC) <= HOUR
    assert people.recorded("auth.break_glass_used")[-1].values["reason"].value == (
        "the directory is down"
    )
    assert enter(people, "administrator").user.name == "administrator"


def test_the_door_closes_by_itself(people):
    people.configure(CODARA_SIGN_IN__LOCAL_PASSWORDS="nobody")
    with people.begin(people.actor("administrator")) as work:
        long_ago = datetime.now(UTC) - 2 * HOUR
        break_glass.open_door(work, "administrator", reason="r", now=long_ago)

    with pytest.raises(UnauthenticatedError, match="is disabled"):
        enter(people, "administrator")


@pytest.mark.parametrize("method", [Method.SESSION, Method.TOKEN, Method.JWT])
def test_the_door_opens_nowhere_but_at_the_console(people, method):
    with pytest.raises(RefusedError):
        open_door(people, method=method)


def test_the_door_wants_a_reason_and_an_administrator(people):
    with pytest.raises(InvalidError):
        open_door(people, reason=" ")
    with pytest.raises(ConflictError):
        open_door(people, name="writer")


def test_git_takes_no_password_where_passwords_are_an_exception(people):
    people.configure(
        CODARA_SIGN_IN__LOCAL_PASSWORDS="administrators", CODARA_SIGN_IN__PASSWORD_OVER_GIT="true"
    )
    with (
        pytest.raises(UnauthenticatedError, match="token"),
        people.reading(stranger(ORIGIN)) as work,
    ):
        sign_in.password_for_git(
            work, name_or_email="administrator", password=PASSWORD, tools=people.wiring.sign_in
        )
