"""Issues in the portal: opened from a template, discussed, sorted, closed; all without script."""

from __future__ import annotations

import re

import pytest

from appliance.domain.permissions import Role
from appliance.services import issue_templates

HOME = "/lab/notes"
TEMPLATE = (
    "---\nname: Report\nabout: Something broken\ntitle: 'Broken: '\nlabels: [bug]\n---\nSteps\n"
)


@pytest.fixture
def notes(world):
    """A repository with two people in it."""
    world.repository("lab/notes")
    world.user("reader", role=Role.READER, on="lab/notes")
    world.user("triager", role=Role.TRIAGER, on="lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    return world


def posted(browser, place, **form):  # noqa: ANN003 - fields of a form.
    answer = browser.post(f"{HOME}/{place}", data=form)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.location.split("#")[0]).text


def test_an_issue_is_opened_discussed_and_closed(notes):
    reader, triager = notes.browser("reader"), notes.browser("triager")
    assert "Nothing is open" in reader.get(f"{HOME}/issues").text
    words = {"title": "It breaks", "body": "@triager, **often**\nsince #1"}
    looked = reader.post(f"{HOME}/issues/new", data={**words, "act": "preview"}).text
    assert "<strong>often</strong>" in looked
    page = posted(reader, "issues/new", **words)
    assert 'href="/triager"' in page
    assert "Just a moment" not in page
    page = posted(triager, "issues/1/comment", body="`x` breaks <script>alert(1)</script>")
    assert "<code>x</code>" in page
    assert "<script>alert" not in page
    assert "Edit details" not in reader.get(f"{HOME}/issues/1").text.split("<aside")[1]
    posted(triager, "labels", act="usual")
    posted(triager, "milestones", title="1.0", due_on="2027-01-31")
    page = posted(triager, "issues/1/sort", labels="bug", assignees="@writer", milestone="1")
    assert "assigned writer" in page
    assert re.search(r'fill="#[0-9a-f]{6}"', page)
    assert "added this to the milestone" in page
    page = posted(reader, "issues/1/comment", body="Done", act="close")
    assert "closed this as completed" in page
    assert "100 %" in reader.get(f"{HOME}/milestones/1").text
    assert "It breaks" in reader.get(f"{HOME}/issues?q=is:closed+breaks").text
    page = posted(reader, "issues/1/comment", body="", act="reopen")
    assert "reopened this" in page


def test_what_cannot_be_is_said_on_the_page(notes):
    reader = notes.browser("reader")
    answer = reader.post(f"{HOME}/issues/new", data={"title": " ", "body": "kept"})
    assert answer.status_code == 422
    assert "kept" in answer.text
    assert "A search" in reader.get(f"{HOME}/issues?q={'x+' * 40}").text
    posted(reader, "issues/new", title="One")
    assert reader.post(f"{HOME}/issues/1/comment", data={"body": " "}).status_code == 422
    wrong = {"reason": "duplicate", "duplicate_of": "7"}
    assert "another issue" in reader.post(f"{HOME}/issues/1/state", data=wrong).text


def test_a_comment_is_changed_and_taken_back(notes):
    reader, triager = notes.browser("reader"), notes.browser("triager")
    posted(reader, "issues/new", title="One")
    page = posted(triager, "issues/1/comment", body="First words")
    comment = re.search(r'id="comment-([0-9a-f-]{36})"', page)[1]
    page = posted(triager, f"issues/1/comments/{comment}/edit", body="Second words")
    assert "edited" in page
    assert "First words" in reader.get(f"{HOME}/issues/1/comments/{comment}/edits").text
    page = posted(reader, f"issues/1/comments/{comment}/react", reaction="heart", given="yes")
    assert 'aria-pressed="true"' in page
    page = posted(triager, f"issues/1/comments/{comment}/delete")
    assert "was deleted by triager" in page
    assert "Second words" not in page


def test_several_are_labelled_and_closed_together(notes):
    triager = notes.browser("triager")
    posted(triager, "labels", label="bug", colour="#b4232a")
    for number in (1, 2, 3):
        posted(triager, "issues/new", title=f"Issue {number}")
    page = posted(triager, "issues", act="label", label="bug", chosen=["1", "3"])
    assert page.count('fill="#b4232a"') >= 2
    page = posted(triager, "issues", act="close", chosen=["1", "2"])
    assert "2 closed" in page
    exported = triager.get(f"{HOME}/issues?q=is:closed&format=json").json
    assert [each["number"] for each in exported] == [2, 1]


def test_one_locks_pins_and_follows(notes):
    reader, triager = notes.browser("reader"), notes.browser("triager")
    posted(reader, "issues/new", title="One")
    for verb in ("pin", "lock"):
        page = posted(triager, f"issues/1/{verb}")
    assert "Unlock" in page
    assert "This conversation is locked" in reader.get(f"{HOME}/issues/1").text
    assert "You do not get notifications" in posted(reader, "issues/1/leave")
    assert 'aria-label="Pinned"' in reader.get(f"{HOME}/issues").text


def test_an_issue_begins_with_a_template(notes):
    writer = notes.client("writer")
    place = "/api/v1/repos/lab/notes/write/.github/ISSUE_TEMPLATE/report.md"
    assert writer.put(place, json={"content": TEMPLATE}).status_code == 200
    posted(notes.browser("triager"), "labels", label="bug", colour="#b4232a")
    reader = notes.browser("reader")
    assert "Something broken" in reader.get(f"{HOME}/issues/new").text
    assert "Broken: " in reader.get(f"{HOME}/issues/new?template=report").text
    page = posted(reader, "issues/new", title="Broken: all", template="report")
    assert 'fill="#b4232a"' in page


def test_heads_of_templates_are_read():
    text = (
        "---\nname: A\nlabels:\n  - bug\n  - 'help wanted'\nassignees: writer, triager\n---\n\nBody"
    )
    found = issue_templates.parse("a", text)
    assert (found.name, found.body) == ("A", "Body")
    assert found.given.labels == ("bug", "help wanted")
    assert found.given.assignees == ("writer", "triager")
    assert issue_templates.parse("b", "No head").body == "No head"


def test_there_is_no_tab_where_there_are_no_issues(notes):
    reader = notes.browser("reader")
    assert f'href="{HOME}/issues"' in reader.get(HOME).text
    chief = notes.browser(notes.administrator().label)
    form = {"default_branch": "main", "issues": "off"}
    assert chief.post(f"{HOME}/settings", data=form).status_code == 303
    assert f'href="{HOME}/issues"' not in reader.get(HOME).text
    assert reader.get(f"{HOME}/issues").status_code == 404
