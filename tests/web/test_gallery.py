"""The design system in a real browser: readable, reachable, calm, and whole without script."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from tests.web.axe import STANDARDS, violations
from tests.web.gallery import NEW, PAGES, SHOWN_LINES, SOURCE, WEB, create_app

MODES = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "contrast": {"contrast": "more", "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 800}},
}
KIB = 1024

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing_and_nothing_sticks_out(chromium, address, mode):
    context = chromium.new_context(**MODES[mode])
    page = context.new_page()
    refused = []
    page.on("console", lambda m: refused.append(m.text) if "Content Security" in m.text else None)
    found = {}
    for name in PAGES:
        page.goto(f"{address}/{name}")
        found[name] = [str(each) for each in violations(page, STANDARDS)]
        found[name] += ["too wide"] * page.evaluate(
            "Number(document.documentElement.scrollWidth > innerWidth)"
        )
    context.close()

    assert {name: problems for name, problems in found.items() if problems} == {}
    assert refused == []


def test_the_frame_works_without_script(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/repository")
    page.locator("summary", has_text="Clone").click()
    page.get_by_label("SSH", exact=True).check(force=True)

    expect(page.locator("#clone-ssh-url")).to_be_visible()
    expect(page.locator("#clone-https-url")).to_be_hidden()
    expect(page.locator("[data-copy]").first).to_be_hidden()
    context.close()


def test_a_theme_may_be_chosen(page, address):
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/pieces?theme=dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto(f"{address}/pieces")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert dark == "rgb(18, 20, 23)"
    assert light == "rgb(255, 255, 255)"


def selected(page: Page, selector: str) -> str:
    return page.evaluate(
        """selector => {
          const chosen = getSelection();
          chosen.selectAllChildren(document.querySelector(selector));
          return chosen.toString();
        }""",
        selector,
    )


def test_copied_code_has_no_numbers_and_no_signs(page, address):
    page.goto(f"{address}/file")
    code = selected(page, ".code .lines").rstrip("\n").split("\n")
    page.goto(f"{address}/commit")
    diff = selected(page, ".diff .lines")

    source = SOURCE.read_text().split("\n")[:SHOWN_LINES]
    assert code[:SHOWN_LINES] == source
    assert NEW.decode().split("\n")[3] in diff.split("\n")


def test_a_line_and_a_range_are_chosen_by_clicks_and_kept_by_the_permalink(page, address):
    page.goto(f"{address}/file")
    page.locator("#L3 > a").click()
    page.locator("#L6 > a").click(modifiers=["Shift"])

    expect(page).to_have_url(re.compile("#L3-L6$"))
    expect(page.locator(".chosen")).to_have_count(4)
    page.keyboard.press("l")
    page.get_by_label("Line or range of lines").fill("8")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#L8$"))
    page.keyboard.press("y")
    expect(page).to_have_url(re.compile("#L8$"))


def test_the_keyboard_reaches_rows_search_and_its_own_map(page, address):
    page.goto(f"{address}/repository")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_have_text("documentation")
    page.keyboard.press("k")
    expect(page.locator(":focus")).to_have_text(".ci")
    page.keyboard.press("/")
    expect(page.locator(":focus")).to_have_attribute("name", "q")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    named = page.locator("#keys").inner_text()
    assert "Find a file" in named
    assert "Inbox" in named
    assert "wait for you" not in named  # That is said beside the number, and names no place.
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


@pytest.mark.parametrize(("language", "now"), [("en", "now"), ("de", "jetzt")])
def test_the_present_moment_is_called_now(page, address, language, now):
    page.goto(f"{address}/repository?language={language}")
    shown = page.evaluate(
        """() => {
          const time = document.querySelector("time[data-relative]");
          time.dateTime = new Date(Date.now()).toISOString();
          document.dispatchEvent(new Event("visibilitychange"));
          return time.textContent;
        }"""
    )
    assert shown == now


def test_a_long_subject_leaves_the_commit_and_the_way_to_all_on_one_row(page, address):
    page.goto(f"{address}/repository")
    header = page.locator(".frame-box > header").first
    row = header.bounding_box()
    page.evaluate(
        "document.querySelector('.commit-line > .truncate').append('A word. '.repeat(60))"
    )
    assert header.bounding_box() == row


def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(page, address):
    page.goto(f"{address}/repository")
    menu = page.locator("details.menu", has_text="All branches and tags")
    menu.locator("summary").click()
    menu.locator("[data-filter]").fill("tiles")
    expect(menu.locator("[data-filter-item]:visible")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    menu.locator("summary").click()
    page.locator(".head h1").click()
    expect(menu).not_to_have_attribute("open", "")


def test_an_act_without_return_waits_for_its_name(page, address):
    page.goto(f"{address}/settings")
    act = page.locator("details.act", has_text="Delete this repository")
    act.locator("summary").click()
    button = act.locator("form button")
    expect(button).to_be_disabled()
    act.locator("input.mono").fill("lab/notes")
    expect(button).to_be_enabled()


def test_every_module_is_loaded_by_the_frame_or_by_its_pages():
    frame = (WEB / "templates" / "base.html").read_text()
    pages = "".join(each.read_text() for each in (WEB / "templates").glob("*/*.html"))

    for module in (WEB / "static" / "js").glob("*.js"):
        said = f"'{module.stem}'"
        assert said in frame or said in pages or f"'js/{module.name}'" in pages


def test_what_every_page_loads_is_small():
    styles = sum(file.stat().st_size for file in (WEB / "static").glob("*.css"))
    frame = (WEB / "templates" / "base.html").read_text()
    modules = (WEB / "static" / "js").glob("*.js")
    scripts = sum(file.stat().st_size for file in modules if f"'{file.stem}'" in frame)

    assert styles <= 56 * KIB  # Eight of them for pages of review.
    assert (WEB / "static" / "app.css").stat().st_size <= 40 * KIB
    assert scripts <= 24 * KIB
