"""Pull requests by the API: open, change, say, and what pushes make of them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Role, Scope
from appliance.jobs.performer import Performer

REPO = "/api/v1/repos/lab/notes"
PULLS = f"{REPO}/pulls"
ONE = f"{PULLS}/1"


@pytest.fixture
def notes(world):
    """A repository with a branch, who may do what on it, and a pull request of the writer's."""
    world.repository("lab/notes")
    for role in (Role.READER, Role.TRIAGER, Role.WRITER):
        world.user(str(role), role=role, on="lab/notes")
    writer = world.client("writer")
    base = write(writer, "main", "1\n")
    writer.post(f"{REPO}/branches", json={"name": "topic", "start": base})
    write(writer, "topic", "2\n")
    made = writer.post(PULLS, json={"title": "Two", "head": "topic", "reviewers": ["reader"]})
    assert made.status_code == 201, made.json
    assert made.headers["Location"] == ONE
    return world


def write(client, branch, content, path="file"):
    body = {"content": content, "branch": branch, "message": f"Write {content.strip()}"}
    answer = client.put(f"{REPO}/write/{path}", json=body)
    assert answer.status_code == 200, answer.json
    return answer.json["commit"]


def perform(world, job=Job.FOLLOW_PULLS):
    """Do what waits; twice, which does no harm."""
    with world.begin(appliance()) as work:
        query = sa.select(JobRecord.id).where(
            JobRecord.job == job, JobRecord.state == JobState.QUEUED
        )
        waiting = list(work.session.scalars(query))
    for job_id in waiting:
        Performer(world.wiring).perform(job_id)
        Performer(world.wiring).perform(job_id)
    return len(waiting)


def test_a_pull_request_has_a_life(notes):
    reader, triager, writer = (notes.client(name) for name in ("reader", "triager", "writer"))
    found = reader.get(ONE).json
    assert (found["head"]["branch"], found["base"]["branch"]) == ("topic", "main")
    assert (found["merge_state"], found["reviewers"]) == ("clean", ["reader"])
    assert found["web_url"].endswith("/lab/notes/pulls/1")
    assert reader.patch(ONE, json={"title": "Other"}).status_code == 403
    changed = {"title": "Other", "draft": True, "locked": True}
    assert triager.patch(ONE, json=changed).json["is_draft"] is True
    assert [each["number"] for each in reader.get(f"{PULLS}?q=is:draft").json["items"]] == [1]
    newer = write(writer, "topic", "3\n")
    assert perform(notes)
    sets = reader.get(f"{ONE}/patch-sets").json["items"]
    assert [(each["number"], each["shift"]) for each in sets] == [(1, "first"), (2, "forward")]
    assert sets[1]["head"] == newer
    commits = reader.get(f"{ONE}/commits").json["items"]
    assert [each["message"] for each in commits] == ["Write 3\n", "Write 2\n"]
    assert writer.patch(ONE, json={"state": "closed"}).json["state"] == "closed"
    assert reader.get(f"{PULLS}?q=is:open").json["items"] == []
    assert writer.patch(ONE, json={"state": "open"}).json["state"] == "open"


def test_conflicts_are_said_as_both_branches_are_now(notes):
    write(notes.client("writer"), "main", "other\n")

    found = notes.client("reader").get(ONE).json

    assert (found["merge_state"], found["conflicts"]) == ("conflicts", ["file"])


def test_a_push_that_brings_it_merges_it(notes):
    writer = notes.client("writer")
    done = writer.post(f"{REPO}/merge", json={"source": "topic", "method": "merge"})
    assert done.status_code == 200
    perform(notes)

    found = writer.get(ONE).json

    assert (found["state"], found["is_merged"]) == ("closed", True)
    assert found["merged"]["commit"] == done.json["after"]
    assert (found["merged"]["by"], found["merged"]["method"]) == ("writer", None)


