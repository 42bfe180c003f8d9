"""Jobs and checks over the API, for whoever runs the appliance."""

from __future__ import annotations

import pytest

from appliance.domain.jobs import Job
from appliance.domain.permissions import InstanceRole
from tests.web.test_dashboard_page import dead_job

JOBS = "/api/v1/jobs"


@pytest.fixture
def dead(world):
    """A job of the writer's that failed for good; gives its address."""
    world.administrator()
    job = dead_job(world.user("writer").id, Job.CHECK_REPOSITORY)
    world.add(job)
    return f"{JOBS}/{job.id}"


@pytest.mark.promise("P11")
def test_only_administrators_discard_what_failed_for_good(world, dead):
    world.user("auditor", instance=InstanceRole.AUDITOR)
    assert world.client().post(f"{dead}/discard").status_code == 401
    for name in ("writer", "auditor"):
        assert world.client(name).post(f"{dead}/discard").status_code == 403
    answer = world.client("administrator").post(f"{dead}/discard")
    assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
    assert [each for each in world.events() if each != "access.refused"] == ["job.discarded"]


def test_what_has_not_failed_for_good_is_not_discarded(world, dead):
    administrator = world.client("administrator")
    administrator.post(f"{dead}/discard")
    answer = administrator.post(f"{dead}/discard")
    assert answer.status_code == 409
    assert "Only jobs that failed for good can be discarded." in answer.text


def test_a_check_is_asked_for_once(world):
    world.administrator()
    repository = world.repository("lab/notes")
    administrator = world.client("administrator")
    first = administrator.post("/api/v1/repos/lab/notes/check")
    assert first.status_code == 202
    assert (first.json["job"], first.json["state"]) == (Job.CHECK_REPOSITORY, "queued")
    assert first.json["about"] == str(repository.id)
    assert administrator.get(first.headers["Location"]).json["id"] == first.json["id"]
    again = administrator.post("/api/v1/repos/lab/notes/check")
    assert (again.status_code, again.json["id"]) == (202, first.json["id"])
    assert world.events() == ["repo.check_requested"]
