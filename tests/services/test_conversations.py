"""Issues: numbers without gaps, who may do what, what stays of what was said, who is told."""

from __future__ import annotations

import threading
from contextlib import nullcontext

import pytest
import sqlalchemy as sa

from appliance.db.conversations import Comment, Conversation
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.domain.conversations import ClosedAs, Following, Happening, Reaction, Which
from appliance.domain.identity import stranger
from appliance.domain.permissions import Role, Visibility
from appliance.errors import (
    ConflictError,
    HiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import (
    comments,
    conversation_following,
    conversation_lists,
    conversation_references,
    conversation_sorting,
    conversation_timeline,
    conversations,
    labels,
    milestones,
)
from appliance.services.conversation_sorting import Sorted
from appliance.services.conversations import Edit, NewIssue
from appliance.services.milestones import Plan
from tests.services.conversing import NOTES, ONE, done, followers, found, happened, opened, settled
from tests.world import NOON


@pytest.fixture
def place(world):
    return settled(world)


def test_racing_writers_get_each_number_once_and_leave_no_gap(place):
    start, seen = threading.Barrier(4), []

    def several():
        start.wait()
        seen.extend(opened(place, "writer", f"Turn {turn}") for turn in range(5))

    threads = [threading.Thread(target=several) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(seen) == list(range(2, 22))


def test_a_number_whose_issue_was_undone_is_given_again(place):
    with pytest.raises(InvalidError):
        opened(place, "triager", "Undone", sorting=Sorted(labels=("none",)))

    assert opened(place, "reader", "Next") == 2


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("outsider", HiddenError), ("reader", None), ("writer", None)],
)
def test_who_may_read_a_repository_may_open_an_issue(place, who, refusal):
    with pytest.raises(refusal) if refusal else nullcontext():
        assert opened(place, who, "Another") == 2
    assert place.events()[-1] == ("access.refused" if refusal else "issue.opened")


def test_a_stranger_reads_what_is_public_and_says_nothing(world):
    world.configure(CODARA_ACCESS__PUBLIC_REPOSITORIES="true")
    world.repository("lab/open", visibility=Visibility.PUBLIC)
    world.user("reader")
    opened(world, "reader", "Open", path="lab/open")
    which = Which("lab/open", 1)

    with world.reading(stranger()) as work:
        assert conversations.show(work, which).author == "reader"
        assert not conversations.show(work, which).standing.may_comment
    with pytest.raises(UnauthenticatedError), world.begin(stranger()) as work:
        comments.add(work, which, "Hello", now=NOON)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("outsider", HiddenError), ("other", RefusedError), ("reader", None), ("triager", None)],
)
@pytest.mark.parametrize(
    ("verb", "named"),
    [
        (conversations.edit, {"wanted": Edit(title="It breaks often")}),
        (conversations.close, {"reason": ClosedAs.NOT_PLANNED}),
    ],
)
def test_author_and_triagers_change_and_close(place, who, refusal, verb, named):
    with pytest.raises(refusal) if refusal else nullcontext():
        done(place, who, verb, ONE, **named)


@pytest.mark.parametrize(("who", "refusal"), [("reader", RefusedError), ("triager", None)])
def test_only_triagers_sort(place, who, refusal):
    with place.begin(place.actor("triager")) as work:
        labels.create(work, NOTES, "bug", colour="b4232a")
    for verb, named in (
        (conversation_sorting.sort, {"wanted": Sorted(labels=("BUG",), assignees=("writer",))}),
        (conversation_sorting.lock, {"locked": True}),
        (conversation_sorting.pin, {"pinned": True}),
    ):
        with pytest.raises(refusal) if refusal else nullcontext():
            done(place, who, verb, ONE, **named)
    if refusal is None:
        assert happened(place) == ["labelled", "assigned", "locked", "pinned"]


def test_who_cannot_read_is_not_assigned(place):
    with pytest.raises(InvalidError, match="outsider cannot read"):
        done(place, "triager", conversation_sorting.sort, ONE, Sorted(assignees=("outsider",)))


