"""Jobs as people see them."""

from contextlib import nullcontext
from uuid import uuid4

import pytest

from appliance.domain.identity import appliance
from appliance.domain.jobs import RULES, Job, JobState
from appliance.domain.permissions import Role
from appliance.errors import ConflictError, HiddenError, RefusedError
from appliance.services import job_runs, jobs
from tests.world import NOON


def promise(world, actor=None, job=Job.SWEEP, about=None):
    with world.begin(actor or appliance()) as work:
        return work.later(job, about=about)


def kill(world, job_id):
    with world.begin(appliance()) as work:
        claimed = job_runs.claim(work, job_id, until=NOON, now=NOON)
        job_runs.fail(work, claimed, error="broken", is_final=True, now=NOON)


def listed(world, actor, **wanted: object):
    with world.reading(actor) as work:
        return {each.id for each in jobs.listed(work, jobs.Filter(**wanted)).items}


def test_people_see_their_own_jobs_and_administrators_all(world):
    writer, chief = world.user(), world.administrator()
    theirs, ours = promise(world, writer), promise(world)

    assert listed(world, writer) == {theirs}
    assert listed(world, chief) == {theirs, ours}
    with pytest.raises(HiddenError), world.reading(writer) as work:
        jobs.show(work, ours)


def test_dead_jobs_are_found_by_their_state(world):
    dead, _ = promise(world), promise(world)
    kill(world, dead)

    assert listed(world, world.administrator(), state=JobState.DEAD) == {dead}
    assert listed(world, world.administrator("other"), job=Job.FORK_REPOSITORY) == set()


@pytest.mark.parametrize(("is_chief", "refusal"), [(True, None), (False, RefusedError)])
def test_only_an_administrator_tries_a_dead_job_again(world, is_chief, refusal):
    actor = world.administrator() if is_chief else world.user()
    job_id = promise(world, actor)
    kill(world, job_id)
    outcome = pytest.raises(refusal) if refusal else nullcontext()

    with outcome, world.begin(actor) as work:
        jobs.retry(work, job_id)

    with world.reading(appliance()) as work:
        row = jobs_row(work, job_id)
    assert row.state is (JobState.DEAD if refusal else JobState.QUEUED)
    assert world.events()[-1] == ("access.refused" if refusal else "job.retried")
    if not refusal:
        assert row.attempts_left == RULES[Job.SWEEP].attempts
        assert row.relayed_at is None


def jobs_row(work, job_id):
    return work.session.get(job_runs.JobRecord, job_id)


def test_a_job_that_is_not_dead_cannot_be_tried_again(world):
    job_id = promise(world)

    with pytest.raises(ConflictError), world.begin(world.administrator()) as work:
        jobs.retry(work, job_id)


def test_people_cancel_their_own_jobs_only(world):
    writer = world.user()
    theirs, ours = promise(world, writer), promise(world)

    with world.begin(writer) as work:
        assert jobs.cancel(work, theirs).cancel_requested
    with pytest.raises(HiddenError), world.begin(writer) as work:
        jobs.cancel(work, ours)

    assert world.events() == ["job.cancelled", "access.refused"]


def test_a_job_that_has_ended_cannot_be_cancelled(world):
    job_id = promise(world)
    kill(world, job_id)

    with pytest.raises(ConflictError), world.begin(world.administrator()) as work:
        jobs.cancel(work, job_id)


def test_readers_of_a_repository_see_what_works_on_it(world):
    repository = world.repository("lab/notes")
    reader = world.user(role=Role.READER, on="lab/notes")
    waiting = promise(world, about=repository.id)
    running = promise(world, about=repository.id)
    with world.begin(appliance()) as work:
        job_runs.claim(work, running, until=NOON, now=NOON)

    with world.reading(reader) as work:
        assert jobs.of_repository(work, repository.id).id == running
    with pytest.raises(HiddenError), world.reading(world.user()) as work:
        jobs.of_repository(work, repository.id)
    assert waiting != running


def test_what_does_not_exist_is_hidden(world):
    with pytest.raises(HiddenError), world.reading(world.administrator()) as work:
        jobs.show(work, uuid4())
