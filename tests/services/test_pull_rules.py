"""Rulesets at merging: who has approved what, of whom it is, what was checked, and since when."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

import pytest

from appliance.domain.checks import StatusState
from appliance.domain.pull_requests import Verdict
from appliance.domain.ruleset_words import Enforcement, SubjectKind
from appliance.domain.rulesets import Target
from appliance.services import (
    checks,
    conversation_timeline,
    pull_obstacles,
    pulls,
    reviews,
    rulesets,
)
from appliance.services.checks import NewStatus
from appliance.services.pull_merging import ObstructedError
from appliance.services.pulls import Change
from appliance.services.ref_moving import ProtectedError
from appliance.services.reviews import NewReview
from appliance.services.ruleset_drafts import Draft, SaidSubject
from appliance.services.rulesets import Place as Where
from tests.services.pulling import NOTES, Place, merge, which

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OWNERS = "*.sql @owner\n"


@pytest.fixture
def place(world):
    made = Place(world)
    made.write("maintainer", "main", {"CODEOWNERS": OWNERS, "a.sql": "1\n"})
    made.topic(files={"a.sql": "2\n", "b": "new\n"})
    made.open()
    return made


def rule(place, **said: object):
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), (said,))
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)


def say(place, who, verdict=Verdict.APPROVE):
    place.do(who, reviews.submit, which(), NewReview(verdict, "I looked."))


def refused(place):
    with pytest.raises(ObstructedError) as caught:
        merge(place)
    world = place.world
    shown = pull_obstacles.asked(
        lambda: world.reading(world.actor("reader")),
        which(),
        repositories=world.wiring.repositories,
    )
    assert [each.source for each in shown.obstacles] == ["repository"] * len(shown.obstacles)
    assert shown.obstacles
    return str(caught.value)


@pytest.mark.promise("P76")
def test_approvals_are_counted_and_an_objection_stands_in_the_way(place):
    rule(place, kind="pull_request", approvals=2)
    assert "Required approvals: 0 of 2" in refused(place)
    say(place, "writer")
    say(place, "reader")
    assert "Required approvals: 1 of 2" in refused(place)
    say(place, "maintainer")
    say(place, "owner", Verdict.REQUEST_CHANGES)
    assert "Reviewers requesting changes: 1" in refused(place)
    say(place, "owner")

    assert merge(place).commit == place.head("main")


def test_owners_of_changed_files_must_approve(place):
    rule(place, kind="pull_request", approvals=1, code_owners=True)
    say(place, "maintainer")
    assert "needs an approval by one of @owner" in refused(place)
    say(place, "owner")
    assert merge(place).commit


def test_those_whom_the_rule_names_must_approve(place):
    named = [SaidSubject(SubjectKind.USER, "owner")]
    rule(place, kind="pull_request", reviewers=named)
    say(place, "maintainer")
    assert "teams or users" in refused(place)
    say(place, "owner")
    assert merge(place).commit


def test_an_approval_ends_with_a_real_difference_and_not_with_a_rebase(place):
    say(place, "maintainer")
    place.write("maintainer", "main", {"else": "else\n"})
    rule(place, kind="pull_request", approvals=1, dismiss_stale=True)
    start = place.head("main")
    rebased = place.write("author", "again", {"a.sql": "2\n", "b": "new\n"}, start=start)
    place.push("author", "topic", rebased)
    place.run_jobs()
    assert len(place.sets()) == 2
    with place.world.reading(place.world.actor("reader")) as work:
        assert len(reviews.standing(work, which())) == 1
    place.write("author", "topic", {"b": "newer\n"})
    place.run_jobs()

    assert "Required approvals: 0 of 1" in refused(place)
    place.push("author", "topic", rebased)
    place.run_jobs()
    assert merge(place).commit


def test_required_checks_are_those_of_the_head(place):
    rule(place, kind="required_checks", checks=["build"])
    assert "not passed yet: build" in refused(place)
    place.do("writer", checks.report, NOTES, place.head("topic"), status(StatusState.FAILURE))
    assert "have failed: build" in refused(place)
    place.do("writer", checks.report, NOTES, place.head("topic"), status(StatusState.SUCCESS))
    place.write("author", "topic", {"c": "c\n"})
    place.run_jobs()
    assert "not passed yet" in refused(place)
    place.do("writer", checks.report, NOTES, place.head("topic"), status(StatusState.SUCCESS))

    merge(place)
    assert place.world.events()[-1] in {"git.pushed", "merge.merged"}


def status(state):
    return NewStatus(state, "build")


@pytest.mark.promise("P83")
def test_what_others_report_under_the_name_of_a_bound_check_is_nothing(place):
    by = [SaidSubject(SubjectKind.USER, "maintainer")]
    rule(place, kind="required_checks", checks=["build"], reporters=by)
    head = place.head("topic")
    place.do("author", checks.report, NOTES, head, status(StatusState.SUCCESS))
    assert "not passed yet: build" in refused(place)
    place.do("author", checks.report, NOTES, head, status(StatusState.FAILURE))
    place.do("maintainer", checks.report, NOTES, head, status(StatusState.SUCCESS))

    assert merge(place).commit


def lists(place, *names: str, kind="pull_request", **said: object):
    by = tuple(
        SaidSubject(SubjectKind.USER, name, reason="They mend what is down.") for name in names
    )
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), ({"kind": kind, **said},), by)
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)


@pytest.mark.promise("P84")
@pytest.mark.parametrize(
    ("who", "why", "refusal"),
    [
        ("writer", "The site is down.", None),
        ("writer", "  ", ObstructedError),
        ("maintainer", "The site is down.", ObstructedError),
    ],
)
def test_who_is_on_the_list_merges_past_rules_and_says_why(place, who, why, refusal):
    lists(place, "writer", approvals=1)
    with pytest.raises(refusal) if refusal else nullcontext() as refused:
        merge(place, who, bypass=why)
    assert ("bypass list" in str(refused)) is (who == "maintainer")

    recorded = place.world.recorded("branch_rule.bypassed")
    assert len(recorded) == (0 if refusal else 1)
    assert (place.facts().merged is not None) is (refusal is None)
    if refusal is None:
        assert recorded[0].body["rulesets"] == ["Trunk"]
        with place.world.reading(place.world.actor("reader")) as work:
            entries = conversation_timeline.timeline(work, which()).items
        assert [each.details["past_rules"] for each in entries if each.kind == "merged"] == [why]


def test_a_reason_goes_past_rules_for_pushes_too_and_past_nothing_else(place):
    lists(place, "writer", kind="commit_message", patterns=["^fix: "])
    with pytest.raises(ProtectedError, match="You can bypass this when merging"):
        merge(place, "writer")
    into = {"repositories": place.world.wiring.repositories}
    place.do("author", pulls.change, which(), wanted=Change(is_draft=True), **into)
    with pytest.raises(ObstructedError, match=r"draft.*first\.$"):
        merge(place, "writer", bypass="The site is down.")
    place.do("author", pulls.change, which(), wanted=Change(is_draft=False), **into)

    assert merge(place, "writer", bypass="The site is down.").commit
    assert place.world.recorded("branch_rule.bypassed")


def test_who_may_go_past_is_told_so(place):
    lists(place, "writer", approvals=1)
    world = place.world

    def asked(who):
        reads = partial(world.reading, world.actor(who))
        found = pull_obstacles.asked(reads, which(), repositories=world.wiring.repositories)
        assert [each.may_bypass for each in found.obstacles] == [found.may_bypass]
        return found.may_bypass

    assert {who: asked(who) for who in ("reader", "writer", "owner")} == {
        "reader": False,
        "writer": True,
        "owner": False,
    }


def test_an_approval_of_who_may_not_write_is_not_named(place):
    say(place, "reader")
    say(place, "maintainer")
    merge(place)

    said = place.git("log", "-1", "--format=%B", "main")
    assert "Approved-by: maintainer" in said
    assert "reader" not in said
    (event,) = place.world.recorded("merge.merged")
    assert event.body["approvals"] == [str(place.world.actor("maintainer").id)]


def test_two_approvals_for_who_approves(place):
    rule(place, kind="sensitive_files")
    place.write("author", "topic", {"CODEOWNERS": "* @author\n"})
    place.run_jobs()
    say(place, "writer")
    assert "CODEOWNERS needs more approvals" in refused(place)
    say(place, "maintainer")
    assert merge(place).commit


def test_a_branch_that_is_behind_and_what_is_frozen(place):
    rule(place, kind="required_checks", checks=["build"], up_to_date=True)
    place.do("writer", checks.report, NOTES, place.head("topic"), status(StatusState.SUCCESS))
    place.do("owner", _freeze)
    place.write("maintainer", "other", {"x": "x\n"}, start=place.head("main"))
    assert "frozen" in refused(place)


def _freeze(work, *, now):
    said = {"kind": "freeze", "windows": ["2000-01-01/2999-01-01"]}
    draft = Draft("Frozen", Enforcement.ACTIVE, Target(("main",)), (said,))
    rulesets.create(work, Where(repository=NOTES), draft, now=now)


def test_a_ticket_in_the_title_is_enough(place):
    rule(place, kind="ticket_reference", patterns=["AB-[0-9]+"])
    place.topic(name="other", files={"d": "d\n"})
    number = place.open("other", title="AB-1: d")
    with pytest.raises(ProtectedError, match="mentions no ticket"):
        merge(place)
    assert merge(place, number=number).commit


def test_what_no_rule_asks_for_is_merged(place):
    assert merge(place).commit == place.head("main")
