"""Reviews: verdicts, what is said of lines, notes that wait, who may dismiss and resolve."""

from __future__ import annotations

from contextlib import nullcontext
from uuid import uuid4

import pytest

from appliance.access import fetch_pulls
from appliance.domain.identity import Impersonator
from appliance.domain.issue_query import parse
from appliance.domain.pull_requests import Anchor, Side, Verdict
from appliance.errors import (
    ConflictError,
    HiddenError,
    InvalidError,
    NotFoundError,
    PreconditionError,
    RefusedError,
)
from appliance.services import (
    conversation_timeline,
    pull_lists,
    pull_rules,
    pulls,
    review_drafts,
    review_requests,
    review_threads,
    reviews,
    viewed_files,
)
from appliance.services.reviews import NewReview, Remark
from tests.services.pulling import NOTES, Place, which
from tests.world import NOON

LINES = Anchor(1, b"new", Side.NEW, 1, 1)
APPROVED = NewReview(Verdict.APPROVE)
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def place(world):
    """A pull request of the author's."""
    place = Place(world)
    place.topic()
    place.open(reviewers=("writer",))
    return place


def listed(place, verb=reviews.listed, who="reader"):
    with place.world.reading(place.world.actor(who)) as work:
        return verb(work, which())


def find(place, query):
    with place.world.reading(place.world.actor("reader")) as work:
        return [each.facts.number for each in pull_lists.listed(work, NOTES, parse(query)).items]


@pytest.mark.promise("P79")
@pytest.mark.parametrize(
    ("who", "verdict", "refusal"),
    [
        ("outsider", Verdict.COMMENT, HiddenError),
        ("author", Verdict.APPROVE, InvalidError),
        ("author", Verdict.REQUEST_CHANGES, InvalidError),
        ("author", Verdict.COMMENT, None),
        ("reader", Verdict.APPROVE, None),
        ("writer", Verdict.REQUEST_CHANGES, None),
    ],
)
def test_whoever_may_read_it_judges_it_but_nobody_their_own(place, who, verdict, refusal):
    with pytest.raises(refusal) if refusal else nullcontext():
        place.do(who, reviews.submit, which(), NewReview(verdict, "So it is."))


@pytest.mark.promise("P79")
def test_nobody_judges_in_anothers_name(place):
    actor = place.world.actor("writer")
    other = Impersonator(uuid4(), "administrator", "p_x", uuid4())
    object.__setattr__(actor, "impersonator", other)

    with pytest.raises(RefusedError), place.world.begin(actor) as work:
        reviews.submit(work, which(), APPROVED, now=NOON)


def test_a_review_is_waited_for_no_more_and_can_be_asked_for_again(place):
    assert place.facts().users_waited_for == ("writer",)
    place.do("writer", reviews.submit, which(), APPROVED)
    assert place.facts().users_waited_for == ()

    place.do("author", review_requests.ask, which(), ["writer"])

    assert place.facts().users_waited_for == ("writer",)


def test_the_last_verdict_of_each_counts_and_comments_change_none(place):
    place.do("writer", reviews.submit, which(), NewReview(Verdict.REQUEST_CHANGES))
    place.do("reader", reviews.submit, which(), APPROVED)
    assert (find(place, "review:changes"), find(place, "review:approved")) == ([1], [])
    place.do("writer", reviews.submit, which(), APPROVED)
    place.do("writer", reviews.submit, which(), NewReview(Verdict.COMMENT, "By the way."))

    found = listed(place, reviews.standing)

    assert {(each.author, each.verdict) for each in found} == {
        ("writer", Verdict.APPROVE),
        ("reader", Verdict.APPROVE),
    }
    assert find(place, "review:changes") == find(place, "review:none") == []
    assert find(place, "review:approved") == [1]
    with place.world.reading(place.world.actor("reader")) as work:
        seen = fetch_pulls.to_read(work, which())
        counted = pull_rules.approvers(work, seen)
    assert counted == [place.world.actor("writer").id]
    assert {each.author: each.may_write for each in found} == {"writer": True, "reader": False}


def test_a_verdict_is_about_what_was_looked_at(place):
    head = place.facts().head
    place.write("author", "topic", {"new": "newer\n"})
    place.run_jobs()

    with pytest.raises(PreconditionError, match="new commits"):
        place.do("writer", reviews.submit, which(), NewReview(Verdict.APPROVE, head=head))
    made = place.do("writer", reviews.submit, which(), APPROVED)
    assert (made.patch_set, made.head) == (2, place.facts().head)


@pytest.mark.parametrize(
    ("who", "reason", "refusal"),
    [
        ("author", "No.", RefusedError),
        ("reader", "No.", RefusedError),
        ("writer", "", None),
        ("maintainer", "", InvalidError),
        ("maintainer", "They have left.", None),
    ],
)
def test_a_verdict_is_dismissed_by_who_gave_it_or_by_maintainers_with_a_reason(
    place, who, reason, refusal
):
    made = place.do("writer", reviews.submit, which(), APPROVED)

    with pytest.raises(refusal) if refusal else nullcontext():
        place.do(who, reviews.dismiss, which(), made.id, reason)
    assert listed(place, reviews.standing) == [] if refusal is None else [made]


def test_what_counts_not_is_not_dismissed(place):
    made = place.do("writer", reviews.submit, which(), APPROVED)
    place.do("writer", reviews.dismiss, which(), made.id, "")

    with pytest.raises(ConflictError):
        place.do("writer", reviews.dismiss, which(), made.id, "")
    with pytest.raises(NotFoundError):
        place.do("writer", reviews.dismiss, which(), uuid4(), "")


