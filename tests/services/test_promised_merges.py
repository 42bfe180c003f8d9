"""What stands in the way of a merge, merges that are promised, reverts and backports."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from appliance.db.credentials import AccessToken
from appliance.db.pulls import AutoMerge, PullRequest
from appliance.db.repositories import Grant
from appliance.db.users import User
from appliance.domain.git_operations import MergeMethod
from appliance.domain.identity import appliance
from appliance.domain.permissions import Role
from appliance.domain.pull_requests import Verdict
from appliance.domain.ruleset_words import Enforcement, SubjectKind
from appliance.domain.rulesets import Target
from appliance.errors import ConflictError, InvalidError, PreconditionError, RefusedError
from appliance.jobs.moving import mover
from appliance.services import (
    auto_merging,
    git_operations,
    pull_copies,
    pull_obstacles,
    pulls,
    reviews,
    rulesets,
    sessions,
    users,
)
from appliance.services.pull_merging import Merging
from appliance.services.pulls import Change
from appliance.services.reviews import NewReview
from appliance.services.ruleset_drafts import Draft, SaidSubject
from appliance.services.rulesets import Place as Where
from tests.services.pulling import NOTES, configure, merge, two_commits, which
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def place(world):
    return two_commits(world)


def obstacles(place, who="reader"):
    reads = partial(place.world.reading, place.world.actor(who))
    return pull_obstacles.asked(reads, which(), repositories=place.world.wiring.repositories)


def test_what_stands_in_the_way_is_said_with_its_rule(place):
    assert obstacles(place).obstacles == ()
    assert (obstacles(place).may_merge, obstacles(place, "writer").may_merge) == (False, True)
    place.write("author", "topic", {"file": "theirs\n"})
    place.run_jobs()
    place.write("maintainer", "main", {"file": "ours\n"})
    assert [each.rule for each in obstacles(place).obstacles] == ["mergeable"]
    place.do("author", pulls.close, which())
    assert [each.rule for each in obstacles(place).obstacles] == ["state"]


def test_who_may_not_move_the_target_is_told_before_they_try(place):
    rule = {"kind": "update", "allowed": [SaidSubject(SubjectKind.ROLE, role=Role.MAINTAINER)]}
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), (rule,))
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)

    (found,) = obstacles(place, "writer").obstacles
    assert (found.rule, found.source) == ("update", "repository")
    assert "only a maintainer may push to it" in str(found.text)
    assert [obstacles(place, who).obstacles for who in ("maintainer", "reader")] == [(), ()]
    merge(place, "maintainer")


def promise(place, who="writer", **wanted: object):
    place.do(who, auto_merging.enable, which(), Merging(**wanted))


def test_it_is_merged_by_itself_once_nothing_stands_in_the_way(place):
    into = {"repositories": place.world.wiring.repositories}
    place.do("author", pulls.change, which(), wanted=Change(is_draft=True), **into)
    promise(place, method=MergeMethod.SQUASH)
    place.run_jobs()
    assert place.facts().merged is None
    assert obstacles(place).auto_merge.by == "writer"

    place.do("author", pulls.change, which(), wanted=Change(is_draft=False), **into)
    place.run_jobs()

    merged = place.facts().merged
    assert (merged.by, merged.method) == ("writer", MergeMethod.SQUASH)
    assert obstacles(place).auto_merge is None


@pytest.mark.promise("P79")
@pytest.mark.parametrize(("who", "is_merged"), [("author", False), ("writer", True)])
def test_what_others_push_is_not_merged_by_itself(place, who, is_merged):
    into = {"repositories": place.world.wiring.repositories}
    place.do("author", pulls.change, which(), wanted=Change(is_draft=True), **into)
    promise(place)
    place.write(who, "topic", {"late": "late\n"})
    place.run_jobs()
    place.do("author", pulls.change, which(), wanted=Change(is_draft=False), **into)
    place.run_jobs()

    assert (place.facts().merged is not None) is is_merged
    ended = place.world.recorded("merge.auto_disabled")
    assert [each.body["reason"] for each in ended] == ([] if is_merged else ["new_commits"])


@pytest.mark.promise("P79")
def test_who_may_no_longer_merge_merges_nothing_by_itself(place):
    place.world.protect(NOTES, "refs/heads/main", push_role=Role.MAINTAINER)
    promise(place)
    place.run_jobs()

    assert place.facts().merged is None
    assert place.world.recorded("merge.failed")
    assert "only a maintainer" in obstacles(place).auto_merge.waits_because


def again(place, *, later=timedelta()):
    with place.world.wiring.database._writing() as session, session.begin():
        row = session.scalars(sa.select(AutoMerge)).one()
        row.refused_at = row.refused_at and row.refused_at - later
    with place.world.begin(appliance()) as work:
        auto_merging.promise_all(work)
    place.run_jobs()


def test_what_rules_for_pushes_refuse_waits_and_is_merged_once_they_do_not(place):
    rule = {"kind": "commit_message", "patterns": ["^fix: "]}
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), (rule,))
    made = place.do("owner", rulesets.create, Where(repository=NOTES), draft)
    promise(place)
    place.run_jobs()
    again(place)
    assert "does not match a required pattern" in obstacles(place).auto_merge.waits_because
    assert len(place.world.recorded("git.push_refused")) == 1

    with place.world.begin(place.world.actor("owner")) as work:
        rulesets.remove(work, Where(repository=NOTES), made.row.id)
    again(place, later=timedelta(hours=1))

    assert place.facts().merged.by == "writer"


def test_a_promise_is_tried_again_from_time_to_time(place):
    into = {"repositories": place.world.wiring.repositories}
    place.do("author", pulls.change, which(), wanted=Change(is_draft=True), **into)
    promise(place)
    place.run_jobs()
    with place.world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(PullRequest).values(is_draft=False))

    with place.world.begin(appliance()) as work:
        auto_merging.promise_all(work)
    place.run_jobs()

    assert place.facts().merged is not None


def test_what_was_refused_is_taken_up_again_after_an_hour(place):
    promise(place)
    with place.world.begin(appliance()) as work:
        pull_id = work.session.scalars(sa.select(AutoMerge.id)).one()
        auto_merging.wait(work, pull_id, "Rules forbid it.", now=NOON)

    with place.world.reading(appliance()) as work:
        hour = timedelta(hours=1)
        assert auto_merging.waiting(work, pull_id, now=NOON + hour - timedelta(seconds=1)) is None
        found = auto_merging.waiting(work, pull_id, now=NOON + hour)
        assert (found.actor.label, found.which) == ("writer", which())


@pytest.mark.promise("P79")
@pytest.mark.parametrize("ends", ["sessions", "rights", "account"])
def test_a_promise_ends_with_account_or_rights_and_not_with_a_session(place, ends):
    into = {"repositories": place.world.wiring.repositories}
    place.do("author", pulls.change, which(), wanted=Change(is_draft=True), **into)
    writer = place.world.browser("writer")
    writer.post("/lab/notes/pulls/1/merge", data={"method": "merge", "act": "auto"})
    assert obstacles(place).auto_merge.by == "writer"

    place.world.administrator()
    if ends == "account":
        place.do("administrator", users.suspend, "writer")
    elif ends == "rights":
        with place.world.wiring.database._writing() as session, session.begin():
            writer_id = sa.select(User.id).where(User.name == "writer").scalar_subquery()
            query = sa.update(Grant).where(Grant.user_id == writer_id)
            session.execute(query.values(role=Role.READER))
    else:
        with place.world.begin(place.world.actor("administrator")) as work:
            sessions.revoke_other_sessions(work, name="writer", now=NOON)
    again(place)

    is_kept = ends == "sessions"
    promised = obstacles(place).auto_merge
    assert (promised is not None) is is_kept
    ended = place.world.recorded("merge.auto_disabled")
    assert [each.body["reason"] for each in ended] == ([] if is_kept else ["not_allowed"])
    if is_kept:
        place.do("author", pulls.change, which(), wanted=Change(is_draft=False), **into)
        place.run_jobs()
        assert place.facts().merged.by == "writer"
    else:
        assert (
            "could not auto-merge this"
            in place.world.browser("reader").get("/lab/notes/pulls/1").text
        )


def test_a_promise_is_taken_back_and_readers_make_none(place):
    with pytest.raises(RefusedError):
        promise(place, "reader")
    promise(place)
    for _ in range(2):
        place.do("author", auto_merging.disable, which())
    assert place.world.events().count("merge.auto_disabled") == 1
    configure(place, allows_auto_merge=False)
    with pytest.raises(ConflictError):
        promise(place)


def copy(place, verb, *arguments: object, who="writer"):
    said = git_operations.resolutions((), rules=place.world.settings)
    return verb(mover(place.world.wiring, place.world.actor(who)), which(), *arguments, said)


@pytest.mark.parametrize(
    "method", [MergeMethod.MERGE, MergeMethod.SQUASH, MergeMethod.REBASE, MergeMethod.SEMI_LINEAR]
)
def test_a_merged_one_is_taken_back_by_another(place, method):
    before = place.git("rev-parse", "main^{tree}")
    merge(place, method=method)

    number = copy(place, pull_copies.revert)
    merge(place, "maintainer", number)

    assert place.git("rev-parse", "main^{tree}") == before
    shown = place.show(number).described.conversation
    assert (shown.title, shown.body) == ('Revert "Add two files"', "Reverts #1.")


@pytest.mark.parametrize("method", [MergeMethod.MERGE, MergeMethod.SQUASH, MergeMethod.REBASE])
def test_a_merged_one_comes_into_another_branch(place, method):
    place.push("maintainer", "stable", place.git("rev-parse", "main~1").strip())
    merge(place, method=method)

    number = copy(place, pull_copies.backport, "stable")
    merge(place, "maintainer", number)

    names = place.git("ls-tree", "--name-only", "stable").split()
    assert names == ["file", "new", "newer"]
    assert place.facts(number).target_branch == b"stable"


def test_only_what_was_merged_is_taken_back_by_writers(place):
    with pytest.raises(ConflictError, match="not merged"):
        copy(place, pull_copies.revert)
    merge(place)
    with pytest.raises(RefusedError):
        copy(place, pull_copies.revert, who="reader")


@pytest.mark.promise("P79")
def test_what_a_revoked_token_promised_is_not_merged(place):
    into = {"repositories": place.world.wiring.repositories}
    place.do("author", pulls.change, which(), wanted=Change(is_draft=True), **into)
    client = place.world.client("writer")
    where = f"/api/v1/repos/{NOTES}/pulls/1"
    assert client.put(f"{where}/auto-merge", json={}).status_code == 204
    with place.world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(AccessToken).values(revoked_at=NOON))
    place.do("author", pulls.change, which(), wanted=Change(is_draft=False), **into)
    place.run_jobs()

    assert place.facts().merged is None
    assert place.world.recorded("merge.failed")


def retargeted(place, into, who="author"):
    wanted = {"repositories": place.world.wiring.repositories}
    place.do(who, pulls.change, which(), wanted=Change(into=into), **wanted)


@pytest.mark.promise("P81")
def test_what_was_promised_and_approved_for_a_branch_says_nothing_of_another(place):
    place.push("maintainer", "stable", place.head("main"))
    promise(place)
    verdict = NewReview(Verdict.APPROVE, head=place.facts().head)
    place.do("maintainer", reviews.submit, which(), new=verdict)

    retargeted(place, "stable")
    place.run_jobs()

    assert place.facts().merged is None
    assert "merge.auto_disabled" in place.world.events()
    with place.world.reading(place.world.actor("reader")) as work:
        assert reviews.standing(work, which()) == []
        assert pull_obstacles.found(work, which(), look=None).auto_merge is None


def test_what_it_changes_is_counted_from_the_branch_that_it_goes_into(place):
    start, head = place.head("main"), place.facts().head
    place.push("writer", "half", place.git("rev-parse", f"{head}~1").strip())
    retargeted(place, "half")
    assert place.facts().base == place.head("half")

    retargeted(place, "main")

    assert place.facts().base == place.git("merge-base", start, head).strip()
    sets = place.sets()
    assert [each.head for each in sets] == [head] * 3
    assert {each.by for each in sets} == {"author"}
    place.run_jobs()
    assert place.ref("refs/pull/1/3") == head


def test_nobody_has_it_merged_by_letting_it_go_where_it_is_already(place):
    place.push("writer", "half", place.facts().head)

    with pytest.raises(InvalidError, match="nothing to merge"):
        retargeted(place, "half")
    place.write("author", "topic", {"new": "newer\n"})
    place.push("writer", "other", place.head("main"))
    with pytest.raises(PreconditionError):
        retargeted(place, "other")
