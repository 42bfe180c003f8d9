"""Merging: five methods, what stands in the way, races, crashes, promises, reverts, backports."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from appliance.db.pulls import PullMerge
from appliance.db.pushes import Push, PushState
from appliance.domain.conversations import ConversationState
from appliance.domain.git_operations import MergeMethod
from appliance.domain.identity import appliance
from appliance.domain.permissions import Role
from appliance.domain.pull_requests import Verdict
from appliance.errors import (
    ConflictError,
    HiddenError,
    InvalidError,
    MergeConflictError,
    PreconditionError,
    RefusedError,
)
from appliance.git.conflicts import Resolution, Side
from appliance.jobs.moving import mover
from appliance.services import (
    git_operations,
    merge_settings,
    pull_merging,
    pulls,
    push_settlement,
    reviews,
)
from appliance.services.merge_settings import Wanted
from appliance.services.pull_merging import Merging, ObstructedError
from appliance.services.pulls import Change
from appliance.services.ref_moving import ProtectedError
from appliance.services.reviews import NewReview
from tests.services.pulling import FORK, NOTES, URL, configure, merge, two_commits, which
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def place(world):
    return two_commits(world)


def message(place, commit):
    return place.git("log", "-1", "--format=%B", commit)


def count(place, spec):
    return int(place.git("rev-list", "--count", spec))


@pytest.mark.parametrize(
    ("method", "new", "parents"),
    [
        (MergeMethod.MERGE, 3, 2),
        (MergeMethod.SQUASH, 1, 1),
        (MergeMethod.REBASE, 2, 1),
        (MergeMethod.SEMI_LINEAR, 3, 2),
    ],
)
def test_it_is_merged_by_each_method(place, method, new, parents):
    before = place.head("main")

    done = merge(place, method=method)

    assert place.head("main") == done.commit
    assert done.onto == before
    assert count(place, f"{before}..main") == new
    assert len(place.git("log", "-1", "--format=%P", "main").split()) == parents
    assert place.git("ls-tree", "--name-only", "main").split() == ["else", "file", "new", "newer"]
    merged = place.facts().merged
    assert (merged.by, merged.method, merged.as_oid) == ("writer", method, done.commit)
    assert place.world.recorded("merge.merged")[-1].body["merged_as"] == done.commit
    assert place.show().described.conversation.state is ConversationState.CLOSED


def test_a_fast_forward_is_made_only_where_it_is_one(place):
    with pytest.raises(ConflictError, match="Rebase first"):
        merge(place, method=MergeMethod.FAST_FORWARD)
    start = place.head("main")
    head = place.write("author", "ahead", {"ahead": "ahead\n"}, start=start)
    place.open("ahead")

    assert merge(place, number=2, method=MergeMethod.FAST_FORWARD).commit == head


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("outsider", HiddenError),
        ("reader", RefusedError),
        ("triager", RefusedError),
        ("writer", None),
        ("author", None),
    ],
)
def test_writers_merge(place, who, refusal):
    with pytest.raises(refusal) if refusal else nullcontext():
        merge(place, who)


def test_messages_come_from_templates_or_from_who_merges(place):
    place.do("maintainer", reviews.submit, which(), NewReview(Verdict.APPROVE))
    configure(place, squash_title="%{title} by %{author}", squash_body="%{url}\n\n%{approved_by}")

    done = merge(place, method=MergeMethod.SQUASH)

    assert message(place, done.commit) == (
        f"Add two files by author\n\n{URL}/pulls/1\n\nApproved-by: maintainer\n\n"
    )


def test_the_usual_words_name_the_commits_and_who_wrote_them(place):
    done = merge(place, method=MergeMethod.SQUASH)

    said = message(place, done.commit)
    assert said.startswith("Add two files (#1)\n\n* Write\n* Add more\n\nCo-authored-by: author <")


def test_what_somebody_wrote_stands_as_it_is(place):
    done = merge(place, method=MergeMethod.MERGE, title="100% %{title}", message="")

    assert message(place, done.commit).rstrip() == "100% %{title}"


def test_only_the_methods_of_the_repository_are_used(place):
    configure(place, methods=(MergeMethod.SQUASH, MergeMethod.REBASE))

    with pytest.raises(InvalidError):
        merge(place, method=MergeMethod.MERGE)
    assert merge(place).method is MergeMethod.SQUASH


@pytest.mark.parametrize(
    ("who", "refusal"), [("reader", RefusedError), ("writer", RefusedError), ("maintainer", None)]
)
def test_maintainers_say_how_one_merges(place, who, refusal):
    with pytest.raises(refusal) if refusal else nullcontext():
        with place.world.begin(place.world.actor(who)) as work:
            merge_settings.change(work, NOTES, Wanted(deletes_branches=True))
        assert place.world.recorded("merge.rules_changed")[-1].body["changed"] == [
            "deletes_branches"
        ]


@pytest.mark.parametrize("wanted", [{"methods": ()}, {"merge_title": "%{nothing}"}])
def test_settings_that_cannot_be_are_refused(place, wanted):
    with pytest.raises(InvalidError):
        configure(place, **wanted)


def test_a_draft_is_not_merged(place):
    into = {"repositories": place.world.wiring.repositories}
    place.do("author", pulls.change, which(), wanted=Change(is_draft=True), **into)

    with pytest.raises(ObstructedError, match="draft"):
        merge(place)


def test_conflicts_are_named_and_solved_by_who_merges(place):
    place.write("author", "topic", {"file": "theirs\n"})
    place.run_jobs()
    place.write("maintainer", "main", {"file": "ours\n"})
    with pytest.raises(MergeConflictError) as caught:
        merge(place)
    assert [each.path for each in caught.value.conflicts] == [b"file"]

    merge(place, said=[Resolution(b"file", Side.THEIRS)])

    assert place.git("show", "main:file") == "theirs\n"


@pytest.mark.promise("P78")
def test_nobody_merges_what_they_have_not_seen(place):
    head = place.facts().head
    place.write("author", "topic", {"late": "late\n"})

    with pytest.raises(PreconditionError):
        merge(place)  # The push is there, its patch set not yet.
    place.run_jobs()
    with pytest.raises(PreconditionError):
        merge(place, head=head)
    assert merge(place, head=place.facts().head)


@pytest.mark.promise("P78")
def test_what_comes_in_between_undoes_the_merge(place):
    moving = mover(place.world.wiring, place.world.actor("writer"))
    said = git_operations.resolutions((), rules=place.world.settings)
    with moving.reads() as work:
        planned = pull_merging.plan(work, which(), Merging(), tools=moving.tools, url=URL, now=NOON)
    outcome = pull_merging.draft(planned, said=said)
    before = place.write("maintainer", "main", {"between": "between\n"})

    with pytest.raises(PreconditionError):
        pull_merging.carry_out(moving, planned, outcome)

    assert place.head("main") == before
    assert place.facts().merged is None
    assert place.world.one(sa.select(PullMerge)) is None


@pytest.mark.promise("P78")
def test_two_who_merge_at_once_merge_once(place):
    moving = mover(place.world.wiring, place.world.actor("writer"))
    said = git_operations.resolutions((), rules=place.world.settings)
    with moving.reads() as work:
        planned = pull_merging.plan(work, which(), Merging(), tools=moving.tools, url=URL, now=NOON)
    outcome = pull_merging.draft(planned, said=said)
    merge(place, "maintainer")

    with pytest.raises(ConflictError, match="already been merged"):
        pull_merging.carry_out(moving, planned, outcome)
    assert place.world.events().count("merge.merged") == 1


@pytest.mark.promise("P78")
def test_a_merge_that_a_crash_cut_short_is_completed(place, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(push_settlement, "settle_own", lambda *_, **__: None)
        done = merge(place)
    assert place.head("main") == done.commit
    assert place.facts().merged is None
    place.run_jobs()
    assert place.facts().merged is None  # No push has merged it: ours is under way.

    push = place.world.one(sa.select(Push).where(Push.state == PushState.ACCEPTED))
    with place.world.begin(appliance()) as work:
        assert push_settlement.reconcile(
            work, push.id, tools=place.world.wiring.git, now=datetime.now(UTC)
        )

    merged = place.facts().merged
    assert (merged.by, merged.method, merged.as_oid) == ("writer", MergeMethod.MERGE, done.commit)


@pytest.mark.promise("P78")
def test_rules_for_pushes_hold_for_merges(place):
    place.world.protect(NOTES, "refs/heads/main", push_role=Role.MAINTAINER)

    with pytest.raises(ProtectedError, match="maintainer"):
        merge(place, "writer")
    assert place.world.events()[-1] == "git.push_refused"
    assert merge(place, "maintainer")


def test_the_branch_goes_where_that_is_wanted(place):
    done = merge(place, deletes_branch=True)

    assert done.is_branch_deleted
    assert place.head("topic") is None
    assert place.ref("refs/pull/1/head") == place.facts().head
    place.run_jobs()
    assert place.world.events().count("merge.closed") == 0


def test_a_branch_that_another_one_needs_stays(place):
    place.push("maintainer", "stable", place.git("rev-parse", "main~1").strip())
    place.open("topic", "stable")
    configure(place, deletes_branches=True)

    assert not merge(place).is_branch_deleted
    assert place.head("topic") is not None


def test_a_fork_is_merged_and_its_branch_is_its_owners(place):
    place.fork()
    place.topic("mine", {"mine": "mine\n"}, who="writer", path=FORK)
    place.open(f"{FORK}:mine", who="writer")

    assert not merge(place, "maintainer", 2, deletes_branch=True).is_branch_deleted
    assert place.head("mine", path=FORK) is not None
    assert "mine" in place.git("ls-tree", "--name-only", "main")
