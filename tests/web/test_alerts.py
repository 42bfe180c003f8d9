"""Alerts for programs: the API, and the command line that asks it."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import OrganisationRole, Role, Scope
from tests.alerting import CODE, SECRET, find
from tests.commands import saying

REPO = "/api/v1/repos/lab/notes"
ALERTS = f"{REPO}/alerts"
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DISMISSED = {"state": "dismissed", "reason": "false_positive", "comment": "an example"}
ATTESTED = {"revoked_at": "2026-11-20T10:00:00Z", "ticket": "SEC-7"}

pytestmark = ON_ONE


@pytest.fixture
def lab(world):
    """A repository with a weakness (1) and a secret (2)."""
    world.repository("lab/notes")
    find(world, "lab/notes", [CODE])
    find(world, "lab/notes", [SECRET])
    for role in (Role.READER, Role.WRITER, Role.MAINTAINER, Role.OWNER):
        world.user(str(role), role=role, on="lab/notes")
    world.user("officer", member=OrganisationRole.SECURITY_OFFICER, of="lab")
    world.user("chief", member=OrganisationRole.OWNER, of="lab")
    return world


def test_a_list_is_chosen_by_words_with_commas(lab):
    client = lab.client("writer")

    both = client.get(f"{ALERTS}?kind=secret,code&state=open&limit=1").json
    rest = client.get(f"{ALERTS}?kind=secret,code&limit=1&cursor={both['next']}").json
    assert [each["items"][0]["number"] for each in (both, rest)] == [1, 2]
    assert rest["next"] is None
    assert client.get(f"{ALERTS}?severity=low").json["items"] == []
    assert client.get(f"{ALERTS}/facets").json["kinds"] == {"code": 1, "secret": 1}
    refused = client.get(f"{ALERTS}?kind=virus")
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "kind")


def test_an_alert_shows_its_places_and_decisions(lab):
    client = lab.client("officer")
    assert client.patch(f"{ALERTS}/2", json=DISMISSED).json["state"] == "dismissed"
    assert client.post(f"{ALERTS}/2/comments", json={"comment": "as said"}).status_code == 201

    shown = client.get(f"{ALERTS}/2").json
    assert (shown["path"], shown["line"], shown["preview"]) == ("src/settings.py", 3, "exa…one")
    assert [each["path"] for each in shown["places"]] == ["src/settings.py"]
    said = [(each["step"], each["actor"], each["comment"]) for each in shown["decisions"]]
    assert said == [
        ("dismissed", "officer", "an example"),
        ("commented", "officer", "as said"),
    ]


@pytest.mark.promise("P90")
def test_to_readers_there_are_no_alerts(lab):
    client = lab.client("reader")

    for method, door, body in (
        ("GET", f"{ALERTS}/1", None),
        ("PATCH", f"{ALERTS}/1", DISMISSED),
        ("PATCH", ALERTS, {"numbers": [1], **DISMISSED}),
        ("POST", f"{ALERTS}/1/comments", {"comment": "hm"}),
        ("POST", f"{ALERTS}/2/revocation", ATTESTED),
        ("POST", f"{ALERTS}/1/request", {"approve": True}),
    ):
        assert client.open(door, method=method, json=body).status_code == 404


@pytest.mark.parametrize(
    ("scope", "reads", "changes"),
    [
        (Scope.SCAN_READ, 200, 403),
        (Scope.SCAN_WRITE, 200, 200),
        (Scope.REPOSITORY_WRITE, 404, 404),
        (Scope.REPOSITORY_ADMIN, 404, 404),
    ],
)
def test_alerts_take_a_token_that_was_given_for_them(lab, scope, reads, changes):
    client = lab.client("owner", scope)

    assert client.get(ALERTS).status_code == reads
    assert client.patch(f"{ALERTS}/1", json=DISMISSED).status_code == changes


def test_null_takes_an_assignee_away_and_nothing_leaves_them(lab):
    client = lab.client("maintainer")

    assert client.patch(f"{ALERTS}/1", json={"assignee": "writer"}).json["assignee"] == "writer"
    assert client.patch(f"{ALERTS}/1", json=DISMISSED).json["assignee"] == "writer"
    assert client.patch(f"{ALERTS}/1", json={"assignee": None}).json["assignee"] is None
    assert client.patch(f"{ALERTS}/1", json={}).status_code == 422


def test_what_a_writer_asks_for_somebody_else_approves(lab):
    asked = lab.client("writer").patch(f"{ALERTS}/1", json=DISMISSED).json
    assert (asked["state"], asked["requested"]["reason"]) == ("open", "false_positive")
    assert lab.client("writer").get(f"{ALERTS}?waiting=true").json["items"][0]["number"] == 1

    answered = lab.client("maintainer").post(f"{ALERTS}/1/request", json={"approve": True})

    assert answered.json["state"] == "dismissed"


def test_an_organisation_says_who_decides(lab):
    body = {"approved_kinds": ["secret"], "days": {"high": 14, "low": None}}
    door = "/api/v1/orgs/lab/alert-policy"

    assert lab.client("officer").put(door, json=body).status_code == 403
    assert lab.client("chief").put(door, json=body).status_code == 200
    found = lab.client("officer").get(door).json
    assert found["approved_kinds"] == ["secret"]
    assert found["days"] == {"critical": 7, "high": 14, "medium": 90, "low": None, "unknown": 30}
    assert lab.events()[-1] == "alert.policy_changed"
    assert lab.client("officer").get("/api/v1/orgs/lab/alerts").json["items"][0]["number"] == 1


def test_commands(lab, monkeypatch, capsys):
    with saying(lab, "writer", monkeypatch, capsys) as say:
        assert [each["number"] for each in say("alert", "list", "lab/notes")] == [1, 2]
        assert say("alert", "list", "--org", "lab", "--kind", "secret")[0]["number"] == 2
        assert say("alert", "show", "lab/notes", "2")["rule"] == "example-token"
        say("alert", "assign", "lab/notes", "1", "2", "--to", "officer")
        say("alert", "comment", "lab/notes", "1", "looking at it")
        asked = say("alert", "dismiss", "lab/notes", "1", "--reason", "wont_fix")
        assert asked[0]["requested"]["reason"] == "wont_fix"
        say("alert", "refuse", "lab/notes", "1")
        say("alert", "revoke", "lab/notes", "2", "--at", "2026-11-20T10:00:00Z", status=3)
        say("alert", "list", "lab/notes", "--org", "lab", status=2)
    with saying(lab, "officer", monkeypatch, capsys) as say:
        say("alert", "dismiss", "lab/notes", "1", "2", "--reason", "used_in_tests")
        assert say("alert", "list", "lab/notes") == []
        say("alert", "reopen", "lab/notes", "1", "2", "--comment", "no")
        revoked = say("alert", "revoke", "lab/notes", "2", "--at", "2026-11-20T10:00:00Z")
        assert revoked["resolution"] == "revoked"
        say("alert", "approve", "lab/notes", "1", status=5)
        assert say("alert", "policy", "show", "lab")["exploited_days"] == 7
    with saying(lab, "chief", monkeypatch, capsys) as say:
        say("alert", "policy", "set", "lab", "--approve", "code", "--days", "high=never")
        assert say("alert", "policy", "show", "lab")["days"]["high"] is None
        say("alert", "policy", "set", "lab", "--days", "huge=1", status=2)


@pytest.mark.promise("P90")
def test_who_may_not_see_alerts_hears_of_none(lab):
    heard = {}
    for name in ("reader", "writer"):
        door = f"{REPO}/events"
        begun = lab.client(name).get(door).text
        heard[name] = begun.partition("id: ")[2].partition("\n")[0]
    lab.client("maintainer").patch(f"{ALERTS}/1", json=DISMISSED)
    lab.keep_log()

    after = {
        name: lab.client(name).get(f"{REPO}/events", headers={"Last-Event-ID": place}).text
        for name, place in heard.items()
    }
    assert "alert.dismissed" in after["writer"]
    assert "alert" not in after["reader"]
