"""The page on which an organisation says how it deals with alerts."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import OrganisationRole

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HERE = "/lab/-/settings/alerts"
SAID = {"critical": "3", "high": "14", "medium": "90", "unknown": "30", "exploited": "2"}


@pytest.fixture
def lab(world):
    """An organisation with an owner and a security officer."""
    world.repository("lab/notes")
    world.user("chief", member=OrganisationRole.OWNER, of="lab")
    world.user("officer", member=OrganisationRole.SECURITY_OFFICER, of="lab")
    return world


def test_an_owner_sets_it_and_sees_it(lab):
    browser = lab.browser("chief")
    sent = {**SAID, "approved_kinds": ["secret", "code"], "maintainers_settle_secrets": "yes"}

    assert browser.post(HERE, data=sent).status_code == 303
    found = lab.client("officer").get("/api/v1/orgs/lab/alert-policy").json
    assert found["days"] == {"critical": 3, "high": 14, "medium": 90, "low": None, "unknown": 30}
    assert found["approved_kinds"] == ["code", "secret"]
    assert (found["maintainers_settle_secrets"], found["exploited_days"]) == (True, 2)
    shown = browser.get(HERE).text
    assert 'value="14"' in shown
    assert shown.count("checked") == 3
    assert lab.events()[-1] == "alert.policy_changed"


@pytest.mark.parametrize("days", ["soon", "0", "9999"])
def test_what_is_no_number_of_days_is_refused(lab, days):
    answer = lab.browser("chief").post(HERE, data={**SAID, "high": days})

    assert answer.status_code == 422
    assert lab.events().count("alert.policy_changed") == 0


def test_others_do_not_set_it(lab):
    assert lab.browser("officer").get(HERE).status_code == 403
    assert lab.browser("officer").post(HERE, data=SAID).status_code == 403
