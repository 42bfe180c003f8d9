"""Trying an OpenID provider: an administrator sees what it says, and nothing is opened."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.db.identity_providers import Identity
from appliance.domain.identity_providers import Gives, GroupRule
from appliance.services import identity_providers
from appliance.services.identity_providers import Changes
from tests.peers.openid_provider import There, start_openid_provider
from tests.services.arrivals import rule
from tests.web.saml_visits import steps_of, way_there
from tests.web.test_oidc import CALLBACK, OURS, SECRETS, WRITER, add, come_back
from tests.world import NOON

PLACE = "/administration/providers/corp"
BEFORE = ["discovery", "keys", "question"]
AFTER = ["answer", "discovery", "keys", "token", "claims", "user_info", "verdict"]


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
def browser(world, there):
    """The browser of an administrator; the provider is switched off."""
    world.configure(CODARA_SERVER__URL=OURS)
    add(world, there, "corp")
    with world.begin(world.actor("administrator-corp")) as work:
        identity_providers.switch(work, "corp", is_enabled=False, now=NOON)
    return world.browser("administrator-corp", elevated=True)


def tried(browser, name="writer") -> str:
    """Go there to try it; the address that is to be brought back."""
    return There().sign_in(way_there(browser.post(f"{PLACE}/try")), name)


def insist_that_nothing_opened(world) -> None:
    assert world.one(sa.select(Identity)) is None
    assert world.one(sa.select(sa.func.count(BrowserSession.id))) == 1


def test_a_set_up_is_looked_at_from_both_sides(world, browser, there):
    steps = steps_of(browser.post(f"{PLACE}/test"))

    assert list(steps) == BEFORE
    assert all(is_good for is_good, _ in steps.values())
    assert f'"issuer": "{there.issuer}"' in steps["discovery"][1]
    assert '"kty": "RSA"' in steps["keys"][1]
    assert "client_id: basic" in steps["question"][1]
    assert "state: •••" in steps["question"][1]
    assert world.recorded("auth.provider_tested")[-1].body["is_good"] is True


def test_an_answer_is_shown_with_what_would_come_of_it_and_opens_nothing(world, browser):
    world.organisation("lab")
    given = GroupRule("engineers", Gives.ORGANISATION, "lab", "owner")
    rule(world, world.actor("administrator-corp"), "corp", given)
    target = tried(browser)
    before = len(world.events())

    page = come_back(browser, target)

    steps = steps_of(page)
    assert list(steps) == [*AFTER, "person", "gives"]
    assert all(is_good for is_good, _ in steps.values())
    assert '"email": "writer@corp.example"' in steps["user_info"][1]
    assert '"sub": "writer"' in steps["claims"][1]
    assert "second factor: no" in steps["verdict"][1]
    assert steps["person"][1] == "created\nwriter"
    assert "engineers -> organisation lab owner" in steps["gives"][1]
    assert world.events()[before:] == ["auth.provider_tested"]
    insist_that_nothing_opened(world)


def test_what_opens_something_is_masked(world, browser):
    target = tried(browser)
    page = come_back(browser, target)

    shown = steps_of(page)
    code = target.partition("code=")[2].partition("&")[0]
    assert code
    assert code not in page.text
    assert SECRETS["basic"] not in page.text
    token = json.loads(shown["token"][1].partition("\n200\n")[2])
    for name in ("access_token", "id_token", "refresh_token"):
        assert token[name] == "•••"


def test_an_answer_is_shown_once(world, browser):
    target = tried(browser)
    assert come_back(browser, target).status_code == 200

    again = come_back(browser, target)

    assert "data-step" not in again.text
    insist_that_nothing_opened(world)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "another"}, "audience"),
        ({"nonce": "of another attempt"}, "nonce"),
        ({"exp": 1_700_000_000}, "expired"),
    ],
)
def test_an_answer_that_lies_is_shown_with_the_reason_for_refusing_it(
    world, browser, there, claims, reason
):
    there.tamper(claims)

    steps = steps_of(come_back(browser, tried(browser)))

    assert steps["verdict"] == (False, reason)
    assert "person" not in steps
    assert world.recorded("auth.provider_tested")[-1].body["is_good"] is False
    insist_that_nothing_opened(world)


def test_a_step_that_fails_is_shown_with_what_was_answered(world, browser, there):
    target = tried(browser)
    there.fail("/token")

    steps = steps_of(come_back(browser, target))

    assert steps["token"][0] is False
    assert "500" in steps["token"][1]
    assert steps["verdict"] == (False, "code_refused")


def test_a_provider_that_is_not_there_is_shown_as_that(world, browser):
    wanted = Changes(settings={"issuer_url": "http://127.0.0.1:9"})
    with world.begin(world.actor("administrator-corp")) as work:
        identity_providers.change(work, "corp", wanted, sealer=world.wiring.sealer)

    steps = steps_of(browser.post(f"{PLACE}/test"))

    assert steps["discovery"][0] is False
    assert steps["verdict"] == (False, "unavailable")
    assert browser.post(f"{PLACE}/try").status_code == 409


def test_somebody_whom_nobody_here_is_meant_by_is_shown_as_refused(world, browser):
    with world.begin(world.actor("administrator-corp")) as work:
        changes = Changes(policy={"creates_users": False})
        identity_providers.change(work, "corp", changes, sealer=world.wiring.sealer)

    is_good, said = steps_of(come_back(browser, tried(browser)))["person"]

    assert not is_good
    assert "no account here" in said


@pytest.mark.promise("P41")
def test_only_the_administrator_who_asked_sees_the_answer(world, browser):
    target = tried(browser)
    kept = browser.get_cookie("codara_attempt", path="/auth/")
    world.user("reader")
    other = world.browser("reader")
    other.set_cookie("codara_attempt", kept.value, path="/auth/")

    answer = come_back(other, target)

    assert answer.status_code == 403
    assert "data-step" not in answer.text


@pytest.mark.promise("P41")
def test_an_answer_to_a_trial_opens_nothing_in_another_browser(world, browser):
    target = tried(browser)
    with world.begin(world.actor("administrator-corp")) as work:
        identity_providers.switch(work, "corp", is_enabled=True, now=NOON)
    other = world.app.test_client()

    assert come_back(other, target).status_code == 401
    insist_that_nothing_opened(world)


def test_nobody_begins_a_trial_who_is_no_administrator(world, browser):
    world.user("reader")
    assert world.browser("reader").post(f"{PLACE}/try").status_code in {403, 404}
    asked = world.app.test_client().get("/auth/oidc/corp/login?act=try")
    assert asked.status_code == 404
