"""What has come by an import or a fork, or is the default branch from now on, is looked at too."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.domain.permissions import Visibility
from appliance.services import forks
from tests.alerting import CODE, find
from tests.services.pulling import NOTES, Place
from tests.world import NOON

LOOKS = {Job.READ_MANIFESTS, Job.COMPARE_FILES, Job.READ_SUPPRESSIONS}
SUPPRESSED = """[[suppress]]
paths = ["*.py"]
reason = "used_in_tests"
comment = "Only fixtures."
"""


def promised(world, repository_id):
    with world.reading(appliance()) as work:
        query = sa.select(JobRecord.job).where(JobRecord.about == repository_id)
        return set(work.session.scalars(query))


@pytest.mark.parametrize(("secrets", "more"), [("true", {Job.SCAN_HISTORY}), ("false", set())])
def test_a_fork_is_looked_at_with_its_history(world, secrets, more):
    world.configure(CODARA_SCANNING__SECRETS=secrets)
    world.repository(NOTES, visibility=Visibility.INTERNAL)
    reader = world.user("reader")
    with world.begin(reader) as work:
        made = forks.fork(
            work, NOTES, into="reader/notes", repositories=world.wiring.repositories, now=NOON
        )

    assert promised(world, made.id) >= LOOKS | more
    assert (Job.SCAN_HISTORY in promised(world, made.id)) is bool(more)


def test_another_default_branch_is_looked_at_as_if_it_had_been_pushed(world):
    place = Place(world)
    place.write("maintainer", "other", {".codara/scanning.toml": SUPPRESSED})
    find(world, NOTES, [CODE])
    place.run_jobs(Job.READ_SUPPRESSIONS)
    client = world.client("maintainer")
    assert client.get(f"/api/v1/repos/{NOTES}/alerts?state=open").json["items"]

    changed = client.patch(f"/api/v1/repos/{NOTES}", json={"default_branch": "other"})
    place.run_jobs(Job.READ_SUPPRESSIONS)

    assert changed.status_code == 200, changed.text
    assert client.get(f"/api/v1/repos/{NOTES}/alerts?state=open").json["items"] == []
