"""Suspicious activity for people and programs: pages, API, and the command line."""

from __future__ import annotations

from uuid import UUID

import pytest

from appliance.db.activity import ActivityAlert
from appliance.domain.activity import ActivityRule
from appliance.domain.permissions import InstanceRole, OrganisationRole
from tests.commands import saying
from tests.world import NOON

API = "/api/v1"
ALERTS = f"{API}/activity-alerts"
ONE = UUID(int=1)
DISMISS = {"state": "dismissed", "reason": "expected", "comment": "a new laptop"}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def lab(world):
    """One alert in an organisation, and people who may see it or not."""
    organisation = world.organisation("lab")
    writer = world.user("writer", member=OrganisationRole.MEMBER, of="lab")
    world.user("officer", member=OrganisationRole.SECURITY_OFFICER, of="lab")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("reviewer", instance=InstanceRole.AUDITOR)
    world.administrator("root")
    world.add(alert(str(organisation.id), writer.pseudonym))
    return world


def alert(log, actor):
    return ActivityAlert(
        id=ONE,
        rule=ActivityRule.MASS_CLONE,
        log=log,
        actor_ref=actor,
        token_ref="",
        since=NOON,
        at=NOON,
        count=30,
        usual=30,
        times=1,
        events=[str(UUID(int=7))],
        created_at=NOON,
    )


def test_programs_list_show_and_decide(lab):
    officer = lab.client("officer")
    (found,) = officer.get(f"{API}/orgs/lab/activity-alerts?state=open").json["items"]
    assert (found["rule"], found["actor"], found["organisation"]) == ("mass_clone", "writer", "lab")
    assert found["search"].startswith("actor:p_")

    refused = officer.patch(f"{ALERTS}/{ONE}", json={"state": "dismissed"})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "reason")
    assert officer.patch(f"{ALERTS}/{ONE}", json={"assignee": "officer"}).json["assignee"]
    said = officer.post(f"{ALERTS}/{ONE}/comments", json={"comment": "asked"})
    assert said.status_code == 201
    assert officer.patch(f"{ALERTS}/{ONE}", json=DISMISS).json["state"] == "dismissed"
    assert officer.patch(f"{ALERTS}/{ONE}", json=DISMISS).status_code == 409
    steps = [each["step"] for each in officer.get(f"{ALERTS}/{ONE}").json["decisions"]]
    assert steps == ["assigned", "commented", "dismissed"]
    for name in ("writer", "owner"):
        assert lab.client(name).get(f"{ALERTS}/{ONE}").status_code == 404
        assert lab.client(name).get(f"{API}/orgs/lab/activity-alerts").status_code == 404
    assert lab.client("reviewer").patch(f"{ALERTS}/{ONE}", json=DISMISS).status_code == 403


def test_exemptions_come_and_go(lab):
    officer, place = lab.client("officer"), f"{API}/orgs/lab/activity-exemptions"
    body = {"user": "writer", "rule": "mass_clone", "reason": "a mirror"}
    assert officer.post(place, json=body).status_code == 201
    assert officer.get(place).json["items"][0]["made_by"] == "officer"
    assert lab.client("root").get(f"{API}/activity-exemptions").json["items"]
    ended = f"{place}?user=writer&rule=mass_clone"
    assert officer.delete(ended).status_code == 204
    assert officer.delete(ended).status_code == 404


def test_the_command_line_says_the_same(lab, monkeypatch, capsys):
    with saying(lab, "officer", monkeypatch, capsys) as say:
        assert [each["rule"] for each in say("activity", "list", "--org", "lab")] == ["mass_clone"]
        assert say("activity", "show", str(ONE))["actor"] == "writer"
        assert say("activity", "assign", str(ONE), "--to", "officer")["assignee"] == "officer"
        say("activity", "comment", str(ONE), "asked them")
        dismissed = say("activity", "dismiss", str(ONE), "--reason", "handled")
        assert dismissed["state"] == "dismissed"
        assert say("activity", "reopen", str(ONE))["state"] == "open"
        exempt = ("writer", "mass_clone", "--org", "lab")
        say("activity", "exemption", "add", *exempt, "--reason", "a mirror")
        assert say("activity", "exemption", "list", "--org", "lab")[0]["user"] == "writer"
        say("activity", "exemption", "remove", *exempt)


@pytest.mark.parametrize(
    ("name", "home"),
    [("officer", "/lab/-/audit/activity"), ("root", "/administration/audit/activity")],
)
def test_people_decide_on_a_page(lab, name, home):
    browser = lab.browser(name)
    listed = browser.get(home).text
    assert "Mass clone" in listed
    page = f"{home}/{ONE}"
    shown = browser.get(page).text
    assert "writer fetched 30 different repositories" in shown
    assert "q=actor:p_" in shown or "q=actor%3Ap_" in shown

    assert browser.post(f"{page}/assign", data={"assignee": name}).status_code == 303
    assert browser.post(f"{page}/comment", data={"said": "asked them"}).status_code == 303
    done = browser.post(f"{page}/dismiss", data={"reason": "expected", "comment": "all well"})
    assert done.status_code == 303
    assert "all well" in browser.get(page).text
    assert str(ONE) not in browser.get(home).text
    assert browser.post(f"{page}/reopen").status_code == 303
    assert "Suspicious activity" in browser.get("/").text

    form = {"user": "writer", "rule": "mass_clone", "reason": "a mirror"}
    assert browser.post(f"{home}/exemptions", data=form).status_code == 303
    assert "a mirror" in browser.get(home).text
    assert browser.post(f"{home}/exemptions/end", data=form).status_code == 303


def test_for_all_others_there_is_no_such_page(lab):
    for name in ("writer", "owner"):
        browser = lab.browser(name)
        assert browser.get(f"/lab/-/audit/activity/{ONE}").status_code == 404
        assert browser.get("/lab/-/audit/activity").status_code == 404
    assert "Suspicious activity" not in lab.browser("owner").get("/lab/-/audit").text
    assert "Suspicious activity" in lab.browser("officer").get("/lab/-/audit").text
