"""Tokens of SCIM clients by API and portal: made by administrators, shown once, revoked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.identity import Method, Origin
from appliance.domain.identity_providers import ProviderKind
from appliance.services import address_lists
from tests.services.arrivals import provider
from tests.web.scim_clients import Client

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
API = "/api/v1/admin/identity-providers/entra"
PAGE = "/administration/providers/entra/provisioning"


@pytest.fixture
def chief(world):
    """An administrator; a provider that SCIM clients tell of people is there."""
    chief = world.administrator("chief")
    provider(world, "entra", administrator=chief, kind=ProviderKind.SCIM, settings={})
    return chief


@pytest.fixture
def api(world, chief):
    del chief
    return world.client("chief")


def soon(days=30):
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


@pytest.mark.promise("P46")
def test_a_token_is_shown_once_used_listed_and_revoked(world, api):
    made = api.post(f"{API}/tokens", json={"name": "2026", "expires_at": soon()})
    secret = made.json["token"]
    asks = Client(world, secret)
    asks.user()
    listed = api.get(f"{API}/tokens")
    told = api.get(f"{API}/provisioned").json

    assert (made.status_code, secret.startswith(made.json["prefix"])) == (201, True)
    assert secret not in listed.text
    assert listed.json["items"][0]["used_at"]
    assert (told["users"], told["groups"], told["last"][0]["name"]) == (1, 0, "writer")
    where = f"{API}/tokens/{made.json['id']}"
    assert api.delete(where).status_code == 204
    assert api.delete(where).status_code == 409
    assert asks("GET", "/Users").status_code == 401
    assert [each for each in world.events() if each.startswith("scim.token")] == [
        "scim.token_created",
        "scim.token_revoked",
    ]


def test_tokens_end_and_are_few_and_only_for_scim(world, api, chief):
    assert api.post(f"{API}/tokens", json={"name": "x"}).status_code == 422
    assert api.post(f"{API}/tokens", json={"name": "x", "expires_at": soon(-1)}).status_code == 422
    assert (
        api.post(f"{API}/tokens", json={"name": "x", "expires_at": soon(9999)}).status_code == 422
    )
    for _ in range(10):
        assert (
            api.post(f"{API}/tokens", json={"name": "x", "expires_at": soon()}).status_code == 201
        )
    assert api.post(f"{API}/tokens", json={"name": "x", "expires_at": soon()}).status_code == 409
    provider(world, "corp", administrator=chief)
    elsewhere = API.replace("entra", "corp")
    assert (
        api.post(f"{elsewhere}/tokens", json={"name": "x", "expires_at": soon()}).status_code == 409
    )
    first = api.get(f"{API}/tokens").json["items"][0]["id"]
    assert api.delete(f"{elsewhere}/tokens/{first}").status_code == 404


@pytest.mark.promise("P43")
def test_a_client_comes_only_from_where_its_token_and_the_appliance_say(world, api, chief):
    wanted = {"name": "2026", "expires_at": soon(), "networks": ["192.0.2.7/24", "2001:db8::1"]}
    made = api.post(f"{API}/tokens", json=wanted).json
    asks = Client(world, made["token"])

    assert made["networks"] == ["192.0.2.0/24", "2001:db8::1/128"]
    assert api.get(f"{API}/tokens").json["items"][0]["networks"] == made["networks"]
    assert world.recorded("scim.token_created")[0].body["networks"] == made["networks"]
    assert asked_from(asks, "192.0.2.200").status_code == 200
    refused = asked_from(asks, "198.51.100.7")
    assert (refused.status_code, refused.mimetype) == (401, "application/scim+json")
    assert "may not be used from this address" in refused.json["detail"]

    with world.begin(replace(chief, origin=Origin(method=Method.CONSOLE))) as work:
        address_lists.change(work, "", ["198.51.100.0/24", "192.0.2.128/25"])
    assert asked_from(asks, "192.0.2.200").status_code == 200
    assert asked_from(asks, "192.0.2.7").status_code == 401
    told = [each.body for each in world.recorded("scim.address_refused")]
    assert [each["scope"] for each in told] == ["token", "instance"]
    assert {each["token_id"] for each in told} == {made["id"]}


def test_what_is_no_network_makes_no_token(world, api):
    wanted = {"name": "x", "expires_at": soon(), "networks": ["everywhere"]}
    refused = api.post(f"{API}/tokens", json=wanted)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "networks")
    assert api.get(f"{API}/tokens").json["items"] == []
    world.app.config["WTF_CSRF_ENABLED"] = False
    page = world.browser("chief", elevated=True)
    said = {"name": "2026", "days": "30", "networks": "everywhere"}
    wrong = page.post(f"{PAGE}/tokens", data=said)
    assert (wrong.status_code, "everywhere is not a network." in wrong.text) == (422, True)
    page.post(f"{PAGE}/tokens", data=said | {"networks": "192.0.2.0/24\n2001:db8::/32"})
    shown = page.get(PAGE).text
    assert "<code>192.0.2.0/24</code>" in shown
    assert "<code>2001:db8::/32</code>" in shown


def asked_from(asks, address):
    return asks.at(address)("GET", "/Users")


def test_only_administrators_may_see_or_make_them(world, chief):
    del chief
    world.user("plain")
    http, page = world.client("plain"), world.browser("plain", elevated=True)

    for method, place in (
        *(("GET", f"{API}/tokens"), ("POST", f"{API}/tokens"), ("GET", f"{API}/provisioned")),
        ("DELETE", f"{API}/tokens/00000000-0000-7000-8000-000000000000"),
    ):
        body = {"name": "x", "expires_at": soon()} if method == "POST" else None
        assert http.open(place, method=method, json=body).status_code == 403
    assert page.get(PAGE).status_code == 403


def test_the_page_makes_a_token_and_says_what_was_told(world, chief):
    del chief
    world.app.config["WTF_CSRF_ENABLED"] = False
    page = world.browser("chief", elevated=True)
    made = page.post(f"{PAGE}/tokens", data={"name": "2026", "days": "30"})
    secret = re.search(r"cod_[0-9A-Za-z]{36}", made.text)[0]
    asks = Client(world, secret)
    asks.group("research", asks.user("Somebody")["id"])
    shown = page.get(PAGE).text

    assert (secret in shown, "Somebody" in shown, "research" in shown) == (False, True, True)
    assert "/scim/v2" in shown
    assert PAGE in page.get("/administration/providers/entra").text
    revoke = re.search(rf"{PAGE}/tokens/[0-9a-f-]+/revoke", shown)[0]
    assert page.post(revoke).status_code == 303
    assert asks("GET", "/Users").status_code == 401
    wrong = page.post(f"{PAGE}/tokens", data={"name": "", "days": "30"})
    assert (wrong.status_code, "cod_" in wrong.text) == (422, False)
    old = world.browser("chief")
    assert old.get(PAGE).status_code == 303, "who has not confirmed lately is asked first"


def test_nobody_is_led_to_a_system_that_only_provisions(world, chief):
    del chief
    page = world.app.test_client()

    assert "Entra" not in page.get("/sign-in").text
