"""The settings of a repository, as a browser uses them."""

from __future__ import annotations

import re

import pytest

from appliance.domain.permissions import OrganisationRole, Role
from tests.web.code_pages import build
from tests.web.test_account_pages import public_key

PAGES = ("settings", "settings/access", "settings/branches", "settings/keys", "settings/danger")


@pytest.fixture
def notes(world):
    world.organisation("lab")
    world.repository("lab/notes")
    world.user("owner", role=Role.OWNER, on="lab/notes")
    world.user("maintainer", role=Role.MAINTAINER, on="lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    world.user("stranger")
    return world


@pytest.mark.parametrize("page", PAGES)
def test_settings_are_for_those_who_may(notes, page):
    def status(name):
        return notes.browser(name, elevated=True).get(f"/lab/notes/{page}").status_code

    assert status("owner") == 200
    assert status("maintainer") == (403 if page == "settings/keys" else 200)
    assert status("writer") == 403
    assert status("stranger") == 404


def test_description_and_template_are_saved(notes):
    browser = notes.browser("maintainer")
    form = {"description": "Of the lab", "default_branch": "trunk", "template": "yes"}
    assert browser.post("/lab/notes/settings", data=form).status_code == 303
    assert 'value="Of the lab"' in browser.get("/lab/notes/settings").text


def test_another_name_redirects_from_the_old_one(notes):
    browser = notes.browser("owner")
    answer = browser.post("/lab/notes/settings/rename", data={"name": "records"})
    assert answer.headers["Location"] == "/lab/records/settings"
    assert browser.get("/lab/notes/settings").headers["Location"] == "/lab/records/settings"


def test_roles_are_given_changed_and_withdrawn(notes):
    notes.team("lab/core")
    browser = notes.browser("owner")
    path = "/lab/notes/settings/access"
    assert browser.post(path, data={"grantee": "lab/core", "role": "reader"}).status_code == 303
    assert browser.post(path, data={"grantee": "stranger", "role": "writer"}).status_code == 303
    assert notes.browser("stranger").get("/lab/notes").status_code == 200
    browser.post(f"{path}/withdraw", data={"grantee": "stranger"})
    assert notes.browser("stranger").get("/lab/notes").status_code == 404
    unknown = browser.post(path, data={"grantee": "nobody-there", "role": "reader"})
    assert unknown.status_code == 404
    assert 'id="grantee-error"' in unknown.text


def test_maintainers_see_roles_and_do_not_give_them(notes):
    browser = notes.browser("maintainer")
    assert "Add people or teams" not in browser.get("/lab/notes/settings/access").text
    form = {"grantee": "stranger", "role": "reader"}
    assert browser.post("/lab/notes/settings/access", data=form).status_code == 403


def test_a_page_says_why_somebody_has_access(notes):
    notes.user("several")
    notes.join("several", "lab", OrganisationRole.AUDITOR)
    notes.team("lab/core", "several")
    notes.grant("lab/core", Role.WRITER, "lab/notes")
    page = notes.browser("owner").get("/lab/notes/settings/access?why=several").text
    assert "by team core" in page
    assert "by their role in lab" in page
    none = notes.browser("owner").get("/lab/notes/settings/access?why=stranger").text
    assert "stranger has no access" in none
    nobody = notes.browser("owner").get("/lab/notes/settings/access?why=nobody-there")
    assert nobody.status_code == 200
    assert "There is no user nobody-there." in nobody.text


def test_rules_are_set_and_removed(notes):
    browser = notes.browser("maintainer")
    path = "/lab/notes/settings/branches"
    browser.post(path, data={"pattern": "release/*", "push_role": "maintainer"})
    assert "refs/heads/release/*" in browser.get(path).text
    wrong = browser.post(path, data={"pattern": "refs/elsewhere/x"})
    assert wrong.status_code == 422
    assert 'id="pattern-error"' in wrong.text
    browser.post(f"{path}/remove", data={"pattern": "refs/heads/release/*"})
    assert "refs/heads/release/*" not in browser.get(path).text


def test_deploy_keys_are_added_and_removed(notes):
    browser = notes.browser("owner", elevated=True)
    path = "/lab/notes/settings/keys"
    form = {"key": public_key(), "title": "Build host", "may_write": "yes"}
    assert browser.post(path, data=form).status_code == 303
    page = browser.get(path).text
    assert "Read and write" in page
    browser.post(re.search(r'"(/lab/notes/settings/keys/[^"/]+/remove)"', page)[1])
    assert notes.events() == ["deploy_key.added", "deploy_key.removed"]


def test_an_archived_repository_is_brought_back(notes):
    browser = notes.browser("owner", elevated=True)
    browser.post("/lab/notes/settings/archive", data={"act": "archive"})
    assert "Unarchive" in browser.get("/lab/notes/settings/danger").text
    browser.post("/lab/notes/settings/archive", data={"act": "unarchive"})
    assert notes.events() == ["repo.archived", "repo.unarchived"]


def test_deleting_wants_the_name_and_can_be_undone(notes):
    notes.join("owner", "lab", OrganisationRole.OWNER)
    browser = notes.browser("owner", elevated=True)
    wrong = browser.post("/lab/notes/settings/delete", data={"confirm": "notes"})
    assert wrong.status_code == 422
    answer = browser.post("/lab/notes/settings/delete", data={"confirm": "lab/notes"})
    assert answer.headers["Location"] == "/settings/bin"
    assert "lab/notes" in browser.get("/settings/bin").text
    assert browser.get("/lab/notes").status_code == 404
    back = browser.post("/settings/bin", data={"path": "lab/notes"})
    assert back.headers["Location"] == "/lab/notes"
    assert notes.events() == ["repo.deleted", "access.refused", "repo.restored"]


def test_sensitive_acts_ask_who_it_is_first(notes):
    browser = notes.browser("owner")
    assert browser.get("/lab/notes/settings/danger").headers["Location"].startswith("/confirm")
    answer = browser.post("/lab/notes/settings/delete", data={"confirm": "lab/notes"})
    assert answer.headers["Location"].startswith("/confirm")
    assert browser.get("/lab/notes").status_code == 200


def test_a_transfer_wants_the_name_and_leads_to_the_new_place(notes):
    browser = notes.browser("owner", elevated=True)
    path = "/lab/notes/settings/transfer"
    assert browser.post(path, data={"to": "owner"}).status_code == 422
    moved = browser.post(path, data={"to": "owner", "confirm": "lab/notes"})
    assert moved.headers["Location"] == "/owner/notes"
    assert browser.get("/lab/notes").headers["Location"] == "/owner/notes"


def test_visibility_is_changed(notes):
    browser = notes.browser("owner", elevated=True)
    browser.post("/lab/notes/settings/visibility", data={"visibility": "internal"})
    assert notes.browser("stranger").get("/lab/notes").status_code == 200


def test_a_repository_is_taken_out_as_a_bundle(world):
    world.user("reader")
    build(world, "lab/filled", {b"a.txt": b"text\n"})
    world.grant("reader", Role.READER, "lab/filled")
    answer = world.browser("reader").post("/lab/filled/export")
    assert answer.data.startswith(b"# v2 git bundle\n")
    assert answer.headers["Content-Disposition"] == "attachment; filename=filled.bundle"
    assert world.events() == ["repo.exported"]
