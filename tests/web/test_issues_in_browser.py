"""Two people and an issue, in two real browsers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from appliance.domain.permissions import Role
from appliance.services import labels
from tests.peers.appliance import serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
HOME = "/lab/notes"


@pytest.fixture
def people(world, chromium: Browser) -> Iterator[tuple[Page, Page]]:
    """A reader and a triager, each before a browser of their own."""
    world.repository("lab/notes")
    world.user("reader", role=Role.READER, on="lab/notes")
    world.user("triager", role=Role.TRIAGER, on="lab/notes")
    with world.begin(world.actor("triager")) as work:
        labels.create_usual(work, "lab/notes")
    with serve(world) as served, ExitStack() as stack:
        yield tuple(
            stack.enter_context(entered(world, chromium, served.url, name)).new_page()
            for name in ("reader", "triager")
        )


def entered(world, chromium: Browser, url: str, name: str) -> BrowserContext:
    cookie = world.browser(name).get_cookie("codara_session").value
    context = chromium.new_context(base_url=url)
    context.add_cookies([{"name": "codara_session", "value": cookie, "url": url}])
    return context


def test_one_opens_an_issue_and_the_other_answers_sorts_and_closes_it(people):
    reader, triager = people
    reader.goto(HOME)
    reader.get_by_role("link", name=re.compile("^Issues")).click()
    reader.get_by_role("link", name="New issue").click()
    reader.get_by_label("Title").fill("It breaks")
    reader.get_by_label("Description").fill("Since today, @triager:\n\n```\nboom\n```")
    reader.get_by_role("button", name="Preview").click()
    expect(reader.locator("section", has_text="Preview").locator("pre")).to_contain_text("boom")
    reader.get_by_role("button", name="Create issue").click()
    expect(reader.locator("h1")).to_contain_text("It breaks #1")

    triager.goto(f"{HOME}/issues")
    triager.keyboard.press("j")
    triager.keyboard.press("x")
    triager.get_by_role("combobox", name="Label").select_option("bug")
    triager.get_by_role("button", name="Label", exact=True).click()
    expect(triager.locator("ol.rows")).to_contain_text("bug")
    triager.get_by_role("link", name="It breaks").click()
    expect(triager.locator("aside")).to_contain_text("bug")
    triager.get_by_role("textbox", name="Comment").fill("Found it, in #1 itself.")
    triager.get_by_role("button", name="Close", exact=True).click()
    expect(triager.locator(".timeline")).to_contain_text("closed this as completed")

    reader.reload()
    expect(reader.locator(".timeline")).to_contain_text("Found it")
    reader.goto(f"{HOME}/issues?q=is:closed+found")
    expect(reader.locator("ol.rows")).to_contain_text("It breaks")
