"""The conversations in the inbox, as a browser shows them."""

from __future__ import annotations

import pytest

from appliance.jobs import notifying
from appliance.services import comments
from tests.services.conversing import NOTES, ONE, done, settled
from tests.world import copy_sqlite

INBOX = "/inbox/conversations"


@pytest.fixture
def database_url(migrated_sqlite, tmp_path):
    """What is tried here is the door's; both databases are tried with the verbs."""
    return copy_sqlite(migrated_sqlite, tmp_path / "home")


@pytest.fixture
def place(world):
    settled(world)
    tell(world)
    return world


def tell(world):
    world.keep_log()
    notifying.tell(world.wiring)


def chosen(page):
    """What the first row's box says."""
    return page.split('name="chosen" value="')[1].partition('"')[0]


def test_the_inbox_shows_what_happened_and_why(place):
    page = place.browser("other").get(INBOX).text

    assert "It breaks" in page
    assert "You were mentioned" in page
    assert "reader opened it" in page
    assert 'href="/lab/notes/issues/1"' in page
    assert 'class="counter">1<span class="sr"> thing waits for you' in page


def test_an_empty_inbox_says_what_would_be_there(place):
    assert "No notifications yet" in place.browser("outsider").get(INBOX).text


def test_who_looked_at_a_conversation_says_so_from_its_page(place):
    browser = place.browser("other")
    page = browser.get("/lab/notes/issues/1").text
    key = page.split('name="notification" value="')[1].partition('"')[0]

    answer = browser.post("/inbox/seen", data={"notification": key, "back": "/lab/notes/issues/1"})
    assert answer.headers["Location"].endswith("/lab/notes/issues/1")
    assert "data-seen" not in browser.get("/lab/notes/issues/1").text
    assert "All caught up" in browser.get(INBOX).text


@pytest.mark.parametrize(
    ("act", "part"), [("read", "inbox"), ("done", "done"), ("leave", "done"), ("unread", "unread")]
)
def test_what_was_chosen_is_marked(place, act, part):
    browser = place.browser("other")
    key = chosen(browser.get(INBOX).text)

    browser.post(INBOX, data={"act": act, "chosen": key})
    assert "It breaks" in browser.get(f"{INBOX}?part={part}").text


def test_who_unfollows_from_the_inbox_is_told_nothing_more(place):
    browser = place.browser("other")
    browser.post(INBOX, data={"act": "leave", "chosen": chosen(browser.get(INBOX).text)})
    assert place.events()[-1] == "issue.unfollowed"
    done(place, "reader", comments.add, ONE, "More")
    tell(place)

    assert "It breaks" not in browser.get(INBOX).text


def test_everything_is_marked_that_the_page_knew_of(place):
    browser = place.browser("other")
    browser.post(f"{INBOX}/all", data={"act": "done", "until": "2000-01-01T00:00:00+00:00"})
    assert "It breaks" in browser.get(INBOX).text
    browser.post(f"{INBOX}/all", data={"act": "done"})

    assert "It breaks" in browser.get(f"{INBOX}?part=done").text


def test_filters_stand_in_the_address(place):
    browser = place.browser("other")

    assert "It breaks" in browser.get(f"{INBOX}?reason=mention&repository={NOTES}").text
    assert "No matches" in browser.get(f"{INBOX}?reason=assigned").text
    assert "It breaks" in browser.get(f"{INBOX}?reason=odd&part=odd").text
    assert browser.get(f"{INBOX}?format=csv").text.startswith("repository,number,title")


def test_a_repository_is_watched_from_its_page(place):
    browser = place.browser("writer")
    answer = browser.post(f"/{NOTES}/watch", data={"level": "all"}, follow_redirects=True)

    assert "You get notifications for every conversation here." in answer.text
    assert "writer" in browser.get(f"/{NOTES}/watchers").text
    assert "No watchers yet" not in browser.get(f"/{NOTES}/watchers").text
