"""Signing in, as a browser does it."""

from __future__ import annotations

import re

import pytest

from tests.world import PASSWORD


@pytest.fixture
def browser(world):
    world.user("writer", password=PASSWORD)
    return world.app.test_client()


def form_token(browser, path="/sign-in"):
    page = browser.get(path).get_data(as_text=True)
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def enter(browser, name, password, next="/"):  # noqa: A002 - the field's name.
    form = {"csrf_token": form_token(browser), "name": name, "password": password, "next": next}
    return browser.post("/sign-in", data=form)


def test_a_name_leads_to_the_password_whoever_it_is(world, browser):
    token = form_token(browser)
    pages = [
        browser.post("/sign-in", data={"csrf_token": token, "name": name}).get_data(as_text=True)
        for name in ("writer", "nobody-of-that-name")
    ]
    pages = [re.sub(r"writer|nobody-of-that-name|[\w.-]{40,}", "…", page) for page in pages]
    assert pages[0] == pages[1]
    assert 'autocomplete="current-password"' in pages[0]


@pytest.mark.promise("P5")
def test_the_right_password_opens_a_session_no_script_can_read(world, browser):
    answer = enter(browser, "writer", PASSWORD, next="/settings")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if "codara_session" in c)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert world.events() == ["auth.signed_in"]


def test_a_browser_begins_with_what_a_profile_says(world, browser):
    world.browser("writer").post("/settings", data={"theme": "dark", "locale": "de"})
    world.app.config["WTF_CSRF_ENABLED"] = True
    enter(browser, "writer", PASSWORD)
    assert '<html lang="de" dir="ltr" data-theme="dark">' in browser.get("/settings").text


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(world, browser):
    said = []
    for name in ("writer", "nobody-of-that-name"):
        answer = enter(browser, name, "not the password at all")
        assert answer.status_code == 401
        said.append(re.search(r'id="password-error">(.*?)</p>', answer.text, re.DOTALL)[1])
    assert said[0] == said[1]
    assert world.events() == ["auth.sign_in_refused", "auth.sign_in_refused"]


@pytest.mark.promise("P22")
def test_a_form_from_elsewhere_is_refused(world, browser):
    answer = browser.post("/sign-in", data={"name": "writer", "password": PASSWORD})
    assert answer.status_code == 400
    assert world.events() == []


@pytest.mark.promise("P22")
@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 400), ("same-site", 400), ("same-origin", 303), ("none", 303)],
)
def test_a_form_token_does_not_help_another_site(browser, site, status):
    form = {"csrf_token": form_token(browser), "name": "writer", "password": PASSWORD}
    answer = browser.post("/sign-in", data=form, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == status


@pytest.mark.parametrize("target", ["https://elsewhere.test/", "//elsewhere.test", "/\\elsewhere"])
def test_signing_in_leads_nowhere_else(browser, target):
    answer = enter(browser, "writer", PASSWORD, next=target)
    assert answer.headers["Location"] == "/"


def test_signing_out_ends_the_session_itself(world, browser):
    answer = enter(browser, "writer", PASSWORD)
    cookie = answer.headers.getlist("Set-Cookie")
    token = form_token(browser, "/confirm")
    browser.post("/sign-out", data={"csrf_token": token})
    secret = re.search(r"codara_session=([^;]+)", " ".join(cookie))[1]
    thief = world.app.test_client()
    thief.set_cookie("codara_session", secret)
    assert thief.get("/confirm").status_code == 303
    assert world.events() == ["auth.signed_in", "auth.signed_out"]


def test_confirming_needs_the_password(world, browser):
    enter(browser, "writer", PASSWORD)
    token = form_token(browser, "/confirm")
    wrong = browser.post("/confirm", data={"csrf_token": token, "password": "wrong, surely"})
    assert wrong.status_code == 401
    right = browser.post(
        "/confirm", data={"csrf_token": token, "password": PASSWORD, "next": "/settings"}
    )
    assert right.headers["Location"] == "/settings"
    assert world.events()[1:] == ["session.elevation_refused", "session.elevated"]