def test_what_a_text_was_before_is_kept(place):
    done(place, "reader", conversations.edit, ONE, Edit("Broken", "Otherwise"))
    said = done(place, "other", comments.add, ONE, "Me too")
    done(place, "triager", comments.edit, ONE, said.comment.id, "Him too")

    with place.reading(place.actor("other")) as work:
        texts = [each.text for each in comments.previous(work, ONE)]
        (before,) = comments.previous(work, ONE, said.comment.id)
    assert texts == ["Since #2 it does. cc @other @outsider @nobody"]
    assert (before.text, before.editor) == ("Me too", "triager")
    assert happened(place) == ["renamed", "comment"]
    assert place.recorded("issue.changed")[-1].body["changed"] == ["title", "body"]


def test_a_deleted_comment_leaves_a_mark_and_nothing_of_its_text(place):
    said = done(place, "other", comments.add, ONE, "Regrettable words")
    done(place, "other", comments.edit, ONE, said.comment.id, "Other regrettable words")
    with pytest.raises(RefusedError):
        done(place, "reader", comments.delete, ONE, said.comment.id)
    done(place, "other", comments.delete, ONE, said.comment.id)

    with place.reading(place.actor("reader")) as work:
        (mark,) = comments.listed(work, ONE).items
        with pytest.raises(NotFoundError):
            comments.previous(work, ONE, said.comment.id)
    assert (mark.comment.body, mark.deleted_by) == ("", "other")
    assert found(place, "regrettable") == []
    kept = place.one(sa.select(Comment.body).where(Comment.id == said.comment.id))
    assert kept == ""
    assert place.one(sa.select(Conversation.comment_count)) == 0


def test_a_locked_conversation_is_for_triagers(place):
    done(place, "triager", conversation_sorting.lock, ONE, locked=True)

    for who in ("reader", "other"):
        with pytest.raises(RefusedError, match="locked"):
            done(place, who, comments.add, ONE, "But")
    done(place, "triager", comments.add, ONE, "Enough")
    with pytest.raises(ConflictError):
        done(place, "triager", conversation_sorting.lock, ONE, locked=True)


def test_an_archived_repository_takes_no_changes(place):
    with place.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(Repository).values(archived_at=NOON))

    for who, verb, arguments in (
        ("reader", comments.add, (ONE, "But")),
        ("reader", conversations.close, (ONE,)),
        ("triager", conversation_sorting.sort, (ONE, Sorted(milestone=0))),
    ):
        with pytest.raises(ConflictError, match="archived"):
            done(place, who, verb, *arguments)
    assert found(place, "breaks") == [1]


@pytest.mark.parametrize("table", [Repository, Organisation])
def test_where_issues_are_switched_off_there_are_none(place, table):
    with place.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(table).values(has_issues=False))

    for verb in (
        lambda work: conversations.show(work, ONE),
        lambda work: conversation_lists.listed(work, NOTES),
        lambda work: conversations.open_issue(work, NOTES, NewIssue("Another"), now=NOON),
    ):
        with pytest.raises(NotFoundError), place.begin(place.actor("reader")) as work:
            verb(work)


def test_who_takes_part_or_is_mentioned_follows_and_may_leave(place):
    assert followers(place) == ["author", "mention"]

    done(place, "other", conversation_following.set_following, ONE, follows=False)
    done(place, "writer", comments.add, ONE, "What does @other say?")
    assert followers(place) == ["author", "comment"]
    done(place, "other", comments.add, ONE, "This")
    assert followers(place) == ["author", "comment", "comment"]
    assert Following.COMMENT in set(Following)


def test_a_team_is_mentioned_by_who_may_see_it(place):
    place.team("lab/core", "writer", "outsider")
    opened(place, "other", "For all", "@lab/core")
    assert followers(place, 2) == ["author"]

    place.join("other", "lab")
    opened(place, "other", "For them", "@lab/core")
    assert followers(place, 3) == ["author", "mention"]


@pytest.mark.promise("P69")
def test_references_are_for_who_may_read_where_they_come_from(place):
    place.repository("lab/secret")
    place.grant("writer", Role.WRITER, "lab/secret")
    opened(place, "writer", "Plans", "as in lab/notes#1", path="lab/secret")
    opened(place, "other", "Related", "to #1")

    assert happened(place, "reader") == ["referenced"]
    assert happened(place, "writer") == ["referenced", "referenced"]
    text = "lab/secret#1 and #2, @writer, @gone"
    for who, expected in (("reader", ["#2"]), ("writer", ["#2", "lab/secret#1"])):
        with place.reading(place.actor(who)) as work:
            seen = conversation_references.links(work, NOTES, [text])
        assert sorted(seen.conversations) == expected
        assert seen.people == {"writer": "writer"}


