"""The code pages in a real browser: readable, reachable, and nothing sticks out or is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.peers.appliance import Served, serve
from tests.web import axe
from tests.web.code_pages import TEXT, odd, reader

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
PAGES = (
    "/lab/odd",
    "/lab/odd/tree/main/folder%20%FF",
    "/lab/odd/blob/main/with%20space.txt",
    "/lab/odd/blob/main/link",
    "/lab/odd/blob/main/sub",
    "/lab/odd/blob/main/nothing",
    "/lab/odd/blame/main/with%20space.txt",
    "/lab/odd/commits",
    "/lab/odd/commits/main/added.txt",
    "/lab/odd/commit/{commit}",
    "/lab/odd/commit/{commit}?view=split",
    "/lab/odd/compare",
    "/lab/odd/compare/fix-%FF-byte...main",
    "/lab/odd/branches",
    "/lab/odd/tags",
    "/lab/odd/locks",
    "/lab/odd/find/main",
    "/lab/odd/search?q=line",
    "/lab/odd/search?q=line&kind=files",
    "/lab/odd/search?q=add&kind=commits",
    "/lab/empty",
)


@pytest.fixture
def served(world) -> Iterator[tuple[Served, str, str]]:
    """An appliance with the odd repository, a commit of it, and a reader's cookie."""
    _builder, commit = odd(world)
    world.repository("lab/empty")
    with serve(world) as appliance:
        session = reader(world).client.get_cookie("codara_session")
        assert session is not None
        yield appliance, commit, session.value


def test_axe_finds_nothing_and_nothing_sticks_out(served, chromium: Browser):
    appliance, commit, cookie = served
    found, refused = {}, []
    context = chromium.new_context(reduced_motion="reduce")
    context.add_cookies([{"name": "codara_session", "value": cookie, "url": appliance.url}])
    page = context.new_page()
    page.on("console", lambda m: refused.append(m.text) if "Security" in m.text else None)
    page.on("pageerror", lambda error: refused.append(str(error)))
    for path in PAGES:
        page.goto(appliance.url + path.format(commit=commit))
        expect(page.locator("[aria-busy]")).to_have_count(0)
        found[path] = axe.problems(page)
    context.close()

    assert {where: each for where, each in found.items() if each} == {}
    assert refused == []


def test_a_page_loads_what_it_did_not_wait_for(served, chromium: Browser):
    appliance, commit, cookie = served
    context = chromium.new_context()
    context.add_cookies([{"name": "codara_session", "value": cookie, "url": appliance.url}])
    page = context.new_page()
    page.goto(f"{appliance.url}/lab/odd/commit/{commit}")
    page.get_by_role("link", name="main", exact=True).wait_for()
    page.goto(f"{appliance.url}/lab/odd/find/main")
    page.get_by_role("combobox").fill("wisp")
    expect(page.get_by_role("option").first).to_contain_text("with space.txt")
    page.keyboard.press("Enter")
    page.wait_for_url("**/blob/main/with%20space.txt")
    expect(page.locator(".code")).to_contain_text(TEXT.split(b"\n")[0].decode())
    page.keyboard.press("y")
    page.wait_for_url(f"**/blob/{commit}/with%20space.txt")
    context.close()
