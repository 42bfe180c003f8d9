"""Second factors in the portal and the API: set up, asked for, removed, taken away."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest

from appliance.security import one_time_codes
from tests.world import PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def browser(world):
    world.user("writer", password=PASSWORD)
    return world.browser("writer", elevated=True)


def shown(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]+)"', page)[1]


def set_up(browser) -> tuple[bytes, list[str]]:
    """Set up an app as a person does; gives its secret, and the recovery codes."""
    page = browser.get("/settings/factors/app").text
    typed = re.search(r'id="secret" readonly value="([^"]+)"', page)[1]
    secret = base64.b32decode(typed.replace(" ", ""))
    code = one_time_codes.code_at(secret, datetime.now(UTC))
    form = {"sealed": shown(page, "sealed"), "code": code, "title": "Phone"}
    answer = browser.post("/settings/factors/app", data=form)
    assert answer.status_code in {200, 303}, answer.text
    return secret, re.findall(r"\b(?:[a-z2-9]{4}-){2}[a-z2-9]{4}\b", answer.text)


def next_code(secret: bytes) -> str:
    """A code that has not counted yet, and does now."""
    return one_time_codes.code_at(secret, datetime.now(UTC) + timedelta(seconds=30))


def first_step(world, target="/settings"):
    newcomer = world.app.test_client()
    form = {"name": "writer", "password": PASSWORD, "next": target}
    return newcomer, newcomer.post("/sign-in", data=form)


def test_an_app_is_set_up_with_a_picture_and_its_codes_are_shown_once(world, browser):
    page = browser.get("/settings/factors/app")
    assert "<svg" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    _secret, codes = set_up(browser)
    assert len(codes) == 10
    listed = browser.get("/settings/factors").text
    assert "Phone" in listed
    assert "10 codes are left" in listed
    assert not any(code in listed for code in codes)
    assert world.events() == ["auth.second_factor_added", "auth.recovery_codes_made"]


def test_a_wrong_code_is_told_at_its_field_and_the_secret_stays(browser):
    page = browser.get("/settings/factors/app").text
    secret = re.search(r'id="secret" readonly value="([^"]+)"', page)[1]
    form = {"sealed": shown(page, "sealed"), "code": "000000", "title": "Phone"}
    answer = browser.post("/settings/factors/app", data=form)
    assert answer.status_code == 422
    assert 'id="code-error"' in answer.text
    assert secret in answer.text


@pytest.mark.promise("P38")
def test_signing_in_has_a_second_step_for_who_has_a_factor(world, browser):
    secret, _codes = set_up(browser)
    newcomer, answer = first_step(world)
    assert answer.headers["Location"] == "/sign-in/factor?next=/settings"
    cookies = " ".join(answer.headers.getlist("Set-Cookie"))
    assert "codara_session" not in cookies
    assert re.search(r"codara_waiting=[^;]+;.*HttpOnly; Path=/sign-in; SameSite=Lax", cookies)
    assert newcomer.get("/settings").status_code == 303
    assert 'autocomplete="one-time-code"' in newcomer.get("/sign-in/factor?next=/settings").text
    wrong = newcomer.post("/sign-in/factor", data={"code": "000000", "next": "/settings"})
    assert wrong.status_code == 401
    assert 'id="code-error"' in wrong.text
    right = newcomer.post("/sign-in/factor", data={"code": next_code(secret), "next": "/settings"})
    assert right.headers["Location"] == "/settings"
    assert newcomer.get("/settings").status_code == 200
    assert newcomer.get_cookie("codara_waiting", path="/sign-in") is None


def test_the_second_step_without_the_first_leads_to_the_first(world, browser):
    for ask in (world.app.test_client().get, world.app.test_client().post):
        answer = ask("/sign-in/factor?next=/settings")
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?next=")


def test_the_second_step_leads_nowhere_else(world, browser):
    _secret, codes = set_up(browser)
    newcomer, _answer = first_step(world)
    form = {"code": codes[0], "next": "https://elsewhere.test/"}
    assert newcomer.post("/sign-in/factor", data=form).headers["Location"] == "/"


def test_too_many_wrong_codes_say_how_long_to_wait(world, browser):
    set_up(browser)
    newcomer, _answer = first_step(world)
    said = [newcomer.post("/sign-in/factor", data={"code": "000000"}) for _ in range(7)]
    assert said[-1].status_code == 429
    assert int(said[-1].headers["Retry-After"]) >= 1


def test_who_has_a_factor_is_asked_for_it_to_confirm(world, browser):
    secret, _codes = set_up(browser)
    page = browser.get("/confirm").text
    assert 'name="code"' in page
    assert 'type="password"' not in page
    refused = browser.post("/confirm", data={"password": PASSWORD})
    assert refused.status_code == 409
    wrong = browser.post("/confirm", data={"code": "000000"})
    assert wrong.status_code == 401
    right = browser.post("/confirm", data={"code": next_code(secret), "next": "/settings"})
    assert right.headers["Location"] == "/settings"


def test_a_factor_is_removed_and_codes_are_renewed(world, browser):
    set_up(browser)
    renewed = browser.post("/settings/factors/codes")
    assert renewed.headers["Cache-Control"] == "no-store"
    page = browser.get("/settings/factors").text
    place = re.search(r'action="(/settings/factors/[-0-9a-f]{36}/remove)"', page)[1]
    assert browser.post(place).status_code == 303
    assert "No second factor" in browser.get("/settings/factors").text
    assert browser.post(place).status_code == 404
    assert browser.post("/settings/factors/codes").status_code == 409
    assert world.events()[2:] == ["auth.recovery_codes_made", "auth.second_factor_removed"]


def test_an_administrator_takes_them_away_in_the_portal(world, browser):
    set_up(browser)
    world.administrator()
    administrator = world.browser("administrator", elevated=True)
    assert "Phone" in administrator.get("/administration/users/writer").text
    place = "/administration/users/writer/factors/reset"
    assert administrator.post(place, data={"reason": " "}).status_code == 422
    assert administrator.post(place, data={"reason": "lost the phone"}).status_code == 303
    assert browser.get("/settings").status_code == 303
    assert first_step(world)[1].headers["Location"] == "/settings"
    assert world.browser("writer").post(place, data={"reason": "r"}).status_code == 403


def test_the_api_lists_them_and_takes_them_away(world, browser):
    set_up(browser)
    world.administrator()
    place = "/api/v1/users/writer/second-factors"
    own = world.client("writer").get(place).json
    assert (own["items"][0]["kind"], own["codes_left"]) == ("app", 10)
    assert set(own["items"][0]) == {"id", "kind", "title", "created_at", "used_at"}
    body = {"reason": "lost the phone"}
    assert world.client("writer").post(f"{place}/reset", json=body).status_code == 403
    done = world.client("administrator").post(f"{place}/reset", json=body)
    assert done.json == {"removed": 1}
    assert world.client("administrator").post(f"{place}/reset", json=body).status_code == 409