def test_it_is_talked_about_as_issues_are(notes):
    reader, writer = notes.client("reader"), notes.client("writer")
    said = reader.post(f"{ONE}/comments", json={"body": "Why two? @writer"})
    assert said.status_code == 201
    comment = said.headers["Location"]
    assert reader.get(comment).json["body"] == "Why two? @writer"
    assert reader.patch(comment, json={"body": "Why?"}).status_code == 200
    assert reader.get(f"{comment}/edits").json["items"][0]["text"] == "Why two? @writer"
    for where in (ONE, comment):
        assert writer.put(f"{where}/reactions/heart").status_code == 204
        assert reader.get(where).json["reactions"] == {"heart": 1}
        assert writer.delete(f"{where}/reactions/heart").status_code == 204
    assert reader.put(f"{ONE}/subscription").status_code == 204
    assert reader.delete(f"{ONE}/subscription").status_code == 204
    assert reader.delete(comment).status_code == 204
    assert reader.get(comment).status_code == 404
    kinds = [each["kind"] for each in reader.get(f"{ONE}/timeline").json["items"]]
    assert kinds == ["review_requested", "comment"]
    assert reader.get(f"{ONE}/edits").json["items"] == []
    assert reader.get(f"{REPO}/issues/1").status_code == 404


def test_reviews_are_asked_for_and_not(notes):
    writer = notes.client("writer")
    for _ in range(2):
        assert writer.put(f"{ONE}/reviewers/triager").status_code == 204
    assert writer.get(ONE).json["reviewers"] == ["reader", "triager"]
    for _ in range(2):
        assert writer.delete(f"{ONE}/reviewers/reader").status_code == 204
    assert writer.get(ONE).json["reviewers"] == ["triager"]
    assert writer.put(f"{ONE}/reviewers/writer").status_code == 422
    assert writer.put(f"{ONE}/reviewers/lab/none").status_code == 422
    narrow = notes.client("writer", Scope.REPOSITORY_WRITE).put(f"{ONE}/reviewers/lab/none")
    assert narrow.status_code == 403
    assert "needs the scope org:read" in narrow.json["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "", "head": "topic"}, "title"),
        ({"title": "x", "head": "none"}, "head"),
        ({"title": "x", "head": "topic", "base": "none"}, "base"),
        ({"title": "x", "head": "main"}, "head"),
        ({"title": "x", "head": "topic", "base": "topic"}, "head"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_field(notes, body, field):
    answer = notes.client("writer").post(PULLS, json=body)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_the_same_twice_is_a_conflict(notes):
    answer = notes.client("writer").post(PULLS, json={"title": "x", "head": "topic"})

    assert answer.status_code == 409
    assert "#1" in answer.json["detail"]


def test_a_token_to_read_reads_and_says_nothing(notes):
    reader = notes.client("writer", Scope.REPOSITORY_READ)

    assert reader.get(ONE).status_code == 200
    assert reader.post(f"{ONE}/comments", json={"body": "So"}).status_code == 403
    assert reader.post(PULLS, json={"title": "x", "head": "topic"}).status_code == 403


def test_what_changed_meanwhile_is_not_changed_unseen(notes):
    writer = notes.client("writer")
    tag = writer.get(ONE).headers["ETag"]
    writer.patch(ONE, json={"title": "First"})

    answer = writer.patch(ONE, json={"title": "Second"}, headers={"If-Match": tag})

    assert answer.status_code == 412


def test_reviewers_speak_of_lines_and_of_the_whole(notes):
    reader, writer = notes.client("reader"), notes.client("writer")
    remark = {"body": "Why?", "path": "file", "line": 1}
    made = reader.post(f"{ONE}/threads", json=remark)
    assert made.status_code == 201, made.json
    thread, comment = made.json["id"], made.json["comments"][0]["id"]
    assert made.json["anchor"]["start_line"] == made.json["anchor"]["patch_set"] == 1
    answer = writer.post(f"{ONE}/threads", json={"body": "So.", "thread": thread})
    assert [each["body"] for each in answer.json["comments"]] == ["Why?", "So."]
    where = f"{ONE}/review-comments/{comment}"
    for given in ({"heart": 1}, {}):
        verb = writer.put if given else writer.delete
        assert verb(f"{where}/reactions/heart").status_code == 204
        found = reader.patch(where, json={"body": "Why so?"}).json
        assert (found["body"], found["reactions"]) == ("Why so?", given)
    assert writer.put(f"{where}/reactions/heart").status_code == 204
    assert reader.delete(where).status_code == 204
    assert writer.patch(f"{ONE}/threads/{thread}", json={"resolved": True}).status_code == 204
    found = reader.get(f"{ONE}/threads").json["items"][0]
    assert (found["is_resolved"], found["comments"][0]["is_deleted"]) == (True, True)


def test_what_is_noted_is_said_with_the_review(notes):
    reader, writer = notes.client("reader"), notes.client("writer")
    remark = {"body": "Why?", "path": "file", "line": 1}
    noted = reader.post(f"{ONE}/drafts", json={**remark, "body": "Note"})
    draft = f"{ONE}/drafts/{noted.json['id']}"
    assert reader.patch(draft, json={"body": "Other"}).json["body"] == "Other"
    assert writer.patch(draft, json={"body": "Other"}).status_code == 404
    spare = reader.post(f"{ONE}/drafts", json=remark).json["id"]
    assert reader.delete(f"{ONE}/drafts/{spare}").status_code == 204
    assert [each["body"] for each in reader.get(f"{ONE}/drafts").json["items"]] == ["Other"]
    said = {"verdict": "request_changes", "body": "Not yet.", "comments": [remark]}
    review = reader.post(f"{ONE}/reviews", json=said)
    assert review.status_code == 201, review.json
    assert len(reader.get(f"{ONE}/threads").json["items"]) == 2
    assert writer.post(f"{ONE}/reviews", json={"verdict": "approve"}).status_code == 422
    dismissed = f"{ONE}/reviews/{review.json['id']}/dismiss"
    assert writer.post(dismissed, json={"reason": "It is so."}).status_code == 403
    assert reader.post(dismissed).json["is_dismissed"] is True
    assert len(reader.get(f"{ONE}/reviews").json["items"]) == 1


def test_files_are_marked_as_viewed_as_they_are(notes):
    reader = notes.client("reader")
    assert reader.put(f"{ONE}/viewed", json={"path": "file"}).status_code == 204
    found = reader.get(f"{ONE}/viewed").json["items"]
    assert [each["path"] for each in found] == ["file"]
    assert found[0]["old_blob"] != found[0]["new_blob"]
    off = {"path": "file", "viewed": False}
    assert reader.put(f"{ONE}/viewed", json=off).status_code == 204
    assert reader.get(f"{ONE}/viewed").json["items"] == []
    assert reader.put(f"{ONE}/viewed", json={"path": "none"}).status_code == 404


def test_it_is_merged_and_taken_back_and_brought_elsewhere(notes):
    reader, writer = notes.client("reader"), notes.client("writer")
    start = writer.get(f"{REPO}/commits").json["items"][0]["oid"]
    writer.post(f"{REPO}/branches", json={"name": "stable", "start": start})
    found = reader.get(f"{ONE}/merge").json
    assert found == {
        "obstacles": [],
        "may_merge": False,
        "may_bypass": False,
        "auto_merge": None,
        "behind": 0,
    }
    assert reader.post(f"{ONE}/merge", json={}).status_code == 403
    asked = {
        "method": "squash",
        "title": "Two at once",
        "head": writer.get(ONE).json["head"]["commit"],
    }
    done = writer.post(f"{ONE}/merge", json=asked)
    assert done.status_code == 200, done.json
    assert (done.json["method"], done.json["onto"]) == ("squash", start)
    merged = reader.get(ONE).json["merged"]
    assert (merged["by"], merged["method"], merged["commit"]) == (
        *("writer", "squash"),
        done.json["commit"],
    )
    assert writer.post(f"{ONE}/merge", json={}).status_code == 409
    back = writer.post(f"{ONE}/revert", json={})
    assert (back.status_code, back.json["head"]["branch"]) == (201, "revert-1")
    there = writer.post(f"{ONE}/backport", json={"base": "stable"})
    assert there.headers["Location"] == f"{PULLS}/3"
    assert there.json["base"]["branch"] == "stable"


def test_its_branch_is_updated_from_its_base(notes):
    reader, writer = notes.client("reader"), notes.client("writer")
    head = writer.get(ONE).json["head"]["commit"]
    assert writer.post(f"{ONE}/update-branch", json={}).status_code == 409
    write(writer, "main", "other\n")
    assert reader.get(f"{ONE}/merge").json["behind"] == 1
    assert reader.post(f"{ONE}/update-branch", json={}).status_code == 403
    assert writer.post(f"{ONE}/update-branch", json={"head": "a" * 40}).status_code == 412
    refused = writer.post(f"{ONE}/update-branch", json={"head": head})
    assert (refused.status_code, refused.json["code"]) == (409, "merge_conflict")
    assert [each["path"] for each in refused.json["conflicts"]] == ["file"]

    said = {"head": head, "resolutions": [{"path": "file", "content": "both\n"}]}
    done = writer.post(f"{ONE}/update-branch", json=said)

    assert done.status_code == 200, done.json
    assert (done.json["before"], done.json["method"]) == (head, "merge")
    shown = reader.get(ONE).json
    assert (shown["head"]["commit"], shown["patch_set"]) == (done.json["commit"], 2)


def test_a_merge_with_conflicts_names_them_and_takes_what_is_said(notes):
    writer = notes.client("writer")
    write(writer, "main", "other\n")
    refused = writer.post(f"{ONE}/merge", json={})
    assert (refused.status_code, refused.json["code"]) == (409, "merge_conflict")
    assert [each["path"] for each in refused.json["conflicts"]] == ["file"]

    said = {"resolutions": [{"path": "file", "content": "both\n"}]}
    assert writer.post(f"{ONE}/merge", json=said).status_code == 200
    assert writer.get(f"{REPO}/read/file").json["content"] == "both\n"


def test_a_merge_is_promised_and_not(notes):
    writer = notes.client("writer")
    assert writer.put(f"{ONE}/auto-merge", json={"method": "rebase"}).status_code == 204
    assert writer.get(f"{ONE}/merge").json["auto_merge"] == {
        "method": "rebase",
        "by": "writer",
        "waits_because": "",
    }
    for _ in range(2):
        assert writer.delete(f"{ONE}/auto-merge").status_code == 204
    assert writer.get(f"{ONE}/merge").json["auto_merge"] is None


def test_what_stands_in_the_way_is_in_the_refusal(notes):
    writer = notes.client("writer")
    writer.patch(ONE, json={"draft": True})

    answer = writer.post(f"{ONE}/merge", json={})

    assert (answer.status_code, answer.json["code"]) == (409, "obstructed")
    assert "draft" in answer.json["detail"]


def test_maintainers_say_how_one_merges(notes):
    notes.user("maintainer", role=Role.MAINTAINER, on="lab/notes")
    maintainer = notes.client("maintainer")
    wanted = {"methods": ["squash"], "squash_title": "%{title}", "delete_branches": True}
    changed = maintainer.patch(f"{REPO}/merge-settings", json=wanted)
    assert changed.json["methods"] == ["squash"]
    assert notes.client("writer").patch(f"{REPO}/merge-settings", json={}).status_code == 403
    refused = maintainer.patch(f"{REPO}/merge-settings", json={"merge_body": "%{nothing}"})
    assert refused.json["errors"][0]["field"] == "merge_body"
    assert notes.client("writer").post(f"{ONE}/merge", json={"method": "merge"}).status_code == 422
    done = notes.client("writer").post(f"{ONE}/merge", json={})
    assert done.json["is_branch_deleted"] is True
