"""Merging in the portal: at once, later, undone, elsewhere; and conflicts that are solved there."""

from __future__ import annotations

import re

import pytest

from appliance.domain.pull_requests import Verdict
from appliance.domain.ruleset_words import Enforcement, SubjectKind
from appliance.domain.rulesets import Target
from appliance.services import reviews, rulesets
from appliance.services.reviews import NewReview
from appliance.services.ruleset_drafts import Draft, SaidSubject
from appliance.services.rulesets import Place as Where
from tests.services.pulling import FORK, NOTES, Place, which
from tests.web.test_pull_pages import HOME, page, posted

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LINES = "".join(f"line {number}\n" for number in range(1, 11))
OURS, THEIRS = (LINES.replace("line 5\n", f"{side}\n") for side in ("ours", "theirs"))


@pytest.fixture
def place(world) -> Place:
    place = Place(world)
    place.write("maintainer", "main", {"a": LINES})
    place.topic("topic", {"a": OURS})
    place.open()
    return place


def test_a_pull_request_is_merged_undone_and_brought_elsewhere(place):
    place.push("maintainer", "stable", place.head("main"))
    for who in ("reader", "maintainer"):
        place.do(who, reviews.submit, which(1), NewReview(Verdict.APPROVE))
    writer = place.world.browser("writer")
    shown = page(writer, "pulls/1")
    assert "Ready to merge" in shown
    assert "1 approval<" in shown
    assert "does not count: no write access" in shown
    assert 'name="method"' not in page(place.world.browser("reader"), "pulls/1")
    form = {"method": "squash", "title": "The whole repository", "deletes_branch": "yes"}
    shown = posted(writer, "pulls/1/merge", **form, head=place.head("topic"))
    assert "It was merged" in shown
    assert "<span>writer merged</span>" in shown
    assert place.head("topic") is None
    assert "The whole repository" in page(writer, f"commit/{place.head('main')}")
    assert "Revert &#34;Something new&#34;" in posted(writer, "pulls/1/revert")
    assert "Something new (stable)" in posted(writer, "pulls/1/backport", into="stable")
    answer = writer.post(f"{HOME}/pulls/1/backport", data={"into": "none"})
    assert answer.status_code in {404, 422}
    assert "none" in answer.text


def test_what_cannot_be_merged_says_why_and_waits(place):
    author = place.world.browser("author")
    writer = place.world.browser("writer")
    answer = writer.post(f"{HOME}/pulls/1/merge", data={"method": "merge", "head": "0" * 40})
    assert answer.status_code == 412
    posted(author, "pulls/1/draft")
    answer = writer.post(f"{HOME}/pulls/1/merge", data={"method": "merge"})
    assert answer.status_code == 409
    assert "It is a draft" in answer.text
    shown = posted(writer, "pulls/1/merge", method="rebase", act="auto")
    assert "It is merged as soon as all requirements are met" in shown
    assert "It is merged as soon as" not in posted(writer, "pulls/1/auto-merge/stop")
    assert author.post(f"{HOME}/pulls/1/revert").status_code == 409


@pytest.mark.promise("P84")
def test_who_is_on_the_list_is_offered_to_merge_past_the_rules(place):
    by = (SaidSubject(SubjectKind.USER, "writer", reason="They mend what is down."),)
    rules = ({"kind": "pull_request", "approvals": 1},)
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), rules, by)
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)
    offered = "Merge without waiting for requirements to be met"
    writer, where = place.world.client("writer"), f"/api/v1/repos/{NOTES}/pulls/1/merge"
    assert writer.get(where).json["may_bypass"] is True
    assert writer.post(where, json={}).json["code"] == "obstructed"
    other = place.world.client("maintainer")
    assert other.get(where).json["may_bypass"] is False
    assert other.post(where, json={"bypass": "I want to."}).json["code"] == "obstructed"
    assert offered not in page(place.world.browser("maintainer"), "pulls/1")
    assert offered in page(place.world.browser("writer"), "pulls/1")

    form = {"method": "merge", "act": "bypass", "bypass": "The site is down."}
    shown = posted(place.world.browser("writer"), "pulls/1/merge", **form)

    assert "bypassing its rules:" in shown
    assert "<q>The site is down.</q>" in shown


