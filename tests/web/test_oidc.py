"""Signing in by a real OpenID provider, and what is refused when it, or somebody between, lies."""

from __future__ import annotations

import re
import time
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession, SessionActivity
from appliance.db.federation_tickets import FederationTicket
from appliance.db.identity_providers import Identity
from appliance.db.users import User
from appliance.domain.identity_providers import ProviderKind
from appliance.federation import oidc_tokens
from appliance.federation.oidc import LEAST_PAUSE
from appliance.federation.oidc_settings import OidcSettings
from appliance.services import identity_providers
from appliance.services.identity_providers import Changes, NewProvider
from tests.peers.openid_provider import There, start_openid_provider
from tests.web.oidc_lies import LIES, SHARED
from tests.world import NOON

OURS = "http://127.0.0.1:8080"
CALLBACK = f"{OURS}/auth/oidc/corp/callback"
SECRETS = {"basic": "a secret: 100% & more", "post": "another secret", "key": ""}
WRITER = {
    "preferred_username": "writer",
    "name": "A Writer",
    "email": "writer@corp.example",
    "email_verified": True,
    "groups": ["engineers"],
}


@pytest.fixture(scope="module")
def running_provider():
    with start_openid_provider(CALLBACK) as provider:
        yield provider


@pytest.fixture
def there(running_provider):
    """The provider, honest, with one person in it."""
    running_provider.be_honest()
    running_provider.people(writer=WRITER)
    return running_provider


@pytest.fixture
def corp(world, there):
    """The provider as the appliance knows it."""
    world.configure(CODARA_SERVER__URL=OURS)
    return add(world, there, "corp")


def add(world, there, name, client="basic", domains=()):
    administrator = world.administrator(f"administrator-{name}")
    wanted = NewProvider(
        name=name,
        kind=ProviderKind.OIDC,
        label=name.capitalize(),
        settings={
            "issuer_url": there.issuer,
            "client_id": client,
            "client_secret": SECRETS[client],
            "client_authentication": "private_key" if client == "key" else "secret",
            "scopes": ["openid", "profile", "email", "groups"],
        },
        domains=domains,
        policy={"creates_users": True},
    )
    with world.begin(administrator) as work:
        identity_providers.add(work, wanted, sealer=world.wiring.sealer, now=NOON)
    with world.begin(administrator) as work:
        return identity_providers.switch(work, name, is_enabled=True, now=NOON)


def leave(browser, provider="corp", **asked: str):
    """Begin to sign in; gives the address at the provider that the browser is sent to."""
    page = browser.get(f"/auth/oidc/{provider}/login", query_string=asked)
    assert page.status_code == 200, page.text
    return unescape(re.search(r'content="0; url=([^"]+)"', page.text)[1])


def come_back(browser, target):
    parts = urlsplit(target)
    return browser.get(f"{parts.path}?{parts.query}")


def sign_in(browser, name="writer", **asked: str):
    return come_back(browser, There().sign_in(leave(browser, **asked), name))


def why(world):
    return [each.body["reason"] for each in world.recorded("auth.assertion_refused")]


def insist_on_refusal(world, answer, reason):
    """It was refused, the log says why, and the page does not."""
    assert answer.status_code == 401
    assert why(world) == [reason]
    assert reason not in answer.text
    assert "cannot be used" in answer.text
    assert world.one(sa.select(BrowserSession)) is None


def test_somebody_signs_in_and_is_known_with_groups_and_address(world, corp):
    browser = world.app.test_client()
    answer = sign_in(browser, next="/settings")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
    assert browser.get("/settings").status_code == 200
    identity = world.one(sa.select(Identity))
    assert (identity.subject, identity.said_email) == ("writer", "writer@corp.example")
    assert identity.groups == ["engineers"]
    assert world.one(sa.select(User).where(User.name == "writer")).display_name == "A Writer"


@pytest.mark.parametrize("client", ["post", "key"])
def test_the_appliance_shows_who_it_is_in_every_way(world, there, client):
    world.configure(CODARA_SERVER__URL=OURS)
    add(world, there, "corp", client)
    browser = world.app.test_client()
    there.know(browser.get("/auth/oidc/corp/jwks").get_json())
    assert sign_in(browser).status_code == 303, why(world)


