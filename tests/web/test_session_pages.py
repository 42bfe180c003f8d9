"""Sessions in the portal and the API: which browser, bound to it, and ended everywhere."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import Scope
from tests.world import PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def enter(world):
    """Signs the writer in, in a browser of its own."""
    world.user("writer", password=PASSWORD)
    world.app.config["WTF_CSRF_ENABLED"] = False

    def sign_in():
        browser = world.app.test_client()
        form = {"name": "writer", "password": PASSWORD, "next": "/settings"}
        assert browser.post("/sign-in", data=form).status_code == 303
        return browser

    return sign_in


@pytest.mark.promise("P5")
def test_a_session_cookie_in_another_browser_opens_nothing(world, enter):
    browser = enter()
    thief = world.app.test_client()
    thief.set_cookie("codara_session", browser.get_cookie("codara_session").value)
    assert thief.get("/settings").status_code == 303
    thief.set_cookie("codara_device", "x" * 43)
    assert thief.get("/settings").status_code == 303
    assert browser.get("/settings").status_code == 200
    assert browser.get_cookie("codara_device").http_only


def test_the_same_browser_stays_the_same_device(enter):
    browser = enter()
    before = browser.get_cookie("codara_device").value
    browser.post("/sign-in", data={"name": "writer", "password": PASSWORD})
    assert browser.get_cookie("codara_device").value == before


@pytest.mark.promise("P5")
@pytest.mark.parametrize(("form", "status"), [({}, 200), ({"tokens": "yes"}, 401)])
def test_signing_out_everywhere_ends_this_browser_too(world, enter, form, status):
    here, elsewhere = enter(), enter()
    client = world.client("writer", Scope.USER)
    answer = here.post("/settings/sessions/everywhere", data=form)
    assert answer.headers["Location"] == "/sign-in"
    assert here.get("/settings").status_code == elsewhere.get("/settings").status_code == 303
    assert client.get("/api/v1/user").status_code == status


def test_the_api_lists_and_ends_sessions(world, enter):
    enter(), enter()
    client, place = world.client("writer", Scope.USER), "/api/v1/users/writer"
    listed = client.get(f"{place}/sessions").json["items"]
    assert len(listed) == 2
    assert client.delete(f"/api/v1/sessions/{listed[0]['id']}").status_code == 204
    assert client.delete(f"/api/v1/sessions/{listed[0]['id']}").status_code == 409
    done = client.post(f"{place}/sign-out", json={"tokens": True})
    assert done.json == {"sessions": 1, "tokens": 1}
    assert client.get(f"{place}/sessions").status_code == 401
