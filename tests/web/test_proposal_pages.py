"""Acts that need two people, at the doors: portal, API and commands say the same."""

from __future__ import annotations

import pytest

from appliance.db.proposals import SecondPersonRule
from appliance.domain.permissions import InstanceRole, Scope
from appliance.services.proposals import ONLY_ROW
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLACE = "/administration/proposals"


@pytest.fixture
def two(world):
    for name in ("first", "second"):
        world.administrator(name)
    world.user("writer")
    world.add(SecondPersonRule(id=ONLY_ROW, since=NOON))
    return world


def text(answer):
    return answer.get_data(as_text=True)


@pytest.mark.promise("P50")
def test_the_portal_leads_to_the_proposal_and_another_person_confirms_it(two):
    first = two.browser("first", elevated=True)
    second = two.browser("second", elevated=True)
    answer = first.post("/administration/users/writer/role", data={"role": "auditor"})
    assert answer.status_code == 303
    place = answer.headers["Location"]
    assert place.startswith(PLACE)
    own = text(first.get(place))
    assert "Withdraw" in own
    assert "Confirm</button>" not in own
    assert first.post(f"{place}/confirm").status_code == 403
    seen = text(second.get(place))
    assert "<del>User</del>" in seen
    assert "<ins>Auditor</ins>" in seen
    assert "first proposed a change to writer" in text(second.get("/inbox"))
    assert second.post(f"{place}/confirm").status_code == 303
    assert two.actor("writer").instance_role is InstanceRole.AUDITOR
    assert "Confirmed" in text(second.get(PLACE))


@pytest.mark.promise("P50")
def test_the_api_answers_202_with_the_proposal_and_takes_no_token_to_confirm(two):
    client = two.client("first", Scope.ADMINISTRATION)
    answer = client.patch("/api/v1/users/writer", json={"role": "administrator"})
    assert answer.status_code == 202
    kept = answer.json["proposal"]
    assert answer.headers["Location"] == f"/api/v1/admin/proposals/{kept['id']}"
    shown = client.get(f"/api/v1/admin/proposals/{kept['id']}").json
    assert shown["changes"] == [{"name": "role", "before": "user", "after": "administrator"}]
    other = two.client("second", Scope.ADMINISTRATION)
    confirm = f"/api/v1/admin/proposals/{kept['id']}/confirm"
    assert other.post(confirm).status_code == 403
    assert client.post(f"/api/v1/admin/proposals/{kept['id']}/withdraw").status_code == 204
    assert other.post(confirm).status_code == 409
    assert len(other.get("/api/v1/admin/proposals").json["items"]) == 1
    assert other.get("/api/v1/admin/proposals?waiting=true").json["items"] == []


def test_the_api_refuses_and_shows_the_rule(two):
    client = two.client("first", Scope.ADMINISTRATION)
    assert client.get("/api/v1/admin/two-people").json["required"]
    kept = client.put("/api/v1/admin/two-people", json={"required": False})
    assert kept.status_code == 202
    browser = two.browser("second", elevated=True)
    refused = browser.post(
        f"/api/v1/admin/proposals/{kept.json['proposal']['id']}/refuse", json={"reason": "no"}
    )
    assert refused.status_code == 204
    assert client.get("/api/v1/admin/two-people").json["required"]
    again = client.put("/api/v1/admin/two-people", json={"required": True})
    assert again.status_code == 409


def test_forms_refuse_withdraw_and_switch(two):
    first = two.browser("first", elevated=True)
    second = two.browser("second", elevated=True)
    place = first.post(PLACE, data={"required": "no"}).headers["Location"]
    assert second.post(f"{place}/refuse", data={"reason": "keep it"}).status_code == 303
    assert "keep it" in text(first.get(place))
    place = first.post(PLACE, data={"required": "no"}).headers["Location"]
    assert first.post(f"{place}/withdraw").status_code == 303
    assert second.post(f"{place}/confirm").status_code == 409


@pytest.mark.promise("P50")
def test_nobody_else_sees_that_there_is_anything(two):
    for door in (two.browser("writer"), two.client("writer", Scope.USER)):
        assert door.get(PLACE).status_code in {303, 403, 404}
        assert door.get("/api/v1/admin/proposals").status_code == 403