def test_conflicts_are_solved_file_by_file(place):
    place.write("maintainer", "main", {"a": THEIRS})
    place.run_jobs()
    author = place.world.browser("author")
    assert "Show the conflicts" in page(author, "pulls/1")
    shown = page(author, "pulls/1/conflicts")
    assert "&lt;&lt;&lt;&lt;&lt;&lt;&lt; topic" in shown
    assert "&gt;&gt;&gt;&gt;&gt;&gt;&gt; main" in shown
    assert shown.count('class="in-conflict"') == 3
    seen = as_seen(shown)
    form = {**seen, "path-0": "a", "take-0": "text"}
    marked = {**form, "text-0": "<<<<<<< ours\n"}
    answer = author.post(f"{HOME}/pulls/1/conflicts", data=marked)
    assert answer.status_code == 422
    assert "still has marks" in answer.text
    answer = author.post(f"{HOME}/pulls/1/conflicts", data=seen)
    assert answer.status_code == 409
    both = LINES.replace("line 5\n", "both\n")
    crlf = both.replace("\n", "\r\n")
    shown = posted(author, "pulls/1/conflicts", **form, **{"text-0": crlf})
    assert "The conflicts are solved" in shown
    assert author.get(f"{HOME}/raw/topic/a").text == both
    # The page after it shows the new patch set, before any job has run.
    assert "Ready to merge" in shown
    assert place.facts().patch_set == 2
    assert "No conflicts" in page(author, "pulls/1/conflicts")


def test_what_was_said_of_an_earlier_push_solves_nothing(place):
    place.write("maintainer", "main", {"a": THEIRS})
    author = place.world.browser("author")
    form = as_seen(page(author, "pulls/1/conflicts")) | {"path-0": "a", "take-0": "text"}
    place.write("author", "topic", {"a": OURS + "late\n"})
    place.run_jobs()

    answer = author.post(f"{HOME}/pulls/1/conflicts", data={**form, "text-0": "gone\n"})

    assert answer.status_code == 412
    assert "There are new commits" in answer.text
    assert "late" in answer.text
    assert "gone" not in answer.text
    posted_again = {**form, "head": place.head("topic"), "target": place.head("topic")}
    assert author.post(f"{HOME}/pulls/1/conflicts", data=posted_again).status_code == 412


def test_a_push_that_is_on_its_way_is_said(place):
    coming = "New commits were pushed."
    reader = place.world.browser("reader")
    assert coming not in page(reader, "pulls/1")
    place.write("author", "topic", {"late": "late\n"})
    assert all(coming in page(reader, f"pulls/1{part}") for part in ("", "/files", "/commits"))
    place.run_jobs()
    assert coming not in page(reader, "pulls/1")


def as_seen(shown):
    """Where both branches were when somebody looked at conflicts."""
    found = dict(re.findall(r'name="(target|head)" value="([0-9a-f]{40})"', shown))
    assert set(found) == {"target", "head"}
    return found


def test_its_branch_is_updated_from_its_page(place):
    assert "Update branch" not in page(place.world.browser("author"), "pulls/1")
    place.write("maintainer", "main", {"else": "else\n"})
    author, reader = place.world.browser("author"), place.world.browser("reader")
    shown = page(author, "pulls/1")
    assert "The branch is 1 commit behind main." in shown
    assert "Merge main into it" in shown
    assert "Update branch" not in page(reader, "pulls/1")
    head = place.head("topic")

    shown = posted(author, "pulls/1/update", method="merge", head=head)

    assert "The branch is up to date with its target." in shown
    assert 'patch_set=2">2</a>' in shown
    assert "behind main" not in shown
    again = author.post(f"{HOME}/pulls/1/update", data={"method": "rebase", "head": head})
    assert again.status_code == 412
    refused = reader.post(f"{HOME}/pulls/1/update", data={"method": "merge", "head": head})
    assert refused.status_code == 403