def test_the_appliances_key_is_shown_without_what_is_secret_and_one_for_each(world, corp, there):
    add(world, there, "other")
    browser = world.app.test_client()
    shown = [
        browser.get(f"/auth/oidc/{name}/jwks").get_json()["keys"] for name in ("corp", "other")
    ]
    assert [set(keys[0]) for keys in shown] == [{"alg", "crv", "kid", "kty", "use", "x", "y"}] * 2
    assert shown[0] != shown[1]


def test_the_browser_is_led_nowhere_else(world, corp):
    answer = sign_in(world.app.test_client(), next="https://elsewhere.test/")
    assert answer.headers["Location"] == "/"


def test_what_is_asked_is_bound_to_the_browser_and_fresh_each_time(world, corp):
    browser = world.app.test_client()
    asked = [parse_qs(urlsplit(leave(browser)).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["redirect_uri"] == [CALLBACK]


def test_confirming_has_them_asked_anew(world, corp):
    browser, there = world.app.test_client(), There()
    come_back(browser, there.sign_in(leave(browser), "writer"))
    activity = world.one(sa.select(SessionActivity))
    assert activity.elevated_until is None
    address = leave(browser, act="confirm", next="/settings")
    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    answer = come_back(browser, there.sign_in(address, "writer"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
    assert world.recorded("session.elevated")


def test_who_was_not_asked_anew_has_not_confirmed(world, corp, there):
    browser, theirs = world.app.test_client(), There()
    come_back(browser, theirs.sign_in(leave(browser), "writer"))
    there.tamper({"auth_time": int(time.time()) - 600})
    answer = come_back(browser, theirs.sign_in(leave(browser, act="confirm"), "writer"))
    assert answer.status_code == 401
    assert why(world) == ["not_asked_anew"]


def test_a_key_that_is_not_known_yet_is_asked_for_once(world, corp, there):
    assert sign_in(world.app.test_client()).status_code == 303
    there.rotate()
    memory = world.wiring.oidc.memory
    for known in memory._known.values():
        known.keys_at -= LEAST_PAUSE
    assert sign_in(world.app.test_client()).status_code == 303


def test_unknown_keys_do_not_make_the_appliance_ask_again_and_again(world, corp, there):
    assert sign_in(world.app.test_client()).status_code == 303
    there.rotate()
    assert sign_in(world.app.test_client()).status_code == 401
    assert why(world) == ["unknown_key"]


@pytest.mark.promise("P41")
@pytest.mark.parametrize("lie", LIES)
def test_an_id_token_that_lies_is_refused(world, corp, there, lie):
    words, reason = LIES[lie]
    there.publish({"kty": "oct", "kid": "shared", "k": SHARED})
    there.tamper(**words)
    insist_on_refusal(world, sign_in(world.app.test_client()), reason)


@pytest.mark.promise("P41")
def test_an_answer_counts_once(world, corp):
    browser = world.app.test_client()
    target = There().sign_in(leave(browser), "writer")
    assert come_back(browser, target).status_code == 303
    assert come_back(browser, target).status_code == 401
    assert why(world) == ["unknown_state"]


def test_an_answer_that_comes_late_is_refused(world, corp):
    browser = world.app.test_client()
    target = There().sign_in(leave(browser), "writer")
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(FederationTicket).values(expires_at=NOON))
    insist_on_refusal(world, come_back(browser, target), "too_late")


@pytest.mark.promise("P41")
def test_a_stolen_answer_is_of_no_use_in_another_browser(world, corp):
    target = There().sign_in(leave(world.app.test_client()), "writer")
    thief = world.app.test_client()
    leave(thief)
    insist_on_refusal(world, come_back(thief, target), "other_browser")


def test_a_stolen_code_is_of_no_use_in_an_attempt_of_ones_own(world, corp):
    stolen = There().sign_in(leave(world.app.test_client()), "writer")
    thief = world.app.test_client()
    own = parse_qs(urlsplit(leave(thief)).query)["state"][0]
    theirs = parse_qs(urlsplit(stolen).query)["state"][0]
    insist_on_refusal(world, come_back(thief, stolen.replace(theirs, own)), "code_refused")


def test_an_answer_at_another_providers_door_is_refused(world, corp, there):
    add(world, there, "other")
    browser = world.app.test_client()
    target = There().sign_in(leave(browser), "writer")
    answer = come_back(browser, target.replace("/corp/", "/other/"))
    insist_on_refusal(world, answer, "mixed_up")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda query: re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Felsewhere.test", query), "mixed_up"),
        (lambda query: re.sub(r"&?iss=[^&]+", "", query), "no_issuer"),
        (lambda query: re.sub(r"code=[^&]+", "code=made-up", query), "code_refused"),
        (lambda query: re.sub(r"code=[^&]+", "error=access_denied", query), "provider_said_no"),
        (lambda query: re.sub(r"code=[^&]+&?", "", query), "no_code"),
        (lambda query: re.sub(r"state=[^&]+", "state=made-up", query), "unknown_state"),
    ],
)
def test_a_changed_answer_is_refused(world, corp, change, reason):
    browser = world.app.test_client()
    target = There().sign_in(leave(browser), "writer")
    insist_on_refusal(world, come_back(browser, change(target)), reason)


def test_a_provider_that_is_another_than_it_says_is_refused(world, corp, there):
    wanted = Changes(settings={"issuer_url": there.issuer.replace("127.0.0.1", "localhost")})
    with world.begin(world.actor("administrator-corp")) as work:
        identity_providers.change(work, "corp", wanted, sealer=world.wiring.sealer)
    answer = world.app.test_client().get("/auth/oidc/corp/login")
    insist_on_refusal(world, answer, "discovery_issuer")


def test_a_provider_is_reached_only_where_requests_may_go(world, corp):
    world.configure(CODARA_SIGN_IN__PROVIDER_PRIVATE_ADDRESSES="false")
    insist_on_refusal(world, world.app.test_client().get("/auth/oidc/corp/login"), "address")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_browser_is_led_by_an_address_to_the_provider_and_back(served, chromium):
    world, url = served.world, served.url
    with start_openid_provider(f"{url}/auth/oidc/corp/callback") as there:
        there.people(writer=WRITER)
        add(world, there, "corp", domains=("corp.example",))
        context = chromium.new_context(base_url=url)
        page = context.new_page()
        page.goto("/sign-in?next=/settings")
        page.locator('input[name="name"]').fill("writer@corp.example")
        page.keyboard.press("Enter")
        page.locator('input[name="login"]').fill("writer")
        page.locator('input[name="password"]').fill("any")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/settings")
        assert page.locator('input[name="display_name"]').input_value() == "A Writer"
        context.close()


@pytest.mark.promise("P41")
def test_a_stranger_who_comes_back_with_nothing_does_not_fill_the_log(world, corp):
    stranger = world.app.test_client()

    answers = [stranger.get(f"{CALLBACK}?state={n}").status_code for n in range(40)]

    assert (answers[0], answers[-1]) == (401, 429)
    assert len(why(world)) < 30
    assert sign_in(world.app.test_client()).status_code == 303


@pytest.mark.promise("P22")
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_page_elsewhere_leads_somebody_to_link_an_identity(world, corp, site):
    browser = world.app.test_client()
    place, elsewhere = "/auth/oidc/corp/login", {"Sec-Fetch-Site": site}

    assert browser.get(f"{place}?act=link", headers=elsewhere).status_code == 400
    assert world.one(sa.select(FederationTicket)) is None
    assert browser.get(f"{place}?act=sign_in", headers=elsewhere).status_code == 200
    own = {"Sec-Fetch-Site": "same-origin"}
    assert browser.get(f"{place}?act=link", headers=own).status_code == 200


def test_a_long_way_back_is_not_kept(world, corp):
    leave(world.app.test_client(), next="/" + "x" * 5000)

    assert world.one(sa.select(FederationTicket)).facts["target"] == "/"


@pytest.mark.promise("P41")
def test_whether_an_address_is_verified_is_said_of_that_very_address():
    settings = OidcSettings.model_construct(name_claim="name", groups_claim="groups")
    signed = {"sub": "s", "email": "somebody@corp.example"}
    told = {"sub": "s", "email": "other@corp.example", "email_verified": True}

    assert oidc_tokens.claims(signed, told, settings).verified_addresses == ()
    assert oidc_tokens.claims({"sub": "s"}, told, settings).verified_addresses == (
        "other@corp.example",
    )
