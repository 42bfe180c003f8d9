"""The audit log in a real browser: completed, followed and opened beside the list."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from appliance.domain.permissions import OrganisationRole
from appliance.services import organisations
from tests.peers.appliance import serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
LOG = "/lab/-/audit"


@pytest.fixture
def opened(world, chromium: Browser):
    """The log of an organisation in the browser of its owner."""
    world.organisation("lab")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    change(world)
    with serve(world) as served:
        cookie = world.browser("owner").get_cookie("codara_session").value
        context = chromium.new_context(base_url=served.url)
        context.add_cookies([{"name": "codara_session", "value": cookie, "url": served.url}])
        page = context.new_page()
        page.goto(LOG)
        yield world, page
        context.close()


def change(world):
    """Something happens."""
    with world.begin(world.actor("owner")) as work:
        organisations.change(work, "lab", {"description": datetime.now(UTC).isoformat()})
    world.keep_log()


def test_an_event_opens_beside_the_list_and_closes(opened):
    _, page = opened
    page.locator("a[data-drawer]").first.click()
    expect(page.locator("dialog.drawer h1")).to_contain_text("org.changed")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.drawer")).to_be_hidden()


def test_a_word_is_completed_by_keyboard(opened):
    _, page = opened
    page.locator("#q").press_sequentially("outc")
    expect(page.locator("#q-words li")).to_have_text(["outcome:"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#q").press_sequentially("ref")
    expect(page.locator("#q-words li")).to_have_text(["outcome:refused"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_have_value("outcome:refused ")


def test_what_comes_appears_until_it_is_paused(opened):
    world, page = opened
    page.goto(f"{LOG}?live=1")
    expect(page.locator("#tail-rows tr")).to_have_count(1)
    change(world)
    expect(page.locator("#tail-rows tr")).to_have_count(2)
    expect(page.locator("[data-tail-says]")).to_contain_text("1 new event")
    page.locator("[data-tail-pause]").click()
    expect(page.locator("[data-tail-says]")).to_have_text("Paused")
