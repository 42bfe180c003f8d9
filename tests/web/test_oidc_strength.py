"""How strongly, and how lately, people have to show an OpenID provider who they are."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession, SessionActivity
from appliance.db.federation_tickets import FederationTicket
from appliance.errors import InvalidError
from appliance.services import identity_providers, oidc
from appliance.services.identity_providers import Changes
from tests.peers.openid_provider import There, start_openid_provider
from tests.services import factor_kit
from tests.web.test_oidc import (
    CALLBACK,
    OURS,
    WRITER,
    add,
    come_back,
    insist_on_refusal,
    leave,
    sign_in,
    why,
)

STRONG = "https://refeds.org/profile/mfa"


@pytest.fixture(scope="module")
def running_provider():
    with start_openid_provider(CALLBACK) as provider:
        yield provider


@pytest.fixture
def there(running_provider):
    running_provider.be_honest()
    running_provider.people(writer=WRITER)
    return running_provider


@pytest.fixture
def corp(world, there):
    world.configure(CODARA_SERVER__URL=OURS)
    return add(world, there, "corp")


def tell(world, **settings: Any) -> None:
    with world.begin(world.actor("administrator-corp")) as work:
        wanted = Changes(settings=settings)
        identity_providers.change(work, "corp", wanted, sealer=world.wiring.sealer)


def asked(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def test_contexts_are_asked_for_and_one_of_them_has_to_be_shown(world, corp, there):
    tell(world, contexts=["urn:gold", "urn:silver"])
    browser = world.app.test_client()
    address = leave(browser)
    assert asked(address)["acr_values"] == ["urn:gold urn:silver"]
    there.tamper({"acr": "urn:silver"})
    assert come_back(browser, There().sign_in(address, "writer")).status_code == 303
    assert world.one(sa.select(BrowserSession)).facts["context"] == "urn:silver"


@pytest.mark.promise("P41")
@pytest.mark.parametrize("shown", [None, "urn:bronze", "", ["urn:gold"], "urn:gold urn:silver"])
def test_who_shows_less_than_was_asked_for_does_not_enter(world, corp, there, shown):
    tell(world, contexts=["urn:gold", "urn:silver"])
    there.tamper({"acr": shown})
    insist_on_refusal(world, sign_in(world.app.test_client()), "context")


@pytest.mark.promise("P41")
@pytest.mark.parametrize(
    "settings", [{"step_up_contexts": ["urn:gold"]}, {"contexts": ["urn:gold"]}]
)
def test_a_sensitive_act_is_confirmed_only_as_strongly_as_was_asked(world, corp, there, settings):
    browser, theirs = world.app.test_client(), There()
    come_back(browser, theirs.sign_in(leave(browser), "writer"))
    tell(world, **settings)
    address = leave(browser, act="confirm")
    assert asked(address)["acr_values"] == ["urn:gold"]
    there.tamper({"acr": "urn:bronze"})
    assert come_back(browser, theirs.sign_in(address, "writer")).status_code == 401
    assert why(world) == ["context"]
    assert world.one(sa.select(SessionActivity)).elevated_until is None
    there.tamper({"acr": "urn:gold"})
    come_back(browser, theirs.sign_in(leave(browser, act="confirm"), "writer"))
    assert world.recorded("session.elevated")


def test_signing_in_is_not_asked_for_what_sensitive_acts_are(world, corp):
    tell(world, step_up_contexts=["urn:gold"])
    browser = world.app.test_client()
    assert "acr_values" not in asked(leave(browser))
    assert sign_in(browser).status_code == 303


def test_everybody_can_be_asked_anew(world, corp, there):
    tell(world, asks_anew=True)
    browser = world.app.test_client()
    address = leave(browser)
    assert (asked(address)["prompt"], asked(address)["max_age"]) == (["login"], ["0"])
    assert come_back(browser, There().sign_in(address, "writer")).status_code == 303


@pytest.mark.promise("P41")
@pytest.mark.parametrize("shown_at", [None, -600, "now", True, 10**40])
def test_who_was_not_asked_anew_does_not_enter(world, corp, there, shown_at):
    tell(world, asks_anew=True)
    is_old = isinstance(shown_at, int) and not isinstance(shown_at, bool) and shown_at < 0
    there.tamper({"auth_time": int(time.time()) + shown_at if is_old else shown_at})
    insist_on_refusal(world, sign_in(world.app.test_client()), "not_asked_anew")


@pytest.mark.parametrize(("seconds", "enters"), [(-3000, True), (-4000, False)])
def test_who_showed_it_too_long_ago_does_not_enter(world, corp, there, seconds, enters):
    tell(world, longest_ago_minutes=60)
    browser = world.app.test_client()
    address = leave(browser)
    assert asked(address)["max_age"] == ["3600"]
    assert "prompt" not in asked(address)
    there.tamper({"auth_time": int(time.time()) + seconds})
    answer = come_back(browser, There().sign_in(address, "writer"))
    assert answer.status_code == (303 if enters else 401)


@pytest.mark.parametrize(
    ("settings", "said", "counts"),
    [
        ({}, {"amr": ["pwd", "mfa"]}, True),
        ({}, {"amr": ["pwd"]}, False),
        ({}, {"acr": STRONG}, False),
        ({"second_factor_methods": []}, {"amr": ["pwd", "mfa"]}, False),
        ({"second_factor_methods": ["fido"]}, {"amr": ["fido"]}, True),
        ({"second_factor_methods": [], "second_factor_contexts": [STRONG]}, {"acr": STRONG}, True),
        ({"second_factor_contexts": [STRONG]}, {"acr": f"{STRONG}/no"}, False),
    ],
)
def test_administrators_say_what_counts_as_a_second_factor(
    world, corp, there, settings, said, counts
):
    sign_in(world.app.test_client())
    factor_kit.set_up(world, factor_kit.kit_of(world), factor_kit.at_console(world))
    tell(world, **settings)
    there.tamper(said)

    answer = sign_in(world.app.test_client(), next="/settings")

    assert (answer.headers["Location"] == "/settings") is counts
    sessions = world.one(sa.select(sa.func.count(BrowserSession.id)))
    assert sessions == (2 if counts else 1)


def test_a_context_is_one_word(world, corp):
    with pytest.raises(InvalidError, match="one word"):
        tell(world, contexts=["two words"])


@pytest.mark.promise("P41")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_begins_again_and_again_has_to_wait(world, corp):
    browser = world.app.test_client()
    throttle, place = world.wiring.oidc.beginnings, "begun 127.0.0.1"
    for _ in range(1000):
        assert throttle.check(place) == 0

    statuses = [browser.get("/auth/oidc/corp/login").status_code for _ in range(5)]

    assert statuses[-1] == 429
    kept = world.one(sa.select(sa.func.count(FederationTicket.id)))
    assert kept <= statuses.count(200)


def test_who_comes_back_counts_no_more(world, corp):
    throttle, place = world.wiring.oidc.beginnings, "begun 127.0.0.1"
    for _ in range(999):
        throttle.check(place)

    assert [sign_in(world.app.test_client()).status_code for _ in range(3)] == [303] * 3
    assert oidc.ATTEMPT_LIVES.total_seconds() == throttle._pace.window_seconds
