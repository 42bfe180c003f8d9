"""Provisioning as Microsoft Entra and as Okta call it, request by request.

Sources: learn.microsoft.com, "Develop and plan provisioning for a SCIM endpoint";
developer.okta.com, "SCIM 2.0 protocol". Names and ids are ours.
"""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.identity_providers import Identity
from appliance.db.users import User, UserState
from tests.web.scim_clients import CORE, ENTERPRISE, PATCH, client

NOTHING = {"totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []}


@pytest.fixture
def asks(world):
    return client(world)


def state(world, name):
    return world.one(sa.select(User.state).where(User.name == name))


def groups(world):
    return world.one(sa.select(Identity.groups))


def nothing(found):
    return {name: found[name] for name in NOTHING} == NOTHING


def test_entra_provisions_changes_disables_and_deletes(world, asks):
    assert nothing(asks.get("/Users", filter='userName eq "5d48c2b8-no-such-user"'))
    made = asks(
        "POST",
        "/Users",
        {
            "schemas": [f"{CORE}:User", ENTERPRISE],
            "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
            "userName": "Test_User@corp.example",
            "active": True,
            "addresses": [{"primary": False, "type": "work", "country": "x"}],
            "emails": [{"primary": True, "type": "work", "value": "test_user@corp.example"}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": "Given Family", "familyName": "Family", "givenName": "Given"},
            "roles": [],
            ENTERPRISE: {"department": "Research"},
        },
    )
    assert made.status_code == 201
    place = f"/Users/{made.json['id']}"
    found = asks.get("/Users", filter='userName eq "Test_User@corp.example"')
    assert (found["totalResults"], found["Resources"][0]["id"]) == (1, made.json["id"])

    changed = asks.patch(
        place,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "new@corp.example"},
        {"op": "Replace", "path": "name.familyName", "value": "Changed"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+49 1"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": made.json["id"]},
        {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Lab"},
        {"op": "Add", "path": 'addresses[type eq "work"].formatted', "value": "left out"},
    ).json
    assert changed["emails"][0]["value"] == "new@corp.example"
    assert (changed["name"]["familyName"], changed["phoneNumbers"]) == (
        "Changed",
        [{"value": "+49 1", "type": "mobile"}],
    )
    assert changed[ENTERPRISE] == {"department": "Lab", "manager": {"value": made.json["id"]}}
    dotted = {"name.givenName": "Dotted", f"{ENTERPRISE}:division": "North", "displayName": "Shown"}
    at_once = asks.patch(place, {"op": "Replace", "value": dotted}).json
    assert (at_once["name"]["givenName"], at_once[ENTERPRISE]["division"]) == ("Dotted", "North")

    disabled = asks.patch(place, {"op": "Replace", "path": "active", "value": "False"})
    assert (disabled.json["active"], state(world, "Test-User")) == (False, UserState.SUSPENDED)
    asks.patch(place, {"op": "Replace", "path": "active", "value": "True"})
    assert state(world, "Test-User") is UserState.ACTIVE
    assert asks("DELETE", place).status_code == 204
    assert nothing(asks.get("/Users", filter='userName eq "Test_User@corp.example"'))
    assert state(world, "Test-User") is UserState.SUSPENDED


def test_entra_fills_renames_empties_and_deletes_groups(world, asks):
    member = asks.user("one")["id"]
    body = {
        "schemas": [f"{CORE}:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "Engineers",
        "meta": {"resourceType": "Group"},
    }  # fmt: skip
    made = asks("POST", "/Groups", body)
    assert made.status_code == 201, made.text
    place = f"/Groups/{made.json['id']}"
    found = asks.get("/Groups", filter='displayName eq "Engineers"', excludedAttributes="members")
    assert found["Resources"][0]["id"] == made.json["id"]

    add = {"op": "Add", "path": "members", "value": [{"$ref": None, "value": member}]}
    assert asks.patch(place, add).status_code == 204
    assert groups(world) == ["Engineers"]
    both = f'id eq "{made.json["id"]}" and members eq "{member}"'
    assert asks.names(both, "/Groups") == ["Engineers"]
    rename = {"op": "Replace", "path": "displayName", "value": "Builders"}
    assert asks.patch(place, rename).status_code == 204
    assert groups(world) == ["Builders"]
    remove = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": member}]}
    assert asks.patch(place, remove).status_code == 204
    assert groups(world) == []
    assert "members" not in asks.get(place)
    assert asks("DELETE", place).status_code == 204


def test_okta_provisions_changes_disables_and_enables(world, asks):
    assert nothing(
        asks.get("/Users", filter='userName eq "writer@corp.example"', startIndex=1, count=100)
    )
    made = asks(
        "POST",
        "/Users",
        {
            "schemas": [f"{CORE}:User"],
            "userName": "writer@corp.example",
            "name": {"givenName": "Given", "familyName": "Family"},
            "emails": [{"primary": True, "value": "writer@corp.example", "type": "work"}],
            "displayName": "Given Family",
            "locale": "en-US",
            "externalId": "00ujl29u0le5T6Aj10h7",
            "groups": [],
            "password": "1mz050nq",
            "active": True,
        },
    )
    assert made.status_code == 201, made.text
    assert "password" not in made.text
    place = f"/Users/{made.json['id']}"
    told = asks.get(place)
    told["name"]["familyName"] = "Another"
    replaced = asks("PUT", place, told | {"password": "x", "groups": []})
    assert (replaced.status_code, replaced.json["name"]["familyName"]) == (200, "Another")

    off = asks.patch(place, {"op": "replace", "value": {"active": False}})
    assert (off.status_code, state(world, "writer")) == (200, UserState.SUSPENDED)
    on = asks.patch(place, {"op": "replace", "value": {"active": True}})
    assert (on.json["active"], state(world, "writer")) == (True, UserState.ACTIVE)
    again = asks("POST", "/Users", {"schemas": [f"{CORE}:User"], "userName": "writer@corp.example"})
    assert (again.status_code, again.json["scimType"]) == (409, "uniqueness")


def test_okta_pushes_groups(world, asks):
    one, other = asks.user("one")["id"], asks.user("other")["id"]
    body = {"schemas": [f"{CORE}:Group"], "displayName": "Pushed", "members": []}
    made = asks("POST", "/Groups", body).json
    place = f"/Groups/{made['id']}"
    renamed = {"op": "replace", "value": {"id": made["id"], "displayName": "Renamed"}}
    assert asks.patch(place, renamed).status_code == 204
    add = {"op": "add", "path": "members", "value": [{"value": one, "display": "one"}]}
    gone = {"op": "remove", "path": f'members[value eq "{other}"]'}
    assert asks.patch(place, add, gone).status_code == 204
    assert [each["value"] for each in asks.get(place)["members"]] == [one]
    everyone = {"op": "replace", "path": "members", "value": [{"value": other}, {"value": one}]}
    assert asks.patch(place, everyone).status_code == 204
    assert {each["value"] for each in asks.get(place)["members"]} == {one, other}
    wrong = asks.patch(
        place, {"op": "replace", "path": f'members[value eq "{one}"].value', "value": other}
    )
    assert (wrong.status_code, wrong.json["scimType"]) == (400, "mutability")
    put = asks(
        "PUT",
        place,
        {"schemas": [f"{CORE}:Group"], "displayName": "Put", "members": [{"value": one}]},
    )
    assert [each["value"] for each in put.json["members"]] == [one]
    assert asks("PATCH", place, {"schemas": [PATCH], "Operations": []}).status_code == 400
    assert asks.patch(place, {"op": "remove", "path": "members"}).status_code == 204
    assert "members" not in asks.get(place)
