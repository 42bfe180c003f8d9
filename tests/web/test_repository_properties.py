"""Definitions of properties: by the API, the portal and the command line, and what they change."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import OrganisationRole, Role
from tests.commands import saying

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PATH = "lab/notes"
DEFINED, VALUES = "/api/v1/orgs/lab/properties", f"/api/v1/repos/{PATH}/properties"
PAGE = "/lab/-/settings/properties"
TIER = {"kind": "choice", "allowed": ["1", "2"], "default": "2", "set_by": "maintainers"}
RULESET = {
    "name": "Inner",
    "includes": ["main"],
    "properties": {"tier": "2"},
    "rules": [{"kind": "linear_history"}],
}


@pytest.fixture
def lab(world):
    world.repository(PATH)
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    for role in (Role.MAINTAINER, Role.READER):
        world.user(role.value, role=role, on=PATH)
    return world


def rules(lab):
    found = lab.client("reader").get(f"/api/v1/repos/{PATH}/rules").json["items"]
    return [each["name"] for each in found]


def test_a_default_holds_and_rulesets_choose_by_it(lab):
    owner = lab.client("owner")
    assert owner.post("/api/v1/orgs/lab/rulesets", json=RULESET).status_code == 201
    assert rules(lab) == []

    assert owner.put(f"{DEFINED}/Tier", json=TIER).json["key"] == "tier"

    assert rules(lab) == ["Inner"]
    assert owner.get(VALUES).json["properties"] == {"tier": "2"}
    maintainer = lab.client("maintainer")
    said = {"properties": {"tier": "1"}}
    assert lab.client("reader").put(VALUES, json=said).status_code == 403
    assert maintainer.put(VALUES, json=said).json["properties"] == {"tier": "1"}
    assert rules(lab) == []
    assert maintainer.put(VALUES, json={"properties": {"tier": "3"}}).status_code == 422
    assert maintainer.put(VALUES, json={"properties": {"free": "word"}}).status_code == 403
    (found,) = owner.get("/api/v1/orgs/lab/property-values").json["items"]
    assert (found["repository"], found["said"]) == ("notes", {"tier": "1"})
    narrower = {**TIER, "allowed": ["2"]}
    assert "notes" in owner.put(f"{DEFINED}/tier", json=narrower).json["detail"]
    assert "Inner" in owner.delete(f"{DEFINED}/tier").json["detail"]
    recorded = lab.events()
    assert recorded.index("org.property_defined") < recorded.index("repo.properties_changed")


def test_a_repository_does_not_bring_along_which_rules_hold_for_it(lab):
    lab.organisation("works")
    lab.user("guest", member=OrganisationRole.OWNER, of="works")
    lab.join("guest", "lab", OrganisationRole.MEMBER)
    lab.repository("works/tool")
    lab.grant("guest", Role.OWNER, "works/tool")
    owner, guest = lab.client("owner"), lab.client("guest")
    strict = {**TIER, "set_by": "owners"}
    assert owner.put(f"{DEFINED}/tier", json=strict).status_code == 200
    said = {"properties": {"tier": "1"}}
    assert guest.put("/api/v1/repos/works/tool/properties", json=said).status_code == 200

    moved = guest.post("/api/v1/repos/works/tool/transfer", json={"to": "lab"})

    assert moved.json["path"] == "lab/tool"
    found = guest.get("/api/v1/repos/lab/tool/properties").json["properties"]
    assert found == {"tier": "2"}
    assert guest.put("/api/v1/repos/lab/tool/properties", json=said).status_code == 403


def test_owners_define_and_only_what_is_defined_can_be_removed(lab):
    owner = lab.client("owner")
    for who in ("maintainer", "reader"):
        assert lab.client(who).put(f"{DEFINED}/tier", json=TIER).status_code in {403, 404}
    assert owner.put(f"{DEFINED}/tier", json=TIER).status_code == 200
    assert owner.put(f"{DEFINED}/tier", json=TIER).status_code == 200
    assert [each["key"] for each in owner.get(DEFINED).json["items"]] == ["tier"]
    assert owner.delete(f"{DEFINED}/tier").status_code == 204
    assert owner.delete(f"{DEFINED}/tier").status_code == 404
    done = [each for each in lab.events() if each != "access.refused"]
    assert done == ["org.property_defined", "org.property_removed"]


def test_the_portal_defines_and_sets(lab):
    owner = lab.browser("owner", elevated=True)
    form = {"key": "tier", "kind": "choice", "allowed": "1\n2", "set_by": "maintainers"}
    answer = owner.post(f"{PAGE}/define", data={**form, "is_required": "yes"})
    assert answer.status_code == 303
    page = owner.get(f"{PAGE}?key=tier").text
    assert "tier is missing" in page
    assert "1\n2</textarea>" in page
    assert owner.post(f"{PAGE}/define", data={**form, "default": "3"}).status_code == 422

    place, maintainer = f"/{PATH}/settings/properties", lab.browser("maintainer", elevated=True)
    assert 'name="value-tier"' in maintainer.get(place).text
    assert maintainer.post(place, data={"value-tier": ""}).status_code == 422
    assert maintainer.post(place, data={"value-tier": "1"}).status_code == 303
    assert "<code>tier=1</code>" in owner.get(PAGE).text
    assert lab.browser("reader", elevated=True).post(place, data={}).status_code == 403
    assert owner.post(f"{PAGE}/remove", data={"key": "tier"}).status_code == 303
    assert "tier=1" in maintainer.get(place).text


def test_the_command_line_does_the_same(lab, capsys, monkeypatch):
    with saying(lab, "owner", monkeypatch, capsys) as said:
        of = ("--allowed", "1", "--allowed", "2", "--default", "2")
        made = said("org", "property", "define", "lab", "tier", *of)
        assert (made["kind"], made["set_by"]) == ("choice", "owners")
        assert said("org", "property", "list", "lab")[0]["key"] == "tier"
        said("repo", "property", "set", PATH, "tier=1", "free=word")
        found = said("repo", "property", "set", PATH, "free=")
        assert found == said("repo", "property", "list", PATH) == [{"key": "tier", "value": "1"}]
        said("org", "property", "remove", "lab", "tier", "--yes")
        assert said("org", "property", "list", "lab") == []
