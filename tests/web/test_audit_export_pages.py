"""Exports of the audit log in the portal: asked for, followed, and taken; by auditors, too."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.jobs import JobState
from appliance.domain.permissions import OrganisationRole
from appliance.jobs.performer import Performer
from appliance.services import organisations
from appliance.services.audit_log import auditors
from appliance.services.audit_log.auditors import Period

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LOG = "/lab/-/audit"
FAR = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def lab(world):
    """An organisation with an owner, in whose log something stands."""
    world.organisation("lab")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("inspector")
    with world.begin(world.actor("owner")) as work:
        organisations.change(work, "lab", {"description": "first"})
    world.keep_log()
    world.app.config["WTF_CSRF_ENABLED"] = False
    return world


def perform(world):
    """Do the jobs that wait."""
    with world.reading(appliance()) as work:
        query = sa.select(JobRecord.id).where(JobRecord.state == JobState.QUEUED)
        waiting = list(work.session.scalars(query))
    for job_id in waiting:
        Performer(world.wiring).perform(job_id)


def exported(world, who):
    """What somebody gets as JSON Lines."""
    browser = world.browser(who, elevated=True)
    asked = browser.post(f"{LOG}/exports", data={"form": "jsonl"})
    assert asked.status_code == 303, asked.text
    waiting = browser.get(f"{LOG}/exports").text
    assert 'max="100" value="0"' in waiting, "what waits is not done"
    status = re.search(r'data-progress="([^"]+)"', waiting)[1]
    assert browser.get(status).json["finished"] is False
    perform(world)
    assert browser.get(status).json["finished"] is True
    file = re.search(r'href="([^"]+/file)"', browser.get(f"{LOG}/exports").text)[1]
    with browser.get(file) as answer:
        assert answer.status_code == 200
        assert "audit-lab-" in answer.headers["Content-Disposition"]
        return gzip.decompress(answer.data).decode()


def test_an_export_is_asked_for_followed_and_taken(lab):
    assert '"org.changed"' in exported(lab, "owner")
    assert lab.events()[-1] == "audit.export_downloaded"


@pytest.mark.parametrize(
    ("period", "is_there"),
    [(Period(), True), (Period(since=FAR), False), (Period(until=FAR), True)],
)
def test_an_auditor_takes_along_what_was_given_and_no_more(lab, period, is_there):
    now = datetime.now(UTC)
    with lab.begin(lab.actor("owner")) as work:
        auditors.grant(
            work,
            "lab",
            "inspector",
            period=period,
            expires_at=now + timedelta(days=2),
            reason="audit",
            now=now,
        )

    assert ('"org.changed"' in exported(lab, "inspector")) is is_there


def test_a_search_that_is_none_is_said_in_the_form(lab):
    browser = lab.browser("owner", elevated=True)
    answer = browser.post(f"{LOG}/exports", data={"form": "csv", "q": "colour:red"})

    assert answer.status_code == 422
    assert "At character 1" in answer.text


def test_the_newest_checkpoint_and_the_keys_are_files(lab):
    lab.administrator()
    browser = lab.browser("administrator", elevated=True)
    checkpoint = browser.get(f"{LOG}/checkpoint")
    keys = browser.get("/administration/audit/trust.json")

    assert checkpoint.text.splitlines()[0].endswith(f"/audit/{organisation(lab)}")
    assert json.loads(keys.data)["format"] == "codara-audit-trust/1"
    assert lab.events()[-1] == "audit.trust_exported"


def organisation(world):
    """The id of lab."""
    with world.reading(world.actor("owner")) as work:
        return organisations.show(work, "lab").id
