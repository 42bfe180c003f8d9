"""Keys in devices: made, shown as a second and as the first factor, and everything that is not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.second_factors import KeyChallenge, SecurityKey
from appliance.db.users import User, UserState
from appliance.domain.identity import Method, stranger
from appliance.errors import (
    ConflictError,
    ElevationRequiredError,
    InvalidError,
    ThrottledError,
    UnauthenticatedError,
)
from appliance.security.throttle import PER_BEGINNING, Throttle
from appliance.security.throttle_stores import MemoryStore
from appliance.services import identify, passkeys, second_factors
from appliance.services.session_opening import Waiting
from tests.services.device import PRESENT, VERIFIED, Device
from tests.services.factor_kit import ORIGIN, at_console, first_step, kit_of
from tests.world import NOON, PASSWORD

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def kit(world):
    world.configure(CODARA_SERVER__URL="https://codara.test")
    world.user("writer", password=PASSWORD)
    return kit_of(world)


def make(world, kit, actor, device, now=NOON, **changes: Any):
    with world.begin(actor) as work:
        asked = passkeys.ask_to_make(work, now=now)
    with world.begin(actor) as work:
        answer = device.make(asked, **changes)
        return passkeys.make(work, answer=answer, title="key", tools=kit, now=now)


@pytest.fixture
def device(world, kit):
    """A key that counts, of the writer."""
    made = Device()
    make(world, kit, at_console(world), made)
    return made


def ask_first(world, now=NOON, throttle=None):
    tools = world.wiring.factors
    own = replace(tools.sign_in, beginnings=throttle or tools.sign_in.beginnings)
    with world.begin(stranger(ORIGIN)) as work:
        return passkeys.ask_first(work, tools=replace(tools, sign_in=own), now=now)


def begun_often(times):
    """What counts beginnings at one moment, after so many from the address of strangers here."""
    throttle = Throttle(MemoryStore(), PER_BEGINNING, clock=lambda: 0.0)
    for _ in range(times):
        assert throttle.check(f"key begun {ORIGIN.address}") == 0
    return throttle


def enter(world, kit, answer, now=NOON):
    with world.begin(stranger(ORIGIN)) as work:
        return passkeys.enter(work, answer=answer, tools=kit, now=now)


def known(world, kit, secret, now=NOON):
    with world.reading(stranger()) as work:
        key = kit.sign_in.fingerprint_key
        return identify.by_session(work, secret, origin=ORIGIN, fingerprint_key=key, now=now)


def why(world) -> str:
    told = world.recorded()[-1]
    assert told.action == "auth.second_factor_refused"
    return told.body["reason"]


def test_a_key_is_made_and_brings_codes_for_emergencies(world, kit):
    made = make(world, kit, at_console(world), Device())
    assert (made.factor.kind, len(made.codes)) == ("key", 10)
    assert world.events() == ["auth.second_factor_added", "auth.recovery_codes_made"]
    again = make(world, kit, at_console(world), Device())
    assert again.codes == ()


def test_making_a_key_is_for_who_has_confirmed_lately(world, kit):
    browser = world.actor("writer", method=Method.SESSION)
    with world.begin(browser) as work, pytest.raises(ElevationRequiredError):
        passkeys.ask_to_make(work, now=NOON)


def test_the_browser_is_told_which_keys_there_are(world, kit, device):
    with world.begin(at_console(world)) as work:
        asked = passkeys.ask_to_make(work, now=NOON)
    assert len(asked["excludeCredentials"]) == 1
    assert asked["rp"] == {"name": "Codara", "id": "codara.test"}


def test_the_same_key_counts_once(world, kit, device):
    with pytest.raises(ConflictError, match="already registered"):
        make(world, kit, at_console(world), device)


@pytest.mark.promise("P40")
@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://codara.test.elsewhere"},
        {"origin": "http://codara.test"},
        {"host": "elsewhere.test"},
        {"kind": "webauthn.get"},
        {"challenge": b"another challenge of some length"},
        {"flags": 0},
    ],
)
def test_a_key_that_was_made_for_something_else_does_not_count(world, kit, changes):
    with pytest.raises(InvalidError):
        make(world, kit, at_console(world), Device(), **changes)
    assert world.one(sa.select(SecurityKey)) is None


@pytest.mark.promise("P40")
def test_a_key_alone_lets_in_whose_owner_its_device_has_made_sure_of(world, kit, device):
    asked = ask_first(world)
    assert (asked["userVerification"], asked["allowCredentials"]) == ("required", [])
    opened = enter(world, kit, device.sign(asked))
    found = known(world, kit, opened.secret)
    assert (found.user.name, found.actor.used_second_factor) == ("writer", True)
    assert found.actor.is_elevated
    told = world.recorded()[-1]
    assert (told.action, told.body["method"], told.body["factor"]) == (
        *("auth.signed_in", "passkey"),
        "key",
    )


ATTACKS = {
    "signature": {"signature": bytes(70)},
    "origin": {"origin": "https://elsewhere.test"},
    "port": {"origin": "https://codara.test:444"},
    "host": {"host": "elsewhere.test"},
    "kind": {"kind": "webauthn.create"},
    "nobody there": {"flags": VERIFIED},
    "not verified": {"flags": PRESENT},
}


@pytest.mark.promise("P40")
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_key_did_not_sign_here_and_now_lets_nobody_in(world, kit, device, attack):
    with pytest.raises(UnauthenticatedError, match="cannot sign in here"):
        enter(world, kit, device.sign(ask_first(world), **ATTACKS[attack]))
    assert why(world) in {"signature", "not_verified"}


@pytest.mark.promise("P40")
def test_an_answer_counts_once_and_in_time(world, kit, device):
    asked = ask_first(world)
    answer = device.sign(asked)
    enter(world, kit, answer)
    with pytest.raises(UnauthenticatedError, match="used already"):
        enter(world, kit, answer)
    with pytest.raises(UnauthenticatedError, match="used already"):
        enter(world, kit, device.sign(ask_first(world)), LATER + timedelta(minutes=1))
    with pytest.raises(UnauthenticatedError, match="used already"):
        enter(world, kit, device.sign(asked, challenge=bytes(32)))


@pytest.mark.promise("P40")
def test_a_copy_of_a_key_is_found_by_its_count(world, kit, device):
    enter(world, kit, device.sign(ask_first(world)))
    with pytest.raises(UnauthenticatedError):
        enter(world, kit, device.sign(ask_first(world), count=1))
    assert why(world) == "counter"
    assert enter(world, kit, device.sign(ask_first(world), count=9))


def test_a_key_that_never_counts_is_taken_too(world, kit):
    plain = Device()
    make(world, kit, at_console(world), plain)
    for _ in range(2):
        assert enter(world, kit, plain.sign(ask_first(world), count=0))


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", '{"rawId": "x"}', '{"rawId": 1, "response": {}}', "\x00"]
)
def test_what_is_no_answer_is_told_so(world, kit, answer):
    with pytest.raises(InvalidError):
        enter(world, kit, answer)


def test_a_key_that_nobody_knows_lets_nobody_in(world, kit, device):
    with pytest.raises(UnauthenticatedError):
        enter(world, kit, Device().sign(ask_first(world)))
    assert why(world) == "key"


@pytest.mark.parametrize(("what", "reason"), [("suspended", "state"), ("off", "password_off")])
def test_a_key_opens_nothing_for_who_may_not_enter_by_the_appliance(
    world, kit, device, what, reason
):
    if what == "off":
        world.configure(CODARA_SIGN_IN__LOCAL_PASSWORDS="administrators")
    else:
        with world.wiring.database.engine.begin() as connection:
            connection.execute(sa.update(User).values(state=UserState.SUSPENDED))
    with pytest.raises(UnauthenticatedError):
        enter(world, kit, device.sign(ask_first(world)))
    assert why(world) == reason


def second(world, kit, waiting, answer, now=NOON):
    with world.begin(stranger(ORIGIN)) as work:
        return passkeys.enter_by_key(work, waiting.secret, answer=answer, tools=kit, now=now)


def ask_second(world, kit, waiting):
    with world.begin(stranger(ORIGIN)) as work:
        return passkeys.ask_second(work, waiting.secret, tools=kit, now=NOON)


def test_a_key_is_a_second_factor_also_where_its_device_asks_nothing(world, kit, device):
    device.verifies = False
    waiting = first_step(world, kit)
    assert isinstance(waiting, Waiting)
    opened = second(world, kit, waiting, device.sign(ask_second(world, kit, waiting)))
    assert known(world, kit, opened.secret).actor.used_second_factor
    assert world.recorded()[-1].body["factor"] == "key"


def test_a_key_of_another_person_is_no_second_factor(world, kit, device):
    world.user("reader", password=PASSWORD)
    foreign = Device()
    make(world, kit, at_console(world, "reader"), foreign)
    waiting = first_step(world, kit)
    with pytest.raises(UnauthenticatedError):
        second(world, kit, waiting, foreign.sign(ask_second(world, kit, waiting)))
    assert why(world) == "key_of_another"


@pytest.mark.promise("P40")
def test_an_answer_serves_only_for_what_and_for_whom_it_was_asked(world, kit, device):
    waiting, other = first_step(world, kit), first_step(world, kit)
    with pytest.raises(UnauthenticatedError, match="used already"):
        second(world, kit, waiting, device.sign(ask_first(world)))
    with pytest.raises(UnauthenticatedError, match="used already"):
        second(world, kit, waiting, device.sign(ask_second(world, kit, other)))
    with pytest.raises(UnauthenticatedError, match="used already"):
        enter(world, kit, device.sign(ask_second(world, kit, waiting)))


def test_a_key_confirms_that_it_is_still_you(world, kit, device):
    opened = enter(world, kit, device.sign(ask_first(world)))
    then = NOON + timedelta(hours=1)
    actor = known(world, kit, opened.secret, then).actor
    assert not actor.is_elevated
    with world.begin(actor) as work:
        asked = passkeys.ask_to_confirm(work, now=then)
    with world.begin(actor) as work:
        passkeys.confirm(work, answer=device.sign(asked), now=then)
    assert known(world, kit, opened.secret, then).actor.is_elevated


def test_a_key_that_was_removed_lets_nobody_in(world, kit, device):
    with world.begin(at_console(world)) as work:
        (found,) = second_factors.show(work, None).items
        second_factors.remove(work, found.id)
    with pytest.raises(UnauthenticatedError):
        enter(world, kit, device.sign(ask_first(world)))


def test_an_appliance_without_a_name_makes_no_keys(world, kit):
    world.configure(CODARA_SERVER__URL="http://192.0.2.1:8080")
    with (
        world.begin(at_console(world)) as work,
        pytest.raises(ConflictError, match="by a host name"),
    ):
        passkeys.ask_to_make(work, now=NOON)


def test_what_nobody_answers_is_forgotten(world, kit):
    ask_first(world)
    ask_first(world, LATER + timedelta(minutes=1))
    assert kept(world) == 1


def kept(world) -> int | None:
    return world.one(sa.select(sa.func.count()).select_from(KeyChallenge))


@pytest.mark.promise("P40")
def test_a_stranger_who_only_asks_has_to_wait_and_fills_no_table(world, kit):
    throttle = begun_often(1000)
    assert ask_first(world, throttle=throttle)
    with pytest.raises(ThrottledError):
        ask_first(world, throttle=throttle)

    assert kept(world) == 1
    assert passkeys.ANSWER_WITHIN.total_seconds() <= throttle._pace.window_seconds
    assert throttle.check(f"begun {ORIGIN.address}") == 0, "other ways in are counted apart"


def test_whom_a_key_lets_in_is_counted_no_more(world, kit, device):
    throttle = begun_often(1000)
    kit = replace(kit, sign_in=replace(kit.sign_in, beginnings=throttle))

    for count in (1, 2, 3):
        asked = ask_first(world, throttle=throttle)
        assert enter(world, kit, device.sign(asked, count=count))


def test_who_is_signed_in_and_only_asks_fills_no_table_either(world, kit):
    for _ in range(passkeys.MOST_ASKED + 5):
        with world.begin(at_console(world)) as work:
            asked = passkeys.ask_to_make(work, now=NOON)

    assert kept(world) == passkeys.MOST_ASKED
    with world.begin(at_console(world)) as work:
        answer = Device().make(asked)
        assert passkeys.make(work, answer=answer, title="key", tools=kit, now=NOON)


@pytest.mark.promise("P40")
def test_a_stranger_with_keys_of_nobody_has_to_wait_and_does_not_fill_the_log(world, kit):
    for _ in range(25):
        with suppress(UnauthenticatedError, ThrottledError):
            enter(world, kit, Device().sign(ask_first(world)))

    with pytest.raises(ThrottledError):
        enter(world, kit, Device().sign(ask_first(world)))
    assert len(world.recorded("auth.second_factor_refused")) < 23


@pytest.mark.promise("P26")
@pytest.mark.parametrize("answer", ["[" * 16_000, '{"response":' * 1_300])
def test_an_answer_that_nests_without_end_is_no_answer(world, kit, answer):
    with pytest.raises(InvalidError):
        enter(world, kit, answer)
