"""Suppressions hold as they are on the default branch, hide nothing, and end with their entry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.alerts import Alert, AlertDecision
from appliance.domain.alerts import AlertKind, AlertState, Lane, Sighting, Step
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.domain.permissions import OrganisationRole
from appliance.domain.ruleset_words import Enforcement
from appliance.domain.rulesets import Target
from appliance.services import rulesets, suppressions
from appliance.services.pull_merging import ObstructedError
from appliance.services.ruleset_drafts import Draft
from appliance.services.rulesets import Place as Where
from script import code_scanner
from tests.alerting import CODE, SECRET, another
from tests.alerting import find as find_at
from tests.commands import saying
from tests.services.pulling import NOTES, Place, merge

PLACE = ".codara/scanning.toml"
ENTRY = """[[suppress]]
kinds = ["code"]
paths = ["{paths}"]
reason = "used_in_tests"
comment = "Only fixtures."
"""
WEAK = """import os
from flask import request


def ping():
    os.system("ping " + request.args["host"])
"""
API = f"/api/v1/repos/{NOTES}"


@pytest.fixture
def place(world):
    made = Place(world)
    made.write("maintainer", "main", {"README": "Words.\n"})
    return made


def find(world, *seen: Sighting):
    return find_at(world, NOTES, seen)


def says(place, text, path=PLACE):
    place.write("maintainer", "main", {path: text})
    place.run_jobs(Job.READ_SUPPRESSIONS)


def alerts(world):
    with world.reading(appliance()) as work:
        rows = work.session.scalars(sa.select(Alert).order_by(Alert.number))
        return {row.number: (row.state, row.is_automatic) for row in rows}


def shown(place, who="maintainer"):
    return place.world.client(who).get(f"{API}/suppressions").json


OPEN, ASIDE = (AlertState.OPEN, False), (AlertState.DISMISSED, True)


def test_a_suppression_counts_on_the_target_branch_and_not_in_the_change_that_brings_it(world):
    """Acceptance: what a pull request says of itself has no effect on it."""
    world.configure(CODARA_SCANNING__CODE_PROGRAM=str(code_scanner.make()))
    place = Place(world)
    place.write("maintainer", "main", {"README": "Words.\n"})
    said = {"kind": "alerts", "kinds": ["code"]}
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), (said,))
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)
    place.topic("topic", files={"app.py": WEAK, PLACE: ENTRY.format(paths="app.py")})
    place.open("topic")
    place.run_jobs(Job.SCAN_CHANGE, Job.READ_SUPPRESSIONS)

    with pytest.raises(ObstructedError, match="would bring alerts: 1"):
        merge(place, number=1)

    place.topic("rules", files={PLACE: ENTRY.format(paths="app.py")})
    place.open("rules")
    place.run_jobs(Job.SCAN_CHANGE)
    assert merge(place, number=2).commit
    place.run_jobs(Job.READ_SUPPRESSIONS)

    assert merge(place, number=1).commit


def test_alerts_are_set_aside_counted_and_come_back_with_the_end_of_the_entry(place):
    world = place.world
    find(world, CODE, another(CODE, "two", path=b"src/b.py"))
    says(place, ENTRY.format(paths=CODE.path.decode()))

    assert alerts(world) == {1: ASIDE, 2: OPEN}
    facets = world.client("maintainer").get(f"{API}/alerts/facets").json
    assert facets["auto_dismissed"] == 1
    assert shown(place)["suppressed"] == 1
    with world.reading(appliance()) as work:
        (decision,) = work.session.scalars(
            sa.select(AlertDecision).where(AlertDecision.step == Step.AUTO_DISMISSED)
        )
        assert decision.comment == f"{PLACE}: Only fixtures."
    find(world, CODE)
    assert alerts(world)[1] == ASIDE, "seen again, and still meant"

    says(place, "# nothing\n")
    assert alerts(world) == {1: OPEN, 2: OPEN}
    assert world.events().count("alert.suppressions_changed") == 2


def test_what_is_found_later_is_set_aside_at_once(place):
    says(place, ENTRY.format(paths="*.py"))
    find(place.world, CODE)

    assert alerts(place.world) == {1: ASIDE}


def test_a_file_that_nobody_understands_counts_for_nothing_and_says_so(place):
    world = place.world
    find(world, CODE)
    says(place, ENTRY.format(paths="*.py"))
    says(place, ENTRY.format(paths="*.py") + "until = 1\n")

    assert alerts(world) == {1: OPEN}
    assert "until is a day" in shown(place)["error"]
    page = world.browser("maintainer").get(f"/{NOTES}/security").text
    assert "Nothing in .codara/scanning.toml counts" in page


def test_neither_blocked_secrets_nor_what_attackers_use_is_set_aside(place):
    world = place.world
    everything = '[[suppress]]\npaths = ["**"]\nreason = "wont_fix"\ncomment = "All."\n'
    says(place, everything)
    find(world, SECRET, another(SECRET, "high", lane=Lane.BLOCK))
    find(world, another(CODE, "used", is_exploited=True), CODE)
    with world.reading(appliance()) as work:
        rows = list(work.session.scalars(sa.select(Alert)))
    found = {(each.kind, each.lane, each.is_exploited): each.state for each in rows}

    assert found[AlertKind.SECRET, Lane.BLOCK, False] is AlertState.OPEN
    assert found[AlertKind.SECRET, Lane.REVIEW, False] is AlertState.DISMISSED
    assert found[AlertKind.CODE, Lane.REVIEW, True] is AlertState.OPEN
    assert found[AlertKind.CODE, Lane.REVIEW, False] is AlertState.DISMISSED


def test_where_somebody_else_must_approve_a_file_is_no_approval(place):
    world = place.world
    world.user("head", member=OrganisationRole.OWNER, of="lab")
    find(world, CODE)
    says(place, ENTRY.format(paths="*.py"))
    assert alerts(world) == {1: ASIDE}

    answer = world.client("head").put(
        "/api/v1/orgs/lab/alert-policy", json={"approved_kinds": ["code"]}
    )
    assert answer.status_code in {200, 403}, answer.text
    with world.begin(appliance()) as work:
        planned = suppressions.plan(work, world._repository(NOTES).id)
        folder = world.wiring.repositories.folder(planned.repository_id)
        found = suppressions.look(planned, folder)
        suppressions.keep(work, planned, found, now=datetime.now(UTC))

    assert alerts(world) == {1: OPEN}


def test_an_entry_ends_after_its_last_day(place):
    world = place.world
    now = datetime.now(UTC)
    find(world, CODE)
    says(place, ENTRY.format(paths="*.py") + f"until = {now.date().isoformat()}\n")
    assert alerts(world) == {1: ASIDE}
    later = now + timedelta(days=1, hours=1)
    with world.begin(appliance()) as work:
        assert suppressions.promise_ended(work, today=now.date()) == 0
        assert suppressions.promise_ended(work, today=later.date()) == 1
        planned = suppressions.plan(work, world._repository(NOTES).id)
        folder = world.wiring.repositories.folder(planned.repository_id)
        suppressions.keep(work, planned, suppressions.look(planned, folder), now=later)

    assert alerts(world) == {1: OPEN}


def test_the_file_is_shown_to_who_may_see_alerts_and_gone_when_it_is_removed(
    place, monkeypatch, capsys, tmp_path
):
    says(place, ENTRY.format(paths="*.py"))
    assert shown(place)["entries"][0]["reason"] == "used_in_tests"
    assert place.world.client("reader").get(f"{API}/suppressions").status_code == 404
    file = tmp_path / "scanning.toml"
    file.write_text(ENTRY)
    with saying(place.world, "maintainer", monkeypatch, capsys) as say:
        assert say("scan", "suppressions", NOTES)["exists"] is True
        assert len(say("scan", "check-file", str(file))["entries"]) == 1
        file.write_text("x")
        say("scan", "check-file", str(file), status=2)
    removed = place.world.client("maintainer").delete(
        f"{API}/remove/{PLACE}", json={"message": "Remove it", "branch": "main"}
    )
    assert removed.status_code == 200, removed.text
    place.run_jobs(Job.READ_SUPPRESSIONS)

    assert shown(place)["exists"] is False
