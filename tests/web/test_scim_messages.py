"""What a SCIM client may not send, versions, and bulk requests. RFC 7644, 3.7, 3.12 and 3.14."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.users import User, UserState
from appliance.domain.identity_providers import Gives, GroupRule
from tests.web.scim_clients import BULK, CORE, ENTERPRISE, PATCH, client

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOBODY = "00000000-0000-7000-8000-000000000000"
RESEARCH = GroupRule("research", Gives.TEAM, "lab/research")


@pytest.fixture
def asks(world):
    """A client whose provider is called entra."""
    return client(world)


def user(world, name):
    return world.one(sa.select(User).where(User.name == name))


@ON_ONE
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"op": "remove"}, "noTarget"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "jump", "path": "title", "value": "x"}, "invalidValue"),
        ({"op": "replace", "path": "title[", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type gt "x"', "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        ({"op": "replace", "path": "userName", "value": ""}, "invalidValue"),
        ({"op": "replace", "path": "userName", "value": "x" * 256}, "invalidValue"),
        ({"op": "replace", "path": "title", "value": "x" * 40_000}, "invalidValue"),
        ({"op": "replace", "path": "title", "value": "\x00"}, "invalidValue"),
        ({"op": "replace", "path": "emails", "value": "x"}, "invalidValue"),
    ],
)
def test_changes_that_cannot_be_made_change_nothing(asks, change, kind):
    made = asks.user()
    good = {"op": "replace", "path": "title", "value": "Lead"}

    answer = asks.patch(f"/Users/{made['id']}", good, change)

    assert (answer.status_code, answer.json["scimType"]) == (400, kind), answer.text
    assert asks.get(f"/Users/{made['id']}") == made


@ON_ONE
def test_bodies_that_are_none_or_too_large_are_refused(world, asks):
    http, headers = world.app.test_client(), {"Authorization": f"Bearer {asks.token}"}

    def post(data, media="application/scim+json", path="/Users"):
        return http.post(f"/scim/v2{path}", data=data, content_type=media, headers=headers)

    assert post(b"{", "text/plain").status_code == 415
    assert post(b"x" * (1024 * 1024 + 1)).status_code == 413
    for wrong in (b"", b"[]", b"{", b"[" * 50_000, b'{"userName": ' + b"9" * 5000 + b"}"):
        assert (post(wrong).status_code, post(wrong).json["scimType"]) == (400, "invalidSyntax")
    many = {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "title"}] * 101}
    made = asks.user()
    assert asks("PATCH", f"/Users/{made['id']}", many).status_code == 413
    assert asks("POST", "/Users", {"displayName": "x"}).json["scimType"] == "invalidValue"


@ON_ONE
def test_what_is_not_there_is_said_in_the_form_of_scim(asks):
    assert asks("GET", "/Me").status_code == 501
    assert asks("GET", "/Nothing").json["status"] == "404"
    assert asks("GET", "/Users/no-id").status_code == 404
    assert asks("GET", f"/Users/{NOBODY}").status_code == 404
    wrong = asks("PUT", "/Users", {})
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, POST")
    assert asks("GET", "/Schemas?filter=id pr").status_code == 403
    assert asks.get("/ServiceProviderConfig")["bulk"]["maxOperations"] == 100
    assert asks.get(f"/Schemas/{CORE}:User")["name"] == "User"
    assert asks.get("/ResourceTypes/Group")["endpoint"] == "/Groups"
    assert asks("GET", "/ResourceTypes/Me").status_code == 404


@ON_ONE
def test_a_client_that_asks_too_often_is_told_to_wait(world):
    world.configure(CODARA_LIMITS__SCIM_REQUESTS_PER_MINUTE="3")
    asks = client(world)
    answers = [asks("GET", "/Users") for _ in range(4)]

    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_versions_guard_changes_and_spare_answers(asks):
    made = asks.user()
    place, version = f"/Users/{made['id']}", made["meta"]["version"]
    change = {"op": "replace", "path": "title", "value": "Lead"}
    assert asks("GET", place, If_None_Match=version).status_code == 304
    assert asks.patch(place, change, If_Match='W/"other"').status_code == 412
    changed = asks.patch(place, change, If_Match=f'W/"other", {version}')
    assert (changed.status_code, changed.headers["ETag"] != version) == (200, True)
    assert asks("DELETE", place, If_Match=version).status_code == 412
    group = asks.group("g", made["id"])
    assert asks("GET", place, If_None_Match=changed.headers["ETag"]).status_code == 200, (
        "in a group"
    )
    assert asks("DELETE", f"/Groups/{group['id']}", If_Match='W/"9"').status_code == 412
    assert (
        asks("DELETE", f"/Groups/{group['id']}", If_Match=group["meta"]["version"]).status_code
        == 204
    )
    assert asks("DELETE", place, If_Match="*").status_code == 204


def test_bulk_does_each_by_itself_and_waits_for_what_another_makes(world, asks):
    def operation(method: str, path: str, **said: object):
        return {"method": method, "path": path, **said}

    sent = {
        "schemas": [BULK],
        "Operations": [
            operation(
                *("POST", "/Groups"),
                bulkId="g",
                data={
                    "schemas": [f"{CORE}:Group"],
                    "displayName": "g",
                    "members": [{"value": "bulkId:u"}],
                },
            ),
            operation(
                "POST", "/Users", bulkId="u", data={"schemas": [f"{CORE}:User"], "userName": "u"}
            ),
            operation(
                "POST", "/Users", bulkId="v", data={"schemas": [f"{CORE}:User"], "userName": "U"}
            ),
            operation("DELETE", f"/Users/{NOBODY}"),
            operation("GET", "/Users"),
            operation(
                "PATCH",
                "/Users/bulkId:u",
                data={
                    "schemas": [PATCH],
                    "Operations": [{"op": "add", "path": "title", "value": "t"}],
                },
            ),
            operation(
                "POST",
                "/Users",
                bulkId="w",
                data={
                    "schemas": [f"{CORE}:User"],
                    "userName": "w",
                    ENTERPRISE: {"manager": {"value": "bulkId:none"}},
                },
            ),
        ],
    }
    answer = asks("POST", "/Bulk", sent)
    by_name = {each.get("bulkId") or each.get("method"): each for each in answer.json["Operations"]}

    assert {name: each["status"] for name, each in by_name.items()} == {
        "u": "201",
        "v": "409",
        "DELETE": "404",
        "GET": "400",
        "PATCH": "200",
        "g": "201",
        "w": "409",
    }
    assert by_name["v"]["response"]["scimType"] == "uniqueness"
    assert asks.get("/Groups")["Resources"][0]["members"][0]["value"] in by_name["u"]["location"]
    assert user(world, "u").state is UserState.ACTIVE


def test_bulk_stops_after_so_many_failures(asks):
    wrong = {"method": "DELETE", "path": f"/Users/{NOBODY}"}
    made = {
        "method": "POST",
        "path": "/Users",
        "bulkId": "u",
        "data": {"schemas": [f"{CORE}:User"], "userName": "u"},
    }
    sent = {
        "schemas": [BULK],
        "failOnErrors": 2,
        "Operations": [wrong, made, wrong, made | {"bulkId": "v"}],
    }

    answer = asks("POST", "/Bulk", sent).json["Operations"]

    assert [each["status"] for each in answer] == ["404", "201", "404"]
    assert asks("POST", "/Bulk", sent | {"Operations": [wrong] * 101}).status_code == 413
    for nothing in ({}, {"schemas": [BULK]}, {"schemas": [BULK], "Operations": "x"}):
        assert asks("POST", "/Bulk", nothing).json["scimType"] == "invalidSyntax"
