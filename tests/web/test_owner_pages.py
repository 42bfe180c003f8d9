"""Pages of users, organisations and teams."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import OrganisationRole, Role


@pytest.fixture
def lab(world):
    world.organisation("lab")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("writer", member=OrganisationRole.MEMBER, of="lab")
    world.user("stranger")
    world.repository("lab/notes")
    return world


def test_a_user_has_a_page_with_what_one_may_see_of_it(lab):
    lab.repository("writer/draft")
    page = lab.browser("owner").get("/writer").text
    assert "/lab" in page
    assert "draft" not in page
    assert "draft" in lab.browser("writer").get("/writer").text


def test_an_organisation_shows_its_members_to_members_only(lab):
    assert 'href="/writer"' in lab.browser("owner").get("/lab").text
    assert lab.browser("stranger").get("/lab").status_code == 404
    assert lab.browser("stranger").get("/lab/-/members").status_code == 404
    assert lab.client().get("/lab").status_code == 404


def test_an_old_name_leads_to_the_new_one(lab):
    owner = lab.browser("owner", elevated=True)
    answer = owner.post("/lab/-/settings/rename", data={"name": "works"})
    assert answer.headers["Location"] == "/works/-/settings"
    assert owner.get("/lab").headers["Location"] == "/works"
    assert owner.get("/lab/-/members").headers["Location"] == "/works/-/members"
    assert owner.get("/lab/notes").headers["Location"] == "/works/notes"


def test_who_makes_an_organisation_owns_it(lab):
    browser = lab.browser("stranger")
    taken = browser.post("/organisations/new", data={"name": "lab"})
    assert taken.status_code == 409
    assert 'id="name-error"' in taken.text
    made = browser.post("/organisations/new", data={"name": "guild"})
    assert made.headers["Location"] == "/guild/-/members"
    assert "stranger" in browser.get("/guild/-/members").text


def test_making_somebody_owner_wants_a_fresh_confirmation(lab):
    browser = lab.browser("owner")
    form = {"name": "stranger", "role": "owner"}
    asked = browser.post("/lab/-/members", data=form)
    assert asked.status_code == 303
    assert asked.headers["Location"].startswith("/confirm")
    assert "org.member_added" not in lab.events()
    assert browser.post("/lab/-/members", data={**form, "role": "member"}).status_code == 303
    assert lab.events()[-1] == "org.member_added"

    assert browser.post("/lab/-/members", data=form).headers["Location"].startswith("/confirm")
    confirmed = lab.browser("owner", elevated=True)
    assert confirmed.post("/lab/-/members", data=form).status_code == 303
    assert lab.events()[-1] == "org.member_role_changed"


def test_owners_add_members_and_give_them_roles(lab):
    browser = lab.browser("owner")
    browser.post("/lab/-/members", data={"name": "stranger", "role": "auditor"})
    assert lab.browser("stranger").get("/lab/-/members").status_code == 200
    unknown = browser.post("/lab/-/members", data={"name": "nobody-there", "role": "member"})
    assert unknown.status_code == 404
    assert 'value="nobody-there"' in unknown.text
    browser.post("/lab/-/members/stranger/remove")
    assert lab.browser("stranger").get("/lab/-/members").status_code == 404


def test_members_do_not_change_who_belongs_to_it(lab):
    answer = lab.browser("writer").post("/lab/-/members", data={"name": "stranger"})
    assert answer.status_code == 403
    assert lab.events() == ["access.refused"]


def test_a_member_leaves(lab):
    assert lab.browser("writer").post("/lab/-/members/writer/remove").headers["Location"] == "/"
    assert lab.browser("writer").get("/lab").status_code == 404


def test_the_last_owner_stays(lab):
    answer = lab.browser("owner").post("/lab/-/members/owner/remove")
    assert answer.status_code == 409
    assert "needs an owner" in answer.text


def test_settings_change_what_members_may(lab):
    form = {"display_name": "The Laboratory", "base_role": "reader"}
    browser = lab.browser("owner")
    assert browser.post("/lab/-/settings", data=form).status_code == 303
    assert "The Laboratory" in browser.get("/lab").text
    assert lab.browser("writer").get("/lab/notes").status_code == 200
    assert lab.browser("writer").post("/lab/-/settings", data=form).status_code == 403


def test_an_organisation_is_deleted_by_its_typed_name_once_it_is_empty(lab):
    lab.organisation("guild")
    lab.join("owner", "guild", OrganisationRole.OWNER)
    browser = lab.browser("owner", elevated=True)
    assert browser.post("/guild/-/settings/delete", data={"confirm": "lab"}).status_code == 422
    assert browser.post("/guild/-/settings/delete", data={"confirm": "guild"}).status_code == 303
    full = browser.post("/lab/-/settings/delete", data={"confirm": "lab"})
    assert full.status_code == 409
    assert "has repositories" in full.text


def test_teams_nest_and_hold_members(lab):
    browser = lab.browser("owner")
    browser.post("/lab/-/new-team", data={"name": "core"})
    browser.post("/lab/-/new-team", data={"name": "inner", "parent": "core"})
    assert "/lab/-/teams/inner" in browser.get("/lab/-/teams/core").text
    browser.post("/lab/-/teams/inner/members", data={"user": "writer"})
    assert 'href="/writer"' in browser.get("/lab/-/teams/inner").text
    outside = browser.post("/lab/-/teams/inner/members", data={"user": "stranger"})
    assert outside.status_code == 409
    assert 'id="user-error"' in outside.text
    full = browser.post("/lab/-/teams/core/delete")
    assert full.status_code == 409
    browser.post("/lab/-/teams/inner/members/writer/remove")
    browser.post("/lab/-/teams/inner/delete")
    browser.post("/lab/-/teams/core", data={"name": "crew", "description": "Everyone"})
    assert "Everyone" in browser.get("/lab/-/teams").text


def test_teams_are_for_members_to_see(lab):
    lab.team("lab/core")
    lab.grant("stranger", Role.READER, "lab/notes")
    assert lab.browser("stranger").get("/lab").status_code == 200
    assert lab.browser("stranger").get("/lab/-/teams/core").status_code == 404


def test_events_of_an_organisation_are_for_its_owners(lab):
    lab.browser("owner").post("/lab/-/new-team", data={"name": "core"})
    lab.keep_log()
    page = lab.browser("owner").get("/lab/-/audit?q=action:team.*").text
    assert "team.created" in page
    assert lab.browser("writer").get("/lab/-/audit").status_code == 403
