"""What surrounds changed lines, and changes without lines: pictures, bytes, modes, submodules."""

from __future__ import annotations

import re
import struct
import zlib
from html import unescape

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.peers.appliance import serve
from tests.web.code_pages import Browser, build, links, reader
from tests.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LINES = [b"line %d\n" % number for number in range(1, 301)]


def png(width: int, height: int) -> bytes:
    """A whole black picture: a broken one takes another height once a browser has noticed."""
    rows = zlib.compress(bytes((width + 1) * height))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", rows),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


BEFORE = {
    b"long.txt": b"".join(LINES),
    b"plan.png": png(640, 480),
    b"data.bin": bytes(2048),
    b"old.txt": b"".join(LINES[:40]),
    b"run.sh": b"#!/bin/sh\n",
    b"sub": (0o160000, b"1" * 40),
    b".gitmodules": b'[submodule "sub"]\n\tpath = sub\n\turl = ../other\n',
    b"gone.png": png(3, 4),
}
AFTER = {
    b"long.txt": b"".join([b"line 0\n", *LINES]).replace(b"line 100\n", b"line hundred\n"),
    b"plan.png": png(800, 600),
    b"data.bin": bytes(4096),
    b"new.txt": b"".join(LINES[:40]).replace(b"line 7\n", b"line seven\n"),
    b"run.sh": (0o100755, b"#!/bin/sh\n"),
    b"sub": (0o160000, b"2" * 40),
    b".gitmodules": BEFORE[b".gitmodules"],
}


@pytest.fixture
def change(world: World) -> tuple[str, str]:
    """A commit and the one before it."""
    builder, old = build(world, "lab/odd", BEFORE)
    return old, builder.commit(AFTER, parents=[old], message=b"Change\n")


@pytest.fixture
def browser(world: World, change: tuple[str, str]) -> Browser:
    return reader(world)


@pytest.fixture
def page(browser: Browser, change: tuple[str, str]) -> str:
    return browser.page(f"/lab/odd/commit/{change[1]}")


def piece(browser: Browser, page: str, gap: str, way: str, place: str = "middle") -> str:
    found = re.search(r'data-context="([^"]*file=long[^"]*)"', page)
    assert found is not None
    return browser.page(f"{unescape(found[1])}&gap={gap}&place={place}&way={way}")


def numbers(html: str) -> list[tuple[int, int]]:
    return [
        (int(old), int(new)) for old, new in re.findall(r'id="d\d+L(\d+)".*?id="d\d+R(\d+)"', html)
    ]


def test_hidden_lines_lead_to_the_whole_file(browser, page):
    whole = next(one for one in links(page) if "context=full" in one and "long.txt" in one)
    text = browser.page(whole.partition("#")[0])

    assert "line 50\n" not in page
    assert "line 50\n" in text
    assert "line 300\n" in text
    assert "Show the rest" not in text
    assert whole.partition("#")[2] in re.findall(r'id="(d1R\d+)"', text)


def test_lines_come_from_the_end_that_was_asked_for(browser, page):
    assert 'data-gap="5.97.-1" data-place="middle"' in page  # One line came before them all.

    down = piece(browser, page, "5.97.-1", "down")
    assert numbers(down) == [(number - 1, number) for number in range(5, 25)]
    assert 'data-gap="25.97.-1"' in down
    up = piece(browser, page, "25.97.-1", "up")
    assert numbers(up) == [(number - 1, number) for number in range(78, 98)]
    assert 'data-gap="25.77.-1"' in up
    both = piece(browser, page, "25.77.-1", "all")
    assert numbers(both) == [(number - 1, number) for number in range(25, 78)]
    assert "data-gap" not in both
    assert "53 more lines are shown." in both
    assert ">line 24\n" in both.replace("</span>", "")


def test_the_end_of_a_file_says_how_much_is_left_once_it_is_known(browser, page):
    assert 'data-gap="105.0.-1" data-place="end"' in page

    some = piece(browser, page, "105.0.-1", "down", "end")
    assert 'data-gap="125.301.-1" data-place="end"' in some
    assert 'data-way="up"' not in some
    assert "177 are still hidden." in some
    assert "The file ends here." in piece(browser, page, "302.0.-1", "down", "end")


def test_side_by_side_each_line_stands_on_both_sides(browser, change):
    page = browser.page(f"/lab/odd/commit/{change[1]}?view=split")
    row = piece(browser, page, "4.4.-1", "all")

    assert re.findall(r'id="d\d+([LR]\d+)"', row) == ["L3", "R4"]


