"""Feeds become current at once or not at all, and alerts follow them without reading git."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from appliance.db import feeds as feed_rows
from appliance.db.advisories import AdvisoryRow, holds
from appliance.db.alerts import Alert
from appliance.db.components import ManifestFile, PackageMatch
from appliance.domain.alerts import AlertState, DismissalReason, Resolution
from appliance.domain.feeds import FeedState, FeedStep
from appliance.domain.identity import appliance
from appliance.domain.ids import new_id
from appliance.domain.permissions import Role
from appliance.errors import ConflictError, RefusedError
from appliance.services import feed_reading, feed_records, feeds
from tests.feeding import FILES, LOCK, brought, perform, pushed, read, shown, trusted, used
from tests.scanning.feeds.kit import NOON, record

LEFT, RIGHT = ("PyPI", "left-pad", "1.3"), ("PyPI", "right-pad", "2.0")
FIRST = [
    record("GHSA-1", LEFT, aliases=["CVE-2026-0001"]),
    record("PYSEC-1", LEFT, aliases=["GHSA-1"]),
    record("GHSA-2", RIGHT, aliases=["CVE-2026-0002"]),
]


@pytest.fixture
def publisher(world, tmp_path):
    return trusted(world, tmp_path / "publisher")


def known(world):
    """Names and canonical names that the current feed has."""
    with world.reading(appliance()) as work:
        number = feed_rows.current_number(work.session)
        query = sa.select(AdvisoryRow.name, AdvisoryRow.canonical).where(holds(number))
        return dict(work.session.execute(query).all())


def alerts(world):
    with world.reading(appliance()) as work:
        return list(work.session.scalars(sa.select(Alert).order_by(Alert.number)))


@pytest.fixture
def lab(world, publisher):
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    return world


def test_a_feed_is_looked_at_before_it_counts(world, publisher):
    number = brought(world, publisher.bundle({"PyPI": FIRST}))
    read(world, number)

    feed = shown(world, number)
    assert (feed.step, feed.counts["advisories"]) == (FeedStep.READY, 3)
    assert feed.difference["new"]["number"] == 3
    assert known(world) == {}
    with world.reading(world.actor("administrator")) as work:
        assert feeds.standing(work, now=NOON).state is FeedState.EMPTY

    with world.begin(world.actor("administrator")) as work:
        feeds.use(work, number, now=NOON)

    assert known(world) == dict.fromkeys(("GHSA-1", "PYSEC-1"), "CVE-2026-0001") | {
        "GHSA-2": "CVE-2026-0002"
    }
    with world.reading(world.actor("administrator")) as work:
        assert feeds.standing(work, now=NOON).state is FeedState.FRESH
        assert feeds.standing(work, now=NOON + timedelta(days=8)).state is FeedState.STALE
        assert feeds.standing(work, now=NOON + timedelta(days=31)).state is FeedState.EXPIRED


def test_the_next_feed_says_what_it_changes_and_can_be_undone(world, publisher):
    used(world, publisher.bundle({"PyPI": FIRST}))
    before = known(world)
    changed = record("GHSA-2", ("PyPI", "right-pad", "2.1"), aliases=["CVE-2026-0002"])
    new = record("GHSA-3", RIGHT)
    second = publisher.bundle({"PyPI": [FIRST[0], changed, new]}, serial=2)

    feed = used(world, second)

    numbers = {name: each["number"] for name, each in feed.difference.items()}
    assert numbers == {"new": 1, "changed": 1, "withdrawn": 1}
    assert feed.difference["withdrawn"]["names"] == ["PYSEC-1"]
    assert set(known(world)) == {"GHSA-1", "GHSA-2", "GHSA-3"}
    with world.begin(world.actor("administrator")) as work:
        feeds.restore(work, now=NOON)
    assert known(world) == before
    again = brought(world, second)
    assert read(world, again).why == "rollback"  # Undone is not unseen.
    third = used(world, publisher.bundle({"PyPI": [new]}, serial=3))
    assert third.difference["withdrawn"]["number"] == 3
    assert set(known(world)) == {"GHSA-3"}


def test_a_vulnerability_keeps_its_name_when_it_gets_another(world, publisher):
    used(world, publisher.bundle({"PyPI": [record("GHSA-1", LEFT), record("PYSEC-1", LEFT)]}))
    later = [record("GHSA-1", LEFT, aliases=["CVE-2026-0001"])]
    later.append(record("PYSEC-1", LEFT, aliases=["CVE-2026-0001"]))

    used(world, publisher.bundle({"PyPI": later}, serial=2))

    assert set(known(world).values()) == {"GHSA-1"}


@pytest.mark.promise("P91")
def test_what_a_crash_left_behind_is_never_seen(world, publisher):
    used(world, publisher.bundle({"PyPI": FIRST}))
    before = known(world)
    number = brought(world, publisher.bundle({"PyPI": [record("GHSA-9", LEFT)]}, serial=2))
    with world.reading(appliance()) as work:
        task = feed_reading.plan(work, number, world.wiring.home.root)

    class KilledError(Exception):
        pass

    def killed(step: str, *_: int) -> None:
        if step.startswith("Tying"):
            raise KilledError

    begin = partial(world.wiring.database.begin, appliance())
    with pytest.raises(KilledError):
        feed_reading.read(task, begin, killed, now=NOON)

    assert known(world) == before
    assert not isinstance(read(world, number), feed_reading.Refused)
    assert known(world) == before
    with world.begin(world.actor("administrator")) as work:
        feeds.use(work, number, now=NOON)
    assert set(known(world)) == {"GHSA-9"}


def test_a_refused_feed_changes_nothing_and_is_told(world, publisher):
    used(world, publisher.bundle({"PyPI": FIRST}))
    before = known(world)
    broken = publisher.bundle({}, serial=2, raw={"osv/PyPI.zip": b"PK no zip at all"})

    number = brought(world, broken)
    perform(world)  # Today is later than all feeds of this test last.
    assert (shown(world, number).step, known(world)) == (FeedStep.FAILED, before)
    assert read(world, brought(world, broken)).why == "malformed"
    assert known(world) == before
    assert world.events().count("dep_scan.feed_refused") == 2


def test_only_administrators_bring_feeds(world, publisher):
    world.user("reader")

    with pytest.raises(RefusedError), world.begin(world.actor("reader")) as work:
        feeds.arrived(work, new_id(), 1, now=NOON)
    with pytest.raises(RefusedError), world.begin(world.actor("reader")) as work:
        feeds.trust(work, b"", now=NOON)


def test_nothing_is_trusted_by_itself(world):
    world.administrator()

    with pytest.raises(ConflictError), world.begin(world.actor("administrator")) as work:
        feeds.arrived(work, new_id(), 1, now=NOON)


def test_alerts_follow_pushes(lab, publisher):
    used(lab, publisher.bundle({"PyPI": FIRST}))

    pushed(lab, "left-pad==1.0\nright-pad==2.0\nother\n")

    (alert,) = alerts(lab)
    assert (alert.rule, alert.state, alert.line) == ("CVE-2026-0001", AlertState.OPEN, 1)
    assert alert.detail["fixed"] == "1.3"
    pushed(lab, "# moved\nleft-pad==1.2\n")
    (alert,) = alerts(lab)
    assert (alert.state, alert.line, alert.detail["version"]) == (AlertState.OPEN, 2, "1.2")
    pushed(lab, "left-pad==1.3\n")
    (alert,) = alerts(lab)
    assert (alert.state, alert.resolution) == (AlertState.FIXED, Resolution.GONE)


def test_an_unknown_version_is_unknown_and_a_broken_manifest_was_not_scanned(lab, publisher):
    used(lab, publisher.bundle({"PyPI": FIRST}))

    pushed(lab, "left-pad\n")
    pushed(lab, "{", "package-lock.json")

    assert lab.one(sa.select(PackageMatch.verdict)) == "unknown"
    assert alerts(lab) == []
    broken = lab.one(sa.select(ManifestFile.error).where(ManifestFile.path == b"package-lock.json"))
    assert "JSON" in broken
    assert lab.recorded("dep_scan.completed")[-1].body["unknown"] == 1


def test_a_feed_alone_opens_and_closes_alerts(lab, publisher):
    pushed(lab, "left-pad==1.0\n")
    assert alerts(lab) == []

    used(lab, publisher.bundle({"PyPI": FIRST}))
    (alert,) = alerts(lab)
    assert alert.state is AlertState.OPEN
    withdrawn = [{**each, "withdrawn": "2026-02-02T00:00:00Z"} for each in FIRST]
    used(lab, publisher.bundle({"PyPI": withdrawn}, serial=2))

    (alert,) = alerts(lab)
    assert (alert.state, alert.resolution) == (AlertState.FIXED, Resolution.WITHDRAWN)


def test_known_exploitation_reopens_a_tolerable_risk_and_shortens_its_time(lab, publisher):
    pushed(lab, "left-pad==1.0\n")
    used(lab, publisher.bundle({"PyPI": FIRST}))
    due = alerts(lab)[0].due_at
    with lab.begin(appliance()) as work:
        row = work.session.scalars(sa.select(Alert)).one()
        row.state, row.reason = AlertState.DISMISSED, DismissalReason.TOLERABLE_RISK
        work.note_alone("for the test")

    used(lab, publisher.bundle({"PyPI": FIRST}, serial=2, kev=["CVE-2026-0001"]))

    (alert,) = alerts(lab)
    assert (alert.state, alert.is_exploited) == (AlertState.OPEN, True)
    assert alert.due_at <= due


def test_protected_branches_count_and_others_do_not(lab, publisher):
    used(lab, publisher.bundle({"PyPI": FIRST}))
    pushed(lab, "left-pad==1.3\n")
    lab.protect("lab/notes", "refs/heads/release/*")
    writer = lab.client("writer")
    for branch in ("release/1", "topic"):
        made = writer.post(
            "/api/v1/repos/lab/notes/branches", json={"name": branch, "start": "main"}
        )
        assert made.status_code == 201, made.text
        answer = writer.put(
            f"{FILES}/{LOCK}",
            json={"content": "left-pad==1.0\n", "message": "Go back", "branch": branch},
        )
        assert answer.status_code in {200, 201}, answer.text
    perform(lab)

    (alert,) = alerts(lab)
    assert alert.detail["branch"] == "release/1"


def test_records_that_are_none_are_counted(world, publisher):
    feed = used(world, publisher.bundle({"PyPI": [*FIRST, {"id": "GHSA-4"}]}))

    assert (feed.counts["advisories"], feed.counts["unreadable"]) == (3, 1)


def test_bodies_come_back_as_they_were():
    one = record("GHSA-1", LEFT)
    one["affected"][0]["versions"] = ["1.0", "1.1"]
    affected = feed_records.read(json.dumps(one).encode()).advisory.affected
    (row,) = feed_records.package_rows(7, affected)

    assert feed_records.affected(*row[2:]) == affected[0]


def test_a_bill_of_materials_is_given_to_readers(lab):
    pushed(lab, "left-pad==1.0\n")
    client = lab.client("writer")

    bill = client.get("/api/v1/repos/lab/notes/sbom").json
    assert (bill["specVersion"], bill["components"][0]["purl"]) == ("1.7", "pkg:pypi/left-pad@1.0")
    old = client.get("/api/v1/repos/lab/notes/sbom?version=1.6").json
    assert old["$schema"].endswith("bom-1.6.schema.json")
    document = client.get("/api/v1/repos/lab/notes/sbom?format=spdx").json
    assert (document["spdxVersion"], len(document["packages"])) == ("SPDX-2.3", 2)
    assert client.get("/api/v1/repos/lab/notes/sbom?version=9").status_code == 422
    lab.user("stranger")
    assert lab.client("stranger").get("/api/v1/repos/lab/notes/sbom").status_code == 404
    assert lab.events().count("dep_scan.inventory_exported") == 3
