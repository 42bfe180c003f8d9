"""Reviewing in the portal: what is said of lines, in one review; suggestions; marks of files."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.domain.pull_requests import Anchor, Side
from appliance.services import review_threads
from tests.peers.appliance import serve
from tests.services.pulling import Place, which
from tests.web.test_pull_pages import HOME, page, posted

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LINES = "".join(f"line {number}\n" for number in range(1, 41))
CHANGED = LINES.replace("line 20\n", "line twenty\n")
HERE = f"{HOME}/pulls/1"
FIELDS = r'name="(path|old|new|back)" value="([^"]*)"'


@pytest.fixture
def place(world) -> Place:
    place = Place(world)
    place.write("maintainer", "main", {"a": LINES})
    place.topic("topic", {"a": CHANGED, "b": "new\n"})
    place.open()
    return place


def begun(html: str, kind: str = "thread") -> list[str]:
    return re.findall(rf'id="{kind}-([0-9a-f-]{{36}})"', html)


SPOT = {"path": "a", "side": "new", "start": "19", "line": "20", "patch_set": "1"}
AT = "&".join(f"{name}={value}" for name, value in SPOT.items())


def test_what_is_noted_is_said_with_the_review(place):
    reader, author = place.world.browser("reader"), place.world.browser("author")
    form = page(reader, f"pulls/1/threads/new?{AT}&part=form")
    assert 'data-lines="line 19\nline twenty\n"' in form
    assert "From line" in page(reader, "pulls/1/threads/new?path=a")
    shown = posted(reader, "pulls/1/threads", **SPOT, body="**Why?**", act="draft")
    assert "Pending" in shown
    old = {**SPOT, "side": "old", "start": "5", "line": "5"}
    posted(reader, "pulls/1/threads", **old, body="And this?", act="draft")
    assert "Why?" not in page(author, "pulls/1/files")
    noted = begun(page(reader, "pulls/1/files"), "draft")
    assert len(noted) == 2
    assert "Whyever?" in posted(reader, f"pulls/1/drafts/{noted[0]}/edit", body="Whyever?")

    shown = posted(reader, "pulls/1/reviews", verdict="request_changes", body="Not *yet*.")
    assert "Changes requested" in shown
    assert "<em>yet</em>" in shown
    assert "Whyever?" in shown
    assert len(begun(page(author, "pulls/1/files"))) == 2
    (review,) = begun(shown, "review")
    maintainer = place.world.browser("maintainer")
    answer = maintainer.post(f"{HERE}/reviews/{review}/dismiss", data={"reason": ""})
    assert answer.status_code == 422
    shown = posted(maintainer, f"pulls/1/reviews/{review}/dismiss", reason="It is old.")
    assert "It is old." in shown
    assert "Dismissed" in shown


def test_a_thread_is_answered_and_settled(place):
    reader, author = place.world.browser("reader"), place.world.browser("author")
    (thread,) = begun(posted(reader, "pulls/1/threads", **SPOT, body="Why?"))
    assert "Because." in posted(author, f"pulls/1/threads/{thread}/reply", body="Because.")
    piece = author.post(f"{HERE}/threads/{thread}/reply", data={"act": "resolve", "part": "thread"})
    assert "Resolved" in piece.text
    assert "<html" not in piece.text
    posted(author, f"pulls/1/threads/{thread}/reply", act="reopen", body="")
    noted = posted(reader, f"pulls/1/threads/{thread}/reply", act="draft", body="I see.")
    assert "Pending" in noted
    assert reader.get(f"{HERE}/threads/{thread}").status_code == 302
    files = page(author, "pulls/1/files")
    mine = begun(files, "said")[-1]
    assert f"/said/{mine}/edit" in files
    assert "Because" in page(author, f"pulls/1/said/{mine}/edit")
    assert "Because!" in posted(author, f"pulls/1/said/{mine}/edit", body="Because!")
    given = posted(reader, f"pulls/1/said/{mine}/react", reaction="heart", given="yes")
    assert 'aria-pressed="true" title="Heart"' in given
    taken = posted(reader, f"pulls/1/said/{mine}/react", reaction="heart")
    assert 'aria-pressed="true" title="Heart"' not in taken
    assert "was deleted" in posted(author, f"pulls/1/said/{mine}/delete")


def test_notes_are_discarded_and_what_is_wrong_is_said(place):
    reader = place.world.browser("reader")
    spot = {"path": "a", "line": "20", "patch_set": "1", "act": "draft"}
    posted(reader, "pulls/1/threads", **spot, body="One")
    posted(reader, "pulls/1/threads", **spot, body="Two")
    assert "Pending" not in posted(reader, "pulls/1/drafts/discard")
    answer = reader.post(f"{HERE}/threads", data={**spot, "body": " "})
    assert answer.status_code == 422
    assert "Write something" in answer.text
    answer = reader.post(f"{HERE}/reviews", data={"verdict": "comment", "body": ""})
    assert answer.status_code == 422
    author = place.world.browser("author")
    answer = author.post(f"{HERE}/reviews", data={"verdict": "approve", "body": "Good."})
    assert "Authors cannot approve" in answer.text
    gone = "00000000-0000-7000-8000-000000000000"
    assert reader.get(f"{HERE}/said/{gone}/edit").status_code == 404


def test_what_is_said_follows_its_lines_until_they_change(place):
    at = Anchor(1, b"a", Side.NEW, 20, 20)
    place.do("reader", review_threads.comment, which(1), at, "Why?")
    place.write("author", "topic", {"a": "top\n" + CHANGED})
    place.run_jobs()
    reader = place.world.browser("reader")
    files = page(reader, "pulls/1/files")
    row = files.index('data-n="21"')
    assert row < files.index("Why?") < files.index('data-n="22"')
    place.write("author", "topic", {"a": LINES.replace("line 20\n", "line 20!\n")})
    place.run_jobs()
    files = page(reader, "pulls/1/files")
    assert not begun(files)
    assert "1 thread is about lines" in files
    assert "Outdated" in page(reader, "pulls/1")


def test_marks_of_files_stay_where_a_push_leaves_the_change_alone(place):
    reader = place.world.browser("reader")
    files = page(reader, "pulls/1/files")
    fields = dict(re.findall(FIELDS, files))
    first = dict(re.findall(FIELDS, files.split('id="d2"')[0]))
    assert fields["path"] == "b"
    assert first["path"] == "a"
    posted(reader, "pulls/1/viewed", **first, viewed="yes")
    piece = reader.post(f"{HERE}/viewed", data={**fields, "viewed": "yes", "part": "mark"})
    assert 'data-mark="yes"' in piece.text
    assert "data-viewed-count>2<" in page(reader, "pulls/1/files")

    onto = place.write("maintainer", "main", {"a": "top\n" + LINES})
    again = {"a": "top\n" + CHANGED, "b": "newer\n"}
    place.write("author", "again", again, start=onto)
    place.push("author", "topic", place.head("again"))
    place.run_jobs()
    files = page(reader, "pulls/1/files")
    assert "data-viewed-count>1<" in files
    answer = reader.post(f"{HERE}/viewed", data={**first, "viewed": "", "back": "https://x.test/"})
    assert answer.location == f"{HERE}/files"
    assert reader.post(f"{HERE}/viewed", data={**first, "old": "no"}).status_code == 422


def test_files_say_who_owns_them(place):
    place.write("maintainer", "main", {".codara/CODEOWNERS": "/b @writer\n"})
    place.topic("owned", {"b": "b\n", "c": "c\n"})
    number = place.open("owned")
    files = page(place.world.browser("reader"), f"pulls/{number}/files")
    assert files.count("Owned by @writer") == 2  # Words for a pointer, and for a reader.


def test_suggestions_become_one_commit_with_all_their_authors(place):
    for who, path, line, text in (("reader", b"a", 20, "line 20?"), ("writer", b"b", 1, "newest")):
        body = f"So:\n```suggestion\n{text}\n```"
        place.do(who, review_threads.comment, which(1), Anchor(1, path, Side.NEW, line, line), body)
    author = place.world.browser("author")
    files = page(author, "pulls/1/files")
    assert "Suggested change" in files
    chosen = re.findall(r'type="checkbox" name="chosen" value="([^"]*)"', files)
    assert len(chosen) == 2
    reader = place.world.browser("reader")
    assert reader.post(f"{HERE}/suggestions", data={"chosen": chosen}).status_code == 403
    for wrong in ([], ["no"], ["00000000-0000-7000-8000-000000000000"]):
        assert author.post(f"{HERE}/suggestions", data={"chosen": wrong}).status_code == 422
    applied = author.post(f"{HERE}/suggestions", data={"chosen": chosen})
    assert "2 suggestions are applied." in author.get(applied.location).text
    head = place.head("topic")
    assert "Suggested-by: reader" in page(author, f"commit/{head}")
    assert "Suggested-by: writer" in page(author, f"commit/{head}")
    assert "line 20?" in author.get(f"{HOME}/raw/topic/a").text
    assert "newest" in author.get(f"{HOME}/raw/topic/b").text
    # Both threads are done with, and the page shows the new patch set before any job has run.
    shown = page(author, "pulls/1")
    assert "Applied" in shown
    assert shown.count("by author") == 2
    assert place.facts().head == head
    assert author.post(f"{HERE}/suggestions", data={"chosen": chosen}).status_code == 409


@pytest.mark.browser
@pytest.mark.slow
def test_a_review_needs_no_mouse(place, chromium: Browser):
    with serve(place.world) as served:
        context = chromium.new_context(base_url=served.url)
        cookie = place.world.browser("reader").get_cookie("codara_session")
        assert cookie is not None
        context.add_cookies([{"name": "codara_session", "value": cookie.value, "url": served.url}])
        tab: Page = context.new_page()
        tab.goto(f"{HERE}/files")
        expect(tab.locator("[aria-busy]")).to_have_count(0)
        for key in ("j", *["ArrowDown"] * 3, "Shift+ArrowDown", "c"):
            tab.keyboard.press(key)
        form = tab.locator("form[data-new]")
        expect(form).to_contain_text("Lines 19 to 20")
        expect(form.get_by_role("textbox")).to_be_focused()
        tab.keyboard.type("Why?")
        tab.keyboard.press("Control+Enter")
        expect(tab.locator(".one.draft")).to_contain_text("Why?")
        expect(tab.locator("[data-waiting-count]")).to_have_text("1")
        tab.keyboard.press("v")
        expect(tab.locator("#d1")).not_to_have_attribute("open", "")
        expect(tab.locator("[data-viewed-count]")).to_have_text("1")
        tab.keyboard.press("r")
        tab.get_by_label("Summary").fill("As below.")
        tab.keyboard.press("Control+Enter")
        expect(tab.locator(".timeline")).to_contain_text("As below.")
        tab.goto(f"{HERE}/files")
        expect(tab.locator("[aria-busy]")).to_have_count(0)
        tab.locator("#d1 > summary").click()
        tab.keyboard.press("n")
        expect(tab.locator(".thread")).to_be_focused()
        context.close()