@pytest.mark.parametrize(
    "gap", ["", "1", "a.b.c", "0.4.0", "1.4.-9", "9999999999.0.0", "5.97.-1&way=x", "1.2.0&place=x"]
)
def test_a_gap_that_cannot_be_is_refused(browser, change, gap):
    address = f"/lab/odd/commit/{change[1]}?file=long.txt&part=lines&gap={gap}"
    assert browser.get(address).status_code == 422


def test_lines_of_a_file_that_is_not_there_are_not_found(browser, change):
    address = f"/lab/odd/commit/{change[1]}?file=gone.png&part=lines&gap=1.2.0"
    assert browser.get(address).status_code == 404


def test_a_comparison_shows_more_lines_too(browser, change):
    old, new = change
    page = browser.page(f"/lab/odd/compare/{old}...{new}")

    assert numbers(piece(browser, page, "4.6.-1", "all")) == [(3, 4), (4, 5), (5, 6)]


def test_a_picture_is_shown_before_and_after(browser, change, page):
    old, new = change
    assert f"/lab/odd/raw/{old}/plan.png" in links(page)
    assert f"/lab/odd/raw/{new}/plan.png" in links(page)
    assert "640 × 480" in page  # noqa: RUF001 - it is what the page says.
    assert "800 × 600" in page  # noqa: RUF001 - it is what the page says.
    assert "3 × 4" in page  # noqa: RUF001 - it is what the page says.
    assert "It no longer exists." in page
    assert browser.get(f"/lab/odd/raw/{old}/plan.png").mimetype == "image/png"


def test_other_bytes_say_how_large_they_were_and_are(page):
    assert "2\N{NO-BREAK SPACE}KiB" in page
    assert "4\N{NO-BREAK SPACE}KiB" in page


def test_a_rename_says_how_much_stayed(page):
    assert re.search(r"\d\d % the same", page)


def test_a_mode_is_said_in_words(page):
    assert "It can be run as a program now." in page


def test_a_submodule_says_from_where_to_where(page):
    assert "The submodule was at" in page
    assert f"/lab/other/compare/{'1' * 40}...{'2' * 40}" in links(page)
    assert "Subproject commit" not in page


def test_each_file_leads_to_itself_in_that_commit(change, page):
    old, new = change
    assert f"/lab/odd/blob/{new}/long.txt" in links(page)
    assert f"/lab/odd/blob/{old}/gone.png" in links(page)


@pytest.mark.browser
def test_lines_after_many_others_wait_for_a_reader_and_a_long_file_for_a_click(world: World):
    lines = [b"line %d\n" % number for number in range(900)]
    short = {b"file-%d.txt" % number: b"".join(lines[:400]) for number in range(4)}
    builder, old = build(world, "lab/large", {b"first.txt": b"1\n"})
    changed = {b"first.txt": b"1\n", **short, b"a-long.txt": b"".join(lines)}
    commit = builder.commit(changed, parents=[old], message=b"Add much\n")

    page = reader(world, on="lab/large").page(f"/lab/large/commit/{commit}")

    assert page.count("Show this large change") == 3
    assert page.count("data-near") == 2


def test_lines_come_in_place_and_nothing_jumps(world: World, browser, change, chromium: Chromium):
    session = browser.client.get_cookie("codara_session")
    assert session is not None
    with serve(world) as appliance:
        context = chromium.new_context(viewport={"width": 1000, "height": 500})
        context.add_cookies(
            [{"name": "codara_session", "value": session.value, "url": appliance.url}]
        )
        page = context.new_page()
        page.goto(f"{appliance.url}/lab/odd/commit/{change[1]}")
        button = page.locator("[data-place=middle] [data-way=down]").first
        button.scroll_into_view_if_needed()
        button.focus()
        before = _top(page, "[data-place=middle] [data-way=down]")
        page.keyboard.press("Enter")  # A click by the mouse may scroll once more before it.
        expect(page.locator("p[role=status].sr")).to_have_text(re.compile("20 more lines"))
        expect(page.locator("[data-place=middle] [data-way=down]").first).to_be_focused()
        assert _top(page, "[data-place=middle] [data-way=down]") == pytest.approx(before, abs=2)
        page.locator("[data-place=middle] [data-way=all]").first.click()
        expect(page.locator("[data-place=middle]")).to_have_count(0)
        assert page.evaluate("document.activeElement.dataset.n") == "24"
        context.close()


def _top(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["y"]
