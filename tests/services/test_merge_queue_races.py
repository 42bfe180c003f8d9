"""Several at once at a merge queue: each stands in line once, and each commit lands once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from appliance.db import merge_queue_rows
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.merge_queue import Priority
from appliance.errors import ConflictError
from appliance.jobs import tasks
from appliance.services import merge_queues, queued_pulls
from appliance.services.merge_queues import Wanted
from appliance.services.pull_merging import Merging
from tests.services.pulling import NOTES, Place, claimed, which
from tests.world import NOON

NAMES = ("one", "two", "three")


@pytest.fixture
def place(world):
    found = Place(world)
    for name in NAMES:
        found.topic(name, {name: f"{name}\n"})
        found.open(name, title=name)
    configure(found, checks=())
    return found


def configure(place, **wanted: object):
    with place.world.begin(place.world.actor("maintainer")) as work:
        repositories = place.world.wiring.repositories
        merge_queues.change(work, NOTES, "", Wanted(**wanted), repositories=repositories, now=NOON)


def at_once(*acts: Callable[[], object]):
    """Do all at the same time; gives what was raised, but for honest refusals."""
    start, raised = threading.Barrier(len(acts)), []

    def one(act):
        start.wait()
        try:
            act()
        except ConflictError:
            return
        except Exception as error:  # noqa: BLE001 — the test looks at all there is.
            raised.append(error)

    threads = [threading.Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def enters(place, number, who="writer"):
    return lambda: place.do(who, queued_pulls.enter, which(number), Merging())


def leaves(place, number):
    return lambda: place.do("author", queued_pulls.leave, which(number))


def works(place):
    """A worker that has the job."""
    wiring = place.world.wiring
    arguments = {"repository_id": str(place.world._repository(NOTES).id)}
    job = claimed(new_id(), Job.RUN_MERGE_QUEUES, arguments)
    return lambda: tasks.do(wiring, job, lambda *_: None)


def standing(place):
    """The numbers and the places of all in line."""
    with place.world.reading(place.world.actor("reader")) as work:
        home = place.world._repository(NOTES).id
        (queue,) = merge_queue_rows.of_repository(work.session, home)
        found = merge_queue_rows.numbered(work.session, queue.id)
        return [(about.number, entry.place) for entry, about in found]


def merged(place):
    return place.world.recorded("merge.merged")


def test_whoever_comes_several_times_at_once_stands_in_line_once(place):
    configure(place, is_paused=True)
    again = [enters(place, 1), enters(place, 1, "author"), enters(place, 1)]

    assert at_once(*again, enters(place, 2), enters(place, 3)) == []

    numbers, places = zip(*standing(place), strict=True)
    assert sorted(numbers) == [1, 2, 3]
    assert len(set(places)) == 3


def test_two_workers_land_each_once_and_one_on_top_of_the_other(place):
    for number in (1, 2, 3):
        enters(place, number)()

    assert at_once(works(place), works(place)) == []
    works(place)()

    assert sorted(each.body["number"] for each in merged(place)) == [1, 2, 3]
    bases = [each.body["base"] for each in merged(place)]
    commits = [each.body["merged_as"] for each in merged(place)]
    assert bases[1:] == commits[:-1]
    assert place.head("main") == commits[-1]
    assert standing(place) == []


def test_people_and_workers_at_once_stand_in_nobodys_way_for_long(place):
    enters(place, 1)()
    enters(place, 2)()
    work = place.world.wiring.repositories

    def closes():
        place.do("maintainer", merge_queues.close, NOTES, "main")

    def first():
        with place.world.begin(place.world.actor("maintainer")) as unit:
            queued_pulls.prioritise(unit, which(2), Priority.HIGH)

    acts = [works(place), works(place), leaves(place, 1), enters(place, 3), first, closes]
    assert at_once(*acts) == []
    with place.world.begin(place.world.actor("maintainer")) as unit:
        merge_queues.change(unit, NOTES, "", Wanted(), repositories=work, now=NOON)
    enters(place, 3)() if "three" not in files(place) else None
    works(place)()

    assert standing(place) == []
    assert {each.body["number"] for each in merged(place)} == {
        NAMES.index(name) + 1 for name in files(place)
    }


def files(place):
    return set(place.git("ls-tree", "--name-only", "main").split()) & set(NAMES)
