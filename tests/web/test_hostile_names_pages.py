"""Paths and refs are bytes: whatever they hold, pages show them, and their links lead back."""

from __future__ import annotations

import pytest

from appliance.web.present import path_url
from tests.web.code_pages import HOSTILE, REFS, TEXT, build, links, odd, reader

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
VIEWS = ("blob", "raw", "blame", "commits")


@pytest.mark.parametrize("view", VIEWS)
def test_every_file_has_its_pages(world, view):
    odd(world)
    browser = reader(world)
    for name in HOSTILE:
        answer = browser.get(f"/lab/odd/{view}/main/{path_url(name)}")

        assert answer.status_code == 200, (view, name)
        if view == "raw":
            assert answer.data == TEXT
        else:
            assert b"second &lt;line&gt; &amp; more" in answer.data or view == "commits"
        assert b"<script>alert" not in answer.data


@pytest.mark.parametrize("ref", [*REFS, b"refs/tags/same", b"refs/tags/v1"], ids=repr)
def test_every_ref_has_its_pages(world, ref):
    odd(world)
    browser = reader(world)
    short = ref.removeprefix(b"refs/heads/").removeprefix(b"refs/tags/")
    for name in {ref, short}:
        for view in ("tree", "commits", "find"):
            browser.page(f"/lab/odd/{view}/{path_url(name)}")
        browser.page(f"/lab/odd/compare/main...{path_url(name)}")
        assert browser.get(f"/lab/odd/archive/{path_url(name)}.zip").status_code == 200


def test_a_branch_wins_over_a_tag_of_its_name_and_both_can_be_reached(world):
    odd(world)
    browser = reader(world)

    assert "added.txt" not in browser.page("/lab/odd/tree/same")
    assert "added.txt" in browser.page("/lab/odd/tree/refs/tags/same")
    assert 'href="/lab/odd/tree/refs/tags/same"' in browser.page("/lab/odd/tags")
    assert 'href="/lab/odd/blob/refs/tags/same/added.txt"' in browser.page(
        "/lab/odd/tree/refs/tags/same"
    )


@pytest.mark.slow
def test_every_link_of_every_page_leads_somewhere(world):
    odd(world)
    browser = reader(world)
    waiting = ["/lab/odd", "/lab/odd/branches", "/lab/odd/tags", "/lab/odd/search?q=line"]
    waiting += ["/lab/odd/commits", "/lab/odd/compare/main...feature/with/slashes"]
    start, seen = set(waiting), set(waiting)
    while waiting:
        url = waiting.pop(0)
        answer = browser.get(url)
        assert answer.status_code in {200, 302}, (url, answer.status_code)
        is_page = answer.content_type.startswith("text/html")
        if url not in start or not is_page:
            continue
        found = [one for one in links(answer.get_data(as_text=True)) if one not in seen]
        found = [one for one in found if "settings" not in one and "delete" not in one]
        seen.update(found)
        waiting += found

    assert len(seen) > 100


def test_a_redirect_keeps_the_bytes(world):
    odd(world)
    answer = reader(world).get("/lab/odd/blob/main/folder%20%FF")

    assert answer.headers["Location"] == "/lab/odd/tree/main/folder%20%FF"


def test_a_name_is_shown_with_what_the_eye_would_miss(world):
    odd(world)
    page = reader(world).page("/lab/odd")

    assert r'caf<span class="odd" title="0xE9">\xE9</span>.txt' in page
    assert "U+202E RIGHT-TO-LEFT OVERRIDE" in page
    assert "\u202e" not in page


def test_a_path_that_is_not_there_is_said_in_the_repository(world):
    odd(world)
    answer = reader(world).get("/lab/odd/blob/main/nothing%FF")

    assert answer.status_code == 404
    assert 'aria-label="Repository"' in answer.get_data(as_text=True)


def test_a_path_of_thousands_of_bytes_is_a_page_of_ordinary_size(world):
    path = b"/".join([b"n" * 99] * 40)
    build(world, "lab/odd", {path: TEXT})
    page = reader(world).page(f"/lab/odd/blob/main/{path_url(path)}")

    assert "second &lt;line&gt;" in page
    assert len(page) < 200_000