def test_a_duplicate_names_another_one(place):
    opened(place, "other", "The same")
    close = conversations.close
    for wrong in (None, 1, 7):
        with pytest.raises(InvalidError):
            done(place, "triager", close, ONE, ClosedAs.DUPLICATE, duplicate_of=wrong)
    done(place, "triager", close, ONE, ClosedAs.DUPLICATE, duplicate_of=2)
    with pytest.raises(ConflictError):
        done(place, "triager", close, ONE)
    with place.reading(place.actor("reader")) as work:
        assert conversations.show(work, ONE).duplicate_of == 2
    done(place, "reader", conversations.reopen, ONE)
    assert happened(place) == ["closed", "reopened"]


def test_at_most_three_issues_are_pinned(place):
    for number in (2, 3, 4):
        opened(place, "writer", f"Issue {number}")
    for number in (1, 2, 3):
        done(place, "triager", conversation_sorting.pin, Which(NOTES, number), pinned=True)
    with pytest.raises(ConflictError, match="3 issues"):
        done(place, "triager", conversation_sorting.pin, Which(NOTES, 4), pinned=True)
    assert found(place, "is:pinned") == [3, 2, 1]


def test_one_reacts_once_in_each_way(place):
    for given in (True, True, False, False):
        with place.begin(place.actor("other")) as work:
            conversation_following.react(work, ONE, Reaction.HEART, given=given)
    recorded = [each for each in place.events() if "react" in each]

    assert recorded == ["issue.reacted", "issue.reaction_removed"]


def test_labels_and_milestones_are_of_one_repository(place):
    with place.begin(place.actor("triager")) as work:
        assert len(labels.create_usual(work, NOTES)) == len(labels.USUAL)
        with pytest.raises(ConflictError):
            labels.create(work, NOTES, "BUG", colour="000000")
        labels.change(work, NOTES, "bug", new_name="Defect")
    plan = Plan("1.0", "The first")
    with place.begin(place.actor("triager")) as work:
        assert milestones.create(work, NOTES, plan, now=NOON).number == 1
    opened(place, "triager", "For it", sorting=Sorted(labels=("defect",), milestone=1))
    done(place, "triager", conversation_sorting.sort, ONE, Sorted(milestone=1))
    done(place, "triager", conversations.close, ONE)

    with place.reading(place.actor("reader")) as work:
        progress = milestones.show(work, NOTES, 1)
        counts = {each.label.name: each.open for each in labels.listed(work, NOTES)}
    assert (progress.open, progress.closed, progress.percent) == (1, 1, 50)
    assert counts["Defect"] == 1
    with place.begin(place.actor("triager")) as work:
        assert milestones.delete(work, NOTES, 1) == 2
        assert labels.delete(work, NOTES, "defect") == 1
    assert found(place, "no:milestone no:label") == [2, 1]


def test_the_timeline_goes_on_where_it_ended(place):
    for number in range(5):
        done(place, "other", comments.add, ONE, f"Comment {number}")
        done(place, "triager", conversation_sorting.lock, ONE, locked=not number % 2)
        if not number % 2:
            done(place, "triager", conversation_sorting.lock, ONE, locked=False)
            done(place, "triager", conversation_sorting.lock, ONE, locked=True)
            done(place, "triager", conversation_sorting.lock, ONE, locked=False)
            done(place, "triager", conversation_sorting.lock, ONE, locked=True)
            done(place, "triager", conversation_sorting.lock, ONE, locked=False)
            break
    whole = happened(place)
    seen, after = [], None
    with place.reading(place.actor("reader")) as work:
        while True:
            page = conversation_timeline.timeline(work, ONE, after=after, limit=2)
            seen += [str(each.kind or "comment") for each in page.items]
            after = page.next
            if after is None:
                break
        assert conversation_timeline.participants(work, conversations.show(work, ONE).conversation)
    assert seen == whole
    assert Happening.LOCKED in whole
