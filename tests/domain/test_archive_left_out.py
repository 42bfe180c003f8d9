"""What has no place here is counted, by what it is and by whose it is."""

from __future__ import annotations

import json

from appliance.domain import archive_gitea, archive_github, archive_gitlab
from appliance.services import archive_reading

HUB = "https://github.com/octo"
AT = "2024-03-01T10:00:00Z"


def of_github():
    talk = {"repository": f"{HUB}/notes", "user": f"{HUB}", "created_at": AT, "title": "t"}
    base = {"ref": "main", "sha": "a" * 40}
    pull = {
        **talk,
        "url": f"{HUB}/notes/pull/2",
        "base": base,
        "head": base,
        "review_requests": [{"reviewer": f"{HUB}"}],
        "closing_issue_references": [{}, {}],
    }
    about = {"pull_request": f"{HUB}/notes/pull/2", "reactions": [{}], "user": HUB}
    return {
        "repositories": [
            {"url": f"{HUB}/notes", "collaborators": [{}], "webhooks": [{}, {}, {}]},
            {"url": f"{HUB}/other"},
        ],
        "issues": [{**talk, "url": f"{HUB}/notes/issues/1", "reactions": [{}]}],
        "pull_requests": [pull],
        "issue_comments": [
            {**about, "url": f"{HUB}/notes/pull/2#issuecomment-1", "created_at": AT}
        ],
        "pull_request_reviews": [{**about, "url": f"{HUB}/notes/pull/2/files#r1"}],
        "releases": [
            {"url": f"{HUB}/notes/releases/tag/v1", "repository": f"{HUB}/notes"},
            {"url": f"{HUB}/other/releases/tag/v1", "repository": f"{HUB}/other"},
        ],
        "issue_events": [
            {"issue": f"{HUB}/other/issues/1", "url": f"{HUB}/other/issues/1#event-1"}
        ],
        "teams": [{"url": "https://github.com/orgs/octo/teams/all"}],
    }


def test_github_counts_it_for_the_repository_that_it_is_of():
    archive = archive_github.Archive(of_github())

    assert archive_github.read(archive, "octo/notes").left_out == {
        "reactions": 3,
        "review requests": 1,
        "linked issues": 2,
        "collaborators": 1,
        "webhooks": 3,
        "releases": 1,
        "teams": 1,
    }
    other = archive_github.read(archive, "octo/other").left_out
    assert other == {"releases": 1, "issue_events": 1, "teams": 1}


def test_gitlab_counts_what_stands_within_issues_and_notes():
    note = {"note": "n", "created_at": AT, "award_emoji": [{}], "author_id": 1}
    issue = {"iid": 1, "created_at": AT, "state": "opened", "notes": [note]}
    merge = {**issue, "source_branch": "a", "target_branch": "b", "merge_request_reviewers": [{}]}
    documents = {
        "issues": [{**issue, "confidential": True, "designs": [{}], "timelogs": [{}, {}]}],
        "merge_requests": [{**merge, "resource_state_events": [{}]}],
        "snippets": [{}],
    }

    assert archive_gitlab.read(documents).left_out == {
        "reactions": 2,
        "confidential issues": 1,
        "review requests": 1,
        "designs": 1,
        "time logs": 2,
        "system notes": 1,
        "snippets": 1,
    }


def test_gitea_counts_reactions_wherever_they_are():
    said = {"id": 1, "line": 1, "created_at": AT, "reactions": [{}], "tree_path": "roof"}
    review = {"reviewer_id": 1, "reviewer_name": "octocat", "created_at": AT}
    documents = {
        "repo": [{"name": "notes"}],
        "reviews/2": [
            {**review, "state": "COMMENTED", "comments": [said]},
            {**review, "state": "REQUEST_REVIEW"},
        ],
        "release": [{}, {}],
    }

    left_out = archive_gitea.read(documents).left_out
    assert left_out == {"reactions": 1, "review requests": 1, "release": 2}


def test_wikis_and_uploads_beside_the_documents_are_counted(tmp_path):
    (tmp_path / "tree" / "project").mkdir(parents=True)
    (tmp_path / "tree" / "project.json").write_text(json.dumps({"path": "notes"}))
    (tmp_path / "project.wiki.bundle").write_bytes(b"")
    (tmp_path / "uploads" / "ab").mkdir(parents=True)
    (tmp_path / "uploads" / "ab" / "roof.png").write_bytes(b"")

    (whole,) = archive_reading.read(tmp_path)
    assert whole.left_out == {"wiki": 1, "attachments": 1}
