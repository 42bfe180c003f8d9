"""Merge queues and rulesets: what goes past the queue is refused, and rules' checks are awaited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.domain.checks import StatusState
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.domain.pull_requests import Verdict
from appliance.domain.ruleset_words import Enforcement, SubjectKind
from appliance.domain.rulesets import Target
from appliance.services import (
    auto_merging,
    checks,
    merge_queue_running,
    merge_queues,
    pull_obstacles,
    queued_pulls,
    reviews,
    rulesets,
)
from appliance.services.checks import NewStatus
from appliance.services.merge_queues import Wanted
from appliance.services.pull_merging import Merging, ObstructedError
from appliance.services.reviews import NewReview
from appliance.services.ruleset_drafts import Draft, SaidSubject
from appliance.services.rulesets import Place as Where
from tests.services.pulling import NOTES, Place, merge, which
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAST = "accepts only changes that its merge queue has tested"


@pytest.fixture
def place(world):
    found = Place(world)
    found.topic()
    found.open()
    with world.begin(world.actor("maintainer")) as work:
        repositories = world.wiring.repositories
        wanted = Wanted(["build"])
        merge_queues.change(work, NOTES, "", wanted, repositories=repositories, now=NOON)
    return found


def rule(place, *rules: dict[str, object], **said: object):
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), rules, **said)
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)


def enter(place, number=1):
    world = place.world
    looked = queued_pulls.look(
        lambda: world.reading(world.actor("writer")),
        which(number),
        repositories=world.wiring.repositories,
    )
    place.do("writer", queued_pulls.enter, which(number), Merging(), looked=looked)


def report(place, name, who="author"):
    (group,) = shown(place).groups
    place.do(who, checks.report, NOTES, group.commit, NewStatus(StatusState.SUCCESS, name))
    place.run_jobs(Job.RUN_MERGE_QUEUES)


def shown(place):
    return place.do("reader", merge_queues.show, NOTES, "")


@pytest.mark.promise("P86")
def test_nobody_merges_past_a_queue_that_a_rule_demands(place):
    rule(place, {"kind": "merge_queue"})
    before = place.head("main")

    with pytest.raises(ObstructedError, match=PAST) as caught:
        merge(place)
    assert "The rule merge_queue comes from this repository's ruleset “Trunk”." in str(caught.value)
    world = place.world
    found = pull_obstacles.asked(
        lambda: world.reading(world.actor("writer")),
        which(),
        repositories=world.wiring.repositories,
    )
    assert [each.rule for each in found.obstacles] == ["merge_queue"]
    assert found.may_queue

    enter(place)
    place.run_jobs(Job.RUN_MERGE_QUEUES)
    (group,) = shown(place).groups
    assert place.head("main") == before
    report(place, "build")
    assert place.head("main") == group.commit


def test_who_may_go_past_the_rule_says_why(place):
    maintainer = SaidSubject(SubjectKind.USER, "maintainer", reason="They mend it.")
    rule(place, {"kind": "merge_queue"}, bypass=(maintainer,))

    with pytest.raises(ObstructedError):
        merge(place, "writer", bypass="The site is down")
    merge(place, "maintainer", bypass="The site is down")

    assert "branch_rule.bypassed" in place.world.events()


def test_a_freeze_holds_up_what_is_in_line_until_it_ends(place):
    rule(place, {"kind": "merge_queue"})
    frozen = {"kind": "freeze", "windows": ["2000-01-01/2999-01-01"]}
    freeze = Draft("Frozen", Enforcement.ACTIVE, Target(("main",)), (frozen,))
    made = place.do("owner", rulesets.create, Where(repository=NOTES), freeze)
    enter(place)
    place.run_jobs(Job.RUN_MERGE_QUEUES)
    before = place.head("main")
    report(place, "build")
    assert place.head("main") == before
    (group,) = shown(place).groups

    with place.world.begin(place.world.actor("owner")) as work:
        rulesets.remove(work, Where(repository=NOTES), made.row.id)
    with place.world.begin(appliance()) as work:
        merge_queue_running.promise_all(work)
    place.run_jobs(Job.RUN_MERGE_QUEUES)

    assert place.head("main") == group.commit


def test_what_was_promised_to_be_merged_by_itself_comes_into_the_queue(place):
    rule(place, {"kind": "merge_queue"}, {"kind": "pull_request", "approvals": 1})
    place.do("writer", auto_merging.enable, which(), Merging())
    place.run_jobs()
    assert shown(place).entries == ()

    place.do("maintainer", reviews.submit, which(), NewReview(Verdict.APPROVE, "I looked."))
    place.run_jobs()

    (entry,) = shown(place).entries
    assert (entry.number, entry.by) == (1, "writer")
    assert place.world.recorded("merge.auto_disabled")[-1].body["reason"] == "queued"


def test_a_queue_waits_for_what_rules_demand_of_it_and_says_whose_it_is(place):
    writer = SaidSubject(SubjectKind.USER, "writer")
    rule(place, {"kind": "required_checks", "checks": ["lint"], "reporters": [writer]})
    enter(place)
    place.run_jobs(Job.RUN_MERGE_QUEUES)
    (group,) = shown(place).groups
    assert (shown(place).checks, shown(place).rule_checks) == (("build",), ("lint",))
    assert [each.name for each in group.checks] == ["build"]
    assert [each.name for each in group.rule_checks] == ["lint"]

    report(place, "build")
    report(place, "lint", "author")
    assert place.facts().merged is None, "only the writer's word counts"
    report(place, "lint", "writer")

    assert place.facts().merged.as_oid == group.commit


def test_what_the_queue_does_not_see_to_keeps_one_from_standing_in_line(place):
    rule(place, {"kind": "pull_request", "approvals": 1})

    with pytest.raises(ObstructedError, match="Required approvals: 0 of 1"):
        enter(place)
    assert shown(place).entries == ()


def in_line(place):
    for _ in range(3):  # One job leads to another.
        place.run_jobs(Job.FOLLOW_PULLS, Job.RUN_MERGE_QUEUES)
    return [each.number for each in shown(place).entries]


def waits_because(place):
    world = place.world
    found = pull_obstacles.asked(
        lambda: world.reading(world.actor("writer")),
        which(),
        repositories=world.wiring.repositories,
    )
    return found.auto_merge and found.auto_merge.waits_because


@pytest.mark.parametrize(("who", "line"), [("writer", [1]), ("author", [])])
def test_what_was_promised_and_failed_comes_again_with_what_who_promised_it_pushes(
    place, who, line
):
    rule(place, {"kind": "merge_queue"})
    place.do("writer", auto_merging.enable, which(), Merging())
    assert in_line(place) == [1]
    (group,) = shown(place).groups
    failed = NewStatus(StatusState.FAILURE, "build")
    place.do("author", checks.report, NOTES, group.commit, failed)
    assert in_line(place) == []
    assert "Its checks failed in the merge queue." in waits_because(place)

    place.write(who, "topic", {"new": "newer\n"})

    assert in_line(place) == line
    assert not waits_because(place)


def test_what_was_promised_comes_again_once_it_is_approved_again(place):
    rule(place, {"kind": "merge_queue"}, {"kind": "pull_request", "approvals": 1})
    place.do("writer", auto_merging.enable, which(), Merging())
    approved = NewReview(Verdict.APPROVE, "I looked.")
    place.do("maintainer", reviews.submit, which(), approved)
    assert in_line(place) == [1]
    place.do("maintainer", reviews.submit, which(), NewReview(Verdict.REQUEST_CHANGES, "No."))
    report(place, "build")
    assert in_line(place) == []

    with place.world.begin(place.world.actor("maintainer")) as work:
        reviews.submit(work, which(), approved, now=datetime.now(UTC))
    in_line(place)

    # Within the same second it is the same commit, whose checks have succeeded: it is merged then.
    assert place.world.events().count("merge.queued") == 2


def test_what_was_taken_out_by_hand_does_not_come_again(place):
    rule(place, {"kind": "merge_queue"})
    place.do("writer", auto_merging.enable, which(), Merging())
    assert in_line(place) == [1]

    place.do("writer", queued_pulls.leave, which())

    assert in_line(place) == []
    assert waits_because(place) is None
