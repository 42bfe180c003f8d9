"""Who must have a second factor, and what is left to who has none, at each door."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.second_factors import FactorRule
from appliance.domain.permissions import Role
from tests.web.test_factor_pages import set_up
from tests.world import PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLACE = "/administration/second-factors"


@pytest.fixture
def administrator(world):
    world.administrator()
    return world.browser("administrator", elevated=True)


@pytest.fixture
def overdue(world, administrator):
    """The browser of a person whose grace is over."""
    world.user("writer", password=PASSWORD)
    world.repository("lab/notes")
    world.grant("writer", Role.WRITER, "lab/notes")
    assert administrator.post(PLACE, data={"role": "user", "grace_days": "1"}).status_code == 303
    with world.wiring.database.engine.begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(days=30)
        connection.execute(sa.update(FactorRule).values(created_at=long_ago))
    return world.browser("writer", elevated=True)


def test_a_rule_is_made_shown_and_removed(world, administrator):
    assert "Not required for anybody" in administrator.get(PLACE).text
    form = {"role": "auditor", "grace_days": "7"}
    assert administrator.post(PLACE, data=form).status_code == 303
    page = administrator.get(PLACE).text
    assert ("7 days of grace" in page, "1 of 1 people have no second factor" in page) == (
        True,
        True,
    )
    place = re.search(rf'action="({PLACE}/[-0-9a-f]+/remove)"', page)[1]
    assert administrator.post(place).status_code == 303
    assert administrator.post(place).status_code == 404
    keeps_out = administrator.post(PLACE, data={"grace_days": "0"})
    assert (keeps_out.status_code, "would lock you out at once" in keeps_out.text) == (409, True)


@pytest.mark.promise("P42")
def test_who_is_overdue_is_led_to_set_one_up_and_then_goes_on(world, overdue):
    for path in ("/", "/lab/notes", "/settings", "/settings/tokens"):
        answer = overdue.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/factors")
    page = overdue.get("/settings/factors").text
    assert "Your account needs a second factor." in page
    assert overdue.get("/api/v1/repos/lab/notes").status_code == 404
    set_up(overdue)
    assert overdue.get("/lab/notes").status_code == 200


@pytest.mark.promise("P42")
def test_git_the_api_and_lfs_say_why_a_token_is_refused(world, overdue):
    client = world.client("writer")
    for path in (
        "/api/v1/user",
        "/lab/notes.git/info/refs?service=git-upload-pack",
    ):
        answer = client.get(path)
        assert answer.status_code == 401
        assert "needs a second factor" in answer.text
    body = {"operation": "download", "objects": []}
    answer = client.post("/lab/notes.git/info/lfs/objects/batch", json=body)
    assert (answer.status_code, "needs a second factor" in answer.text) == (401, True)


def test_who_has_time_left_is_told_and_goes_on(world, administrator):
    world.user("writer", password=PASSWORD)
    administrator.post(PLACE, data={"grace_days": "300"})
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(FactorRule).values(created_at=datetime.now(UTC)))
    page = world.browser("writer").get("/settings")
    assert (page.status_code, "needs a second factor soon" in page.text) == (200, True)


def test_the_api_makes_lists_and_removes_rules(world):
    world.administrator()
    world.organisation("lab")
    client, place = world.client("administrator"), "/api/v1/admin/factor-rules"
    made = client.post(place, json={"organisation": "lab", "role": "owner", "grace_days": 3})
    assert (made.status_code, made.json["organisation"], made.json["role"]) == (201, "lab", "owner")
    listed = client.get(place).json
    assert (listed["items"], listed["people"], listed["without"]) == ([made.json], 1, 1)
    assert client.delete(f"{place}/{made.json['id']}").status_code == 204
    assert client.get(place).json["items"] == []
    world.user("reader")
    assert world.client("reader").get(place).status_code == 403
