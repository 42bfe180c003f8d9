"""The door of SCIM keeps what its own document says, for every operation and for hostile input."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import openapi
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from appliance.domain.scim import PREFIX
from tests.web.scim_clients import client
from tests.web.test_schemathesis import CHECKS, ORDER, describe

DOCUMENT = "/api/scim/openapi.json"
EXAMPLES = 6


def operations(app):
    """Every operation of the document, what only reads first."""
    found = [each.ok() for each in openapi.from_wsgi(DOCUMENT, app).get_all_operations()]
    return sorted(found, key=lambda each: (ORDER.index(each.method.lower()), each.path))


def cases(operation, ids):
    """Requests as the document asks for and as it forbids, to what is and is not there."""
    kind = next((each for each in ids if each in operation.path), None)
    is_one = "{identifier}" in operation.path and kind is not None
    ways = [
        operation.as_strategy(mode, path_parameters=parts)
        for mode in GenerationMode
        for parts in ([{"identifier": ids[kind]}, None] if is_one else [None])
    ]
    return st.one_of(ways)


@pytest.mark.promise("P24")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_operation_of_scim_keeps_its_description(world):
    speaks = client(world)
    user = speaks.user("writer", displayName="A Writer")["id"]
    ids = {"/Users": user, "/Groups": speaks.group("engineers", user)["id"]}
    headers = {"Authorization": f"Bearer {speaks.token}"}
    failures = {}
    for operation in operations(world.app):

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases(operation, ids))
        def try_it(case):
            answer = case.call_and_validate(headers=headers, checks=CHECKS)
            assert answer.status_code == 501 or answer.status_code < 500, answer.text

        try:
            try_it()
        except (AssertionError, FailureGroup, ExceptionGroup) as failure:
            failures[operation.label] = describe(failure)
    assert not failures, "\n\n".join(f"{each}\n{why}" for each, why in failures.items())


def test_the_document_holds_every_route_and_what_the_schemas_say(world):
    document = world.app.test_client().get(DOCUMENT).get_json()
    assert document["openapi"].startswith("3.1")
    described = {(verb.upper(), path) for path, item in document["paths"].items() for verb in item}
    there = {
        (method, rule.rule.removeprefix(PREFIX).replace("<", "{").replace(">", "}"))
        for rule in world.app.url_map.iter_rules()
        if rule.endpoint.startswith("scim.") and rule.endpoint != "scim.nothing"
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if "any(" not in rule.rule
    }
    assert there <= described
    user = document["components"]["schemas"]["User"]
    assert {"schemas", "userName"} <= set(user["required"])
    assert user["properties"]["active"]["type"] == "boolean"
    member = document["components"]["schemas"]["Group"]["properties"]["members"]["items"]
    assert set(member["properties"]) == {"value", "$ref", "type", "display"}


def test_members_are_shown_with_what_people_call_them_when_asked(world):
    speaks = client(world)
    one = speaks.user("writer", displayName="A Writer")["id"]
    two = speaks.user("reader")["id"]
    group = speaks.group("engineers", one, two)
    assert all("display" not in each for each in group["members"])
    asked = {"attributes": "members.value,members.display"}
    shown = speaks.get(f"/Groups/{group['id']}", **asked)["members"]
    assert {each["value"]: each["display"] for each in shown} == {one: "A Writer", two: "reader"}
    listed = speaks.get("/Groups", **asked)["Resources"][0]
    assert listed["members"] == shown


def test_a_client_may_send_what_people_call_its_members(world):
    speaks = client(world)
    one = speaks.user("writer")["id"]
    schema = "urn:ietf:params:scim:schemas:core:2.0:Group"
    sent = {
        "schemas": [schema],
        "displayName": "engineers",
        "members": [{"value": one, "display": "Somebody", "type": "User"}],
    }
    asked = "?" + speaks.query(attributes="members.display")
    made = speaks("POST", f"/Groups{asked}", sent)
    assert made.status_code == 201, made.text
    assert made.json["members"] == [{"display": "writer"}]
    place = f"/Groups/{made.json['id']}"
    whole = speaks.get(place)
    assert speaks("PUT", place, {**whole, "displayName": "builders"}).status_code == 200
    change = {"op": "add", "path": "members", "value": [{"value": one, "display": "x"}]}
    assert speaks.patch(place, change).status_code in {200, 204}


def test_members_are_not_asked_for_by_what_people_call_them(world):
    speaks = client(world)
    speaks.group("engineers")
    answer = speaks("GET", "/Groups?" + speaks.query(filter='members.display eq "x"'))
    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidFilter")
