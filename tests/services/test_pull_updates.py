"""Updating a pull request's branch: by whom, how, and what stands in the way."""

from __future__ import annotations

from functools import partial

import pytest

from appliance.domain.permissions import Role
from appliance.domain.pull_requests import UpdateMethod, Verdict
from appliance.domain.ruleset_words import Enforcement
from appliance.domain.rulesets import Target
from appliance.errors import (
    ConflictError,
    MergeConflictError,
    PreconditionError,
    RefusedError,
)
from appliance.jobs.moving import mover
from appliance.services import (
    git_operations,
    pull_obstacles,
    pull_updates,
    pulls,
    reviews,
    rulesets,
)
from appliance.services.pull_updates import Update
from appliance.services.ref_moving import ProtectedError
from appliance.services.reviews import NewReview
from appliance.services.ruleset_drafts import Draft
from appliance.services.rulesets import Place as Where
from tests.services.pulling import FORK, NOTES, Place, two_commits, which

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REBASE = UpdateMethod.REBASE


@pytest.fixture
def place(world) -> Place:
    return two_commits(world)


def update(place, who="author", number=1, **wanted: object):
    said = git_operations.resolutions((), rules=place.world.settings)
    moving = mover(place.world.wiring, place.world.actor(who))
    return pull_updates.update(moving, which(number), Update(**wanted), said)


def seen(place, who="author"):
    reads = partial(place.world.reading, place.world.actor(who))
    return pull_obstacles.asked(reads, which(), repositories=place.world.wiring.repositories)


def test_a_merge_of_the_target_comes_on_top(place):
    head, target = place.head("topic"), place.head("main")
    assert seen(place).behind == 1

    done = update(place)

    assert (done.before, done.onto) == (head, target)
    assert place.head("topic") == done.commit
    assert place.git("log", "-1", "--format=%P", "topic").split() == [head, target]
    assert place.git("log", "-1", "--format=%s", "topic").strip() == (
        "Merge branch 'main' into topic"
    )
    assert "gpgsig" in place.git("cat-file", "-p", "topic")
    place.run_jobs()
    assert place.facts().head == done.commit
    assert seen(place).behind == 0
    with pytest.raises(ConflictError, match="up to date"):
        update(place)


def test_or_its_commits_are_made_again_on_top_of_it(place):
    done = update(place, method=REBASE)

    assert place.git("rev-list", "--count", "--merges", "main..topic").strip() == "0"
    assert place.git("rev-list", "--count", "main..topic").strip() == "2"
    assert place.git("merge-base", "main", "topic").strip() == place.head("main")
    assert done.commit == place.head("topic")


def test_only_while_it_is_what_was_looked_at(place):
    head = place.head("topic")
    place.write("author", "topic", {"late": "late\n"})
    with pytest.raises(PreconditionError):
        update(place, head=head)  # Its patch set is on its way.
    place.run_jobs()
    with pytest.raises(PreconditionError, match="new commits"):
        update(place, head=head)
    with pytest.raises(PreconditionError, match="target branch has changed"):
        update(place, target=place.head("topic"))
    with pytest.raises(PreconditionError, match="target branch has changed"):
        update(place, target="--all")


def test_who_may_not_push_to_the_source_updates_nothing(place):
    with pytest.raises(RefusedError):
        update(place, "reader")
    place.do("author", pulls.close, which())
    with pytest.raises(ConflictError, match="closed"):
        update(place)


def test_a_fork_is_updated_by_who_may_write_there(place):
    place.fork()
    place.topic("mine", {"mine": "mine\n"}, who="writer", path=FORK)
    number = place.open(f"{FORK}:mine", who="writer")
    place.write("maintainer", "main", {"later": "later\n"})
    with pytest.raises(ConflictError, match="not within your reach"):
        update(place, "reader", number)

    done = update(place, "writer", number)

    assert place.head("mine", path=FORK) == done.commit
    assert place.git("show", "mine:later", path=FORK) == "later\n"


@pytest.mark.parametrize("method", list(UpdateMethod))
def test_what_does_not_go_together_is_named(place, method):
    place.write("maintainer", "main", {"new": "theirs\n"})
    with pytest.raises(MergeConflictError) as caught:
        update(place, method=method)
    assert [each.path for each in caught.value.conflicts] == [b"new"]
    assert ("one by one" in str(caught.value)) is (method is REBASE)


def test_rules_of_the_source_branch_hold(place):
    rule = {"kind": "linear_history"}
    draft = Draft("Straight", Enforcement.ACTIVE, Target(("topic",)), (rule,))
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)
    with pytest.raises(ProtectedError, match="merge"):
        update(place)
    update(place, method=REBASE)

    place.world.protect(NOTES, "refs/heads/topic", push_role=Role.MAINTAINER)
    place.run_jobs()
    place.write("maintainer", "main", {"later": "later\n"})
    with pytest.raises(ProtectedError, match="only a maintainer"):
        update(place)


@pytest.mark.parametrize("method", list(UpdateMethod))
def test_what_a_rule_asks_for_is_done_and_approvals_stay(place, method):
    rules = (
        {"kind": "required_checks", "checks": ["build"], "up_to_date": True},
        {"kind": "pull_request", "approvals": 1, "dismiss_stale": True},
    )
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), rules)
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)
    place.do("writer", reviews.submit, which(), NewReview(Verdict.APPROVE))
    assert "is out of date. Update it" in said(place)
    update(place, method=method)
    place.run_jobs()
    assert "build" in said(place)
    assert "out of date" not in said(place)
    assert "approv" not in said(place)


def said(place):
    """All that stands in the way."""
    return " ".join(str(each.text) for each in seen(place).obstacles)
