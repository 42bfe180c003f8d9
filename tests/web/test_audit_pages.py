"""The pages of the audit log: what they show, to whom, and that looking is recorded."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.permissions import OrganisationRole
from appliance.services import organisations
from appliance.services.audit_log import auditors
from appliance.services.audit_log.auditors import Period

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LOG = "/lab/-/audit"
INSTANCE = "/administration/audit"
MOST_BYTES = 60_000


@pytest.fixture
def lab(world):
    """An organisation with an owner, in whose log something stands."""
    world.organisation("lab")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("inspector")
    change(world, "first")
    return world


def change(world, words):
    """Something happens; gives the id of its event."""
    with world.begin(world.actor("owner")) as work:
        organisations.change(work, "lab", {"description": words})
        event_id = work.recorded[0].id
    world.keep_log()
    return event_id


def give(world, *, since=None):
    """Let the inspector read the log of lab."""
    now = datetime.now(UTC)
    with world.begin(world.actor("owner")) as work:
        auditors.grant(
            work,
            "lab",
            "inspector",
            period=Period(since),
            expires_at=now + timedelta(days=2),
            reason="audit",
            now=now,
        )
    world.keep_log()


@pytest.mark.parametrize("page", ["", "/integrity"])
def test_the_pages_of_a_log_open(lab, page):
    answer = lab.browser("owner").get(f"{LOG}{page}")

    assert answer.status_code == 200, answer.text
    assert "The one event is signed" in answer.text
    assert "no witness is configured" in answer.text


@pytest.mark.parametrize("page", ["/exports", "/auditors", "/streams", "/streams/new"])
def test_the_other_pages_open_after_a_confirmation(lab, page):
    answer = lab.browser("owner", elevated=True).get(f"{LOG}{page}")

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("page", ["", "/integrity", "/exports", "/auditors", "/streams"])
def test_the_pages_of_the_instance_open(lab, page):
    lab.administrator()
    answer = lab.browser("administrator", elevated=True).get(f"/administration/audit{page}")

    assert answer.status_code == 200, answer.text
    assert len(answer.data) < MOST_BYTES


def test_a_search_finds_and_is_recorded(lab):
    page = lab.browser("owner").get(LOG, query_string={"q": "action:org.changed"}).text

    assert "org.changed" in page
    assert lab.events()[-1] == "audit.searched"
    nothing = lab.browser("owner").get(LOG, query_string={"q": "action:repo.deleted"}).text
    assert "No events" in nothing


def test_a_search_that_is_none_says_where(lab):
    answer = lab.browser("owner").get(LOG, query_string={"q": "colour:red"})

    assert answer.status_code == 422
    assert "At character 1" in answer.text
    assert 'value="colour:red"' in answer.text


def test_pages_stay_as_they_were_and_say_what_came(lab):
    for number in range(55):
        change(lab, f"text {number}")
    browser = lab.browser("owner")
    first = browser.get(LOG).text
    older = re.search(r'href="([^"]*cursor=[^"]*)"', first)[1].replace("&amp;", "&")
    before = events_on(browser.get(older).text)
    change(lab, "later")

    after = browser.get(older).text

    assert events_on(after) == before
    assert "newer events that fit" in after
    assert not set(events_on(first)) & set(before)
    assert len(first) < MOST_BYTES


def events_on(page):
    """The ids of the events that a page lists."""
    return re.findall(r"/audit/events/([0-9a-f-]{36})", page)


def test_an_event_shows_all_of_it_and_that_it_was_read_is_recorded(lab):
    event_id = change(lab, "second")
    page = lab.browser("owner").get(f"{LOG}/events/{event_id}").text

    assert "org.changed" in page
    assert "second" in page
    assert "signed with" in page
    assert "&#34;action&#34;:&#34;org.changed&#34;" in page
    assert lab.events()[-1] == "audit.event_read"


def test_the_proof_of_an_event_is_a_file(lab):
    event_id = change(lab, "second")
    answer = lab.browser("owner").get(f"{LOG}/events/{event_id}/proof")

    assert answer.headers["Content-Disposition"].endswith('.tlog-proof"')
    assert answer.text.startswith("c2sp.org/tlog-proof@v1")
    assert lab.events()[-1] == "audit.proved"


def test_who_follows_gets_what_came_and_does_not_follow_themselves(lab):
    browser = lab.browser("owner")
    page = browser.get(LOG, query_string={"live": "1"}).text
    place = re.search(r'data-from="([^"]+)"', page)[1]
    change(lab, "news")

    found = browser.get(f"{LOG}/newer", query_string={"from": place}).json
    assert found["count"] == 1
    assert "org.changed" in found["rows"]
    lab.keep_log()
    again = browser.get(f"{LOG}/newer", query_string={"from": found["next"]}).json
    assert again["count"] == 0


def test_a_search_is_kept_and_deleted(lab):
    browser = lab.browser("owner")
    lab.app.config["WTF_CSRF_ENABLED"] = False
    answer = browser.post(f"{LOG}/searches", data={"name": "Refusals", "q": "outcome:refused"})
    assert answer.status_code == 303, answer.text
    page = browser.get(LOG).text
    assert "Refusals" in page
    where = re.search(r'action="([^"]+/searches/[^"]+/delete)"', page)[1]

    assert browser.post(where).status_code == 303
    assert "Refusals" not in browser.get(LOG).text.replace("deleted", "")


def test_an_auditor_reads_what_was_given_and_every_look_is_recorded(lab):
    event_id = change(lab, "second")
    browser = lab.browser("inspector")
    assert browser.get(LOG).status_code in {403, 404}
    give(lab)

    assert "lab" in browser.get("/audit").text
    assert "org.changed" in browser.get(LOG).text
    assert lab.events()[-1] == "audit.searched"
    assert browser.get(f"{LOG}/events/{event_id}").status_code == 200
    assert lab.events()[-1] == "audit.event_read"
    assert browser.get(f"{LOG}/integrity").status_code == 200
    assert lab.events()[-1] == "audit.state_read"


def test_what_is_outside_an_auditor_s_period_is_on_no_page(lab):
    event_id = change(lab, "secret plan")
    give(lab, since=datetime(2099, 1, 1, tzinfo=UTC))
    browser = lab.browser("inspector")

    assert "org.changed" not in browser.get(LOG).text.replace("action:", "")
    assert events_on(browser.get(LOG, query_string={"q": f"id:{event_id}"}).text) == []
    assert browser.get(f"{LOG}/events/{event_id}").status_code == 404
    assert browser.get(f"{LOG}/events/{event_id}/proof").status_code == 404


def test_an_owner_lets_somebody_read_and_takes_it_back(lab):
    lab.app.config["WTF_CSRF_ENABLED"] = False
    browser = lab.browser("owner", elevated=True)
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    form = {"name": "inspector", "expires": day, "reason": "the yearly audit"}

    assert browser.post(f"{LOG}/auditors", data=form).status_code == 303
    page = browser.get(f"{LOG}/auditors").text
    assert "the yearly audit" in page
    where = re.search(r'action="([^"]+/revoke)"', page)[1]
    assert browser.post(where).status_code == 303
    assert lab.browser("inspector").get(LOG).status_code in {403, 404}


def test_a_log_that_was_put_back_says_so_and_how_to_mend_it(lab):
    heads = lab.wiring.home.heads
    known = json.loads(heads.read_text())
    for head in known.values():
        head["size"] += 10
    heads.write_text(json.dumps(known))

    page = lab.browser("owner").get(f"{LOG}/integrity").text

    assert "Not signed any more" in page
    assert "codara audit recover" in page


def test_old_addresses_lead_to_the_log(lab):
    assert lab.browser("owner").get("/lab/-/events").location == LOG
    assert lab.browser("owner").get("/administration/events").location == "/administration/audit"


def test_the_verifier_and_its_number_are_there(lab):
    browser = lab.browser("owner")
    page = browser.get(f"{LOG}/integrity").text
    file = browser.get("/audit/codara-audit.pyz")

    assert hashlib.sha256(file.data).hexdigest() in page


def test_a_stream_is_made_paused_and_deleted(lab, tmp_path):
    folder = tmp_path / "drop"
    folder.mkdir()
    lab.configure(CODARA_STREAMS__FOLDER=str(folder))
    lab.app.config["WTF_CSRF_ENABLED"] = False
    lab.administrator()
    browser = lab.browser("administrator", elevated=True)
    form = {
        "receiver": "file",
        "name": "siem",
        "address": "siem",
        "format": "json",
        "begin": "start",
    }

    made = browser.post(f"{INSTANCE}/streams/new", data=form)
    assert made.status_code == 303, made.text
    page = browser.get(made.location).text
    assert "siem" in page
    assert browser.post(f"{made.location}/pause").status_code == 303
    assert "Paused" in browser.get(f"{INSTANCE}/streams").text
    assert browser.post(f"{made.location}/resume").status_code == 303
    changed = browser.post(made.location, data=form | {"name": "other", "format": "cef"})
    assert changed.status_code == 303, changed.text
    assert "CEF" in browser.get(made.location).text
    assert browser.post(f"{made.location}/delete", data={"confirm": "other"}).status_code == 303
