"""The inbox, as a browser shows it: in the top bar, first on the dashboard, and whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.db.outbox import JobRecord
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import OrganisationRole, Scope
from tests.web.test_dashboard_page import dead_job
from tests.world import PASSWORD, copy_sqlite

GIB = 2**30


@pytest.fixture
def database_url(migrated_sqlite, tmp_path):
    """What is tried here is the door's; both databases are tried with the verbs."""
    return copy_sqlite(migrated_sqlite, tmp_path / "home")


@pytest.fixture
def browser(world):
    world.user("writer", password=PASSWORD)
    return world.browser("writer")


def test_an_empty_inbox_says_what_would_be_there(browser):
    page = browser.get("/inbox").text
    assert "Nothing waits for you" in page
    assert "expiring tokens and keys" in page
    assert '<span class="word">Inbox</span></a>' in page


def test_a_stranger_is_led_to_the_sign_in_page(world):
    assert world.client().get("/inbox").headers["Location"].startswith("/sign-in")


def test_what_waits_is_counted_on_every_page_and_stands_first_at_home(world, browser):
    soon = datetime.now(UTC) + timedelta(days=2)
    world.token("writer", Scope.USER, expires_at=soon)
    world.add(dead_job(world.actor("writer").id, Job.IMPORT_REPOSITORY))
    for path in ("/", "/inbox", "/settings", "/none/here"):
        page = browser.get(path).text
        assert 'class="counter">2<span class="sr"> things wait for you</span>' in page
    home = browser.get("/").text
    assert home.index("Waiting for you") < home.index("Filter repositories")
    inbox = browser.get("/inbox").text
    assert "The token “test” expires." in inbox
    assert "View job" in inbox


def test_what_arrived_is_told_but_not_counted(world, browser):
    repository = world.repository("writer/notes")
    world.add(
        JobRecord(
            id=new_id(),
            job=Job.IMPORT_REPOSITORY,
            arguments={},
            about=repository.id,
            promised_by=world.actor("writer").id,
            state=JobState.DONE,
            attempts_left=0,
            created_at=datetime.now(UTC),
            finished_at=datetime.now(UTC),
        )
    )
    page = browser.get("/inbox").text
    assert '<a href="/writer/notes">writer/notes is ready, with all its history.</a>' in page
    assert '<span class="word">Inbox</span></a>' in page


def test_owners_see_how_full_their_organisation_is(world, browser):
    world.configure(CODARA_LIMITS__ORGANISATION_QUOTA_BYTES=str(10 * GIB))
    world.repository("lab/notes", size_bytes=9 * GIB)
    world.join("writer", "lab", OrganisationRole.OWNER)
    browser = world.browser("writer")
    assert "lab uses 90 % of its storage." in browser.get("/inbox").text
    page = browser.get("/lab/-/settings").text
    assert "9\u00a0GiB of 10\u00a0GiB used (90 %)." in page
    assert 'name="gibibytes"' not in page
    assert browser.post("/lab/-/settings/quota", data={"gibibytes": "20"}).status_code == 403


def test_an_administrator_gives_an_organisation_room(world):
    world.administrator()
    world.organisation("lab")
    admin = world.browser("administrator", elevated=True)
    assert "0 bytes used, no limit." in admin.get("/lab/-/settings").text
    assert admin.post("/lab/-/settings/quota", data={"gibibytes": "1.5"}).status_code == 303
    assert "of 1.5\u00a0GiB used (0 %)." in admin.get("/lab/-/settings").text
    assert world.events() == ["org.changed"]
    answer = world.client("administrator").get("/api/v1/orgs/lab/room").json
    assert answer == {"used_bytes": 0, "limit_bytes": 3 * GIB // 2, "own_limit_bytes": 3 * GIB // 2}
    assert admin.post("/lab/-/settings/quota", data={"gibibytes": "much"}).status_code == 422
