"""Merge queues by the API: opened, filled, looked at, paused, closed."""

from __future__ import annotations

import pytest

from appliance.domain.jobs import Job
from tests.services.pulling import NOTES, Place

REPO = f"/api/v1/repos/{NOTES}"
QUEUE = f"{REPO}/merge-queue"
ONE = f"{REPO}/pulls/1/queue"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def place(world):
    found = Place(world)
    found.topic()
    found.open()
    return found


def test_a_queue_from_its_opening_to_its_end(place):
    maintainer, writer = place.world.client("maintainer"), place.world.client("writer")

    made = maintainer.put(QUEUE, json={"checks": ["build"], "together": 2})
    assert made.status_code == 200
    assert made.json["branch"] == "main"
    assert (made.json["checks"], made.json["together"], made.json["paused"]) == (
        ["build"],
        2,
        False,
    )

    assert writer.put(ONE, json={"method": "squash"}).status_code == 204
    place.run_jobs(Job.RUN_MERGE_QUEUES)
    shown = place.world.client("reader").get(QUEUE).json
    (entry,), (group,) = shown["entries"], shown["groups"]
    assert (entry["number"], entry["by"], entry["group"]) == (1, "writer", 1)
    assert entry["priority"] == "normal"
    assert (group["numbers"], group["verdict"]) == ([1], "pending")
    assert group["checks"] == [{"name": "build", "standing": "missing", "source": "queue"}]

    assert writer.patch(ONE, json={"priority": "low"}).status_code == 204
    assert writer.patch(ONE, json={"priority": "high"}).status_code == 403
    status = {"state": "success", "context": "build"}
    assert writer.post(f"{REPO}/statuses/{group['commit']}", json=status).status_code == 201
    place.run_jobs(Job.RUN_MERGE_QUEUES)
    assert writer.get(f"{REPO}/pulls/1").json["merged"]["commit"] == group["commit"]

    assert maintainer.get(f"{QUEUE}s").json["items"][0]["entries"] == []
    assert maintainer.delete(QUEUE).status_code == 204
    assert maintainer.get(QUEUE).status_code == 404


def test_one_leaves_by_hand(place):
    maintainer, writer = place.world.client("maintainer"), place.world.client("writer")
    maintainer.put(QUEUE, json={"paused": True})
    writer.put(ONE)

    assert writer.delete(ONE).status_code == 204
    assert writer.delete(ONE).status_code == 204
    assert maintainer.get(QUEUE).json["entries"] == []
