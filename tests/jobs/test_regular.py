"""What happens regularly is promised once, however many schedulers there are."""

import threading
from datetime import timedelta

import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.db.repositories import RepositoryHealth
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.errors import ConflictError
from appliance.jobs.schedule import AGENDA
from appliance.services import regular
from appliance.services.regular import Regular
from tests.world import NOON

HOURLY = Regular("hourly", timedelta(hours=1))


def turn(world, now):
    with world.begin(appliance()) as work:
        return regular.take_turn(work, HOURLY, now=now)


def jobs(world):
    with world.reading(appliance()) as work:
        return list(work.session.scalars(sa.select(JobRecord.job)))


def test_it_is_due_at_once_and_then_after_each_interval(world):
    assert turn(world, NOON)
    assert not turn(world, NOON + timedelta(minutes=59))
    assert turn(world, NOON + timedelta(minutes=60))
    assert not turn(world, NOON + timedelta(minutes=61))


def test_a_clock_set_back_does_not_stop_the_schedule(world):
    assert turn(world, NOON + timedelta(days=365))
    assert turn(world, NOON)
    assert not turn(world, NOON)


def test_two_schedulers_promise_once(world):
    turn(world, NOON)
    later = NOON + timedelta(hours=2)
    both_are_here = threading.Barrier(2)
    outcomes = []

    def scheduler():
        both_are_here.wait()
        try:
            outcomes.append(turn(world, later))
        except ConflictError:
            outcomes.append(False)

    threads = [threading.Thread(target=scheduler) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [False, True]


def test_the_same_job_is_not_promised_while_one_waits(world):
    with world.begin(appliance()) as work:
        assert regular.promise(work, Job.SWEEP) is not None
    with world.begin(appliance()) as work:
        assert regular.promise(work, Job.SWEEP) is None

    assert jobs(world) == [Job.SWEEP]


def test_repositories_take_turns_longest_ago_first(world):
    never, long_ago, lately, deleted = (
        world.repository("lab/never"),
        world.repository("lab/long-ago"),
        world.repository("lab/lately"),
        world.repository("lab/deleted", deleted_at=NOON),
    )
    for repository, days in ((long_ago, 9), (lately, 1), (deleted, 30)):
        checked_at = NOON - timedelta(days=days)
        world.add(RepositoryHealth(id=repository.id, checked_at=checked_at))

    promised = []
    for _ in range(3):
        with world.begin(appliance()) as work:
            regular.promise_for_repositories(
                work, Job.CHECK_REPOSITORY, older_than=timedelta(days=7), limit=1, now=NOON
            )
            promised += list(work.promised)
    with world.reading(appliance()) as work:
        about = [work.session.get(JobRecord, job_id).about for job_id in promised]

    assert about == [never.id, long_ago.id]


def test_every_line_of_the_agenda_has_a_name_of_its_own():
    names = [entry.regular.name for entry in AGENDA]

    assert len(names) == len(set(names))
