"""How many sessions there are at once, in which browser they count, and ending all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.credentials import AccessToken
from appliance.db.second_factors import WaitingSignIn
from appliance.domain.identity import Method, stranger
from appliance.domain.permissions import Scope
from appliance.errors import ElevationRequiredError, RefusedError
from appliance.services import identify, sessions, sign_in
from tests.services.factor_kit import ORIGIN, at_console, first_step, kit_of, set_up
from tests.world import NOON, PASSWORD


@pytest.fixture
def kit(world):
    world.user("writer", password=PASSWORD)
    return kit_of(world)


def enter(world, kit, device, now=NOON):
    origin = replace(ORIGIN, device=device)
    with world.reading(stranger(origin)) as work:
        proof = sign_in.check_password(
            work, name_or_email="writer", password=PASSWORD, tools=kit.sign_in
        )
    with world.begin(stranger(origin)) as work:
        return sign_in.sign_in(work, proof, tools=kit.sign_in, now=now)


def known(world, kit, secret, device="", now=NOON):
    origin = replace(ORIGIN, device=device)
    with world.reading(stranger(origin)) as work:
        key = kit.sign_in.fingerprint_key
        return identify.by_session(work, secret, origin=origin, fingerprint_key=key, now=now)


@pytest.mark.promise("P5")
def test_a_session_counts_in_the_browser_alone_that_opened_it(world, kit):
    opened = enter(world, kit, "a" * 43)
    assert known(world, kit, opened.secret, "a" * 43).user.name == "writer"
    assert known(world, kit, opened.secret, "b" * 43) is None
    assert known(world, kit, opened.secret) is None
    assert "a" * 43 not in repr(opened) + repr(replace(ORIGIN, device="a" * 43))
    assert "a" * 43 not in opened.session.device_hash
    unbound = enter(world, kit, "")
    assert known(world, kit, unbound.secret, "b" * 43)


def test_one_session_too_many_ends_the_one_that_was_used_least_lately(world, kit):
    world.configure(CODARA_SIGN_IN__SESSIONS_AT_ONCE="2")
    first, second = enter(world, kit, ""), enter(world, kit, "", NOON + timedelta(minutes=1))
    with world.begin(at_console(world)) as work:
        later = NOON + timedelta(minutes=2)
        identify.touch_session(work, first.session.id, now=later)
    third = enter(world, kit, "", NOON + timedelta(minutes=3))
    now = NOON + timedelta(minutes=3)
    assert known(world, kit, first.secret, now=now)
    assert known(world, kit, second.secret, now=now) is None
    assert known(world, kit, third.secret, now=now)
    told = world.recorded("session.revoked")[0]
    assert told.body["why"] == "too_many"


@pytest.mark.promise("P5")
@pytest.mark.parametrize("with_tokens", [False, True])
def test_signing_out_everywhere_ends_every_session_and_tokens_if_asked(world, kit, with_tokens):
    world.token("writer", Scope.USER)
    here, elsewhere = enter(world, kit, ""), enter(world, kit, "")
    actor = known(world, kit, here.secret).actor
    with world.begin(actor) as work:
        ended = sessions.sign_out_everywhere(work, with_tokens=with_tokens, now=NOON)
    assert (ended.sessions, ended.tokens) == (2, int(with_tokens))
    assert known(world, kit, here.secret) is None
    assert known(world, kit, elsewhere.secret) is None
    standing = sa.select(AccessToken.id).where(AccessToken.revoked_at.is_(None))
    assert (world.one(standing) is None) == with_tokens


def test_who_waits_for_the_second_step_waits_no_more(world, kit):
    set_up(world, kit, at_console(world))
    first_step(world, kit)
    with world.begin(at_console(world)) as work:
        sessions.sign_out_everywhere(work, with_tokens=False, now=NOON)
    assert world.one(sa.select(WaitingSignIn)) is None


def test_revoking_tokens_asks_who_it_is(world, kit):
    browser = world.actor("writer", method=Method.SESSION)
    with world.begin(browser) as work, pytest.raises(ElevationRequiredError):
        sessions.sign_out_everywhere(work, with_tokens=True, now=NOON)


def test_somebody_else_is_signed_out_by_administrators_alone(world, kit):
    enter(world, kit, "")
    for actor, refusal in ((world.user("reader"), True), (world.administrator(), False)):
        with world.begin(actor) as work:
            if refusal:
                with pytest.raises(RefusedError):
                    sessions.sign_out_everywhere(work, name="writer", with_tokens=True, now=NOON)
                continue
            ended = sessions.sign_out_everywhere(work, name="writer", with_tokens=True, now=NOON)
            assert ended.sessions == 1
