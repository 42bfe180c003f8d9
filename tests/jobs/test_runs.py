"""The row of a job, from promise to end, on both databases."""

from datetime import timedelta

import pytest

from appliance.domain.identity import appliance
from appliance.domain.jobs import RULES, Job, JobState, retry_delay_seconds
from appliance.errors import RefusedError
from appliance.services import job_runs
from tests.world import NOON

SOON = NOON + timedelta(seconds=20)
LATER = NOON + timedelta(minutes=5)


def waiting(world, now=NOON):
    with world.reading(appliance()) as work:
        return [each.id for each in job_runs.waiting(work, now=now, limit=10)]


def do(world, verb, *arguments: object, **options: object):
    with world.begin(appliance()) as work:
        return verb(work, *arguments, **options)


def test_a_promised_job_waits_until_it_is_relayed(world, office):
    job_id = office.promise()

    assert waiting(world) == [job_id]

    with world.begin(appliance()) as work:
        job_runs.note_relayed(work, job_runs.waiting(work, now=NOON, limit=10), now=NOON)

    assert waiting(world) == []


def test_a_job_for_later_waits_for_its_time(world, office):
    job_id = office.promise(not_before=LATER)

    assert waiting(world, NOON) == []
    assert office.claim(job_id, now=NOON) is None
    assert waiting(world, LATER) == [job_id]


def test_of_two_workers_one_gets_the_job(office):
    job_id = office.promise()

    first, second = office.claim(job_id), office.claim(job_id)

    assert first is not None
    assert first.attempt == 1
    assert second is None


def test_a_finished_job_is_not_claimed_again(world, office):
    job_id = office.promise()
    do(world, job_runs.finish, office.claim(job_id), now=NOON)

    assert office.row(job_id).state is JobState.DONE
    assert office.claim(job_id) is None


def test_a_failed_job_is_tried_again_later_each_time(world, office):
    job_id = office.promise(Job.PURGE_REPOSITORY)
    now = NOON
    for attempt in range(1, RULES[Job.PURGE_REPOSITORY].attempts):
        claimed = office.claim(job_id, now=now)
        assert claimed.attempt == attempt
        assert not do(world, job_runs.fail, claimed, error="no", is_final=False, now=now)
        assert office.claim(job_id, now=now) is None
        now += timedelta(seconds=retry_delay_seconds(attempt))

    assert do(
        world, job_runs.fail, office.claim(job_id, now=now), error="no", is_final=False, now=now
    )
    assert office.row(job_id).state is JobState.DEAD
    assert office.row(job_id).error == "no"
    assert world.events() == ["job.died"]


def test_an_error_that_will_stay_is_not_tried_again(world, office):
    job_id = office.promise()

    assert do(world, job_runs.fail, office.claim(job_id), error="no", is_final=True, now=NOON)
    assert office.row(job_id).state is JobState.DEAD


def test_a_job_given_back_waits_and_has_lost_no_attempt(world, office):
    job_id = office.promise()
    before = office.row(job_id).attempts_left

    do(world, job_runs.give_back, office.claim(job_id))

    assert waiting(world) == [job_id]
    assert office.row(job_id).attempts_left == before


def test_a_job_whose_worker_died_goes_back_to_the_queue(world, office):
    job_id = office.promise()
    lost = office.claim(job_id, until=SOON)

    assert do(world, job_runs.recover, now=NOON) == []
    assert office.row(job_id).state is JobState.RUNNING

    do(world, job_runs.recover, now=LATER)

    assert waiting(world) == [job_id]
    assert office.claim(job_id).attempt == lost.attempt + 1


def test_a_worker_believed_dead_can_say_nothing_any_more(world, office):
    job_id = office.promise()
    lost = office.claim(job_id, until=SOON)
    do(world, job_runs.recover, now=LATER)
    present = office.claim(job_id, now=LATER, until=LATER)

    do(world, job_runs.finish, lost, now=LATER)
    do(world, job_runs.fail, lost, error="late", is_final=True, now=LATER)
    beat = do(world, job_runs.note_progress, lost, step="late", done=1, total=2, until=LATER)

    assert not beat.is_ours
    assert office.row(job_id).state is JobState.RUNNING
    assert do(world, job_runs.extend, present, until=LATER).is_ours


def test_a_job_that_kills_its_workers_dies_at_last(world, office):
    job_id = office.promise()
    now = NOON
    for _ in range(RULES[Job.SWEEP].attempts):
        assert office.claim(job_id, now=now, until=now) is not None
        now += timedelta(seconds=1)
        dead = do(world, job_runs.recover, now=now)

    assert [job.id for job in dead] == [job_id]
    assert office.row(job_id).state is JobState.DEAD
    assert world.events() == ["job.died"]


def test_progress_is_written_and_extends_the_lease(world, office):
    job_id = office.promise()
    claimed = office.claim(job_id, until=SOON)

    do(world, job_runs.note_progress, claimed, step="Counting", done=2, total=5, until=LATER)

    row = office.row(job_id)
    assert (row.step, row.progress_done, row.progress_total) == ("Counting", 2, 5)
    assert row.leased_until == LATER


def test_what_the_queue_lost_is_relayed_again(world, office):
    job_id = office.promise()
    with world.begin(appliance()) as work:
        job_runs.note_relayed(work, job_runs.waiting(work, now=NOON, limit=10), now=NOON)

    with world.reading(appliance()) as work:
        assert job_runs.unclaimed(work, relayed_before=NOON, limit=10) == []
        assert job_runs.unclaimed(work, relayed_before=LATER, limit=10) == [job_id]
    do(world, job_runs.send_again, [job_id])

    assert waiting(world) == [job_id]


def test_jobs_that_ended_well_are_forgotten_and_dead_ones_kept(world, office):
    done, dead = office.promise(), office.promise()
    do(world, job_runs.finish, office.claim(done), now=NOON)
    do(world, job_runs.fail, office.claim(dead), error="no", is_final=True, now=NOON)

    assert do(world, job_runs.forget, before=LATER) == 1
    assert office.row(dead).state is JobState.DEAD


def test_only_the_appliance_and_administrators_touch_rows(world, office):
    job_id = office.promise()
    somebody = world.user()

    with pytest.raises(RefusedError), world.begin(somebody) as work:
        job_runs.claim(work, job_id, until=SOON, now=NOON)
