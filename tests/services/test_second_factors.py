"""Second factors: setting up, showing, losing them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.db.second_factors import AuthenticatorApp, RecoveryCode, WaitingSignIn
from appliance.db.users import User, UserState
from appliance.domain.identity import Method, stranger
from appliance.domain.permissions import InstanceRole
from appliance.errors import (
    ConflictError,
    ElevationRequiredError,
    InvalidError,
    NotFoundError,
    RefusedError,
    ThrottledError,
    UnauthenticatedError,
)
from appliance.security import one_time_codes
from appliance.security.throttle import PER_USER
from appliance.services import (
    identify,
    identity_links,
    identity_providers,
    second_factors,
    second_step,
    sessions,
    sign_in,
)
from appliance.services.session_opening import Opened, Waiting
from tests.services.arrivals import arrive, claims, provider
from tests.services.factor_kit import (
    ORIGIN,
    at_console,
    first_step,
    kit_of,
    offered,
    second,
    set_up,
)
from tests.world import NOON, PASSWORD

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def kit(world):
    world.user("writer", password=PASSWORD)
    return kit_of(world)


def rows(world, query):
    with world.wiring.database.engine.connect() as connection:
        return connection.execute(query).all()


def known(world, kit, secret, now=LATER):
    with world.reading(stranger()) as work:
        key = kit.sign_in.fingerprint_key
        return identify.by_session(work, secret, origin=ORIGIN, fingerprint_key=key, now=now)


@pytest.mark.promise("P38")
def test_an_app_counts_once_it_shows_the_right_code_and_is_kept_sealed(world, kit):
    secret, codes = set_up(world, kit, at_console(world))
    (sealed,) = rows(world, sa.select(AuthenticatorApp.sealed_secret))[0]
    assert secret not in sealed
    stored = {row[0] for row in rows(world, sa.select(RecoveryCode.code_hash))}
    assert len(stored) == len(codes) == one_time_codes.RECOVERY_CODES
    assert not stored & {one_time_codes.plain(code) for code in codes}
    assert world.events() == ["auth.second_factor_added", "auth.recovery_codes_made"]


@pytest.mark.parametrize("code", ["", "000000", "a code"])
def test_an_app_that_shows_something_else_does_not_count(world, kit, code):
    offer, _secret = offered(world, kit, at_console(world))
    with world.begin(at_console(world)) as work, pytest.raises(InvalidError):
        second_factors.add_app(work, sealed=offer.sealed, code=code, title="x", tools=kit, now=NOON)
    assert rows(world, sa.select(AuthenticatorApp.id)) == []


@pytest.mark.parametrize("how", ["another person", "too late", "changed"])
def test_a_secret_that_was_offered_counts_for_who_saw_it_and_soon(world, kit, how):
    world.user("reader")
    offer, secret = offered(world, kit, at_console(world))
    actor = at_console(world, "reader" if how == "another person" else "writer")
    now = NOON + timedelta(minutes=31) if how == "too late" else NOON
    sealed = offer.sealed[:-2] + ("00" if offer.sealed[-2:] != "00" else "11")
    with world.begin(actor) as work, pytest.raises(InvalidError):
        second_factors.add_app(
            work,
            sealed=sealed if how == "changed" else offer.sealed,
            code=one_time_codes.code_at(secret, now),
            title="x",
            tools=kit,
            now=now,
        )


@pytest.mark.parametrize(
    "act",
    [
        lambda work, kit: second_factors.offer_app(work, tools=kit, now=NOON),
        lambda work, kit: second_factors.offer_again(work, "", tools=kit, now=NOON),
        lambda work, _kit: second_factors.remove(work, work.actor.id),
        lambda work, kit: second_factors.renew_codes(work, tools=kit, now=NOON),
    ],
    ids=["offer", "offer again", "remove", "codes"],
)
def test_factors_are_for_who_has_confirmed_lately_that_it_is_them(world, kit, act):
    set_up(world, kit, at_console(world))
    browser = world.actor("writer", method=Method.SESSION)
    with world.begin(browser) as work, pytest.raises(ElevationRequiredError):
        act(work, kit)


@pytest.mark.promise("P38")
def test_a_password_alone_opens_nothing_for_who_has_a_second_factor(world, kit):
    assert isinstance(first_step(world, kit), Opened)
    secret, _codes = set_up(world, kit, at_console(world))
    before = world.events()
    waiting = first_step(world, kit, now=LATER)
    assert isinstance(waiting, Waiting)
    assert world.events() == before
    assert known(world, kit, waiting.secret) is None
    opened = second(world, kit, waiting, one_time_codes.code_at(secret, LATER), LATER)
    assert opened.secret != waiting.secret
    found = known(world, kit, opened.secret)
    assert (found.actor.used_second_factor, found.actor.is_elevated) == (True, True)
    assert world.events()[len(before) :] == ["auth.signed_in"]
    assert '"factor":"app"' in world.recorded()[-1].text
    with pytest.raises(UnauthenticatedError, match="took too long"):
        second(world, kit, waiting, one_time_codes.code_at(secret, LATER), LATER)


@pytest.mark.promise("P38")
@pytest.mark.parametrize("back", [0, 1])
def test_a_code_counts_once_and_so_does_none_before_it(world, kit, back):
    secret, _codes = set_up(world, kit, at_console(world))
    code = one_time_codes.code_at(secret, LATER)
    second(world, kit, first_step(world, kit, now=LATER), code, LATER)
    again = one_time_codes.code_at(secret, LATER - timedelta(seconds=30 * back))
    waiting = first_step(world, kit, now=LATER)
    with pytest.raises(UnauthenticatedError, match="wrong or was already used"):
        second(world, kit, waiting, again, LATER)
    assert world.events()[-1] == "auth.second_factor_refused"
    assert '"reason":"used_already"' in world.recorded()[-1].text


def test_the_code_that_set_an_app_up_opens_nothing(world, kit):
    secret, _codes = set_up(world, kit, at_console(world))
    with pytest.raises(UnauthenticatedError):
        second(world, kit, first_step(world, kit), one_time_codes.code_at(secret, NOON), NOON)


@pytest.mark.promise("P38")
def test_a_code_for_emergencies_lets_in_once(world, kit):
    _secret, codes = set_up(world, kit, at_console(world))
    opened = second(world, kit, first_step(world, kit), codes[3].upper())
    assert known(world, kit, opened.secret).actor.used_second_factor
    assert world.events()[-2:] == ["auth.recovery_code_used", "auth.signed_in"]
    with pytest.raises(UnauthenticatedError):
        second(world, kit, first_step(world, kit), codes[3])
    with world.reading(at_console(world)) as work:
        assert second_factors.show(work, None).codes_left == 9


def test_new_codes_take_the_place_of_all_earlier_ones(world, kit):
    _secret, codes = set_up(world, kit, at_console(world))
    with world.begin(at_console(world)) as work:
        newer = second_factors.renew_codes(work, tools=kit, now=NOON)
    with pytest.raises(UnauthenticatedError):
        second(world, kit, first_step(world, kit), codes[0])
    assert second(world, kit, first_step(world, kit), newer[0])


@pytest.mark.promise("P4")
def test_wrong_codes_must_wait_and_keep_nobody_else_waiting(world, kit):
    secret, _codes = set_up(world, kit, at_console(world))
    waiting = first_step(world, kit, now=LATER)
    for _ in range(PER_USER.free_attempts + 1):
        with pytest.raises(UnauthenticatedError):
            second(world, kit, waiting, "000000", LATER)
    with pytest.raises(ThrottledError):
        second(world, kit, waiting, one_time_codes.code_at(secret, LATER), LATER)
    assert isinstance(first_step(world, kit, now=LATER), Waiting)


@pytest.mark.parametrize("what", ["suspended", "another password", "too late"])
def test_who_waits_gets_in_no_more_once_something_has_changed(world, kit, what):
    _secret, codes = set_up(world, kit, at_console(world))
    waiting = first_step(world, kit)
    with world.wiring.database.engine.begin() as connection:
        change = sa.update(User).where(User.name == "writer")
        if what == "suspended":
            connection.execute(change.values(state=UserState.SUSPENDED))
        elif what == "another password":
            connection.execute(change.values(password_hash="another"))
    now = NOON + timedelta(minutes=10) if what == "too late" else NOON
    with pytest.raises(UnauthenticatedError, match="took too long"):
        second(world, kit, waiting, codes[0], now)


def test_the_first_factor_ends_sessions_that_were_opened_without_it(world, kit):
    here, elsewhere = first_step(world, kit), first_step(world, kit)
    set_up(world, kit, known(world, kit, here.secret, NOON).actor)
    assert known(world, kit, elsewhere.secret) is None
    assert known(world, kit, here.secret).actor.used_second_factor


def test_who_has_a_factor_confirms_by_it_and_not_by_the_password(world, kit):
    secret, _codes = set_up(world, kit, at_console(world))
    code = one_time_codes.code_at(secret, NOON + timedelta(minutes=2))
    entered = second(world, kit, first_step(world, kit), code, NOON + timedelta(minutes=2))
    then = NOON + timedelta(hours=1)
    actor = known(world, kit, entered.secret, then).actor
    assert not actor.is_elevated
    with world.reading(actor) as work:
        proof = sign_in.confirm_password(work, password=PASSWORD, tools=kit.sign_in)
    with world.begin(actor) as work, pytest.raises(ConflictError, match="second factor"):
        sign_in.elevate(work, proof, now=then)
    with world.begin(actor) as work:
        code = one_time_codes.code_at(secret, then)
        second_step.confirm_by_code(work, code=code, tools=kit, now=then)
    assert known(world, kit, entered.secret, then).actor.is_elevated
    assert world.events()[-1] == "session.elevated"


def test_a_password_opens_git_for_nobody_who_has_a_second_factor(world, kit):
    world.configure(CODARA_SIGN_IN__PASSWORD_OVER_GIT="true")

    def by_git():
        with world.reading(stranger(ORIGIN)) as work:
            return sign_in.password_for_git(
                work, name_or_email="writer", password=PASSWORD, tools=kit.sign_in
            )

    assert by_git().label == "writer"
    set_up(world, kit, at_console(world))
    with pytest.raises(UnauthenticatedError, match="access token"):
        by_git()


def test_with_the_last_factor_go_the_codes(world, kit):
    set_up(world, kit, at_console(world))
    set_up(world, kit, at_console(world), LATER, title="tablet")
    with world.reading(at_console(world)) as work:
        first, last = (each.id for each in second_factors.show(work, None).items)
    with world.begin(at_console(world)) as work:
        second_factors.remove(work, first)
        assert second_factors.show(work, None).codes_left == 10
        second_factors.remove(work, last)
        assert second_factors.show(work, None).codes_left == 0
    assert isinstance(first_step(world, kit), Opened)
    with world.begin(at_console(world)) as work, pytest.raises(NotFoundError):
        second_factors.remove(work, last)


def test_nobody_removes_a_factor_of_somebody_else(world, kit):
    world.administrator()
    set_up(world, kit, at_console(world))
    (factor_id,) = rows(world, sa.select(AuthenticatorApp.id))[0]
    with world.begin(at_console(world, "administrator")) as work, pytest.raises(NotFoundError):
        second_factors.remove(work, factor_id)


@pytest.mark.parametrize(
    ("role", "refusal"),
    [
        (InstanceRole.USER, RefusedError),
        (InstanceRole.AUDITOR, RefusedError),
        (InstanceRole.ADMINISTRATOR, None),
    ],
)
def test_an_administrator_takes_the_factors_of_who_has_lost_them_away(world, kit, role, refusal):
    actor = world.user("helper", instance=role)
    _secret, codes = set_up(world, kit, at_console(world))
    opened = second(world, kit, first_step(world, kit), codes[0])
    with world.begin(actor) as work, pytest.raises(refusal) if refusal else nullcontext():
        second_factors.reset(work, "writer", reason="lost the phone", now=NOON)
    if refusal:
        assert isinstance(first_step(world, kit), Waiting)
        return
    (told,) = world.recorded("auth.second_factors_reset")
    assert told.values["reason"].value == "lost the phone"
    assert known(world, kit, opened.secret) is None
    assert isinstance(first_step(world, kit), Opened)
    assert rows(world, sa.select(RecoveryCode.id)) == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_taking_factors_away_needs_a_reason(world, kit, reason):
    actor = world.administrator()
    set_up(world, kit, at_console(world))
    with world.begin(actor) as work, pytest.raises(InvalidError):
        second_factors.reset(work, "writer", reason=reason, now=NOON)


def test_nobody_has_more_factors_than_can_be_looked_through(world, kit, monkeypatch):
    monkeypatch.setattr(second_factors, "MOST_FACTORS", 1)
    set_up(world, kit, at_console(world))
    with pytest.raises(ConflictError, match="Remove one first"):
        set_up(world, kit, at_console(world), LATER)


def test_what_is_over_is_swept(world, kit):
    set_up(world, kit, at_console(world))
    first_step(world, kit)
    actor = replace(world.administrator(), instance_role=InstanceRole.ADMINISTRATOR)
    with world.begin(actor) as work:
        sessions.sweep(work, now=NOON + timedelta(hours=1))
    assert rows(world, sa.select(WaitingSignIn.id)) == []
    assert rows(world, sa.select(BrowserSession.id)) == []


@pytest.mark.promise("P38")
@pytest.mark.parametrize("end", ["switched off", "unlinked"])
def test_who_waits_does_not_get_in_by_what_leads_to_them_no_more(world, kit, end):
    by = provider(world)
    administrator = world.actor("administrator-corp")
    secret, _codes = set_up(world, kit, at_console(world))
    with world.begin(administrator) as work:
        made = identity_links.link(work, "writer", "corp", "s-1", now=NOON)
    arrived = arrive(world, by, claims("s-1"))
    with world.begin(stranger(ORIGIN)) as work:
        waiting = sign_in.by_provider(work, arrived, tools=kit.sign_in, now=NOON)
    with world.begin(administrator) as work:
        if end == "unlinked":
            identity_links.unlink(work, made.id, now=NOON)
        else:
            identity_providers.switch(work, "corp", is_enabled=False, now=NOON)

    code = one_time_codes.code_at(secret, LATER)
    with pytest.raises(UnauthenticatedError), world.begin(stranger(ORIGIN)) as work:
        second_step.enter_by_code(work, waiting.secret, code=code, tools=kit, now=LATER)

    assert rows(world, sa.select(BrowserSession.id)) == []
