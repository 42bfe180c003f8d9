"""Feeds come in by the API's door and the portal's, for administrators alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.domain.jobs import Job, JobState
from appliance.jobs.performer import Performer
from tests.scanning.feeds.kit import Publisher, record

API = "/api/v1/scan"
PLACE = "/administration/feeds"
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
RECORDS = {"PyPI": [record("GHSA-1", ("PyPI", "left-pad", "1.3"))]}
NOW = datetime.now(UTC).replace(microsecond=0)
TIMES = {"made_at": NOW, "expires_at": NOW + timedelta(days=30)}


@pytest.fixture
def publisher(tmp_path):
    return Publisher(tmp_path / "publisher")


@pytest.fixture
def administrator(world, publisher):
    world.administrator()
    client = world.client("administrator")
    root = publisher.root_file(**TIMES).read_text("utf-8")
    answer = client.put(f"{API}/feed-keys", json={"root": root})
    assert answer.status_code == 200, answer.text
    return client


def perform(world):
    """What a worker does."""
    ours = (Job.READ_FEED, Job.MATCH_COMPONENTS)
    query = sa.select(JobRecord.id).where(
        JobRecord.state == JobState.QUEUED, JobRecord.job.in_(ours)
    )
    while (job := world.one(query.order_by(JobRecord.created_at).limit(1))) is not None:
        Performer(world.wiring).perform(job)


def sent(client, file):
    return client.put(
        f"{API}/feeds?name={file.name}",
        data=file.read_bytes(),
        content_type="application/octet-stream",
    )


@ON_ONE
def test_a_feed_is_brought_looked_at_and_used(world, administrator, publisher):
    assert administrator.get(f"{API}/feed").json["state"] == "empty"
    answer = sent(administrator, publisher.bundle(RECORDS, **TIMES))
    assert (answer.status_code, answer.json["step"]) == (202, "reading"), answer.text
    perform(world)

    feed = administrator.get(f"{API}/feeds/1").json
    assert (feed["step"], feed["difference"]["new"]["names"]) == ("ready", ["GHSA-1"])
    assert sent(administrator, publisher.bundle(RECORDS, **TIMES)).status_code == 409
    assert administrator.post(f"{API}/feeds/1/use").json["step"] == "current"
    perform(world)
    standing = administrator.get(f"{API}/feed").json
    assert (standing["state"], standing["is_known"], standing["advisories"]) == ("fresh", True, 1)
    assert administrator.post(f"{API}/feeds/restore").status_code == 409
    assert administrator.post(f"{API}/feeds/1/discard").status_code == 409
    assert administrator.get(f"{API}/feeds/9").status_code == 404
    said = ["dep_scan.feed_keys_changed", "dep_scan.feed_brought", "dep_scan.feed_imported"]
    assert [each for each in world.events() if "feed" in each] == said


@ON_ONE
def test_others_bring_none(world, publisher):
    world.user("reader")
    reader = world.client("reader")

    assert sent(reader, publisher.bundle(RECORDS, **TIMES)).status_code == 403
    for verb in ("1/use", "1/discard", "restore"):
        assert reader.post(f"{API}/feeds/{verb}").status_code == 403
    assert reader.put(f"{API}/feed-keys", json={"root": "{}"}).status_code == 403
    assert reader.get(f"{API}/feeds/1").status_code == 403


@ON_ONE
def test_the_portal_shows_what_a_feed_changes_before_it_is_used(world, publisher):
    world.administrator()
    browser = world.browser("administrator", elevated=True)
    root = publisher.root_file(**TIMES).read_text("utf-8")
    assert browser.post(f"{PLACE}/keys", data={"root": "{}"}).status_code == 422
    assert browser.post(f"{PLACE}/keys", data={"root": root}).status_code == 303
    sample = publisher.bundle(RECORDS, is_sample=True, **TIMES)
    with sample.open("rb") as content:
        answer = browser.post(PLACE, data={"feed": (content, sample.name)})
    assert answer.status_code == 303, answer.text
    perform(world)

    text = browser.get(PLACE).text
    assert "Ready to use" in text
    assert "Vulnerabilities are unknown" in text
    assert browser.post(f"{PLACE}/1/use").status_code == 303
    text = browser.get(PLACE).text
    assert "Sample" in text
    assert "Vulnerabilities are unknown" in text  # A sample says nothing.
    assert browser.post(f"{PLACE}/1/discard").status_code == 409
    assert browser.post(f"{PLACE}/restore").status_code == 409
