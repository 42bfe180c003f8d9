"""Merge queues: only what was tested lands, in order; races, bisecting, priority, pause."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import sqlalchemy as sa

from appliance.db.repositories import Grant
from appliance.domain.checks import StatusState
from appliance.domain.git_operations import MergeMethod
from appliance.domain.jobs import Job
from appliance.domain.merge_queue import Priority, Verdict
from appliance.domain.permissions import Role
from appliance.errors import ConflictError, HiddenError, InvalidError, NotFoundError, RefusedError
from appliance.services import checks, merge_queues, pulls, queued_pulls
from appliance.services.checks import NewStatus
from appliance.services.merge_queues import Wanted
from appliance.services.pull_merging import Merging, ObstructedError
from appliance.services.pulls import Change
from tests.services.pulling import NOTES, Place, which
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
RUN = Job.RUN_MERGE_QUEUES


@pytest.fixture
def place(world):
    """A branch with a queue, and three pull requests into it."""
    found = Place(world)
    for name in ("one", "two", "three"):
        found.topic(name, {name: f"{name}\n"})
        found.open(name, title=name)
    configure(found, checks=["build"])
    return found


def configure(place, who="maintainer", branch="main", **wanted: object):
    repositories = place.world.wiring.repositories
    with place.world.begin(place.world.actor(who)) as work:
        return merge_queues.change(
            work, NOTES, branch, Wanted(**wanted), repositories=repositories, now=NOON
        )


def enter(place, *numbers: int, who="writer", priority=Priority.NORMAL, **wanted: object):
    for number in numbers:
        merging = Merging(**wanted)
        place.do(who, queued_pulls.enter, which(number), merging, priority)


def shown(place, branch="main"):
    return place.do("reader", merge_queues.show, NOTES, branch)


def groups(place):
    return [each.numbers for each in shown(place).groups]


def run(place):
    place.run_jobs(RUN)


def report(place, *, fails="nothing", who="author"):
    """Say of each commit that is tested how it is, by the files that it has; then go on."""
    for group in shown(place).groups:
        is_bad = fails in files(place, group.commit)
        state = StatusState.FAILURE if is_bad else StatusState.SUCCESS
        place.do(who, checks.report, NOTES, group.commit, NewStatus(state, "build"))
    run(place)


def drain(place, **how: object):
    run(place)
    for _ in range(20):
        if not shown(place).entries:
            return
        report(place, **how)
    raise AssertionError("it is stuck")


def files(place, commit="main"):
    return set(place.git("ls-tree", "--name-only", commit).split()) - {"file"}


def reasons(place):
    return [
        (each.body["number"], each.body["reason"])
        for each in place.world.recorded("merge.dequeued")
    ]


def test_a_group_is_tested_and_the_branch_becomes_just_that(place):
    before = place.head("main")
    enter(place, 1, 2)
    run(place)
    (group,) = shown(place).groups

    assert (group.numbers, group.base, group.verdict) == ((1, 2), before, Verdict.PENDING)
    assert place.ref(group.ref) == group.commit
    assert place.head("main") == before, "nothing lands before it is tested"

    report(place)

    assert place.head("main") == group.commit
    assert files(place) == {"one", "two"}
    assert [place.facts(each).merged.by for each in (1, 2)] == ["writer", "writer"]
    assert place.facts(2).merged.as_oid == group.commit
    merged = place.world.recorded("merge.merged")
    assert [(each.body["number"], each.body["by_queue"]) for each in merged] == [
        (1, True),
        (2, True),
    ]
    assert merged[1].body["base"] == merged[0].body["merged_as"]
    assert place.ref(group.ref) is None
    assert shown(place).entries == ()


def test_groups_stand_on_top_of_each_other(place):
    configure(place, together=1)
    enter(place, 1, 2, 3)
    run(place)
    first, second, third = shown(place).groups

    assert groups(place) == [(1,), (2,), (3,)]
    assert [second.base, third.base] == [first.commit, second.commit]

    report(place)

    assert place.head("main") == third.commit


def test_what_fails_is_found_and_leaves_alone(place):
    enter(place, 1, 2, 3)

    drain(place, fails="two")

    assert files(place) == {"one", "three"}
    assert reasons(place) == [(2, "checks_failed")]
    assert place.facts(2).merged is None
    failed = place.world.recorded("merge.failed")
    assert [each.body["number"] for each in failed] == [2]


def test_each_is_merged_by_who_asked_for_it_and_as_they_said(place):
    enter(place, 1, who="writer", method=MergeMethod.SQUASH, title="Just this")
    enter(place, 2, who="author", method=MergeMethod.REBASE)

    drain(place)

    assert [place.facts(each).merged.by for each in (1, 2)] == ["writer", "author"]
    assert place.git("log", "-1", "--format=%s", "main~1").strip() == "Just this"


def test_a_push_to_the_branch_lets_all_be_tested_anew(place):
    enter(place, 1)
    run(place)
    (before,) = shown(place).groups
    place.do("writer", checks.report, NOTES, before.commit, NewStatus(StatusState.SUCCESS, "build"))
    moved = place.write("maintainer", "main", {"else": "else\n"})

    run(place)

    (after,) = shown(place).groups
    assert (place.head("main"), after.base) == (moved, moved)
    assert after.commit != before.commit
    drain(place)
    assert files(place) == {"one", "else"}


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda place: place.do("author", queued_pulls.leave, which(1)), "by_hand"),
        (lambda place: place.do("author", pulls.close, which(1)), "closed"),
        (
            lambda place: place.do(
                "author",
                pulls.change,
                which(1),
                Change(is_draft=True),
                repositories=place.world.wiring.repositories,
            ),
            "changed",
        ),
    ],
)
def test_it_leaves_when_it_changes(place, end, reason):
    enter(place, 1, 2)
    run(place)

    end(place)

    assert reasons(place) == [(1, reason)]
    drain(place)
    assert files(place) == {"two"}


def test_new_commits_let_it_leave_even_before_they_are_a_patch_set(place):
    enter(place, 1)
    run(place)
    place.write("author", "one", {"more": "more\n"})

    report(place)

    assert reasons(place) == [(1, "new_commits")]
    assert files(place) == set()
    place.run_jobs(Job.FOLLOW_PULLS)
    assert reasons(place) == [(1, "new_commits")]


def test_who_lost_the_right_to_merge_merges_nothing(place):
    enter(place, 1, who="writer")
    run(place)
    with place.world.wiring.database._writing() as session, session.begin():
        user_id = place.world._user("writer").id
        session.execute(sa.update(Grant).where(Grant.user_id == user_id).values(role=Role.READER))

    report(place, who="author")

    assert reasons(place) == [(1, "not_allowed")]
    assert files(place) == set()


def test_what_conflicts_with_who_is_before_it_waits_for_them(place):
    place.topic("same", {"one": "otherwise\n"})
    place.open("same")
    enter(place, 1, 4)
    run(place)

    assert groups(place) == [(1,)]

    report(place)

    assert reasons(place) == [(4, "conflicts")]


def test_what_conflicts_with_one_that_fails_still_lands(place):
    place.topic("same", {"one": "otherwise\n", "same": "same\n"})
    place.open("same")
    place.topic("bad", {"one": "yet otherwise\n", "bad": "bad\n"})
    place.open("bad")
    enter(place, 5, 4)

    drain(place, fails="bad")

    assert reasons(place) == [(5, "checks_failed")]
    assert files(place) == {"one", "same"}


def test_maintainers_let_one_go_before_others(place):
    enter(place, 1, 2)
    run(place)
    with pytest.raises(RefusedError, match="Only maintainers"):
        enter(place, 3, priority=Priority.HIGH)
    enter(place, 3, who="maintainer", priority=Priority.HIGH)
    run(place)

    assert groups(place) == [(3, 1, 2)]
    assert [each.number for each in shown(place).entries] == [3, 1, 2]

    with place.world.begin(place.world.actor("writer")) as work:
        queued_pulls.prioritise(work, which(1), Priority.LOW)
    run(place)

    assert groups(place) == [(3, 2, 1)]


def test_a_paused_queue_lands_nothing_until_it_goes_on(place):
    enter(place, 1)
    run(place)
    configure(place, is_paused=True)

    report(place)

    assert files(place) == set()
    configure(place, is_paused=False)
    run(place)
    assert files(place) == {"one"}


def test_without_checks_it_lands_as_soon_as_it_is_merged(place):
    configure(place, checks=[])
    enter(place, 1)

    run(place)

    assert files(place) == {"one"}


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("outsider", HiddenError),
        ("reader", RefusedError),
        ("triager", RefusedError),
        ("writer", None),
    ],
)
def test_writers_put_pull_requests_in_line(place, who, refusal):
    with pytest.raises(refusal) if refusal else nullcontext():
        enter(place, 1, who=who)


@pytest.mark.parametrize(
    ("who", "refusal"), [("outsider", HiddenError), ("writer", RefusedError), ("maintainer", None)]
)
def test_maintainers_say_how_it_works(place, who, refusal):
    with pytest.raises(refusal) if refusal else nullcontext():
        configure(place, who, together=2)


def test_what_rules_forbid_does_not_stand_in_line(place):
    place.open("two", "one", is_draft=True)
    with pytest.raises(ObstructedError, match="draft"):
        enter(place, 4)


def test_a_branch_without_a_queue_takes_none(place):
    with place.world.begin(place.world.actor("maintainer")) as work:
        merge_queues.close(work, NOTES, "", now=NOON)

    with pytest.raises(ConflictError, match="no merge queue"):
        enter(place, 1)
    with pytest.raises(NotFoundError):
        shown(place)


def test_closing_a_queue_lets_all_leave(place):
    enter(place, 1, 2)
    run(place)

    place.do("maintainer", merge_queues.close, NOTES, "main")

    assert reasons(place) == [(1, "by_hand"), (2, "by_hand")]
    assert place.world.recorded("merge.queue_closed")[-1].body["numbers"] == [1, 2]


@pytest.mark.parametrize(
    "wanted", [{"together": 0}, {"at_once": 99}, {"minutes": 0}, {"checks": [""]}]
)
def test_numbers_and_names_that_will_not_do_are_refused(place, wanted):
    with pytest.raises(InvalidError):
        configure(place, **wanted)


def test_a_queue_is_for_a_branch_that_is_there(place):
    with pytest.raises(InvalidError, match="no such branch"):
        configure(place, branch="nowhere")
