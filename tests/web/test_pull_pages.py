"""Pull requests in the portal: asked for, discussed, followed patch set by patch set; no script."""

from __future__ import annotations

import re

import pytest

from tests.services.pulling import FORK, NOTES, Place

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOME = f"/{NOTES}"
CHANGED = r'<div class="(?:add|del)">((?:(?!</div>).)*)</div>'
LINES = "".join(f"line {number}\n" for number in range(1, 41))


@pytest.fixture
def place(world) -> Place:
    return Place(world)


def page(browser, path: str, status: int = 200) -> str:
    answer = browser.get(f"{HOME}/{path}")
    assert answer.status_code == status, answer.text
    return answer.text


def posted(browser, address: str, /, **form: str) -> str:
    answer = browser.post(f"{HOME}/{address}", data=form)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.location.split("#")[0]).text


def test_a_pull_request_is_asked_for_and_discussed(place):
    place.write("maintainer", "main", {".codara/pull_request_template.md": "Why?\n"})
    place.topic("topic", {"new": "new\n"})
    author, maintainer = place.world.browser("author"), place.world.browser("maintainer")
    assert "Nothing is open" in page(author, "pulls")
    assert "Choose the branch" in page(author, "pulls/new")
    form = page(author, "pulls/new?head=topic")
    assert "Why?" in form
    assert "1 commit" in form
    asked = {"head": "topic", "base": "main", "title": "Something new", "body": "It is **new**."}
    assert (
        "<strong>new</strong>"
        in author.post(f"{HOME}/pulls/new", data={**asked, "act": "preview"}).text
    )
    shown = posted(author, "pulls/new", **asked, act="draft", reviewers="@maintainer")
    assert "Draft" in shown
    assert "requested a review from maintainer" in shown
    assert "review requested" in shown

    shown = posted(maintainer, "pulls/1/comment", body="Look at `new`.")
    assert "<code>new</code>" in shown
    comment = re.search(r"comments/([0-9a-f-]{36})/edit", shown)
    assert comment is not None
    assert "Look at" in page(maintainer, f"pulls/1/comments/{comment[1]}/edit")
    shown = posted(maintainer, f"pulls/1/comments/{comment[1]}/edit", body="Look again.")
    assert "Look again" in shown
    assert "Look at" in page(maintainer, f"pulls/1/comments/{comment[1]}/edits")
    posted(maintainer, f"pulls/1/comments/{comment[1]}/react", reaction="heart", given="yes")
    posted(maintainer, f"pulls/1/comments/{comment[1]}/delete")

    assert "marked this as ready for review" in posted(author, "pulls/1/ready")
    assert "Something else" in posted(author, "pulls/1/edit", title="Something else", body="x")
    assert "closed this" in posted(author, "pulls/1/comment", body="", act="close")
    assert "Something else" in page(author, "pulls?q=is:closed")
    assert "reopened this" in posted(author, "pulls/1/comment", body="", act="reopen")
    assert "Something else" in page(author, "pulls?format=csv")


def test_what_cannot_be_asked_for_is_explained(place):
    place.topic()
    author = place.world.browser("author")
    asked = {"head": "topic", "base": "none", "title": "New"}
    answer = author.post(f"{HOME}/pulls/new", data=asked)
    assert answer.status_code == 422
    assert "There is no branch none" in answer.text
    assert "There is nothing to merge" in page(author, "pulls/new?head=main&base=main")
    assert "notice warn" in page(author, "pulls/new?head=nowhere")
    assert author.get(f"{HOME}/pulls/9").status_code == 404


def test_one_comes_from_a_fork(place):
    place.fork()
    head = place.topic("topic", {"new": "new\n"}, who="writer", path=FORK)
    writer = place.world.browser("writer")
    form = page(writer, f"pulls/new?head={FORK}:topic")
    assert "The newest commit" in form
    shown = posted(writer, "pulls/new", head=f"{FORK}:topic", base="main", title="From a fork")
    assert f"{FORK}:" in shown
    assert head[:10] in page(writer, "pulls/1/commits")
    reader = place.world.browser("reader")
    assert f"{FORK}:" not in page(reader, "pulls/1")


def test_a_pull_request_gets_another_target(place):
    place.topic()
    place.push("maintainer", "stable", place.head("main"))
    place.open()
    author = place.world.browser("author")
    assert "stable" in posted(author, "pulls/1/target", base="stable")
    answer = author.post(f"{HOME}/pulls/1/target", data={"base": "none"})
    assert answer.status_code == 422
    assert "There is no branch none" in answer.text
    assert "requested a review from writer" in posted(
        author, "pulls/1/reviewers", reviewers="@writer, maintainer"
    )
    shown = posted(author, "pulls/1/reviewers", reviewers="writer", act="withdraw")
    assert "removed the request for a review by writer" in shown
    for who, status in (("reader", 403), ("author", 422)):
        browser = place.world.browser(who)
        answer = browser.post(f"{HOME}/pulls/1/reviewers", data={"reviewers": "nobody"})
        assert answer.status_code == status


def test_patch_sets_are_compared_without_what_a_rebase_brought(place):
    place.write("maintainer", "main", {"a": LINES})
    start = place.head("main")
    place.topic("topic", {"a": LINES.replace("line 5\n", "LINE 5\n")})
    place.open()
    onto = place.write("maintainer", "main", {"a": LINES.replace("line 30\n", "LINE 30\n")})
    both = LINES.replace("line 5\n", "LINE 5\n").replace("line 30\n", "LINE 30\n")
    place.write("author", "again", {"a": both}, start=onto)
    place.push("author", "topic", place.head("again"))
    place.run_jobs()
    place.write("author", "topic", {"a": both.replace("line 7\n", "LINE 7\n"), "new": "new\n"})
    place.run_jobs()
    reader = place.world.browser("reader")

    assert start != onto
    sets = page(reader, "pulls/1/patch-sets?old=1&new=2")
    assert "Recreated" in sets
    assert "The same" in sets
    assert "Nothing changed" in page(reader, "pulls/1/files?old=1&patch_set=2")
    files = page(reader, "pulls/1/files?old=1")
    changed = [re.sub("<[^>]*>", "", each) for each in re.findall(CHANGED, files, re.DOTALL)]
    assert [each.strip() for each in changed] == ["line 7", "LINE 7", "new"]
    assert "2 commits" not in page(reader, "pulls/1/commits")
    assert "earlier patch set" in page(reader, "pulls/1/files?patch_set=1")
    assert page(reader, "pulls/1/files?patch_set=7", 404)
    context = re.search(r'data-context="([^"]*)"', files)
    assert context is not None
    address = context[1].replace("&amp;", "&") + "&gap=20.25.0&place=middle&way=all"
    assert "line 25" in reader.get(address).text
    assert "new" in page(reader, "pulls/1/files?old=1&file=new&part=file&n=2")
