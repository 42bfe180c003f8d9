"""Policies about contents: before the appliance commits, at merging, on trial, and afterwards."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.rulesets import RulesetFinding
from appliance.domain.checks import Conclusion, StatusState
from appliance.domain.jobs import Job
from appliance.domain.ruleset_words import Enforcement
from appliance.domain.rulesets import Target
from appliance.errors import InvalidError
from appliance.jobs.moving import mover
from appliance.services import check_runs, checks, ref_moving, ref_updates, rulesets
from appliance.services.check_runs import Changes
from appliance.services.checks import NewStatus
from appliance.services.ref_moving import ProtectedError
from appliance.services.ref_updates import Put
from appliance.services.ruleset_drafts import Draft
from appliance.services.rulesets import Place as Where
from tests.services.pulling import NOTES, Place, merge
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BAD = {"a.json": "{\n"}


@pytest.fixture
def place(world):
    return Place(world)


def rule(place, *moments: str, name="Clean", enforcement=Enforcement.ACTIVE, **said: object):
    asked = {"kind": "policies", "policies": ["valid_syntax"], "moments": list(moments), **said}
    draft = Draft(name, enforcement, Target(("main",)), (asked,))
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)


def write(place, files, branch="main"):
    """By the front door's own steps, with rules that look inside."""
    world, actor = place.world, place.world.actor("writer")
    with world.reading(actor) as work:
        plan = ref_updates.plan(work, NOTES, tools=world.wiring.git, now=NOON)
    changes = [Put(name.encode(), content.encode()) for name, content in files.items()]
    head = place.head(branch)
    written = ref_updates.draft_files(
        plan, branch.encode(), changes, message=b"Write\n", expected_head=head
    )
    ref_moving.move(mover(world.wiring, actor), plan, written.ref)


@pytest.mark.promise("P76")
@pytest.mark.parametrize(
    ("moments", "refusal"), [([], True), (["pre_commit"], True), (["pre_push"], False)]
)
def test_what_the_appliance_commits_is_asked_before_as_the_rule_says(place, moments, refusal):
    before = place.head("main")
    rule(place, *moments)
    write(place, {"a.json": "{}\n", "b.txt": "{"})

    if not refusal:
        write(place, BAD)
        return
    with pytest.raises(ProtectedError, match=r"a\.json is not valid: see line 2"):
        write(place, BAD)
    assert place.head("main") != before
    assert place.git("show", "main:a.json") == "{}\n"


def test_a_merge_brings_nothing_that_policies_refuse(place):
    place.topic(files=BAD)
    place.open()
    rule(place)

    with pytest.raises(ProtectedError, match="is not valid"):
        merge(place)


def test_exempt_files_are_left_alone_and_a_trial_refuses_nothing(place):
    rule(place, exempt=["*.json"])
    write(place, BAD)
    trial = {"name": "Trial", "enforcement": Enforcement.DRY_RUN}
    rule(place, policies=["conflict_markers"], **trial)

    write(place, {"c": "<<<<<<< a\n=======\n>>>>>>> b\n"})

    with place.world.reading(place.world.actor("owner")) as work:
        (found,) = work.session.scalars(sa.select(RulesetFinding))
    assert found.kind == "policies"
    assert "c has conflict markers" in found.reasons[0]


def test_what_is_asked_afterwards_refuses_nothing_and_becomes_a_check_run(place):
    rule(place, "post_commit")
    write(place, BAD)
    bad = place.head("main")
    write(place, {"a.json": "{}\n"})
    good = place.head("main")
    for _ in range(2):
        place.run_jobs(Job.ASK_POLICIES)

    def ran(commit):
        with place.world.reading(place.world.actor("reader")) as work:
            (one,) = checks.of_commit(work, NOTES, commit).runs
            return one.run, check_runs.annotated(work, NOTES, one.run.id).items

    run, (annotation,) = ran(bad)
    assert (run.name, run.conclusion, run.reporter_id) == ("policy/Clean", Conclusion.FAILURE, None)
    assert (annotation.path, annotation.start_line, annotation.title) == (
        *("a.json", 2),
        "valid_syntax",
    )
    assert "is not valid" in run.title
    run, annotations = ran(good)
    assert (run.conclusion, list(annotations)) == (Conclusion.SUCCESS, [])
    assert len(place.world.recorded("check.run_created")) == 2


def test_a_trial_afterwards_keeps_what_it_finds_once(place):
    rule(place, "post_commit", enforcement=Enforcement.DRY_RUN)
    write(place, BAD)
    place.run_jobs(Job.ASK_POLICIES)

    with place.world.reading(place.world.actor("owner")) as work:
        (found,) = work.session.scalars(sa.select(RulesetFinding))
        assert not checks.of_commit(work, NOTES, place.head("main")).runs
    assert found.user_id == place.world.actor("writer").id


@pytest.mark.promise("P83")
def test_nobody_reports_in_the_name_of_policies(place):
    head, status = place.head("main"), NewStatus(StatusState.SUCCESS, "policy/Clean")
    with pytest.raises(InvalidError, match="appliance's own"):
        place.do("writer", checks.report, NOTES, head, status)
    with pytest.raises(InvalidError, match="appliance's own"):
        place.do("writer", check_runs.create, NOTES, head, Changes(name="policy/Clean"))
