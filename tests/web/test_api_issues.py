"""Issues by the API: open, sort, say, search, close, by hand and by a commit."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Role, Scope
from appliance.jobs.performer import Performer

REPO = "/api/v1/repos/lab/notes"
ISSUES = f"{REPO}/issues"
ONE = f"{ISSUES}/1"


@pytest.fixture
def notes(world):
    """A repository, who may do what on it, and an issue of the reader's."""
    world.repository("lab/notes")
    for role in (Role.READER, Role.TRIAGER, Role.WRITER):
        world.user(str(role), role=role, on="lab/notes")
    world.user("other", role=Role.READER, on="lab/notes")
    made = world.client("reader").post(ISSUES, json={"title": "It breaks", "body": "Often."})
    assert made.status_code == 201
    assert made.headers["Location"] == ONE
    return world


def perform(world):
    """Do what waits of what commits say; twice, which does no harm."""
    with world.begin(appliance()) as work:
        query = sa.select(JobRecord.id).where(
            JobRecord.job == Job.FOLLOW_COMMITS, JobRecord.state == JobState.QUEUED
        )
        waiting = list(work.session.scalars(query))
    for job_id in waiting:
        Performer(world.wiring).perform(job_id)
        Performer(world.wiring).perform(job_id)
    return len(waiting)


def test_an_issue_has_a_life(notes):
    reader, triager = notes.client("reader"), notes.client("triager")
    labelled = triager.post(f"{REPO}/labels", json={"name": "a bug", "colour": "#B4232A"})
    assert labelled.json["colour"] == "b4232a"
    planned = triager.post(f"{REPO}/milestones", json={"title": "1.0", "due_on": "2027-01-31"})
    assert (planned.status_code, planned.json["number"]) == (201, 1)
    wanted = {"labels": ["a bug"], "assignees": ["writer"], "milestone": 1, "pinned": True}
    assert reader.patch(ONE, json=wanted).status_code == 403
    sorted_ = triager.patch(ONE, json=wanted).json
    assert sorted_["labels"] == [{"name": "a bug", "colour": "b4232a"}]
    assert (sorted_["milestone"]["title"], sorted_["is_pinned"]) == ("1.0", True)
    assert reader.patch(ONE, json={"title": "It breaks often"}).status_code == 200
    closed = {"state": "closed", "closed_as": "not_planned"}
    assert reader.patch(ONE, json=closed).json["closed_as"] == "not_planned"
    assert reader.patch(ONE, json=closed).status_code == 409
    assert triager.get(f"{REPO}/milestones/1").json["percent"] == 100
    assert reader.patch(ONE, json={"state": "open"}).json["closed_at"] is None
    cleared = triager.patch(ONE, json={"milestone": None, "labels": [], "locked": True}).json
    assert (cleared["milestone"], cleared["labels"], cleared["is_locked"]) == (None, [], True)
    told = [each["kind"] for each in reader.get(f"{ONE}/timeline").json["items"]]
    assert told == [
        *("labelled", "assigned", "milestoned", "pinned", "renamed", "closed", "reopened"),
        *("unlabelled", "demilestoned", "locked"),
    ]


def test_who_reads_what_is_old_changes_nothing(notes):
    reader, triager = notes.client("reader"), notes.client("triager")
    read = reader.get(ONE)
    assert reader.get(ONE, headers={"If-None-Match": read.headers["ETag"]}).status_code == 304
    triager.patch(ONE, json={"title": "Meanwhile"})
    late = {"If-Match": read.headers["ETag"]}
    assert reader.patch(ONE, json={"body": "Late"}, headers=late).status_code == 412
    fresh = {"If-Match": reader.get(ONE).headers["ETag"]}
    assert reader.patch(ONE, json={"body": "In time"}, headers=fresh).status_code == 200
    (before,) = notes.client("other").get(f"{ONE}/edits").json["items"]
    assert (before["text"], before["editor"]) == ("Often.", "reader")


def test_a_repeat_opens_one_issue(notes):
    key = {"Idempotency-Key": str(uuid4())}
    body = {"title": "Once"}
    first = notes.client("reader").post(ISSUES, json=body, headers=key)
    token = {"HTTP_AUTHORIZATION": first.request.headers["Authorization"]}
    again = notes.app.test_client().post(ISSUES, json=body, headers=key, environ_base=token)

    assert first.json["number"] == again.json["number"] == 2


