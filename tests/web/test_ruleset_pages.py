"""Rulesets in the portal: in a repository, an organisation and the administration."""

from __future__ import annotations

import re

import pytest

from appliance.domain.permissions import OrganisationRole, Role
from appliance.services import rulesets
from appliance.services.rulesets import Place

FORM = {
    "name": "Trunk",
    "enforcement": "dry_run",
    "includes": "main\nrelease/*",
    "rule": ["pull_request", "update", "file_size"],
    "pull_request.approvals": "2",
    "pull_request.code_owners": "yes",
    "update.allowed": "role maintainer\nuser writer",
    "file_size.most_bytes": "1048576",
    "bypass": "user writer: Runs the releases.",
}
PLACES = {
    "/lab/notes/settings/rulesets": ("maintainer", Place(repository="lab/notes")),
    "/lab/-/settings/rulesets": ("owner", Place("lab")),
    "/administration/rulesets": ("administrator", Place()),
}


@pytest.fixture
def lab(world):
    world.organisation("lab")
    world.repository("lab/notes")
    world.administrator()
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    for role in (Role.WRITER, Role.MAINTAINER):
        world.user(role.value, role=role, on="lab/notes")
    return world


@pytest.mark.parametrize("place", PLACES)
def test_a_ruleset_is_made_shown_changed_and_removed(lab, place):
    who, where = PLACES[place]
    browser = lab.browser(who, elevated=True)
    assert "No rulesets" in browser.get(place).text
    assert "Restrict pushes" in browser.get(f"{place}/new").text

    made = browser.post(f"{place}/new", data=FORM)

    assert made.status_code == 303, made.text
    (address,) = re.findall(rf'href="({place}/[0-9a-f-]{{36}})"', browser.get(place).text)
    shown = browser.get(address).text
    for words in ("refs/heads/main", "role maintainer", "user writer: Runs the releases."):
        assert words in shown
    with lab.reading(lab.actor(who)) as work:
        (kept,) = rulesets.listed(work, where)
    assert [rule["kind"] for rule in kept.rules] == ["update", "pull_request", "file_size"]
    assert kept.rules[1] == {"kind": "pull_request", "approvals": 2, "code_owners": True}

    changed = browser.post(address, data=FORM | {"rule": "update", "name": "Main"})
    assert changed.status_code == 303, changed.text
    assert ">Main</a>" in browser.get(place).text
    assert browser.post(f"{address}/remove").status_code == 303
    assert "No rulesets" in browser.get(place).text


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "Give the ruleset a name"),
        ("includes", "refs/notes/x", "A pattern names branches"),
        ("bypass", "user writer", "a colon, and the reason"),
        ("bypass", "writer: why not", "is not a valid entry"),
        ("update.allowed", "user nobody", "no user or team nobody"),
        ("file_size.most_bytes", "much", "Enter a number"),
        ("rule", [], "at least one rule"),
    ],
)
def test_what_cannot_be_meant_is_said_at_the_form_and_nothing_is_lost(lab, field, value, says):
    answer = lab.browser("maintainer", elevated=True).post(
        "/lab/notes/settings/rulesets/new", data=FORM | {field: value}
    )

    assert answer.status_code == 422
    assert says in answer.text
    assert "role maintainer" in answer.text or field == "update.allowed"


@pytest.mark.parametrize("place", PLACES)
def test_a_draft_is_tried_on_the_past_and_nothing_is_set(lab, place):
    body = {"content": "x", "branch": "main", "message": "wrong"}
    write = "/api/v1/repos/lab/notes/write/a.txt"
    assert lab.client("writer").put(write, json=body).status_code == 200
    who, where = PLACES[place]
    form = FORM | {"rule": "commit_message", "commit_message.patterns": "^fix: ", "act": "try"}

    shown = lab.browser(who, elevated=True).post(f"{place}/new", data=form).text

    assert "would have refused 1 of 1 pushes, in 1 repositories" in shown
    assert "does not match a required pattern" in shown
    with lab.reading(lab.actor(who)) as work:
        assert rulesets.listed(work, where) == []


def test_properties_of_repositories_are_set_by_owners(lab):
    place, owner = "/lab/-/settings/properties", lab.browser("owner", elevated=True)
    form = {"repository": "notes", "properties": "tier=1\nteam = core"}

    assert owner.post(place, data=form).status_code == 303

    assert "<code>tier=1</code>" in owner.get(place).text
    assert "team=core\ntier=1" in owner.get(f"{place}?repository=notes").text
    answer = owner.post(place, data=form | {"properties": "tier"})
    assert (answer.status_code, "Enter a name, = and a value" in answer.text) == (422, True)
    maintainer = lab.browser("maintainer", elevated=True)
    assert maintainer.post(place, data=form | {"properties": "tier=2"}).status_code == 403
    assert "<code>tier=1</code>" in owner.get(place).text


def test_a_repository_shows_what_stands_above_it(lab):
    lab.browser("owner", elevated=True).post("/lab/-/settings/rulesets/new", data=FORM)

    page = lab.browser("maintainer", elevated=True).get("/lab/notes/settings/rulesets").text

    assert "Inherited rulesets" in page
    assert "Trunk" in page
    german = {"Accept-Language": "de"}
    there = lab.browser("maintainer").get("/lab/notes/settings/rulesets", headers=german).text
    assert "Geerbte Regels" in there
