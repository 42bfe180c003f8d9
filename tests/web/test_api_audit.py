"""The audit log over the API: searched, paged, followed, read; and each look is recorded once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditValue
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.permissions import OrganisationRole, Scope
from appliance.web.api.audit import NOTED_FOR

EVENTS = "/api/v1/audit/events"


@pytest.fixture
def lab(world):
    """A log of the instance with 9 entries, and one of an organisation with 4."""
    administrator = world.administrator()
    organisation = world.organisation("lab")
    repository = world.repository("lab/notes")
    world.user("auditor", member=OrganisationRole.AUDITOR, of="lab")
    with world.begin(administrator) as work:
        for number in range(9):
            work.record(events.AccessRefused(reason=f"r{number}", attempt="Of lab/notes."))
        for number in range(4):
            work.record(
                events.Fetched(
                    about=repository.id, organisation_id=organisation.id, protocol=f"v{number}"
                )
            )
    world.keep_log()
    return organisation


def get(client, status=200, path=EVENTS, **query: Any):
    answer = client.get(path, query_string=query)
    assert answer.status_code == status, answer.json
    return answer.json


def test_a_search_is_shown_page_by_page_and_recorded_once(world, lab):
    client = world.client("administrator")
    whole = get(client, q="category:access")
    assert [each["fields"]["reason"] for each in whole["items"]] == [
        f"r{number}" for number in reversed(range(9))
    ]
    assert (whole["next"], whole["as_of"]) == (None, None)
    before = len(world.recorded("audit.searched"))
    page = get(client, q="category:access", limit=4)
    found = page["items"]
    world.keep_log()
    while page["next"]:
        page = get(client, q="category:access", limit=4, cursor=page["next"])
        found += page["items"]
    assert found == whole["items"]
    searched = world.recorded("audit.searched")
    assert len(searched) == before + 1
    assert searched[-1].header["log"] == "instance"
    assert searched[-1].body["shown"] == 4


def test_an_event_says_who_did_what_to_what(world, lab):
    client = world.client("auditor", Scope.AUDIT_READ)
    page = get(client, log="lab", q="repo:lab/notes", limit=1)
    (event,) = page["items"]
    assert (event["action"], event["category"], event["outcome"]) == (
        "git.fetched",
        "git",
        "success",
    )
    assert (event["log"], event["log_name"], event["index"]) == (str(lab.id), "lab", 3)
    assert event["actor"]["name"] == "administrator"
    assert event["actor"]["ref"].startswith("p_")
    assert (event["target"]["type"], event["target"]["name"]) == ("repo", "lab/notes")
    assert event["auth"] == {"method": "console", "token_ref": "", "mfa": False}
    assert (event["address"], event["fields"], event["erased"]) == (
        "127.0.0.1",
        {"protocol": "v3"},
        [],
    )
    assert page["as_of"] == 4
    assert page["since"] is not None
    (searched,) = world.recorded("audit.searched")
    assert searched.header["log"] == str(lab.id)
    assert searched.body["as_of"] == 4
    assert "lab/notes" in searched.values["query"].value


def test_what_was_erased_is_null(world, lab):
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.delete(AuditValue))
    event = get(world.client("administrator"), log="instance", limit=1)["items"][0]
    assert event["erased"] == ["address", "attempt"]
    assert (event["address"], event["fields"]["attempt"]) == (None, None)


def test_one_event_is_read_and_that_is_recorded(world, lab):
    client = world.client("administrator")
    event = get(client, log="lab")["items"][0]
    assert get(client, path=f"{EVENTS}/{event['id']}") == event
    (read,) = world.recorded("audit.event_read")
    assert read.header["target"]["ref"] == event["id"]
    get(client, 404, path=f"{EVENTS}/{new_id()}")
    refused = world.client("auditor")
    instance = get(client, log="instance")["items"][0]
    get(refused, 404, path=f"{EVENTS}/{instance['id']}")
    assert len(world.recorded("audit.event_read")) == 1


def test_whoever_follows_misses_nothing_and_is_recorded_once_an_hour(world, lab):
    client = world.client("administrator")
    page = get(client, q="category:job", limit=2)
    searched = len(world.recorded("audit.searched"))
    got = []
    for number in range(3):
        with world.begin(world.actor("administrator")) as work:
            work.record(events.JobCancelled(job=f"a{number}"))
            work.record(events.JobCancelled(job=f"b{number}"))
        world.keep_log()
        page = get(client, q="category:job", limit=2, after=page["newer"])
        got += [each["fields"]["job"] for each in page["items"]]
    assert got == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert get(client, q="category:job", after=page["newer"])["items"] == []
    assert len(world.recorded("audit.searched")) == searched


def test_a_long_look_is_recorded_again(world, lab, monkeypatch):
    client = world.client("administrator")
    page = get(client)
    before = len(world.recorded("audit.searched"))
    monkeypatch.setattr("appliance.web.api.audit.NOTED_FOR", -NOTED_FOR)
    get(client, after=page["newer"])
    assert len(world.recorded("audit.searched")) == before + 1
    assert timedelta() < NOTED_FOR


def test_a_place_is_for_its_search_and_its_actor_alone(world, lab):
    client = world.client("administrator")
    page = get(client, q="category:access", limit=1)
    get(client, 422, q="category:git", cursor=page["next"])
    get(client, 422, cursor=page["next"])
    get(client, 422, q="category:access", log="instance", cursor=page["next"])
    get(client, 422, q="category:access", after=page["next"])
    get(client, 422, q="category:access", cursor=page["newer"])
    get(client, 422, q="category:access", cursor="nonsense")
    world.administrator("other")
    get(world.client("other"), 422, q="category:access", cursor=page["next"])
    assert len(world.recorded("audit.searched")) == 1


def test_what_is_wrong_with_a_search_is_said(world, lab):
    client = world.client("administrator")
    problem = get(client, 422, q="actr:writer")
    assert problem["errors"][0]["field"] == "q"
    assert "At character 1: " in problem["detail"]
    for wrong in (
        {"as_of": 3},
        {"as_of": 10**6, "log": "lab"},
        {"limit": 1001},
        {"from": "soon"},
        {"q": "x" * 2001},
        {"since": "2026-01-01"},
    ):
        get(client, 422, **wrong)
    assert world.recorded("audit.searched") == []


def test_a_log_as_it_was(world, lab):
    client = world.client("administrator")
    found = get(client, log="lab", as_of=2)
    assert [each["index"] for each in found["items"]] == [1, 0]
    assert found["as_of"] == 2
    assert get(client, log="lab", to="2026-01-01", **{"from": "2025-01-01"})["items"] == []


@pytest.mark.parametrize(
    ("name", "scope", "query", "status"),
    [
        ("auditor", Scope.AUDIT_READ, {}, 200),
        ("auditor", Scope.AUDIT_READ, {"log": "instance"}, 403),
        ("auditor", Scope.AUDIT_READ, {"log": "never"}, 404),
        ("auditor", Scope.REPOSITORY_READ, {}, 403),
        ("auditor", Scope.REPOSITORY_READ, {"log": "lab"}, 404),
        ("nobody", Scope.AUDIT_READ, {}, 403),
        ("nobody", Scope.AUDIT_READ, {"log": "lab"}, 404),
        (None, None, {}, 401),
    ],
)
def test_who_may(world, lab, name, scope, query, status):
    world.user("nobody")
    client = world.client() if name is None else world.client(name, scope)
    get(client, status, **query)
    assert len(world.recorded("audit.searched")) == (status == 200)
