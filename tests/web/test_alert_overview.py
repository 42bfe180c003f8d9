"""Alerts of many repositories: one list, figures that say what is unknown, and what was scanned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole, Role
from appliance.services import sightings
from appliance.services.sightings import NewScan
from tests.alerting import CODE, SECRET, AlertKind, ScanCause, another, find
from tests.commands import saying

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HERE, ALL = "/lab/-/security", "/security"
API = "/api/v1/orgs/lab"
RECENTLY = datetime.now(UTC) - timedelta(minutes=1)
DISMISS = {"act": "dismiss", "reason": "wont_fix", "comment": "known"}


@pytest.fixture
def lab(world):
    """Two repositories of an organisation with three alerts, and one elsewhere with another."""
    first = world.repository("lab/notes")
    world.repository("lab/other")
    world.repository("far/away")
    find(world, "lab/notes", [CODE, another(CODE, "next")], now=RECENTLY - timedelta(days=20))
    find(world, "lab/other", [SECRET], now=RECENTLY)
    find(world, "far/away", [SECRET])
    with world.begin(appliance()) as work:
        new = NewScan(AlertKind.SECRET, ScanCause.PUSH, ruleset="ab" * 20)
        scan = sightings.begin_scan(work, first, new, now=RECENTLY)
        skipped = [{"path": "a.zip", "why": "too-large"}]
        sightings.end_scan(
            work, first, scan, size_bytes=1, objects=2, skipped=skipped, now=RECENTLY
        )
    world.user("officer", member=OrganisationRole.SECURITY_OFFICER, of="lab")
    world.user("member", member=OrganisationRole.MEMBER, of="lab")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    return world


def page(lab, who, at):
    answer = lab.browser(who).get(at)
    assert answer.status_code == 200
    return answer.text


@ON_ONE
def test_one_list_has_what_one_may_see_and_nothing_else(lab):
    shown = page(lab, "officer", HERE)
    assert "lab/notes#1" in shown
    assert "lab/other#1" in shown
    assert "far/away" not in page(lab, "officer", ALL)
    assert "lab/other" not in page(lab, "writer", ALL)
    assert "Open 2" in page(lab, "writer", ALL)
    assert "Open 0" in page(lab, "member", HERE)
    only = page(lab, "officer", f"{HERE}?kind=secret&severity=high")
    assert "lab/notes#" not in only
    assert page(lab, "officer", f"{HERE}?format=csv").count("lab/notes") == 2


@ON_ONE
def test_several_are_dismissed_where_they_are(lab):
    chosen = ["lab/notes#1", "lab/other#1", "far/away#1", "nonsense"]
    answer = lab.browser("officer").post(HERE, data={**DISMISS, "chosen": chosen})

    assert answer.status_code == 303
    assert lab.events().count("alert.dismissed") == 2
    assert "Open 1" in page(lab, "officer", HERE)


def test_figures_say_what_is_open_and_what_is_unknown(lab):
    found = lab.client("officer").get(f"{API}/alert-overview").json

    assert found["repositories"] == 2
    assert found["open"]["code"] == {"critical": 2}
    assert found["open"]["secret"] == {"high": 1}
    assert found["known"] == dict.fromkeys(("secret", "dependency", "code", "licence"), False)
    assert found["coverage"]["secret"] == {"whole": 0, "partly": 1, "never": 1}
    assert found["feed"] == "empty"
    assert len(found["weeks"]) == 12
    assert sum(each["opened"] for each in found["weeks"]) == 3
    assert found["days_open"]["critical"] == pytest.approx(20, abs=0.1)
    assert lab.client("member").get(f"{API}/alert-overview").json["repositories"] == 0


def test_time_to_fix_is_counted_once_something_is_fixed(lab):
    done = {"revoked_at": "2026-11-20T10:00:00Z"}
    lab.client("officer").post("/api/v1/repos/lab/other/alerts/1/revocation", json=done)

    found = lab.client("officer").get("/api/v1/alert-overview").json
    assert found["mean_days_to_fix"] is not None
    assert sum(each["fixed"] for each in found["weeks"]) == 1


@ON_ONE
def test_the_page_calls_nothing_zero_that_is_unknown(lab):
    shown = page(lab, "officer", f"{HERE}/overview")

    assert "unknown" in shown
    assert "No current feed" in shown
    assert shown.count('<svg class="chart"') == 2
    assert "As a table" in shown


def test_coverage_says_when_and_by_what_and_what_was_left_out(lab):
    items = lab.client("officer").get(f"{API}/scan-coverage").json["items"]

    assert [each["repository"] for each in items] == ["lab/notes", "lab/other"]
    scan = items[0]["scans"]["secret"]
    assert scan["skipped"] == [{"path": "a.zip", "object": "", "why": "too-large"}]
    assert (scan["complete"], scan["ruleset"]) == (False, "ab" * 20)
    assert items[1]["scans"] == {}
    shown = page(lab, "officer", f"{HERE}/coverage")
    assert "a.zip" in shown
    assert shown.count("Never scanned") == 7


@ON_ONE
def test_commands_show_them(lab, monkeypatch, capsys):
    with saying(lab, "officer", monkeypatch, capsys) as say:
        assert len(say("alert", "list")) == 3
        assert say("alert", "overview", "--org", "lab")["repositories"] == 2
        assert [each["repository"] for each in say("alert", "coverage")] == [
            "lab/notes",
            "lab/other",
        ]
