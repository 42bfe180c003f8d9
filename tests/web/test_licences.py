"""Licences of components: what is allowed, who is warned, and what is owed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from appliance.db.licence_policies import LicencePolicyRow
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole, Role, Scope
from appliance.services import licence_policies
from tests.commands import saying
from tests.feeding import perform, pushed

API = "/api/v1/repos/lab/notes"
POLICY = "/api/v1/orgs/lab/licence-policy"
PAGE = "/lab/notes/security/licences"
SETTINGS = "/lab/-/settings/licences"
SAID = {"allowed": ["mit", "Apache 2.0"], "denied": ["AGPL-3.0-only"]}
PACKAGES = {
    "node_modules/left": {"version": "1.0.0", "license": "MIT"},
    "node_modules/middle": {"version": "2.0.0", "license": "(MIT OR AGPL-3.0)"},
    "node_modules/network": {"version": "3.0.0", "license": "AGPL-3.0-only"},
    "node_modules/other": {"version": "4.0.0", "license": "ISC"},
    "node_modules/tool": {"version": "5.0.0", "license": "AGPL-3.0-only", "dev": True},
}


def lock(packages=None):
    """A lock file of npm, which repeats licences."""
    named = PACKAGES if packages is None else packages
    return json.dumps({"lockfileVersion": 3, "packages": {"": {"name": "x"}} | named}, indent=1)


@pytest.fixture
def lab(world):
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    world.user("reader", role=Role.READER, on="lab/notes")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.office = world.client("owner", Scope.ORGANISATION_ADMIN, Scope.SCAN_READ)
    return world


def says(lab, said=SAID):
    answer = lab.office.put(POLICY, json=said)
    assert answer.status_code == 200, answer.text
    perform(lab)
    return answer.json


def alerts(lab, state="open"):
    answer = lab.client("writer").get(f"{API}/alerts?kind=licence&state={state}")
    assert answer.status_code == 200, answer.text
    return {each["title"]: each for each in answer.json["items"]}


def report(lab, place=API):
    answer = lab.client("owner").get(f"{place}/licences")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_without_a_policy_everything_is_to_be_looked_at_and_nobody_is_warned(lab):
    pushed(lab, lock(), "package-lock.json")

    found = report(lab)

    assert found["has_policy"] is False
    assert {each["decision"] for each in found["licences"]} == {"review"}
    assert alerts(lab) == {}
    assert lab.office.get(POLICY).json["set"] is False


def test_what_is_denied_gets_an_alert_until_it_is_gone_or_allowed(lab):
    pushed(lab, lock(), "package-lock.json")
    kept = says(lab)

    assert kept["allowed"] == ["Apache-2.0", "MIT"], "in their one spelling"
    assert alerts(lab).keys() == {
        "network 3.0.0: licence AGPL-3.0-only is denied",
        "tool 5.0.0: licence AGPL-3.0-only is denied",
    }
    (found,) = [each for title, each in alerts(lab).items() if "network" in title]
    assert (found["severity"], found["path"], found["kind"]) == (
        "high",
        "package-lock.json",
        "licence",
    )
    assert lab.events().count("alert.licence_policy_changed") == 1

    says(lab, SAID | {"alerts_for_review": True})
    assert "other 4.0.0: licence ISC is to be looked at" in alerts(lab)

    pushed(lab, lock({key: PACKAGES[key] for key in list(PACKAGES)[:2]}), "package-lock.json")
    assert alerts(lab) == {}
    assert len(alerts(lab, "fixed")) == 3


def test_alerts_end_with_the_policy_and_dismissals_stay(lab):
    pushed(lab, lock(), "package-lock.json")
    says(lab)
    number = min(each["number"] for each in alerts(lab).values())
    dismissed = lab.client("owner").patch(
        f"{API}/alerts/{number}",
        json={"state": "dismissed", "reason": "wont_fix", "comment": "Bought."},
    )
    assert dismissed.status_code == 200, dismissed.text
    says(lab, SAID | {"allowed": ["MIT"]})
    assert len(alerts(lab)) == 1, "what somebody has dismissed stays dismissed"

    assert lab.office.delete(POLICY).status_code == 204
    perform(lab)

    assert alerts(lab) == {}
    assert lab.office.delete(POLICY).status_code == 204, "twice is no error"


def test_somebody_can_decide_about_a_package_for_a_time(lab):
    pushed(lab, "quiet==1.0\nold==1.0\n")
    today = datetime.now(UTC).date()
    decided = [
        {"package": "pkg:pypi/quiet@1.0", "licence": "mit", "reason": "Its README says so."},
        {
            "package": "pkg:pypi/old",
            "licence": "MIT",
            "reason": "Until it is replaced.",
            "until": (today - timedelta(days=1)).isoformat(),
        },
    ]
    says(lab, SAID | {"decided": decided, "alerts_for_review": True})

    assert alerts(lab).keys() == {"old 1.0: licence unknown is to be looked at"}
    (allowed,) = [each for each in report(lab)["licences"] if each["decision"] == "allow"]
    assert allowed["packages"][0]["reason"] == "Its README says so."
    assert lab.office.get(POLICY).json["decided"][1]["package"] == "pkg:pypi/quiet"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"allowed": ["Whatever 1"]}, "no licence of the SPDX list"),
        ({"denied": ["MIT OR ISC"]}, "no licence of the SPDX list"),
        ({"allowed": ["MIT"], "denied": ["mit"]}, "allowed and denied"),
        ({"decided": [{"package": "x", "licence": "MIT", "reason": "y"}]}, "is no package"),
        ({"decided": [{"package": "pkg:npm/x", "licence": "?", "reason": "y"}]}, "no expression"),
        ({"decided": [{"package": "pkg:npm/x", "licence": "MIT", "reason": " "}]}, "why"),
        ({"unknown": 1}, "unknown"),
    ],
    ids=["not listed", "no single one", "on both", "package", "licence", "reason", "field"],
)
def test_what_is_no_licence_is_refused_and_nothing_kept(lab, said, words):
    answer = lab.office.put(POLICY, json=said)

    assert answer.status_code == 422
    assert words in answer.text
    assert lab.office.get(POLICY).json["set"] is False


def test_a_trial_says_what_a_policy_would_come_to_and_keeps_nothing(lab):
    pushed(lab, lock(), "package-lock.json")

    tried = lab.office.post(f"{POLICY}/trial", json=SAID).json

    assert tried["before"] == {"allow": 0, "review": 5, "deny": 0}
    assert tried["after"] == {"allow": 2, "review": 1, "deny": 2}
    assert {each["purl"]: each["after"] for each in tried["changed"]} == {
        "pkg:npm/left@1.0.0": "allow",
        "pkg:npm/middle@2.0.0": "allow",
        "pkg:npm/network@3.0.0": "deny",
        "pkg:npm/tool@5.0.0": "deny",
    }
    assert lab.office.get(POLICY).json["set"] is False


def test_who_may_not_see_alerts_sees_no_licences_and_only_owners_decide(lab):
    pushed(lab, lock(), "package-lock.json")
    lab.user("member", member=OrganisationRole.MEMBER, of="lab")

    for place in ("licences", "notice"):
        assert lab.client("reader").get(f"{API}/{place}").status_code == 404
        assert lab.client("writer").get(f"{API}/{place}").status_code == 200
    assert report(lab, "/api/v1/orgs/lab")["packages"] == 5
    across = lab.client("member").get("/api/v1/orgs/lab/licences").json
    assert (across["packages"], across["licences"]) == (0, [])
    member = lab.client("member", Scope.ORGANISATION_ADMIN)
    assert member.put(POLICY, json=SAID).status_code == 403
    assert member.delete(POLICY).status_code == 403


def test_the_notice_names_what_goes_along_and_what_nobody_knows(lab):
    pushed(lab, lock(), "package-lock.json")
    pushed(lab, "quiet==1.0\n")

    text = lab.client("writer").get(f"{API}/notice").text

    assert "lab/notes contains components of others" in text
    assert "left 1.0.0: MIT" in text
    assert "quiet 1.0: no licence is known" in text
    assert "tool" not in text, "what is needed for development stays at home"


def test_the_page_keeps_the_last_day_of_a_decision(lab):
    day = (datetime.now(UTC).date() + timedelta(days=9)).isoformat()
    decided = [
        {"package": "pkg:pypi/quiet", "licence": "MIT", "reason": "It = so.", "until": day},
        {"package": "pkg:pypi/z", "licence": "ISC OR MIT", "reason": "Read.", "until": None},
    ]
    says(lab, SAID | {"decided": decided})
    shown = lab.browser("owner").get(SETTINGS).text
    text = unescape(
        re.search(r'<textarea[^>]*name="decided"[^>]*>(.*?)</textarea>', shown, re.DOTALL)[1]
    )
    form = {"allowed": "MIT", "denied": "", "decided": text, "act": "save"}

    assert lab.browser("owner").post(SETTINGS, data=form).status_code == 303
    assert lab.office.get(POLICY).json["decided"] == decided


def test_a_decision_that_has_ended_opens_its_alert_by_itself(lab):
    pushed(lab, "old==1.0\n")
    today = datetime.now(UTC).date()
    decided = [
        {"package": "pkg:pypi/old", "licence": "MIT", "reason": "For now.", "until": f"{today}"}
    ]
    says(lab, SAID | {"decided": decided, "alerts_for_review": True})
    assert alerts(lab) == {}
    with lab.begin(appliance()) as work:
        assert licence_policies.promise_ended(work, today=today) == 0
        row = work.session.scalars(sa.select(LicencePolicyRow)).one()
        ended = [{**each, "until": f"{today - timedelta(days=1)}"} for each in row.decided]
    with lab.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(LicencePolicyRow).values(decided=ended))
    with lab.begin(appliance()) as work:
        assert licence_policies.promise_ended(work, today=today) == 1
    perform(lab)

    assert alerts(lab).keys() == {"old 1.0: licence unknown is to be looked at"}


def test_pages_show_try_save_and_remove(lab):
    pushed(lab, lock(), "package-lock.json")
    browser = lab.browser("owner")
    assert "No policy says which licences are allowed" in browser.get(PAGE).text
    form = {"allowed": "MIT\n\n", "denied": "AGPL-3.0-only", "decided": ""}

    tried = browser.post(SETTINGS, data=form | {"act": "try"}).text
    assert "Tried, not saved" in tried
    assert "network 3.0.0" in tried
    wrong = browser.post(SETTINGS, data=form | {"act": "save", "decided": "pkg:npm/x"})
    assert "on a line of its own" in wrong.text
    assert browser.post(SETTINGS, data=form | {"act": "save"}).status_code == 303
    shown = browser.get(PAGE).text
    assert "Denied" in shown
    assert "the source of all that it is part of is given" in shown
    assert "pkg:npm/network@3.0.0" in browser.get(f"{PAGE}?format=csv").text
    assert "left 1.0.0: MIT" in browser.get(f"{PAGE}/notice").text
    assert "AGPL-3.0-only" in browser.get("/lab/-/security/licences").text
    assert browser.post(SETTINGS, data={"act": "remove"}).status_code == 303
    assert lab.office.get(POLICY).json["set"] is False


def test_commands_do_the_same(lab, monkeypatch, capsys, tmp_path):
    pushed(lab, lock(), "package-lock.json")
    file = tmp_path / "policy.json"
    with saying(lab, "owner", monkeypatch, capsys) as say:
        say("licence", "policy", "set", "lab", "--allow", "MIT", "--deny", "AGPL-3.0-only")
        file.write_text(json.dumps(say("licence", "policy", "show", "lab")))
        tried = say(
            *("licence", "policy", "try", "lab", "--file", str(file)),
            *("--package", "pkg:npm/network=MIT=until 2999-01-31=Bought for us."),
        )
        listed = say("licence", "list", "lab/notes")
        across = say("licence", "list", "lab")
        say("licence", "policy", "set", "lab", "--package", "pkg:npm/network", status=2)
        say("licence", "policy", "remove", "lab")
        gone = say("licence", "policy", "show", "lab")

    assert tried["after"] == {"allow": 3, "review": 1, "deny": 1}
    assert [each["decision"] for each in listed["licences"]] == ["deny", "review", "allow", "allow"]
    assert across["packages"] == 5
    assert gone["set"] is False
