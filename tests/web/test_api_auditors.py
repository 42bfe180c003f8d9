"""`/audit/auditors`: letting somebody read a log for a while, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.permissions import OrganisationRole, Scope

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLACE = "/api/v1/audit/auditors"


@pytest.fixture
def lab(world):
    """An organisation with an owner and a member, and somebody from outside."""
    world.organisation("lab")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("member", member=OrganisationRole.MEMBER, of="lab")
    world.user("inspector")
    world.administrator()
    return world


def wanted(changes=()):
    """What is sent to let somebody read a log."""
    expires_at = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    return {"user": "inspector", "log": "lab", "expires_at": expires_at, "reason": "r"} | dict(
        changes
    )


def test_an_owner_grants_lists_and_revokes(lab):
    client = lab.client("owner", Scope.ADMINISTRATION)
    made = client.post(PLACE, json=wanted())
    assert made.status_code == 201, made.text
    assert made.json["state"] == "live"
    assert lab.events()[-1] == "audit.auditor_granted"

    listed = client.get(f"{PLACE}?log=lab").json["items"]
    assert [each["id"] for each in listed] == [made.json["id"]]

    assert client.delete(f"{PLACE}/{made.json['id']}?log=lab").status_code == 204
    assert lab.events()[-1] == "audit.auditor_revoked"
    assert client.get(f"{PLACE}?log=lab").json["items"][0]["state"] == "revoked"


@pytest.mark.parametrize(
    ("who", "log", "status"),
    [
        ("owner", "instance", 403),
        ("member", "lab", 403),
        ("inspector", "lab", 404),
        (None, "lab", 404),
        ("administrator", "instance", 201),
        ("administrator", "lab", 201),
    ],
)
def test_who_may_let_others_read(lab, who, log, status):
    scopes = [Scope.ADMINISTRATION] if who else []
    answer = lab.client(who, *scopes).post(PLACE, json=wanted({"log": log}))

    assert answer.status_code == status, answer.text


def test_times_need_their_zone_and_their_order(lab):
    client = lab.client("owner", Scope.ADMINISTRATION)

    assert client.post(PLACE, json=wanted({"expires_at": "2026-12-01T00:00:00"})).status_code == 422
    wrong = wanted({"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"})
    assert client.post(PLACE, json=wrong).status_code == 422
