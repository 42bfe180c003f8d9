"""The first page, and search over everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from appliance.db.outbox import JobRecord
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Role, Visibility


def dead_job(promised_by, job=Job.IMPORT_REPOSITORY):
    present = datetime.now(UTC)
    return JobRecord(
        id=new_id(),
        job=job,
        arguments={},
        promised_by=promised_by,
        attempts_left=0,
        state=JobState.DEAD,
        created_at=present,
        finished_at=present,
        error="The source does not answer.",
    )


def test_strangers_are_led_to_the_sign_in_page(world):
    assert world.client().get("/").headers["Location"] == "/sign-in"


def test_strangers_see_what_is_public_where_that_may_be(world):
    world.configure(CODARA_ACCESS__PUBLIC_REPOSITORIES="true")
    world.repository("lab/open", visibility=Visibility.PUBLIC)
    world.repository("lab/secret")
    page = world.client().get("/").text
    assert "/lab/open" in page
    assert "secret" not in page


def test_one_sees_what_one_may_read_and_nothing_else(world):
    world.repository("lab/notes")
    world.repository("lab/secret")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    world.repository("writer/draft")
    browser = world.browser("writer")
    page = browser.get("/").text
    assert "/lab/notes" in page
    assert "secret" not in page
    mine = browser.get("/?show=mine").text
    assert "/writer/draft" in mine
    assert "/lab/notes" not in mine


def test_the_filter_stands_in_the_address(world):
    world.user("writer")
    world.repository("writer/draft")
    browser = world.browser("writer")
    assert "/writer/draft" in browser.get("/?q=dra").text
    empty = browser.get("/?q=nothing-like-it").text
    assert "/writer/draft" not in empty
    assert "No matching repositories" in empty


def test_an_import_that_failed_waits_for_who_asked_for_it(world):
    world.add(dead_job(world.user("writer").id))
    world.user("reader")
    assert "The source does not answer." in world.browser("writer").get("/").text
    assert "The source does not answer." not in world.browser("reader").get("/").text


def test_a_token_that_expires_soon_waits_too(world):
    world.user("writer")
    world.token("writer", expires_at=datetime.now(UTC) + timedelta(days=3))
    assert "The token “test” expires." in world.browser("writer").get("/").text


def test_a_long_list_goes_on_where_it_stopped(world):
    world.user("writer")
    for number in range(53):
        world.repository(f"writer/r{number}")
    browser = world.browser("writer")
    page = browser.get("/").text
    assert page.count("/writer/r") == 50
    older = page.split('rel="next" href="')[1].split('"')[0]
    assert browser.get(older.replace("&amp;", "&")).text.count('href="/writer/r') == 3


def test_search_finds_only_what_one_may_see(world):
    world.user("writer")
    world.repository("writer/notes")
    world.repository("lab/notes")
    browser = world.browser("writer")
    page = browser.get("/search?q=notes").text
    assert "/writer/notes" in page
    assert "/lab/notes" not in page
    assert "Nothing found" in browser.get("/search?q=lab&kind=organisations").text
    assert 'href="/writer"' in browser.get("/search?q=writ&kind=users").text
