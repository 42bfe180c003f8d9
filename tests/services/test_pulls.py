"""Pull requests: who may ask, patch sets by every push, forks, what a push merges or closes."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import sqlalchemy as sa

from appliance.db.conversations import Conversation
from appliance.db.pulls import PatchSet
from appliance.domain.conversations import ConversationState, Which
from appliance.domain.issue_query import parse
from appliance.domain.permissions import Role
from appliance.domain.pull_requests import MergeState, Shift
from appliance.errors import (
    ConflictError,
    HiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
)
from appliance.services import (
    conversation_timeline,
    conversations,
    pull_facts,
    pull_lists,
    pulls,
    review_requests,
)
from appliance.services.conversations import NewIssue
from appliance.services.pulls import Change
from tests.services.pulling import NOTES, Place, which
from tests.world import NOON


@pytest.fixture
def place(world):
    return Place(world)


@pytest.mark.parametrize(
    ("who", "refusal"), [("outsider", HiddenError), ("reader", None), ("writer", None)]
)
def test_who_may_read_a_repository_may_ask_for_a_merge(place, who, refusal):
    place.topic()

    with pytest.raises(refusal) if refusal else nullcontext():
        assert place.open(who=who) == 1


def test_a_pull_request_shares_the_line_of_numbers_with_issues(place):
    place.topic()
    with place.world.begin(place.world.actor("reader")) as work:
        conversations.open_issue(work, NOTES, NewIssue("An issue"), now=NOON)

    assert place.open() == 2
    with pytest.raises(NotFoundError):
        place.show(1)
    with pytest.raises(NotFoundError), place.world.reading(place.world.actor("reader")) as work:
        conversations.show(work, Which(NOTES, 2))


def test_it_says_what_is_to_come_into_what(place):
    head, base = place.topic(), place.head("main")
    place.open(is_draft=True, body="As asked for.")

    facts = place.facts()

    assert (facts.source_branch, facts.target_branch) == (b"topic", b"main")
    assert (facts.head, facts.base, facts.patch_set) == (head, base, 1)
    assert (facts.source_path, facts.is_from_fork, facts.is_draft) == (NOTES, False, True)
    assert place.ref("refs/pull/1/1") == place.ref("refs/pull/1/head") == head
    assert place.show().described.conversation.body == "As asked for."


@pytest.mark.parametrize("head", ["main", "none", f"{NOTES}:main"])
def test_what_cannot_be_merged_is_not_asked_for(place, head):
    place.topic()

    with pytest.raises(InvalidError):
        place.open(head)


def test_a_branch_without_news_is_not_asked_for(place):
    place.push("author", "same", place.head("main"))

    with pytest.raises(InvalidError, match="nothing to merge"):
        place.open("same")


def test_the_same_is_asked_for_once(place):
    place.topic()
    place.open()

    with pytest.raises(ConflictError, match="#1"):
        place.open()
    place.push("maintainer", "stable", place.head("main"))
    assert place.open(into="stable") == 2


def test_each_push_becomes_a_patch_set(place):
    first = place.topic()
    place.open()
    second = place.write("writer", "topic", {"new": "newer\n"})
    third = place.write("author", "topic", {"new": "newest\n"})

    place.run_jobs()

    assert [each.head for each in place.sets()] == [first, second, third]
    assert [each.by for each in place.sets()] == ["author", "writer", "author"]
    assert [each.shift for each in place.sets()] == [Shift.FIRST, Shift.FORWARD, Shift.FORWARD]
    assert place.facts().head == place.ref("refs/pull/1/3") == place.ref("refs/pull/1/head")
    assert place.world.events().count("merge.head_pushed") == 2


def test_a_patch_set_that_was_pushed_over_is_kept(place):
    first, base = place.topic(), place.head("main")
    place.open()
    place.push("author", "topic", base)
    place.push("author", "topic", first)
    place.push("author", "topic", base)
    other = place.write("author", "topic", {"other": "other\n"})

    place.run_jobs()

    heads = [each.head for each in place.sets()]
    assert heads == [first, base, first, base, other]
    assert place.sets()[1].shift is Shift.REWRITTEN
    assert [place.ref(f"refs/pull/1/{number}") for number in range(1, 6)] == heads


def test_the_job_may_be_repeated(place):
    place.topic()
    place.open()
    place.write("author", "topic", {"new": "newer\n"})
    place.run_jobs()
    place.write("maintainer", "main", {"else": "else\n"})
    place.run_jobs()

    assert len(place.sets()) == 2
    assert place.facts().is_draft is False


def test_a_closed_one_follows_its_branch_once_it_is_open_again(place):
    place.topic()
    place.open()
    place.do("author", pulls.close, which())
    new = place.write("author", "topic", {"new": "newer\n"})
    place.run_jobs()
    assert len(place.sets()) == 1

    place.do("author", pulls.reopen, which())
    place.run_jobs()

    assert place.facts().head == new
    assert place.world.events().count("merge.reopened") == 1


def test_a_push_that_brings_all_of_it_merges_it(place):
    head = place.topic()
    place.open()
    before = place.head("main")
    place.push("maintainer", "main", head)

    place.run_jobs()

    merged = place.facts().merged
    assert (merged.by, merged.method) == ("maintainer", None)
    assert (merged.as_oid, merged.onto_oid) == (head, before)
    conversation = place.show().described.conversation
    assert conversation.state is ConversationState.CLOSED
    assert place.world.recorded("merge.merged")[-1].body["method"] == "git"


def test_what_was_pushed_to_both_branches_is_no_merge(place):
    place.topic()
    place.open()
    place.push("author", "topic", place.head("main"))
    place.run_jobs()
    place.write("maintainer", "main", {"else": "else\n"})
    place.run_jobs()

    assert place.facts().merged is None


def test_merging_closes_the_issues_that_it_says_it_fixes(place):
    with place.world.begin(place.world.actor("reader")) as work:
        conversations.open_issue(work, NOTES, NewIssue("It breaks"), now=NOON)
    head = place.topic()
    place.open(body="Fixes #1, and speaks of #1.")
    place.push("maintainer", "main", head)

    place.run_jobs()

    with place.world.reading(place.world.actor("reader")) as work:
        found = conversations.show(work, Which(NOTES, 1)).conversation
        assert found.state is ConversationState.CLOSED


def test_a_pull_request_closes_when_its_branch_is_deleted(place):
    place.topic()
    place.open()
    place.push("author", "topic", None)

    place.run_jobs()

    assert place.world.recorded("merge.closed")[-1].body["reason"] == "source_deleted"
    with pytest.raises(ConflictError, match="was deleted"):
        place.do("author", pulls.reopen, which())


@pytest.mark.parametrize(
    ("ours", "state", "paths"),
    [
        ({"else": "else\n"}, MergeState.CLEAN, ()),
        ({"file": "ours\ntwo\nthree\n"}, MergeState.CONFLICTS, (b"file",)),
    ],
)
def test_it_is_found_out_whether_it_goes_together(place, ours, state, paths):
    place.topic(files={"file": "theirs\ntwo\nthree\n"})
    place.open()
    place.run_jobs()
    assert place.facts().merge_state is MergeState.CLEAN
    place.write("maintainer", "main", ours)
    assert place.facts().merge_state is MergeState.UNKNOWN

    look = pull_facts.mergeability(place.facts(), repositories=place.world.wiring.repositories)
    place.run_jobs()

    assert (look.state, look.conflicts) == (state, paths)
    assert place.facts().merge_state is state
    assert place.facts().conflicts == tuple(path.decode() for path in paths)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("outsider", HiddenError), ("reader", RefusedError), ("author", None), ("triager", None)],
)
@pytest.mark.parametrize(
    ("verb", "wanted"),
    [
        (pulls.change, {"wanted": Change(title="Other", is_draft=True)}),
        (pulls.close, {}),
        (review_requests.ask, {"reviewers": ["writer"]}),
    ],
)
def test_author_and_triagers_change_it(place, who, refusal, verb, wanted):
    place.topic()
    place.open()
    if verb is pulls.change:
        wanted = {**wanted, "repositories": place.world.wiring.repositories}

    with pytest.raises(refusal) if refusal else nullcontext():
        place.do(who, verb, which(), **wanted)


def test_it_may_go_to_another_branch(place):
    place.topic()
    place.open()
    place.push("maintainer", "stable", place.head("main"))
    into = {"repositories": place.world.wiring.repositories}

    place.do("author", pulls.change, which(), wanted=Change(into="stable"), **into)

    assert place.facts().target_branch == b"stable"
    with pytest.raises(InvalidError):
        place.do("author", pulls.change, which(), wanted=Change(into="none"), **into)
    with pytest.raises(InvalidError):
        place.do("author", pulls.change, which(), wanted=Change(into="topic"), **into)


def test_a_merged_one_stays_as_it_is(place):
    head = place.topic()
    place.open()
    place.push("maintainer", "main", head)
    place.run_jobs()

    for verb in (pulls.close, pulls.reopen):
        with pytest.raises(ConflictError, match="merged"):
            place.do("author", verb, which())


def test_reviewers_are_those_who_may_read_it(place):
    place.world.organisation("works")
    place.world.user("member", role=Role.READER, on=NOTES)
    place.world.join("author", "works")
    place.world.team("works/readers", "member", "outsider")
    place.topic()
    place.open(reviewers=("writer", "works/readers"))

    facts = place.facts()
    assert (facts.users_waited_for, facts.teams_waited_for) == (("writer",), ("works/readers",))
    for nobody in ("outsider", "nobody", "author", "works/none"):
        with pytest.raises(InvalidError):
            place.do("author", review_requests.ask, which(), [nobody])
    place.do("author", review_requests.withdraw, which(), ["writer", "works/readers"])
    assert place.facts().users_waited_for == ()
    assert place.world.events().count("review.request_withdrawn") == 2


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [3, 2, 1]),
        ("is:open", [3, 2]),
        ("is:draft", [3]),
        ("is:merged", [1]),
        ("base:stable", [3]),
        ("head:other", [3, 2]),
        ("reviewer:writer", [2]),
        ("review:none", [3, 2, 1]),
        ("review:approved", []),
        ("author:author -is:draft", [2, 1]),
    ],
)
def test_they_are_found_by_what_they_are(place, query, numbers):
    head, base = place.topic(), place.head("main")
    place.open()
    place.topic("other", {"other": "other\n"})
    place.open("other", reviewers=("writer",))
    place.push("maintainer", "stable", base)
    place.open("other", "stable", is_draft=True)
    place.push("maintainer", "main", head)
    place.run_jobs()

    with place.world.reading(place.world.actor("reader")) as work:
        page = pull_lists.listed(work, NOTES, parse(query))
        counts = pull_lists.counted(work, NOTES, parse(query))
    assert [each.facts.number for each in page.items] == numbers
    assert counts.open + counts.closed >= len(numbers)


def test_the_timeline_tells_what_happened(place):
    place.topic()
    place.open(is_draft=True)
    place.write("author", "topic", {"new": "newer\n"})
    place.run_jobs()
    into = {"repositories": place.world.wiring.repositories}
    place.do("author", pulls.change, which(), wanted=Change(is_draft=False), **into)

    with place.world.reading(place.world.actor("reader")) as work:
        found = conversation_timeline.timeline(work, which()).items
    assert [str(each.kind) for each in found] == ["pushed", "ready"]


def test_rows_go_with_the_repository(place):
    place.topic()
    place.open()
    found = place.world.one(sa.select(Conversation))
    with place.world.wiring.database._writing() as session, session.begin():
        session.execute(sa.delete(Conversation).where(Conversation.id == found.id))

    assert place.world.one(sa.select(PatchSet)) is None
