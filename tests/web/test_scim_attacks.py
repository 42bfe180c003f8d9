"""The attack table of SCIM: what is made from a true token, or from a true message, and refused."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.scim import ScimGroup, ScimMember, ScimUser
from appliance.db.users import User
from tests.web.scim_clients import BULK, CORE, Client, client, token

pytestmark = [
    pytest.mark.promise("P46"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def flipped(text: str) -> str:
    return text[:-1] + ("A" if text[-1] != "A" else "B")


TOKENS = {
    "cut": lambda text: f"Bearer {text[:-1]}",
    "longer": lambda text: f"Bearer {text}0",
    "one letter changed": lambda text: f"Bearer {flipped(text)}",
    "in capitals": lambda text: f"Bearer {text.upper()}",
    "twice": lambda text: f"Bearer {text} {text}",
    "after another": lambda text: f"Bearer x,{text}",
    "in quotes": lambda text: f'Bearer "{text}"',
    "in base64": lambda text: f"Bearer {base64.b64encode(text.encode()).decode()}",
    "as a JWT": lambda text: f"Bearer e30.{text}.e30",
    "as an unsigned JWT": lambda text: f"Bearer eyJhbGciOiJub25lIn0.{text}.",
    "as a password": lambda text: f"Basic {base64.b64encode(f'scim:{text}'.encode()).decode()}",
    "by another scheme": lambda text: f"Token {text}",
    "without a scheme": lambda text: text,
    "no token": lambda _: "Bearer ",
    "its hash": lambda text: f"Bearer {hashlib.sha256(text.encode()).hexdigest()}",
}


@pytest.mark.parametrize("name", TOKENS)
def test_what_is_no_token_opens_nothing(world, name):
    speaks = client(world)
    speaks.user()
    header = {"Authorization": TOKENS[name](speaks.token)}
    before = world.events()
    for method, place in (("GET", "/Users"), ("POST", "/Users"), ("POST", "/Bulk")):
        sent = {"schemas": [f"{CORE}:User"], "userName": "intruder"}
        answer = world.app.test_client().open(
            f"/scim/v2{place}",
            method=method,
            headers=header,
            json=sent if method != "GET" else None,
        )
        assert answer.status_code == 401
        assert "writer" not in answer.text
    assert world.one(sa.select(User).where(User.name == "intruder")) is None
    assert set(world.events()[len(before) :]) <= {"access.refused"}


@pytest.mark.parametrize(
    "where", ["query", "access_token", "cookie", "form", "another header", "the session's cookie"]
)
def test_a_token_counts_in_its_header_only(world, where):
    text = client(world).token
    http = world.app.test_client()
    asked: dict[str, Any] = {
        "query": {"query_string": {"token": text}},
        "access_token": {"query_string": {"access_token": text}},
        "cookie": {"headers": {"Cookie": f"Authorization={text}"}},
        "form": {"data": {"access_token": text}},
        "another header": {"headers": {"X-Authorization": f"Bearer {text}"}},
        "the session's cookie": {"headers": {"Cookie": f"codara_session={text}"}},
    }[where]
    assert http.get("/scim/v2/Users", **asked).status_code == 401


@pytest.mark.parametrize(
    "place", ["/api/v1/user", "/api/v1/users", "/api/v1/admin/identity-providers", "/settings"]
)
def test_a_token_of_scim_opens_no_other_door(world, place):
    header = {"Authorization": f"Bearer {client(world).token}"}
    answer = world.app.test_client().get(place, headers=header)
    assert answer.status_code in {302, 303, 401}


def counts(world) -> list[int]:
    """How many people and groups are known, and how many are in one."""
    return [
        world.one(sa.select(sa.func.count()).select_from(table))
        for table in (User, ScimUser, ScimGroup, ScimMember)
    ]


HIDDEN = (
    *("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"),
    *("X-Original-URL", "X-Rewrite-URL"),
)


@pytest.mark.parametrize("header", HIDDEN)
def test_no_header_makes_another_request_of_one(world, header):
    speaks = client(world)
    made = speaks.user()
    said = {header: "DELETE" if "Method" in header else "/scim/v2/Users"}
    answer = speaks("GET", f"/Users/{made['id']}", None, **said)
    assert (answer.status_code, answer.json["id"]) == (200, made["id"])


BESIDE = (
    *("/../api/v1/users", "/Users/../../api/v1/users", "/Users/%2e%2e/%2e%2e/api/v1/users"),
    *("//Groups", "/Groups/x/y", "/Groups/;x", "/Users%00", "/GROUPS/"),
)


@pytest.mark.parametrize("place", BESIDE)
def test_addresses_beside_the_door_lead_nowhere(world, place):
    answer = client(world)("GET", place)
    assert answer.status_code in {308, 401, 404}


def operation(path: str, method: str = "POST", **more: Any) -> dict[str, Any]:
    data = {"schemas": [f"{CORE}:User"], "userName": "intruder"}
    return {"method": method, "path": path, "bulkId": "b", "data": data, **more}


@pytest.mark.parametrize(
    "wrong",
    [
        operation("/../api/v1/users"),
        operation("/Bulk"),
        operation("/Me"),
        operation("https://elsewhere.test/scim/v2/Users"),
        operation("/Users", "GET"),
        operation("/Users", "TRACE"),
        operation("/Users/bulkId:b"),
        operation("/Users/00000000-0000-7000-8000-000000000000", "DELETE"),
    ],
    ids=lambda each: f"{each['method']} {each['path']}",
)
def test_a_bulk_reaches_no_further_than_its_client(world, wrong):
    speaks = client(world)
    before = counts(world)
    answer = speaks("POST", "/Bulk", {"schemas": [BULK], "Operations": [wrong]})
    said = answer.json
    statuses = [each["status"] for each in said.get("Operations", ())] or [said["status"]]
    assert all(400 <= int(each) < 500 for each in statuses)
    assert counts(world) == before


MASS = {
    "its id": {"id": "00000000-0000-7000-8000-000000000001"},
    "its groups": {"groups": [{"value": "x", "display": "owners"}]},
    "its version": {"meta": {"version": 'W/"99"', "location": "https://elsewhere.test"}},
    "a role here": {"roles": [{"value": "administrator"}], "instanceRole": "administrator"},
    "a password": {"password": "correct horse battery staple"},
}


@pytest.mark.parametrize("what", MASS)
def test_a_client_says_only_what_is_its_to_say(world, what):
    speaks = client(world)
    made = speaks.user("writer", **MASS[what])
    other = world.one(sa.select(User).where(User.name == "writer"))
    assert made["id"] != MASS["its id"]["id"]
    assert "groups" not in made
    assert made["meta"]["version"] != 'W/"99"'
    assert made["meta"]["location"].endswith(f"/scim/v2/Users/{made['id']}")
    assert (other.instance_role, other.password_hash) == ("user", None)


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_an_old_version_overwrites_nothing(world, verb):
    speaks = client(world)
    made = speaks.user(displayName="Before")
    place = f"/Users/{made['id']}"
    version = speaks("GET", place).headers["ETag"]
    speaks.patch(place, {"op": "replace", "path": "displayName", "value": "After"})
    sent: Any = {
        "PUT": {"schemas": [f"{CORE}:User"], "userName": "writer", "displayName": "Old"},
        "PATCH": {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "displayName", "value": "Old"}],
        },
        "DELETE": None,
    }[verb]
    assert speaks(verb, place, sent, If_Match=version).status_code == 412
    assert speaks.get(place)["displayName"] == "After"


def test_a_token_of_one_provider_is_none_of_anothers(world):
    one, other = client(world), client(world, "okta")
    made = one.user()
    again = Client(world, token(world, "okta"))
    for speaks in (other, again):
        assert speaks("GET", f"/Users/{made['id']}").status_code == 404
        assert speaks.get("/Users")["totalResults"] == 0