def test_conflicts_of_a_fork_are_solved_there(place):
    place.fork()
    place.topic("mine", {"a": OURS.replace("ours", "mine")}, who="writer", path=FORK)
    number = place.open(f"{FORK}:mine", who="writer")
    place.write("maintainer", "main", {"a": THEIRS})
    writer = place.world.browser("writer")
    shown = page(writer, f"pulls/{number}/conflicts")
    form = as_seen(shown) | {"path-0": "a", "take-0": "theirs"}
    posted(writer, f"pulls/{number}/conflicts", **form)
    assert writer.get(f"/{FORK}/raw/mine/a").text == THEIRS
    answer = place.world.browser("reader").post(f"{HOME}/pulls/{number}/conflicts", data=form)
    assert answer.status_code == 409
    assert "not within your reach" in answer.text


def test_maintainers_say_how_pull_requests_are_merged(place):
    maintainer, writer = place.world.browser("maintainer"), place.world.browser("writer")
    assert "Title of squashed commits" in page(maintainer, "settings/merging")
    assert writer.get(f"{HOME}/settings/merging").status_code == 403
    form = {"usual": "squash", "methods": "rebase", "squash_title": "%{title}"}
    assert "are saved" in posted(maintainer, "settings/merging", **form)
    shown = page(writer, "pulls/1")
    assert shown.index('value="squash"') < shown.index('value="rebase"')
    assert 'value="merge"' not in shown
    wrong = {**form, "squash_title": "%{nothing}"}
    answer = maintainer.post(f"{HOME}/settings/merging", data=wrong)
    assert answer.status_code == 422
    assert "%{nothing}" in answer.text


def solved(browser, where, shown, *, texts, **more: str):
    """Send the form of a page with conflicts, with what is to be in its files."""
    hidden = re.findall(r'name="((?:path|commit|take|text)-[0-9]+)" value="([^"]*)"', shown)
    radio = re.findall(r'type="radio" name="(take-[0-9]+)" value="text" checked', shown)
    form = {name: value for name, value in hidden if name not in radio}
    form |= dict.fromkeys(radio, "text") | more
    return browser.post(f"{HOME}/pulls/1/{where}", data={**form, **texts})


def test_conflicts_of_taking_it_back_are_solved_on_its_page(place):
    writer = place.world.browser("writer")
    posted(writer, "pulls/1/merge", method="merge")
    place.write("maintainer", "main", {"a": THEIRS})

    answer = writer.post(f"{HOME}/pulls/1/revert")
    assert answer.status_code == 409
    for words in ("Later changes conflict with this one", "As it was before", "Use “main”"):
        assert words in answer.text
    left = solved(writer, "revert", answer.text, texts={"text-0": "<<<<<<< ours\nmine\n"})
    assert left.status_code == 409
    assert "a still has marks" in left.text
    assert "mine" in left.text
    both = LINES.replace("line 5\n", "both\n")
    done = solved(writer, "revert", left.text, texts={"text-0": both.replace("\n", "\r\n")})

    assert done.location == f"{HOME}/pulls/2"
    assert writer.get(f"{HOME}/raw/revert-1/a").text == both


def test_conflicts_of_several_commits_are_solved_one_after_the_other(place):
    place.write("author", "topic", {"a": OURS.replace("line 9\n", "nine\n")})
    place.run_jobs()
    base = place.head("main")
    writer = place.world.browser("writer")
    posted(writer, "pulls/1/merge", method="rebase")
    differs = THEIRS.replace("line 9\n", "9\n")
    place.write("maintainer", "stable", {"a": differs}, start=base)

    first = writer.post(f"{HOME}/pulls/1/backport", data={"into": "stable"})
    assert first.status_code == 409
    one = LINES.replace("line 5\n", "both\n").replace("line 9\n", "9\n")
    second = solved(writer, "backport", first.text, into="stable", texts={"text-0": one})
    assert second.status_code == 409
    two = one.replace("9\n", "nine\n")
    done = solved(writer, "backport", second.text, into="stable", texts={"text-1": two})

    assert done.location == f"{HOME}/pulls/2", done.text
    assert writer.get(f"{HOME}/raw/backport-1-to-stable/a").text == two
