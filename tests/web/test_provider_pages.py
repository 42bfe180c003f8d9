"""Identity providers in the portal: set up, used at the door, linked to people, confirmed by."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import flask
import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.domain.claims import Claims
from appliance.domain.permissions import Scope
from appliance.services import offered_providers, provider_kinds
from appliance.web import provider_doors, requests
from appliance.web.pages import setting_words
from tests.services.arrivals import SECRET, arrive, claims, provider
from tests.world import PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLACE = "/administration/providers"
FORM = {
    "kind": "oidc",
    "name": "corp",
    "label": "Corp",
    "setting-issuer_url": "https://id.example",
    "setting-client_id": "codara",
    "setting-client_authentication": "secret",
    "setting-client_secret": SECRET,
    "setting-scopes": "openid\nemail",
    "domains": "corp.example",
    "creates_users": "yes",
    "keeps_profile": "yes",
    "link_by": "nothing",
    "ask_again_seconds": "0",
}


@pytest.fixture
def administrator(world):
    """The browser of an administrator who has confirmed lately that it is them."""
    world.administrator()
    return world.browser("administrator", elevated=True)


@pytest.fixture
def door(world):
    """A way to a sign-in system that vouches at once for whom the test says, with those facts."""
    said: dict[str, object] = {}

    def login(provider: str) -> object:
        with requests.reading() as work:
            offered = offered_providers.named(work, provider, said["kind"])
        act = provider_doors.act_of(flask.request.args.get("act"))
        target = flask.request.args.get("next", "/")
        return provider_doors.come_back(act, offered.id, said["claims"], target=target)

    world.app.view_functions["oidc.login"] = login
    world.app.config["WTF_CSRF_ENABLED"] = False

    def vouch(found: Claims) -> None:
        said["claims"] = found
        said["kind"] = world.one(sa.select(IdentityProvider)).kind

    return vouch


def fresh(**said: str):
    """Claims of somebody who has shown there just now who they are."""
    return claims(facts={"shown_at": datetime.now(UTC), "external_id": "there-1"}, **said)


def test_a_provider_is_set_up_changed_switched_and_deleted(world, administrator):
    assert "OpenID Connect" in administrator.get(f"{PLACE}/new").text
    form = administrator.get(f"{PLACE}/new?kind=oidc").text
    assert all(f'name="setting-{name}"' in form for name in ("issuer_url", "scopes", "authority"))

    made = administrator.post(f"{PLACE}/new", data=FORM)

    assert made.status_code == 303, made.text
    page = administrator.get(f"{PLACE}/corp").text
    assert SECRET not in page
    assert world.one(sa.select(IdentityProvider)).settings["scopes"] == ["openid", "email"]
    changed = {**FORM, "label": "Corporation", "setting-client_secret": "", "creates_users": ""}
    assert administrator.post(f"{PLACE}/corp", data=changed).status_code == 303
    row = world.one(sa.select(IdentityProvider))
    assert (row.label, row.policy["creates_users"], row.secrets is None) == (
        "Corporation",
        False,
        False,
    )
    assert administrator.post(f"{PLACE}/corp/enable").status_code == 303
    assert administrator.post(f"{PLACE}/corp/delete", data={"confirm": "corp"}).status_code == 409
    assert administrator.post(f"{PLACE}/corp/disable").status_code == 303
    assert administrator.post(f"{PLACE}/corp/delete", data={"confirm": "x"}).status_code == 422
    assert administrator.post(f"{PLACE}/corp/delete", data={"confirm": "corp"}).status_code == 303
    assert "No identity providers" in administrator.get(PLACE).text


def test_a_form_that_is_wrong_comes_back_with_what_was_typed(administrator):
    wrong = {**FORM, "setting-issuer_url": "http://id.example", "label": "Typed"}

    answer = administrator.post(f"{PLACE}/new", data=wrong)

    assert answer.status_code == 422
    assert "An issuer is an https address." in answer.text
    assert 'value="Typed"' in answer.text
    assert SECRET not in answer.text


def test_what_the_other_side_has_to_know_stands_on_both_pages(administrator):
    described = administrator.get(f"{PLACE}/new?kind=oidc").text
    administrator.post(f"{PLACE}/new", data=FORM)
    shown = administrator.get(f"{PLACE}/corp").text

    for last in ("callback", "jwks", "backchannel-logout", "frontchannel-logout"):
        assert f"/auth/oidc/NAME/{last}" in described
        assert f"/auth/oidc/corp/{last}" in shown
    assert "/auth/saml/metadata" in administrator.get(f"{PLACE}/new?kind=saml").text


def test_a_directory_begins_with_what_is_usual_for_its_product(administrator):
    offered = administrator.get(f"{PLACE}/new").text
    assert f"{PLACE}/new?kind=ldap&amp;like=active_directory" in offered
    active = administrator.get(f"{PLACE}/new?kind=ldap&like=active_directory").text
    plain = administrator.get(f"{PLACE}/new?kind=ldap&like=openldap").text

    assert 'value="objectGUID"' in active
    assert "sAMAccountName\nuserPrincipalName</textarea>" in active
    assert '<option value="chain" selected>' in active
    assert 'value="entryUUID"' in plain


def test_rules_are_added_and_removed_on_the_page(world, administrator):
    world.organisation("lab")
    administrator.post(f"{PLACE}/new", data=FORM)
    rule = {"group": "engineers", "gives": "organisation", "target": "lab", "role": "owner"}

    assert administrator.post(f"{PLACE}/corp/rules", data=rule).status_code == 303
    page = administrator.get(f"{PLACE}/corp").text
    assert "<code>engineers</code>" in page
    remove = re.search(rf'action="({PLACE}/corp/rules/[^"]+/remove)"', page)[1]
    assert administrator.post(remove).status_code == 303
    assert administrator.post(f"{PLACE}/corp/rules", data={**rule, "role": ""}).status_code == 422


def test_the_order_on_the_page_is_that_of_the_buttons(world, administrator, door):
    for name in ("one", "two"):
        domains = {"domains": f"{name}.example"}
        administrator.post(f"{PLACE}/new", data={**FORM, "name": name, "label": name, **domains})
        administrator.post(f"{PLACE}/{name}/enable")
    assert administrator.post(f"{PLACE}/two/first").status_code == 303

    page = world.app.test_client().get("/sign-in").text

    assert re.findall(r'href="/auth/oidc/(\w+)/login', page) == ["two", "one"]


def test_a_provider_that_is_off_is_not_offered(world, administrator, door):
    administrator.post(f"{PLACE}/new", data=FORM)

    assert "/auth/oidc/" not in world.app.test_client().get("/sign-in").text
    led = world.app.test_client().post("/sign-in", data={"name": "a@corp.example"})
    assert 'name="password"' in led.text


def test_an_address_of_its_domain_leads_to_it_and_others_to_the_password(world, door):
    provider(world, domains=("corp.example",))
    browser = world.app.test_client()

    led = browser.post("/sign-in", data={"name": "a@Corp.Example", "next": "/lab"})

    assert led.status_code == 303
    assert led.headers["Location"] == "/auth/oidc/corp/login?next=/lab&act=sign_in"
    assert 'name="password"' in browser.post("/sign-in", data={"name": "a@other.example"}).text


def test_who_comes_back_is_signed_in_and_told_their_name(world, door):
    by = provider(world)
    world.user("writer", password=PASSWORD)
    door(fresh())
    browser = world.app.test_client()

    back = browser.get("/auth/oidc/corp/login?next=/settings")

    assert (back.status_code, back.headers["Location"]) == (303, "/settings")
    assert "You are called writer-2 here, because writer is taken" in browser.get("/settings").text
    session = world.one(sa.select(BrowserSession))
    assert (session.provider_id, session.external_id) == (by.provider.id, "there-1")
    told = world.recorded("auth.signed_in")[-1]
    assert told.body["provider_id"] == str(by.provider.id)


def test_nobody_is_led_away_after_they_come_back(world, door):
    provider(world)
    door(fresh())

    back = world.app.test_client().get("/auth/oidc/corp/login?next=https://evil.example/")

    assert back.headers["Location"] == "/"


def test_who_may_not_enter_gets_a_page_that_does_not_say_why(world, door):
    provider(world, creates_users=False)
    door(fresh())

    answer = world.app.test_client().get("/auth/oidc/corp/login")

    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers or "codara_session" not in str(answer.headers)
    assert world.recorded("auth.assertion_refused")[0].body["reason"] == "not_known"


def test_a_session_of_a_provider_is_confirmed_there(world, door):
    provider(world)
    door(claims())
    browser = world.app.test_client()
    browser.get("/auth/oidc/corp/login")
    page = browser.get("/confirm?next=/settings/email").text
    assert 'name="password"' not in page
    again = re.search(r'href="(/auth/oidc/corp/login[^"]+)"', page)[1].replace("&amp;", "&")

    assert browser.get(again).status_code == 409
    door(fresh(subject="s-2", name="other"))
    assert browser.get(again).status_code == 409
    assert browser.get("/settings/email").status_code != 200
    door(fresh())
    assert browser.get(again).headers["Location"] == "/settings/email"
    assert browser.get("/settings/email").status_code == 200


def test_a_person_links_and_unlinks_their_own(world, door):
    provider(world)
    world.user("writer", password=PASSWORD)
    browser = world.browser("writer", elevated=True)
    door(fresh(subject="mine"))
    page = browser.get("/settings/security").text
    link = re.search(r'href="(/auth/oidc/corp/login[^"]+)"', page)[1].replace("&amp;", "&")

    assert browser.get(link).status_code == 303

    page = browser.get("/settings/security").text
    unlink = re.search(r'action="(/settings/identities/[^"]+/unlink)"', page)[1]
    assert world.recorded("auth.identity_linked")[-1].body["by_rule"] is False
    assert browser.post(unlink).status_code == 303
    assert world.one(sa.select(Identity)) is None


def test_linking_asks_who_is_there_first(world, door):
    provider(world)
    world.user("writer", password=PASSWORD)
    door(fresh(subject="mine"))

    answer = world.browser("writer").get("/auth/oidc/corp/login?act=link")

    assert answer.headers.get("Location", "").startswith("/confirm")
    assert world.one(sa.select(Identity)) is None


def test_the_only_way_in_is_kept(world, door):
    provider(world)
    door(fresh())
    browser = world.app.test_client()
    browser.get("/auth/oidc/corp/login")
    identity_id = world.one(sa.select(Identity.id))
    unlink = f"/settings/identities/{identity_id}/unlink"
    assert unlink not in browser.get("/settings/security").text

    answer = browser.post(unlink)

    assert (answer.status_code, "only way to sign in" in answer.text) == (409, True)


def test_a_page_of_a_person_says_what_each_group_gives_and_links_by_hand(world, administrator):
    world.organisation("lab")
    by = provider(world, administrator=world.actor("administrator"))
    world.user("reader")
    rule = {"group": "owners", "gives": "organisation", "target": "lab", "role": "owner"}
    administrator.post(f"{PLACE}/corp/rules", data=rule)
    arrive(world, by, claims(groups=frozenset({"owners"})))

    page = administrator.get("/administration/users/writer").text

    assert re.search(r"<code>owners</code>\s+gives\s+lab, Owner", page)
    unlink = re.search(r'action="(/administration/identities/[^"]+/unlink)"', page)[1]
    assert administrator.post(unlink).headers["Location"] == "/administration/users/writer"
    place = "/administration/users/reader/identities"
    form = {"provider": "corp", "subject": "s-9"}
    assert administrator.post(place, data=form).status_code == 303
    assert administrator.post(place, data=form).status_code == 409


def test_nobody_else_sees_or_changes_any_of_it(world, administrator):
    administrator.post(f"{PLACE}/new", data=FORM)
    world.user("reader")
    reader = world.browser("reader", elevated=True)
    client = world.client("reader", Scope.ADMINISTRATION)

    refused = [reader.get(f"{PLACE}/corp"), reader.get(f"{PLACE}/new?kind=oidc")]
    refused += [reader.post(f"{PLACE}{rest}", data=FORM) for rest in ("/new", "/corp")]
    refused += [reader.post(f"{PLACE}/corp/{act}") for act in ("enable", "disable", "first")]
    refused += [reader.post(f"{PLACE}/corp/delete", data={"confirm": "corp"})]
    refused += [client.get("/api/v1/admin/identity-providers/corp")]
    assert {answer.status_code for answer in refused} == {403}


def test_every_choice_of_a_setting_has_words_for_people(world):
    world.administrator()
    with world.begin(world.actor("administrator")) as work:
        fields = [each for form in provider_kinds.kinds(work).values() for each in form]
    asked = {each.name: set(each.choices) for each in fields if each.choices}

    assert {name: set(said) for name, said in setting_words.CHOICES.items()} == asked
    assert set(setting_words.HINTS) <= set(asked)