def test_what_is_said_may_be_said_otherwise_and_taken_back(notes):
    other, reader = notes.client("other"), notes.client("reader")
    said = other.post(f"{ONE}/comments", json={"body": "Here too"})
    one = said.headers["Location"]
    assert reader.patch(one, json={"body": "No"}).status_code == 403
    tag = {"If-Match": other.get(one).headers["ETag"]}
    assert other.patch(one, json={"body": "Here, too"}, headers=tag).json["body"] == "Here, too"
    assert other.patch(one, json={"body": "Late"}, headers=tag).status_code == 412
    assert reader.get(f"{one}/edits").json["items"][0]["text"] == "Here too"
    for verb in (reader.put, reader.put):
        assert verb(f"{one}/reactions/heart").status_code == 204
    assert other.get(one).json["reactions"] == {"heart": 1}
    assert reader.delete(f"{one}/reactions/heart").status_code == 204
    assert reader.delete(one).status_code == 403
    assert other.delete(one).status_code == 204
    assert other.get(one).status_code == 404
    (mark,) = reader.get(f"{ONE}/comments").json["items"]
    assert (mark["body"], mark["is_deleted"], mark["deleted_by"]) == ("", True, "other")


def test_one_follows_or_leaves(notes):
    other = notes.client("other")
    for verb, follows in ((other.put, True), (other.delete, False)):
        for _ in range(2):
            assert verb(f"{ONE}/subscription").status_code == 204
        assert other.get(ONE).json["follows"] is follows
    assert notes.events()[-2:] == ["issue.followed", "issue.unfollowed"]


def test_one_reacts_to_an_issue_and_takes_it_back(notes):
    other = notes.client("other")
    for verb, given in ((other.put, {"eyes": 1}), (other.delete, {})):
        for _ in range(2):
            assert verb(f"{ONE}/reactions/eyes").status_code == 204
        assert other.get(ONE).json["reactions"] == given
    assert other.put(f"{ONE}/reactions/shrug").status_code == 422


def test_a_list_has_pages_and_a_search(notes):
    reader = notes.client("reader")
    for number in range(2, 6):
        reader.post(ISSUES, json={"title": f"Issue {number}", "body": "needle" * (number == 3)})
    first = reader.get(f"{ISSUES}?limit=3").json
    rest = reader.get(f"{ISSUES}?limit=3&cursor={first['next']}").json
    numbers = [each["number"] for each in (*first["items"], *rest["items"])]
    assert numbers == [5, 4, 3, 2, 1]
    assert [each["number"] for each in reader.get(f"{ISSUES}?q=need").json["items"]] == [3]
    wrong = reader.get(f"{ISSUES}?q=is:ajar")
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "q")


def test_a_token_for_reading_says_nothing(notes):
    client = notes.client("triager", Scope.REPOSITORY_READ, Scope.SCAN_WRITE)

    assert client.get(ONE).status_code == 200
    for answer in (
        client.post(f"{ONE}/comments", json={"body": "But"}),
        client.patch(ONE, json={"labels": []}),
        client.put(f"{ONE}/subscription"),
    ):
        assert answer.status_code == 403
        assert "repo:write" in answer.json["detail"]


def test_numbers_that_no_database_keeps_are_no_issues(notes):
    reader = notes.client("reader")
    for number in (0, 2**31, 2**70):
        assert reader.get(f"{ISSUES}/{number}").status_code in {404, 422}


def test_issues_are_switched_off_and_on(notes):
    chief = notes.client(notes.administrator().label)
    assert chief.patch(REPO, json={"has_issues": False}).json["has_issues"] is False
    assert notes.client("reader").get(ISSUES).status_code == 404
    assert chief.patch(REPO, json={"has_issues": True}).status_code == 200
    assert chief.patch("/api/v1/orgs/lab", json={"has_issues": False}).status_code == 200
    assert notes.client("reader").get(ONE).status_code == 404


def test_a_commit_on_the_default_branch_closes(notes):
    writer = notes.client("writer")
    writer.post(ISSUES, json={"title": "Another"})

    def write(message, **where):  # noqa: ANN003 - words of the API.
        body = {"content": message, "message": message, **where}
        answer = writer.put(f"{REPO}/write/file", json=body)
        assert answer.status_code == 200, answer.json
        return answer.json["commit"]

    write("Begin; see #1")
    write("Fixes #2", branch="topic", start="main")
    assert perform(notes) == 1
    assert writer.get(f"{ISSUES}/2").json["state"] == "open"
    commit = write("Mend it.\n\nFixes #1, fixes #2, fixes #77")
    assert perform(notes) == 1
    closed = writer.get(ONE).json
    assert (closed["state"], closed["closed_as"]) == ("closed", "completed")
    told = writer.get(f"{ONE}/timeline").json["items"]
    assert [(each["kind"], each["actor"]) for each in told] == [
        ("committed", "writer"),
        ("closed", "writer"),
    ]
    assert told[1]["commit"] == commit
    recorded = notes.recorded("issue.closed")
    assert [each.body["commit"] for each in recorded] == [commit, commit]
    assert [each.body["number"] for each in recorded] == [1, 2]
