"""From where people may come, at the portal, the API, Git and LFS; and what proxies may say."""

from __future__ import annotations

import pytest

from appliance.domain.identity import Method
from appliance.domain.permissions import Role, Scope
from appliance.services import address_lists
from tests.world import PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
INSIDE, OUTSIDE = "192.0.2.7", "198.51.100.7"
FETCH = "/lab/notes.git/info/refs?service=git-upload-pack"
BATCH = "/lab/notes.git/info/lfs/objects/batch"


def from_(client, address, headers=None):
    """A client that comes from an address."""
    client.environ_base["REMOTE_ADDR"] = address
    client.environ_base |= {f"HTTP_{name}": value for name, value in (headers or {}).items()}
    return client


@pytest.fixture
def office(world):
    """An appliance that is reached from the office only."""
    administrator = world.administrator()
    world.user("writer", password=PASSWORD)
    world.repository("lab/notes")
    world.grant("writer", Role.WRITER, "lab/notes")
    with world.begin(administrator) as work:
        assert work.actor.origin.method is Method.CONSOLE
        address_lists.change(work, "", ["192.0.2.0/24"])
    return world


def asked(client):
    """What the API, Git and LFS answer."""
    body = {"operation": "download", "objects": []}
    return [
        client.get("/api/v1/user").status_code,
        client.get(FETCH).status_code,
        client.post(BATCH, json=body).status_code,
    ]


@pytest.mark.promise("P43")
def test_the_api_git_and_lfs_ask_alike(office):
    token = office.token("writer", Scope.REPOSITORY_READ, Scope.USER)
    for address, answers in ((INSIDE, [200, 200, 200]), (OUTSIDE, [401, 401, 401])):
        client = from_(office.app.test_client(), address)
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        assert asked(client) == answers
    assert "cannot sign in from this address" in client.get(FETCH).text


@pytest.mark.promise("P43")
def test_nobody_signs_in_from_elsewhere_and_a_session_counts_for_nothing_there(office):
    office.app.config["WTF_CSRF_ENABLED"] = False
    form = {"name": "writer", "password": PASSWORD, "next": "/settings"}
    inside = from_(office.app.test_client(), INSIDE)
    assert inside.post("/sign-in", data=form).headers["Location"] == "/settings"
    assert inside.get("/settings").status_code == 200
    assert from_(inside, OUTSIDE).get("/settings").status_code == 303
    refused = inside.post("/sign-in", data=form)
    assert (refused.status_code, "from this address" in refused.text) == (401, True)


@pytest.mark.promise("P43")
@pytest.mark.parametrize(
    ("proxies", "nearest", "status"),
    [
        ("0", "127.0.0.1", 401),
        ("1", "127.0.0.1", 200),
        ("1", "::ffff:127.0.0.1", 200),
        ("1", "203.0.113.9", 200),
        ("1", OUTSIDE, 401),
        ("1", "2001:db8::7", 401),
    ],
)
def test_what_a_header_says_counts_from_trusted_proxies_alone(office, proxies, nearest, status):
    office.configure(
        CODARA_SERVER__TRUSTED_PROXIES=proxies,
        CODARA_SERVER__PROXY_ADDRESSES="127.0.0.0/8,203.0.113.0/24",
    )
    client = office.client("writer", Scope.USER)
    from_(client, nearest, {"X_FORWARDED_FOR": INSIDE})
    assert client.get("/api/v1/user").status_code == status


def test_a_list_is_set_in_the_portal_and_refused_without_ones_own_address(world):
    world.administrator()
    browser = from_(world.browser("administrator", elevated=True), INSIDE)
    page = browser.get("/administration/addresses").text
    assert f"Your address is {INSIDE}" in page
    refused = browser.post("/administration/addresses", data={"networks": "198.51.100.0/24"})
    assert (refused.status_code, 'id="networks-error"' in refused.text) == (422, True)
    good = browser.post("/administration/addresses", data={"networks": "192.0.2.0/24\n::1"})
    assert good.status_code == 303
    assert "192.0.2.0/24\n::1/128" in browser.get("/administration/addresses").text
    assert from_(browser, OUTSIDE).get("/administration/addresses").status_code == 303


def test_an_organisation_is_closed_in_the_portal_too(world):
    world.administrator()
    world.organisation("lab")
    world.repository("lab/notes")
    browser = from_(world.browser("administrator", elevated=True), INSIDE)
    place = "/lab/-/settings/addresses"
    assert browser.get(place).status_code == 200
    assert browser.post(place, data={"networks": "192.0.2.0/24"}).status_code == 303
    assert browser.get("/lab/notes").status_code == 200
    outside = from_(browser, OUTSIDE)
    for path in ("/lab", "/lab/notes", place):
        answer = outside.get(path)
        assert (answer.status_code, "cannot be reached from your IP address" in answer.text) == (
            403,
            True,
        )
    assert outside.get("/settings").status_code == 200


def test_the_api_shows_and_changes_lists(world):
    world.administrator()
    world.organisation("lab")
    client = from_(world.client("administrator"), INSIDE)
    for place in ("/api/v1/admin/address-list", "/api/v1/orgs/lab/address-list"):
        assert client.get(place).json == {"networks": [], "address": INSIDE}
        made = client.put(place, json={"networks": ["192.0.2.9/24"]})
        assert made.json == {"networks": ["192.0.2.0/24"], "address": INSIDE}
        assert client.put(place, json={"networks": ["10.0.0.0/8"]}).status_code == 422
        assert client.put(place, json={"networks": []}).json["networks"] == []


def test_a_token_says_from_where_it_may_be_used(world):
    world.user("writer", password=PASSWORD)
    client = from_(world.client("writer"), INSIDE)
    wanted = {"name": "ci", "scopes": ["user"], "expires_in_days": 3, "networks": ["192.0.2.7"]}
    made = client.post("/api/v1/user/tokens", json=wanted)
    assert (made.status_code, made.json["networks"]) == (201, ["192.0.2.7/32"])
    other = from_(world.app.test_client(), OUTSIDE)
    headers = {"Authorization": f"Bearer {made.json['token']}"}
    refused = other.get("/api/v1/user", headers=headers)
    assert (refused.status_code, "from this address" in refused.json["detail"]) == (401, True)
