"""Alerts of code in the words of GitHub: what programs made for it send and expect."""

from __future__ import annotations

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema

from tests.alerting import CODE, SECRET, another, find
from tests.web.test_sarif import REPO, SARIF, lab, report, upload

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ALERTS = f"{REPO}/code-scanning/alerts"
__all__ = ["lab"]


def test_each_result_is_an_alert_though_all_have_one_fingerprint(lab):
    upload(lab, report(2, 3, 4))

    found = lab.client("writer").get(ALERTS).json
    assert len({each["number"] for each in found}) == 3
    assert {each["state"] for each in found} == {"open"}
    assert found[0]["rule"]["id"] == "run"
    assert found[0]["tool"]["name"] == "tool"
    places = [each["most_recent_instance"]["location"]["start_line"] for each in found]
    assert sorted(places) == [2, 3, 4]
    again = lab.client("writer").get(f"{ALERTS}?per_page=2&page=2").json
    assert [each["number"] for each in again] == [found[2]["number"]]


@pytest.mark.parametrize("reason", ["false positive", "won't fix", "used in tests"])
def test_it_is_dismissed_with_their_reasons(lab, reason):
    upload(lab, report(2))
    body = {"state": "dismissed", "dismissed_reason": reason, "dismissed_comment": "as agreed"}

    changed = lab.client("maintainer").patch(f"{ALERTS}/1", json=body).json
    assert (changed["state"], changed["dismissed_reason"]) == ("dismissed", reason)
    assert changed["dismissed_by"] == {"login": "maintainer"}
    assert changed["dismissed_comment"] == "as agreed"
    assert lab.client("writer").get(f"{ALERTS}?state=closed").json[0]["number"] == 1
    reopened = lab.client("maintainer").patch(f"{ALERTS}/1", json={"state": "open"}).json
    assert (reopened["state"], reopened["dismissed_reason"]) == ("open", None)


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("maintainer", {"state": "dismissed"}, 422),
        ("maintainer", {"state": "dismissed", "dismissed_reason": "bored"}, 422),
        ("maintainer", {"state": "fixed"}, 422),
        ("reader", {"state": "dismissed", "dismissed_reason": "false positive"}, 404),
    ],
)
def test_other_changes_are_refused(lab, who, body, status):
    upload(lab, report(2))

    assert lab.client(who).patch(f"{ALERTS}/1", json=body).status_code == status


def test_only_alerts_of_code_are_there(lab):
    find(lab, "lab/notes", [SECRET])
    find(lab, "lab/notes", [CODE, another(CODE, "more")])

    found = lab.client("writer").get(f"{ALERTS}?severity=critical&tool_name=codara").json
    assert [each["number"] for each in found] == [2, 3]
    assert lab.client("writer").get(f"{ALERTS}?severity=note").json == []
    assert lab.client("writer").get(f"{ALERTS}/1").status_code == 404
    assert lab.client("writer").get(f"{ALERTS}/2/instances").json[0]["location"]["start_line"] == 7
    assert lab.client("reader").get(ALERTS).status_code == 404


def test_our_report_is_valid(lab):
    upload(lab, report(2, 3))
    find(lab, "lab/notes", [SECRET])
    body = {"state": "dismissed", "dismissed_reason": "won't fix"}
    lab.client("maintainer").patch(f"{ALERTS}/1", json=body)

    StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate_json(
        lab.client("writer").get(SARIF).data
    )