def test_notes_wait_for_the_review_and_nobody_else_sees_them(place):
    thread = place.do("reader", review_threads.comment, which(), LINES, "Why?")
    place.do("writer", review_drafts.add, which(), LINES, "First")
    noted = place.do("writer", review_drafts.add, which(), None, "Second", thread_id=thread.id)
    before = place.world.events()
    with place.world.begin(place.world.actor("writer")) as work:
        review_drafts.change(work, which(), noted.id, "Second, otherwise")
    assert place.world.events() == before
    assert listed(place, review_drafts.listed) == []
    assert len(listed(place, review_threads.listed)) == 1

    new = NewReview(Verdict.COMMENT, remarks=(Remark("Third", Anchor(1, b"new")),))
    place.do("writer", reviews.submit, which(), new)

    said = [[each.body for each in one.comments] for one in listed(place, review_threads.listed)]
    assert said == [["Why?", "Second, otherwise"], ["First"], ["Third"]]
    assert listed(place, review_drafts.listed, "writer") == []
    assert place.world.recorded("review.submitted")[-1].body["comments"] == 3


def test_a_note_is_discarded_by_who_made_it(place):
    made = place.do("writer", review_drafts.add, which(), LINES, "First")

    with pytest.raises(NotFoundError), place.world.begin(place.world.actor("reader")) as work:
        review_drafts.discard(work, which(), made.id)
    with place.world.begin(place.world.actor("writer")) as work:
        review_drafts.discard(work, which(), made.id)
    assert listed(place, review_drafts.listed, "writer") == []


@pytest.mark.parametrize(
    "anchor",
    [
        Anchor(2, b"new"),
        Anchor(1, b""),
        Anchor(1, b"new", Side.NEW, 2, 1),
        Anchor(1, b"new", Side.NEW, 0, 1),
        None,
    ],
)
def test_lines_that_are_none_are_not_spoken_of(place, anchor):
    with pytest.raises(InvalidError):
        place.do("writer", review_threads.comment, which(), anchor, "Why?")


def test_a_review_that_says_nothing_is_none(place):
    with pytest.raises(InvalidError):
        place.do("writer", reviews.submit, which(), NewReview(Verdict.COMMENT, " "))


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("writer", None), ("author", None), ("triager", None), ("other", RefusedError)],
)
def test_a_thread_is_resolved_by_who_began_it_the_author_and_triagers(place, who, refusal):
    place.world.user("other", role="reader", on=NOTES)
    thread = place.do("writer", review_threads.comment, which(), LINES, "Why?")

    with pytest.raises(refusal) if refusal else nullcontext():
        place.do(who, review_threads.resolve, which(), thread.id)
        assert listed(place, review_threads.listed)[0].resolved_by == who
        place.do(who, review_threads.resolve, which(), thread.id, resolved=False)
        assert not listed(place, review_threads.listed)[0].is_resolved


@pytest.mark.parametrize("who", ["reader", "triager", "author", "maintainer"])
def test_who_said_it_and_triagers_change_and_delete_what_is_said_of_lines(place, who):
    thread = place.do("reader", review_threads.comment, which(), LINES, "Why?")
    comment = thread.comments[0].id
    place.do(who, review_threads.edit, which(), comment, "Why so?")
    assert listed(place, review_threads.listed)[0].comments[0].edited_at == NOON
    place.do(who, review_threads.delete, which(), comment)

    left = listed(place, review_threads.listed)[0].comments[0]
    assert (left.is_deleted, left.body) == (True, "")
    with pytest.raises(NotFoundError):
        place.do(who, review_threads.edit, which(), comment, "Again")


def test_what_others_said_of_lines_is_not_for_readers_to_change(place):
    place.world.user("other", role="reader", on=NOTES)
    thread = place.do("reader", review_threads.comment, which(), LINES, "Why?")

    with pytest.raises(RefusedError):
        place.do("other", review_threads.edit, which(), thread.comments[0].id, "Because")
    with place.world.begin(place.world.actor("reader")) as work:
        review_threads.note_applied(work, which(), [thread.comments[0].id], "a" * 40, now=NOON)
    assert listed(place, review_threads.listed)[0].comments[0].applied_as == "a" * 40


def test_a_merged_one_is_talked_about_and_judged_no_more(place):
    place.push("maintainer", "main", place.facts().head)
    place.run_jobs()

    place.do("writer", reviews.submit, which(), NewReview(Verdict.COMMENT, "Thanks"))
    with pytest.raises(ConflictError):
        place.do("writer", reviews.submit, which(), APPROVED)


def test_files_are_marked_as_looked_through_for_oneself(place):
    show = place.show()
    facts = show.facts
    seen = viewed_files.contents(show.folder, facts.base, facts.head, b"new")
    assert (seen.old_blob, len(seen.new_blob)) == ("", 40)
    before = place.world.events()
    place.do("writer", viewed_files.mark, which(), b"new", seen)
    place.do("writer", viewed_files.mark, which(), b"new", seen)

    assert listed(place, viewed_files.listed, "writer") == {b"new": seen}
    assert listed(place, viewed_files.listed) == {}
    place.do("writer", viewed_files.mark, which(), b"new", None)
    assert listed(place, viewed_files.listed, "writer") == {}
    assert place.world.events() == before
    with pytest.raises(NotFoundError):
        viewed_files.contents(show.folder, facts.base, facts.head, b"none")


def test_the_timeline_tells_of_reviews(place):
    made = place.do("writer", reviews.submit, which(), APPROVED)
    place.do("writer", reviews.dismiss, which(), made.id, "")
    place.do("author", pulls.close, which())

    found = listed(place, conversation_timeline.timeline).items

    kinds = [str(each.kind) for each in found]
    assert kinds == ["review_requested", "reviewed", "review_dismissed", "closed"]
    assert found[1].details["verdict"] == "approve"
