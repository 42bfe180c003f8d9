"""A change from its branch to the trunk and back, by five people at once in browsers, and git."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.domain.ruleset_words import Enforcement
from appliance.domain.rulesets import Target
from appliance.services import rulesets
from appliance.services.ruleset_drafts import Draft
from appliance.services.rulesets import Place as Where
from tests.services.pulling import NOTES, Place
from tests.web.git_client import GitClient

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
LINES = "".join(f"line {number}\n" for number in range(1, 41))
CHANGED = LINES.replace("line 20\n", "line twenty\n")
SUGGESTED = LINES.replace("line 19\nline 20\n", "line 19 and 20\n")
PULLS = f"/{NOTES}/pulls"
HERE = f"{PULLS}/1"


@pytest.fixture
def place(world) -> Place:
    made = Place(world)
    made.write("maintainer", "main", {"a": LINES})
    made.push("maintainer", "stable", made.head("main"))
    rule = {"kind": "pull_request", "approvals": 1}
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), (rule,))
    made.do("owner", rulesets.create, Where(repository=NOTES), draft)
    return made


@pytest.fixture
def sits(place, served, chromium: Browser):
    """Gives the browser of somebody who has signed in."""
    contexts = []

    def sit(who: str) -> Page:
        context = chromium.new_context(base_url=served.url)
        contexts.append(context)
        cookie = place.world.browser(who).get_cookie("codara_session")
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": served.url}])
        return context.new_page()

    yield sit
    for context in contexts:
        context.close()


def test_a_change_is_reviewed_merged_taken_back_and_backported(place, served, sits, tmp_path):
    author, reviewer = sits("author"), sits("writer")
    git, remote = GitClient(tmp_path / "home"), served.remote(NOTES, place.world.token("author"))
    git("clone", "-q", remote, "copy", at=tmp_path)
    copy = tmp_path / "copy"
    git("checkout", "-q", "-b", "topic", at=copy)
    git.commit(copy, "a", CHANGED)
    git("push", "-q", remote, "topic", at=copy)

    open_it(author)
    ask_for_changes(reviewer)
    apply_what_is_suggested(author)
    place.run_jobs()
    git("pull", "-q", remote, "topic", at=copy)
    assert (copy / "a").read_text() == SUGGESTED
    git.commit(copy, "b", "new\n")
    git("push", "-q", remote, "topic", at=copy)
    place.run_jobs()
    promise(author)
    look_again_and_approve(reviewer)
    place.run_jobs()

    assert "line 19 and 20" in place.git("show", "main:a")
    author.reload()
    expect(author.locator(".timeline")).to_contain_text("merged this into main")
    take_back_and_bring_elsewhere(sits("maintainer"))
    see_only_what_they_may(sits("reader"), sits("outsider"))


def open_it(author: Page) -> None:
    """From a branch, with somebody who is asked for a review."""
    author.goto(f"{PULLS}/new?head=topic&base=main")
    author.get_by_label("Title").fill("Count in words")
    author.get_by_label("Reviewers").fill("writer")
    author.get_by_role("button", name="Create pull request").click()
    expect(author.locator("h1")).to_contain_text("Count in words")
    expect(author.locator(".merge-box")).to_contain_text("Required approvals: 0 of 1")


def ask_for_changes(reviewer: Page) -> None:
    """Of two lines at once, by the keyboard."""
    reviewer.goto(f"{HERE}/files")
    expect(reviewer.locator("[aria-busy]")).to_have_count(0)
    for key in ("j", *["ArrowDown"] * 3, "Shift+ArrowDown", "c"):
        reviewer.keyboard.press(key)
    form = reviewer.locator("form[data-new]")
    expect(form).to_contain_text("Lines 19 to 20")
    form.get_by_role("textbox").fill("```suggestion\nline 19 and 20\n```")
    reviewer.keyboard.press("Control+Enter")
    expect(reviewer.locator(".one.draft")).to_contain_text("line 19 and 20")
    judge(reviewer, "Request changes", "Say it in one line.")
    expect(reviewer.locator(".timeline")).to_contain_text("Say it in one line.")


def judge(reviewer: Page, verdict: str, words: str) -> None:
    """Say what one thinks of the whole."""
    reviewer.keyboard.press("r")
    reviewer.get_by_label("Summary").fill(words)
    reviewer.get_by_label(verdict).check()
    reviewer.get_by_role("button", name="Submit the review").click()


def apply_what_is_suggested(author: Page) -> None:
    """By one click."""
    author.goto(f"{HERE}/files")
    author.locator(".suggested").get_by_role("button", name="Apply").click()
    expect(author.get_by_text("1 suggestion is applied.")).to_be_visible()
    author.goto(HERE)
    expect(author.locator("#threads .thread")).to_contain_text("Resolved")


def promise(author: Page) -> None:
    """It is merged as soon as it is approved."""
    author.goto(HERE)
    author.get_by_role("button", name="Enable auto-merge").click()
    expect(author.locator(".merge-box")).to_contain_text("It is merged as soon as")


def look_again_and_approve(reviewer: Page) -> None:
    """Only at what has changed since."""
    reviewer.goto(f"{HERE}/files")
    reviewer.get_by_role("link", name="Since your review").click()
    expect(reviewer.locator(".notices")).to_contain_text("Differences between two patch sets")
    expect(reviewer.locator("[data-diff]")).to_have_count(2)
    judge(reviewer, "Approve", "Good now.")
    expect(reviewer.locator(".timeline")).to_contain_text("Good now.")


def take_back_and_bring_elsewhere(maintainer: Page) -> None:
    """Each by a pull request of its own."""
    maintainer.goto(HERE)
    maintainer.get_by_role("button", name="Revert").click()
    expect(maintainer.locator("h1")).to_contain_text("#2")
    maintainer.goto(HERE)
    maintainer.locator("summary", has_text="Backport").click()
    maintainer.get_by_role("textbox", name="Branch").fill("stable")
    maintainer.get_by_role("button", name="Create").click()
    expect(maintainer.locator("h1")).to_contain_text("Count in words (stable)")


def see_only_what_they_may(reader: Page, outsider: Page) -> None:
    """A reader takes part and merges nothing; for others there is nothing."""
    reader.goto(f"{PULLS}/3")
    expect(reader.get_by_role("button", name="Comment", exact=True)).to_be_visible()
    expect(reader.get_by_role("button", name="Merge")).to_have_count(0)
    answer = outsider.goto(HERE)
    assert answer is not None
    assert answer.status == 404
