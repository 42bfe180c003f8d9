"""One's own settings, as a browser uses them."""

from __future__ import annotations

import base64
import re
import struct

import pytest

from appliance.domain.permissions import InstanceRole, Scope
from tests.world import PASSWORD

NEW_PASSWORD = "quite another sentence of mine"


def public_key(seed: bytes = b"k") -> str:
    blob = struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32) + seed * 32
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} laptop"


@pytest.fixture
def browser(world):
    world.user("writer", password=PASSWORD)
    return world.browser("writer", elevated=True)


def test_settings_lead_strangers_to_the_sign_in_page(world):
    answer = world.client().get("/settings")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/settings")


def test_a_profile_is_saved_and_the_browser_shows_the_portal_so(world, browser):
    form = {"display_name": "Mira Vogt", "theme": "dark", "locale": "de"}
    answer = browser.post("/settings", data=form)
    assert answer.status_code == 303
    page = browser.get("/settings").text
    assert 'value="Mira Vogt"' in page
    assert '<html lang="de" dir="ltr" data-theme="dark">' in page
    assert world.events() == ["user.changed"]


def test_a_wrong_value_stands_in_the_form_with_its_problem(browser):
    answer = browser.post("/settings/email", data={"email": "no address"})
    assert answer.status_code == 422
    assert 'value="no address"' in answer.text
    assert re.search(r'id="email-error">.*That is not an e-mail address', answer.text, re.DOTALL)


def test_a_sensitive_page_asks_for_the_password_first(world):
    world.user("careful", password=PASSWORD)
    answer = world.browser("careful").get("/settings/tokens/new")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/confirm?next=/settings/tokens/new"


def test_a_password_is_changed_by_who_knows_it(world, browser):
    wrong = browser.post("/settings/security", data={"current": "?", "password": NEW_PASSWORD})
    assert wrong.status_code == 422
    assert 'id="current-error"' in wrong.text
    right = browser.post("/settings/security", data={"current": PASSWORD, "password": NEW_PASSWORD})
    assert right.status_code == 303
    assert world.events()[-1] == "user.password_changed"


def test_a_weak_password_is_refused_at_its_field(browser):
    answer = browser.post("/settings/security", data={"current": PASSWORD, "password": "short"})
    assert answer.status_code == 422
    assert 'id="password-error"' in answer.text


def test_other_sessions_are_listed_and_ended(world, browser):
    elsewhere = world.browser("writer")
    assert browser.get("/settings/security").text.count('<span class="soft">127.0.0.1</span>') == 2
    browser.post("/settings/sessions/revoke-others")
    assert elsewhere.get("/settings").status_code == 303
    assert browser.get("/settings").status_code == 200


def test_a_form_that_came_after_the_session_leads_back_to_its_page(world, browser):
    elsewhere = world.browser("writer")
    browser.post("/settings/sessions/revoke-others")

    late = elsewhere.post("/settings/email", headers={"Referer": "http://localhost/settings"})

    assert (late.status_code, late.headers["Location"]) == (303, "/sign-in?next=/settings")


def test_a_new_token_is_shown_once_and_works(world, browser):
    form = {"name": "backup", "scopes": ["repo:read", "user"], "reach": "all", "days": "30"}
    page = browser.post("/settings/tokens/new", data=form).text
    secret = re.search(r'value="(cod_[^"]+)"', page)[1]
    assert secret not in browser.get("/settings/tokens").text
    client = world.client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    assert client.get("/api/v1/user").status_code == 200


def test_a_token_for_chosen_repositories_names_them(world, browser):
    world.repository("writer/notes")
    form = {"name": "one", "scopes": ["repo:read"], "reach": "some", "days": "7"}
    none = browser.post("/settings/tokens/new", data=form)
    assert none.status_code == 422
    assert 'id="repositories-error"' in none.text
    browser.post("/settings/tokens/new", data={**form, "repositories": "writer/notes"})
    assert "writer/notes" in browser.get("/settings/tokens").text


def test_a_token_is_revoked(world, browser):
    token = world.token("writer", Scope.USER)
    href = re.search(r'"(/settings/tokens/[^"/]+/revoke)"', browser.get("/settings/tokens").text)[1]
    assert browser.post(href).status_code == 303
    client = world.client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    assert client.get("/api/v1/user").status_code == 401


def test_a_key_is_added_listed_and_removed(world, browser):
    answer = browser.post("/settings/keys/new", data={"key": public_key(), "title": "Laptop"})
    assert answer.status_code == 303
    page = browser.get("/settings/keys").text
    assert "SHA256:" in page
    href = re.search(r'"(/settings/keys/[^"/]+/remove)"', page)[1]
    browser.post(href)
    assert world.events() == ["ssh_key.added", "ssh_key.removed"]


def test_what_is_no_key_is_said_at_the_field(browser):
    answer = browser.post("/settings/keys/new", data={"key": "ssh-dss AAAA"})
    assert answer.status_code == 422
    assert 'id="key-error"' in answer.text
    assert "ssh-dss AAAA" in answer.text


def test_who_was_given_a_password_sees_nothing_else_first(world):
    world.administrator()
    world.browser("administrator", elevated=True).post(
        "/administration/users/new", data={"name": "newcomer", "password": "handed over on paper"}
    )
    browser = world.browser("newcomer", elevated=True)
    for path in ("/", "/settings", "/new", "/newcomer"):
        assert browser.get(path).headers["Location"] == "/settings/security"
    form = {"current": "handed over on paper", "password": NEW_PASSWORD}
    assert browser.post("/settings/security", data=form).status_code == 303
    assert browser.get("/settings").status_code == 200


def test_the_api_does_not_lead_anybody_to_a_page(world):
    world.administrator()
    world.browser("administrator", elevated=True).post(
        "/administration/users/new", data={"name": "newcomer", "password": "handed over on paper"}
    )
    assert world.browser("newcomer").get("/api/v1/user").status_code == 200


@pytest.mark.parametrize("instance", InstanceRole)
def test_the_widest_scope_is_offered_to_administrators(world, instance):
    world.user("somebody", instance=instance)
    page = world.browser("somebody", elevated=True).get("/settings/tokens/new").text
    assert ('value="admin"' in page) is (instance is InstanceRole.ADMINISTRATOR)
