"""What people say of themselves: read by who may see them, and never trusted."""

from __future__ import annotations

import pytest

from appliance.domain.profiles import check_profile
from appliance.errors import InvalidError

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HTML = "<b>Builds</b> & mends"


@pytest.fixture
def people(world):
    world.user("writer")
    world.user("reader")
    return world


def test_one_says_it_in_the_settings_and_others_read_it_as_it_is(people):
    browser = people.browser("writer")
    sent = {"display_name": "W", "about": HTML, "location": "Here", "website": "https://w.test/x"}
    assert browser.post("/settings", data=sent).status_code == 303

    page = people.browser("reader").get("/writer").text
    assert "&lt;b&gt;Builds&lt;/b&gt; &amp; mends" in page
    assert 'href="https://w.test/x" rel="nofollow noopener noreferrer"' in page
    assert "Here" in page
    assert "user.changed" in people.events()
    assert 'value="Here"' in browser.get("/settings").text
    bad = browser.post("/settings", data={**sent, "website": "javascript:alert(1)"})
    assert bad.status_code == 422


def test_the_api_says_it_and_only_of_oneself(people):
    at = "/api/v1/users/writer"
    body = {"about": "  So  it is ", "website": "http://w.test"}

    found = people.client("writer").patch(at, json=body).json
    assert (found["about"], found["website"], found["location"]) == (
        "So it is",
        "http://w.test",
        "",
    )
    assert people.client("reader").get(at).json["about"] == "So it is"
    assert people.client("reader").patch(at, json=body).status_code in {403, 404}
    assert people.client("writer").patch(at, json={"website": "ftp://w.test"}).status_code == 422


def test_who_leaves_says_nothing_any_more(people):
    people.client("writer").patch("/api/v1/users/writer", json={"about": "So"})
    people.administrator("chief")
    browser = people.browser("chief", elevated=True)
    gone = browser.post("/administration/users/writer/delete", data={"confirm": "writer"})

    assert gone.status_code == 303
    assert people.browser("reader").get("/writer").status_code == 404


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("about", "x" * 301),
        ("location", "a\x07b"),
        ("website", "w.test"),
        ("website", "https://"),
        ("website", "https://user@w.test/"),
        ("website", "https://[::1"),
        ("website", "data:text/html,x"),
    ],
)
def test_what_is_no_such_thing_is_refused(database_url, field, text):
    with pytest.raises(InvalidError):
        check_profile(field, text)
