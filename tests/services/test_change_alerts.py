"""Alerts at merging: what a pull request would bring, with the real scanner, feed and program."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.domain.licences import LicencePolicy
from appliance.domain.permissions import OrganisationRole
from appliance.domain.ruleset_words import Enforcement
from appliance.domain.rulesets import Target
from appliance.jobs import schedule
from appliance.services import change_scans, licence_policies, pull_obstacles, rulesets
from appliance.services.pull_merging import ObstructedError
from appliance.services.ruleset_drafts import Draft
from appliance.services.rulesets import Place as Where
from script import code_scanner
from tests.feeding import trusted, used
from tests.scanner import RunningScanner
from tests.scanning.feeds.kit import record
from tests.scanning.tokens import github_token
from tests.services.pulling import NOTES, Place, merge, which

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOW = datetime.now(UTC).replace(microsecond=0)
FRESH = {"made_at": NOW, "expires_at": NOW + timedelta(days=30)}
RECORDS = {"PyPI": [record("GHSA-1", ("PyPI", "left-pad", "1.3"), aliases=["CVE-2026-0001"])]}
WEAK = """import os
from flask import request


def ping():
    os.system("ping " + request.args["host"])
"""


@pytest.fixture
def place(world):
    made = Place(world)
    made.write("maintainer", "main", {"requirements.txt": "safe==1.0\nleft-pad==1.3\n"})
    return made


@pytest.fixture
def publisher(world, tmp_path):
    return trusted(world, tmp_path / "publisher")


def rule(place, *kinds: str, **said: object) -> None:
    said = {"kind": "alerts", "kinds": list(kinds), **said}
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), (said,))
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)


def asked(place, files, *, branch="topic"):
    """A pull request with these files, scanned."""
    place.topic(branch, files=files)
    number = place.open(branch)
    place.run_jobs(Job.SCAN_CHANGE)
    return number


def refused(place, number=1):
    with pytest.raises(ObstructedError) as caught:
        merge(place, number=number)
    return str(caught.value)


def seen_by(place, who, number=1):
    world = place.world
    shown = pull_obstacles.asked(
        lambda: world.reading(world.actor(who)),
        which(number),
        repositories=world.wiring.repositories,
    )
    return " ".join(each.text for each in shown.obstacles)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "no advisories"),
        (FRESH | {"is_sample": True}, "only a sample"),
        ({"made_at": NOW - timedelta(days=60), "expires_at": NOW + timedelta(days=1)}, "are old"),
    ],
    ids=["none", "sample", "stale"],
)
def test_without_advisories_that_count_nothing_is_known_and_nothing_merged(
    place, publisher, said, words
):
    rule(place, "dependency")
    if said is not None:
        used(place.world, publisher.bundle(RECORDS, **said), now=NOW)
    asked(place, {"README": "More words.\n"})

    told = refused(place)

    assert words in told
    assert "unknown" in told


def test_a_feed_older_than_the_rule_allows_is_unknown_too(place, publisher):
    rule(place, "dependency", most_feed_days=2)
    old = {"made_at": NOW - timedelta(days=3), "expires_at": NOW + timedelta(days=30)}
    used(place.world, publisher.bundle(RECORDS, **old), now=NOW)
    asked(place, {"README": "More words.\n"})

    assert "3 days old, and the rule allows 2" in refused(place)


def test_a_vulnerable_dependency_is_not_merged_and_one_that_was_there_is(place, publisher):
    rule(place, "dependency")
    used(place.world, publisher.bundle(RECORDS, **FRESH), now=NOW)
    asked(place, {"requirements.txt": "safe==1.0\nleft-pad==1.2\n"})

    told = refused(place)

    assert "would bring alerts: 1" in told
    assert "critical requirements.txt:2: left-pad 1.2" in told
    assert "left-pad" not in seen_by(place, "reader")
    assert "would bring alerts: 1" in seen_by(place, "reader")
    asked(place, {"other/requirements.txt": "safe==1.0\n"}, branch="harmless")
    assert merge(place, number=2).commit


def test_what_a_later_feed_says_counts_without_another_scan(place, publisher):
    rule(place, "dependency")
    used(place.world, publisher.bundle({"PyPI": [record("GHSA-9", ("PyPI", "x", "1"))]}, **FRESH))
    asked(place, {"requirements.txt": "safe==1.0\nleft-pad==1.2\n"})
    later = FRESH | {"made_at": NOW + timedelta(seconds=1)}
    used(place.world, publisher.bundle(RECORDS, serial=2, **later), now=NOW)

    assert "left-pad 1.2" in refused(place)


def test_a_secret_is_not_merged_until_somebody_dismisses_it(place, tmp_path):
    world = place.world
    world.configure(CODARA_SCANNING__SECRETS="true", CODARA_SCANNING__PUSH_PROTECTION="false")
    rule(place, "secret")
    with RunningScanner(world.home):
        asked(place, {"settings.py": f"key = '{github_token()}'\n"})

        told = refused(place)

        assert "settings.py:1" in told
        assert github_token() not in told
        assert "(#1)" in told
        answer = world.client("owner").patch(
            "/api/v1/repos/lab/notes/alerts/1",
            json={"state": "dismissed", "reason": "used_in_tests", "comment": "Made up."},
        )
        assert (answer.status_code, answer.json["state"]) == (200, "dismissed"), answer.text
        assert merge(place).commit


def test_what_nobody_has_looked_at_is_not_merged(place):
    rule(place, "secret", "code")
    place.topic(files={"app.py": "x = 1\n"})
    place.open()

    assert "Not scanned yet: secret, code" in refused(place)


def test_new_weaknesses_in_code_are_not_merged_and_moved_ones_are(place):
    place.world.configure(CODARA_SCANNING__CODE_PROGRAM=str(code_scanner.make()))
    place.write("maintainer", "main", {"old.py": WEAK})
    rule(place, "code", severities=["critical", "high"])
    asked(place, {"app.py": WEAK, "old.py": "\n" * 200 + WEAK})

    told = refused(place)

    assert "would bring alerts: 1" in told
    assert "app.py:6" in told
    asked(place, {"huge.py": "x = 1\n" * 60_000}, branch="huge")
    assert "Scanned in part only (code): 1 could" in refused(place, 2)


def test_new_weaknesses_stand_on_the_pull_request_with_their_lines(place):
    place.world.configure(CODARA_SCANNING__CODE_PROGRAM=str(code_scanner.make()))
    place.write("maintainer", "main", {"old.py": WEAK})
    asked(place, {"app.py": WEAK, "old.py": "\n" * 200 + WEAK})
    place.run_jobs(Job.SCAN_CHANGE)

    (run,) = reported(place, place.head("topic"))
    assert (run["name"], run["conclusion"], run["output"]["title"]) == (
        "scan/code",
        "neutral",
        "New weaknesses: 1",
    )
    told = place.world.recorded("check.run_created")[-1].body
    assert told["name"] == "scan/code"
    assert told.get("conclusion") is None, "listeners of the repository do not hear what was found"
    address = f"/api/v1/repos/lab/notes/check-runs/{run['id']}/annotations"
    (line,) = place.world.client("writer").get(address).json["items"]
    assert (line["path"], line["start_line"], line["annotation_level"]) == ("app.py", 6, "failure")
    assert "Start the program with a list of words" in line["message"]

    reader = place.world.client("reader")
    assert reader.get(address).status_code == 404, "who may not read alerts reads none in checks"
    assert reader.get(address.removesuffix("/annotations")).status_code == 404
    assert reported(place, place.head("topic"), who="reader") == []
    shown = reader.get("/lab/notes/pull/1/checks").text
    assert "New weaknesses" not in shown
    assert "app.py" not in shown

    asked(place, {"README": "More words.\n"}, branch="harmless")
    (run,) = reported(place, place.head("harmless"))
    assert (run["conclusion"], run["output"]["title"]) == ("success", "No new weaknesses")


def reported(place, commit, *, who="writer"):
    address = f"/api/v1/repos/lab/notes/commits/{commit}/check-runs"
    answer = place.world.client(who).get(address)
    assert answer.status_code == 200, answer.text
    return answer.json["items"]


def test_another_target_is_another_change(place, publisher):
    used(place.world, publisher.bundle(RECORDS, **FRESH), now=NOW)
    start = place.head("main")
    weak = {"requirements.txt": "safe==1.0\nleft-pad==1.2\n"}
    place.write("maintainer", "side", weak, start=start)
    rule(place, "dependency")
    commit = place.write("author", "topic", {"README": "x\n"}, start=place.head("side"))
    place.open("topic", "side")
    place.run_jobs(Job.SCAN_CHANGE)
    place.open("topic", "main")

    assert commit
    assert "Not scanned yet" in refused(place, 2)
    place.run_jobs(Job.SCAN_CHANGE)
    assert "left-pad 1.2" in refused(place, 2)


def test_what_is_stacked_is_compared_anew_when_what_it_stands_on_is_merged(place, publisher):
    used(place.world, publisher.bundle(RECORDS, **FRESH), now=NOW)
    rule(place, "dependency")
    asked(place, {"README": "x\n"}, branch="lower")
    place.write("author", "upper", {"more": "y\n"}, start=place.head("lower"))
    upper = place.open("upper")
    place.run_jobs(Job.SCAN_CHANGE)
    assert merge(place).commit
    place.run_jobs(Job.FOLLOW_PULLS)
    place.run_jobs(Job.SCAN_CHANGE)

    assert merge(place, number=upper).commit


def test_what_waits_already_is_not_promised_again(place):
    place.topic(files={"README": "x\n"})
    place.open()

    with place.world.begin(appliance()) as work:
        assert change_scans.promise_missing(work, limit=9) == 0


def test_what_was_opened_before_is_found_and_what_cannot_be_read_is_tried_once(place, publisher):
    used(place.world, publisher.bundle(RECORDS, **FRESH), now=NOW)
    rule(place, "dependency")
    place.topic(files={"README": "x\n"})
    place.open()
    place.run_jobs(Job.FOLLOW_PULLS)
    drop_promises(place.world)
    assert "Not scanned yet" in refused(place)

    with place.world.begin(appliance()) as work:
        schedule._scan_changes(work, NOW)
    place.run_jobs(Job.SCAN_CHANGE)

    assert merge(place).commit


def test_what_cannot_be_compared_is_unknown_and_not_tried_again(place, publisher):
    used(place.world, publisher.bundle(RECORDS, **FRESH), now=NOW)
    rule(place, "dependency")
    place.write("maintainer", "side", {"x": "y\n"}, start=place.head("main"))
    place.topic(files={"README": "x\n"})
    place.open("topic", "side")
    place.push("maintainer", "side", None)
    place.run_jobs(Job.SCAN_CHANGE)

    with place.world.begin(appliance()) as work:
        assert change_scans.promise_missing(work, limit=9) == 0


def drop_promises(world):
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.delete(JobRecord).where(JobRecord.job == Job.SCAN_CHANGE))


def test_a_licence_that_is_denied_is_not_merged_and_what_nobody_allowed_is_told(place):
    rule(place, "licence", severities=["high"])
    owner = place.world.user("head", member=OrganisationRole.OWNER, of="lab")
    with place.world.begin(owner) as work:
        said = LicencePolicy(allowed=("MIT",), denied=("AGPL-3.0-only",))
        licence_policies.set_policy(work, "lab", said)
    lock = '{{"lockfileVersion": 3, "packages": {{"node_modules/{0}": {{"version": "1.0", {1}}}}}}}'
    asked(place, {"package-lock.json": lock.format("network", '"license": "AGPL-3.0"')})

    told = refused(place)

    assert "would bring alerts: 1" in told
    assert "network 1.0: licence AGPL-3.0-only is denied" in told
    assert "network" not in seen_by(place, "reader")
    asked(place, {"other/package-lock.json": lock.format("left", '"x": 1')}, branch="unknown")
    assert merge(place, number=2).commit, "the rule is about high severities only"


def test_where_nobody_has_decided_about_licences_everything_new_is_to_be_looked_at(place):
    rule(place, "licence")
    asked(place, {"other/requirements.txt": "quiet==1.0\n"})

    assert "quiet 1.0: licence unknown is to be looked at" in refused(place)
