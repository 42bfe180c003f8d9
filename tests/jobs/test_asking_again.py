"""OpenID providers are asked in the background who may still enter, and is in which groups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.db.identity_grants import IdentityGrant
from appliance.db.identity_providers import Identity
from appliance.db.outbox import JobRecord
from appliance.db.users import User, UserState
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.jobs import asking_again
from appliance.jobs.schedule import AGENDA
from appliance.services import identity_providers, oidc_grants
from appliance.services.identity_providers import Changes
from tests.peers.openid_provider import start_openid_provider
from tests.web.test_oidc import CALLBACK, OURS, WRITER, add, sign_in, why


@pytest.fixture(scope="module")
def running_provider():
    with start_openid_provider(CALLBACK) as provider:
        yield provider


@pytest.fixture
def there(running_provider):
    running_provider.be_honest()
    running_provider.fail()
    running_provider.people(writer=WRITER)
    return running_provider


@pytest.fixture
def corp(world, there):
    world.configure(CODARA_SERVER__URL=OURS)
    add(world, there, "corp")
    tell(world, refresh_minutes=15)
    return there


def tell(world, **settings: object):
    with world.begin(world.actor("administrator-corp")) as work:
        sealer = world.wiring.sealer
        identity_providers.change(work, "corp", Changes(settings=settings), sealer=sealer)


def signed_in(world):
    browser = world.app.test_client()
    assert sign_in(browser).status_code == 303
    return browser


def is_in(browser) -> bool:
    return browser.get("/settings").status_code == 200


def write(world, statement):
    with world.wiring.database._writing() as session, session.begin():
        session.execute(statement)


def ask(world):
    """A quarter of an hour later."""
    write(world, sa.update(IdentityGrant).values(ask_at=datetime.now(UTC) - timedelta(seconds=1)))
    asking_again.ask_again(world.wiring, None, lambda *_: None)


def the_writer(world):
    return world.one(sa.select(User).where(User.name == "writer"))


def grant(world):
    return world.one(sa.select(IdentityGrant))


def test_groups_and_names_follow_without_anybody_signing_in(world, corp):
    browser = signed_in(world)
    corp.people(writer={**WRITER, "groups": ["auditors"], "name": "Another Name"})
    ask(world)
    assert world.one(sa.select(Identity)).groups == ["auditors"]
    assert the_writer(world).display_name == "Another Name"
    assert is_in(browser)
    ask(world)  # By the refresh token that came last.
    assert is_in(browser)
    assert grant(world).ask_at > datetime.now(UTC)


def test_whom_the_provider_no_longer_knows_is_signed_out(world, corp):
    browser = signed_in(world)
    corp.people()
    ask(world)
    assert not is_in(browser)
    assert the_writer(world).state is UserState.ACTIVE
    assert grant(world) is None


def test_where_it_is_set_so_tokens_and_keys_end_too_until_they_sign_in_again(world, corp):
    tell(world, refusal_ends="access")
    browser = signed_in(world)
    corp.people()
    ask(world)
    assert not is_in(browser)
    assert the_writer(world).state is UserState.SUSPENDED
    corp.people(writer=WRITER)
    assert is_in(signed_in(world))


@pytest.mark.parametrize("place", ["/token", "/me"])
def test_a_provider_that_fails_ends_nothing_and_is_asked_later(world, corp, place):
    browser = signed_in(world)
    corp.fail(place)
    ask(world)
    assert is_in(browser)
    assert timedelta(0) < grant(world).ask_at - datetime.now(UTC) <= oidc_grants.AFTER_FAILURE
    assert why(world) == ["refresh" if place == "/token" else "user_info"]
    corp.fail()
    ask(world)
    assert is_in(browser)


def test_a_secret_that_is_wrong_ends_nothing(world, corp):
    browser = signed_in(world)
    tell(world, client_secret="wrong")
    ask(world)
    assert is_in(browser)
    assert why(world) == ["refresh"]


def test_an_answer_about_somebody_else_is_not_believed(world, corp):
    browser = signed_in(world)
    corp.tamper({"sub": "administrator"})
    ask(world)
    assert is_in(browser)
    assert why(world) == ["subject"]


def test_who_is_signed_in_nowhere_is_asked_about_no_more(world, corp):
    signed_in(world)
    write(world, sa.update(BrowserSession).values(revoked_at=datetime.now(UTC)))
    corp.people()
    ask(world)
    assert grant(world).ask_at is None
    assert the_writer(world).state is UserState.ACTIVE


def test_a_session_that_has_to_be_confirmed_is_by_the_providers_word(world, corp):
    with world.begin(world.actor("administrator-corp")) as work:
        changes = Changes(policy={"ask_again_seconds": 300})
        identity_providers.change(work, "corp", changes, sealer=world.wiring.sealer)
    browser = signed_in(world)
    soon = datetime.now(UTC) + timedelta(seconds=5)
    write(world, sa.update(BrowserSession).values(ask_again_at=soon))
    ask(world)
    assert world.one(sa.select(BrowserSession.ask_again_at)) > soon
    assert is_in(browser)


def test_who_signed_in_meanwhile_is_not_signed_out_by_an_old_answer(world, corp):
    signed_in(world)
    with world.wiring.database.reading(appliance()) as work:
        identity_id = world.one(sa.select(IdentityGrant.id))
        planned = oidc_grants.plan(work, identity_id, tools=world.wiring.oidc)
    browser = signed_in(world)
    with world.wiring.database.begin(appliance()) as work:
        oidc_grants.refuse(work, planned, tools=world.wiring.oidc, now=datetime.now(UTC))
    assert is_in(browser)


def test_no_token_lies_readable_in_the_database(world, corp):
    signed_in(world)
    with world.wiring.database.reading(appliance()) as work:
        identity_id = world.one(sa.select(IdentityGrant.id))
        planned = oidc_grants.plan(work, identity_id, tools=world.wiring.oidc)
    assert planned.refresh_token.encode() not in grant(world).sealed


def test_the_scheduler_promises_it_when_somebody_is_due(world, corp):
    signed_in(world)
    promised = sa.select(JobRecord).where(JobRecord.job == Job.ASK_PROVIDERS_AGAIN)
    entry = next(each for each in AGENDA if each.regular.name == "ask-again")
    for minutes, is_promised in ((0, False), (16, True)):
        with world.begin(appliance()) as work:
            entry.promise(work, datetime.now(UTC) + timedelta(minutes=minutes))
        assert (world.one(promised) is not None) is is_promised
