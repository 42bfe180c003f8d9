"""New repositories, imports and forks, as a browser makes them."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import OrganisationRole, Role, Visibility
from tests.web.code_pages import build


@pytest.fixture
def browser(world):
    world.user("writer")
    return world.browser("writer")


def test_an_empty_repository_is_made_and_shown(world, browser):
    form = {"owner": "writer", "name": "notes", "visibility": "private", "template": "yes"}
    answer = browser.post("/new", data=form)
    assert answer.headers["Location"] == "/writer/notes"
    assert browser.get("/writer/notes").status_code == 200
    assert world.events() == ["repo.created", "repo.changed"]


def test_a_repository_may_begin_with_files(world, browser):
    assert '<option value="MIT">' in browser.get("/new").text
    form = {"owner": "writer", "name": "notes", "readme": "yes", "licence": "MIT", "ignore": "Go"}
    assert browser.post("/new", data=form).headers["Location"] == "/writer/notes"
    page = browser.get("/writer/notes").text
    assert all(f"/writer/notes/blob/main/{name}" in page for name in ("README.md", "LICENSE"))

    odd = browser.post("/new", data={**form, "name": "other", "licence": "odd"})
    assert odd.status_code == 422
    assert 'id="licence-error"' in odd.text


def test_a_template_is_used_from_its_home(world, browser):
    world.repository("lab/base", is_template=True, visibility=Visibility.INTERNAL)
    world.repository("lab/plain", visibility=Visibility.INTERNAL)
    build(world, "lab/full", {b"a.txt": b"x"}, is_template=True, visibility=Visibility.INTERNAL)

    assert 'href="/new?from_template=lab/full"' in browser.get("/lab/full").text
    assert 'value="lab/base"' in browser.get("/new?from_template=lab/base").text
    assert 'name="from_template"' not in browser.get("/new?from_template=lab/plain").text
    assert 'name="from_template"' not in browser.get("/new?from_template=lab/hidden").text
    form = {"owner": "writer", "name": "notes", "from_template": "lab/full"}
    assert browser.post("/new", data=form).headers["Location"] == "/writer/notes"
    assert "/writer/notes/blob/main/a.txt" in browser.get("/writer/notes").text


def test_a_name_that_is_taken_or_impossible_is_said_at_the_field(world, browser):
    world.repository("writer/notes")
    taken = browser.post("/new", data={"owner": "writer", "name": "notes"})
    assert taken.status_code == 409
    assert 'id="name-error"' in taken.text
    odd = browser.post("/new", data={"owner": "writer", "name": "-notes", "description": "Mine"})
    assert odd.status_code == 422
    assert 'value="Mine"' in odd.text


def test_organisations_are_offered_where_one_may_create(world, browser):
    world.organisation("lab")
    world.organisation("guild")
    world.join("writer", "lab", OrganisationRole.MEMBER)
    world.join("writer", "guild", OrganisationRole.AUDITOR)
    page = browser.get("/new").text
    assert '<option value="lab">' in page
    assert '<option value="guild">' not in page
    refused = browser.post("/new", data={"owner": "guild", "name": "notes"})
    assert refused.status_code == 403


def test_public_is_offered_only_where_the_instance_allows_it(world, browser):
    assert 'value="public"' not in browser.get("/new").text
    answer = browser.post("/new", data={"owner": "writer", "name": "a", "visibility": "public"})
    assert answer.status_code == 422


def test_an_import_leads_to_its_progress(world, browser):
    world.configure(CODARA_IMPORTS__PRIVATE_ADDRESSES="true")
    browser = world.browser("writer")
    form = {
        "owner": "writer",
        "name": "came",
        "url": "https://127.0.0.1/lab/notes.git",
        "username": "me",
        "password": "a-source-secret",
    }
    answer = browser.post("/new/import", data=form)
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.headers["Location"]).text
    assert "writer/came" in page
    assert "a-source-secret" not in page
    status = browser.get(answer.headers["Location"] + ".json").json
    assert (status["finished"], status["next"]) == (False, None)


def test_an_import_from_an_address_we_do_not_ask_is_refused(browser):
    form = {"owner": "writer", "name": "came", "url": "https://127.0.0.1/x.git", "password": "pst"}
    answer = browser.post("/new/import", data=form)
    assert answer.status_code == 422
    assert 'id="url-error"' in answer.text
    assert "pst" not in answer.text.split("</form>")[-2]


def test_a_fork_is_seen_by_no_more_people_than_its_source(world, browser):
    world.repository("lab/notes", visibility=Visibility.PRIVATE)
    world.grant("writer", Role.READER, "lab/notes")
    form = {"owner": "writer", "name": "notes", "visibility": "internal"}
    wider = browser.post("/lab/notes/fork", data=form)
    assert wider.status_code == 422
    assert 'id="visibility-error"' in wider.text
    made = browser.post("/lab/notes/fork", data={**form, "visibility": "private"})
    assert made.headers["Location"] == "/writer/notes"


def test_strangers_sign_in_first(world):
    for path in ("/new", "/new/import", "/organisations/new"):
        assert world.client().get(path).headers["Location"].startswith("/sign-in")
