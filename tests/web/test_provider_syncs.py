"""Synchronising with a directory through API and portal: ask, read the report, confirm it."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.db.users import UserState
from appliance.domain.jobs import Job
from appliance.jobs import tasks
from appliance.services.job_runs import Claimed
from tests.services.arrivals import provider
from tests.services.synchronising import LOCKED, Corp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
API = "/api/v1/admin/identity-providers/corp/syncs"
PAGES = "/administration/providers/corp/syncs"


@pytest.fixture
def corp(world, slapd):
    return Corp(world, slapd, f"u{uuid4().hex[:8]}", world.administrator())


@pytest.fixture
def administrator(world, corp):
    """The client of an administrator."""
    return world.client("administrator")


@pytest.fixture
def browser(world, corp):
    """The browser of an administrator who has confirmed lately that it is them."""
    return world.browser("administrator", elevated=True)


def do_jobs(world) -> None:
    """Do what a worker does with runs that were promised."""
    with world.reading(world.actor("administrator")) as work:
        query = sa.select(JobRecord).where(JobRecord.job == Job.SYNCHRONISE)
        found = work.session.scalars(query.order_by(JobRecord.created_at)).all()
    for record in found:
        claimed = Claimed(
            *(record.id, record.job, 1, record.arguments, record.about, None),
            is_cancelled=False,
        )
        tasks.do(world.wiring, claimed, lambda *_: None)


def test_a_run_is_asked_for_done_and_reported_by_the_api(world, slapd, corp, administrator):
    people = corp.people(2)
    corp.add()

    asked = administrator.post(API, json={})
    do_jobs(world)

    place = asked.headers["Location"]
    assert (asked.status_code, asked.json["state"]) == (202, "waiting")
    report = administrator.get(place).json
    assert (report["state"], report["people"]) == ("done", 2)
    assert (report["counts"], report["asked_by"]) == ({"created.done": 2}, "administrator")
    changes = administrator.get(f"{place}/changes", query_string={"limit": 1}).json
    assert (changes["items"][0]["kind"], changes["items"][0]["reason"]) == ("created", "new")
    assert changes["items"][0]["user"] == corp.name(0)
    assert changes["next"] is not None
    listed = administrator.get(API).json["items"]
    assert [each["id"] for each in listed] == [report["id"]]
    slapd.change(people[0], *LOCKED)
    administrator.post(API, json={"dry_run": True})
    do_jobs(world)
    only = administrator.get(API, query_string={"limit": 1}).json["items"][0]
    assert (only["is_dry_run"], only["counts"]) == (True, {"disabled.planned": 1})
    filtered = administrator.get(f"{API}/{only['id']}/changes?state=done").json
    assert filtered["items"] == []


def test_what_is_held_is_confirmed_by_the_api_once(world, slapd, corp, administrator):
    people = corp.people(6)
    corp.add()
    corp.sync()
    for dn in people[:4]:
        slapd.delete(dn)
    administrator.post(API, json={})
    do_jobs(world)
    held = administrator.get(API).json["items"][0]
    assert (held["state"], held["waits"], held["held"]) == ("held", True, 4)
    assert held["doubts"] == ["many_leave"]

    confirmed = administrator.post(f"{API}/{held['id']}/confirm")
    do_jobs(world)

    assert (confirmed.status_code, confirmed.json["confirms"]) == (202, held["id"])
    assert corp.state(0) is UserState.SUSPENDED
    assert administrator.post(f"{API}/{held['id']}/confirm").status_code == 409
    assert administrator.get(f"{API}/{held['id']}").json["waits"] is False
    assert administrator.get(f"{API}/{uuid4()}").status_code == 404


def test_only_administrators_ask_read_and_confirm(world, corp, administrator):
    corp.people(1)
    corp.add()
    run = corp.sync()
    world.user("writer")
    doors = [
        *(("POST", API), ("GET", API), ("GET", f"{API}/{run.id}")),
        *(("GET", f"{API}/{run.id}/changes"), ("POST", f"{API}/{run.id}/confirm")),
    ]

    for client, expected in ((world.client("writer"), 403), (world.client(), 401)):
        answers = {client.open(path, method=method, json={}).status_code for method, path in doors}
        assert answers == {expected}
    pages = [("GET", PAGES), ("POST", PAGES), ("GET", f"{PAGES}/{run.id}")]
    stranger = world.browser("writer", elevated=True)
    for method, path in (*pages, ("POST", f"{PAGES}/{run.id}/confirm")):
        assert stranger.open(path, method=method, data={"confirm": "corp"}).status_code == 403


def test_a_system_that_is_no_directory_is_not_synchronised_with(world, corp, administrator):
    provider(world, "corp", administrator=corp.by)

    refused = administrator.post(API, json={})

    assert (refused.status_code, "Only an LDAP directory" in refused.text) == (409, True)


def test_the_portal_shows_what_changed_for_whom_and_why(world, slapd, corp, browser):
    people = corp.people(3)
    corp.add()
    assert "No reports yet" in browser.get(PAGES).text

    asked = browser.post(PAGES, data={})
    do_jobs(world)
    report = browser.get(asked.headers["Location"]).text

    assert asked.status_code == 303
    assert "Becomes a user" in report
    assert corp.name(2) in report
    slapd.change(people[0], *LOCKED)
    dry = browser.post(PAGES, data={"dry_run": "yes"})
    do_jobs(world)
    page = browser.get(dry.headers["Location"]).text
    assert "Disabled there" in page
    assert "would be applied" in page
    assert "Confirm this report" not in page
    provider_page = browser.get("/administration/providers/corp").text
    assert f'href="{dry.headers["Location"]}"' in provider_page


def test_the_portal_asks_for_the_name_before_a_report_is_confirmed(world, slapd, corp, browser):
    people = corp.people(6)
    corp.add()
    corp.sync()
    for dn in people[:4]:
        slapd.delete(dn)
    held = corp.sync()
    place = f"{PAGES}/{held.id}"
    page = browser.get(place).text
    assert "Nobody loses anything until you confirm this report: 4 people would." in page
    assert "No longer there" in browser.get(f"{place}?kind=vanished").text

    wrong = browser.post(f"{place}/confirm", data={"confirm": "other"})
    assert (wrong.status_code, corp.state(0)) == (422, UserState.ACTIVE)
    confirmed = browser.post(f"{place}/confirm", data={"confirm": "corp"})
    do_jobs(world)

    assert confirmed.status_code == 303
    assert corp.state(0) is UserState.SUSPENDED
    assert str(held.id) in browser.get(confirmed.headers["Location"]).text


def test_a_run_that_failed_says_why(world, corp, browser):
    corp.people(1)
    corp.add(bind_password="wrong")
    run = corp.sync()

    page = browser.get(f"{PAGES}/{run.id}").text

    assert "name or password is wrong." in page
    assert "invalidCredentials" in page


def test_health_says_which_directory_is_not_followed(world, slapd, corp, administrator):
    def detail() -> str:
        parts = administrator.get("/api/v1/health").json["items"]
        return next(each["detail"] for each in parts if each["name"] == "directories")

    people = corp.people(6)
    corp.add()
    corp.sync()
    assert detail() == "none in trouble"
    for dn in people[:4]:
        slapd.delete(dn)
    corp.sync()
    assert detail() == "a report waits to be confirmed: Corp"
    corp.tell(bind_password="wrong")
    run = corp.sync()
    assert detail() == "not synchronised: Corp"
    assert UUID(str(run.id))
