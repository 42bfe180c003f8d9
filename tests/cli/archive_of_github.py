"""A migration archive of GitHub, built after its documentation."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.archives import DAY, GONE, HUNK, LONG, NEVER, Built, packed, repository

HUB = "https://github.com/octo/notes"


def github(folder: Path) -> Path:
    """A migration archive of GitHub."""
    root = folder / "github"
    (root / "repositories" / "octo").mkdir(parents=True)
    built = repository(folder)
    built.bare.rename(root / "repositories" / "octo" / "notes.git")
    person, other = "https://github.com/octocat", "https://github.com/ghost"
    issue = {
        "type": "issue",
        "url": f"{HUB}/issues/1",
        "repository": HUB,
        "user": person,
        "title": "The roof leaks",
        "body": "It drips.\r\nSee #2.",
        "assignee": person,
        "assignees": [person],
        "milestone": f"{HUB}/milestones/1",
        "labels": [f"{HUB}/labels/not%20nice"],
        "reactions": [{"user": other, "content": "+1"}],
        "closed_at": DAY.format(5),
        "created_at": DAY.format(1),
        "updated_at": DAY.format(5),
    }
    pull = {
        "type": "pull_request",
        "url": f"{HUB}/pull/2",
        "repository": HUB,
        "user": other,
        "title": "Mend the roof",
        "body": LONG,
        "base": {"ref": "main", "sha": built.first, "repo": HUB},
        "head": {"ref": "mend", "sha": built.mended, "repo": HUB},
        "labels": [],
        "merged_at": DAY.format(4),
        "closed_at": DAY.format(4),
        "created_at": DAY.format(2),
    }
    painted = {
        **pull,
        "url": f"{HUB}/pull/3",
        "user": person,
        "title": "Paint the roof",
        "body": "",
        "base": {"ref": "main", "sha": built.merged, "repo": HUB},
        "head": {"ref": "paint", "sha": built.blue, "repo": HUB},
        "work_in_progress": True,
        "merged_at": None,
        "closed_at": None,
    }
    given_up = {
        **painted,
        "url": f"{HUB}/pull/4",
        "title": "Burn it",
        "head": {"ref": "burn", "sha": NEVER, "repo": None},
        "closed_at": DAY.format(6),
    }
    label = {"url": f"{HUB}/labels/not%20nice", "name": "not nice", "color": "ff0000"}
    documents = {
        "users": [
            {
                "type": "user",
                "url": person,
                "login": "octocat",
                "emails": [{"address": "writer@lab.example", "primary": True, "verified": True}],
            },
            {"type": "user", "url": other, "login": "ghost", "emails": []},
        ],
        "repositories": [{"type": "repository", "url": HUB, "name": "notes", "labels": [label]}],
        "milestones": [
            {
                "type": "milestone",
                "url": f"{HUB}/milestones/1",
                "repository": HUB,
                "title": "Before winter",
                "state": "closed",
                "due_on": "2024-10-01T00:00:00Z",
            }
        ],
        "issues": [issue],
        "pull_requests": [pull, painted, given_up],
        "issue_events": [
            {
                "type": "issue_event",
                "url": f"{HUB}/pull/2#event-1",
                "pull_request": f"{HUB}/pull/2",
                "actor": person,
                "event": "merged",
                "commit_id": built.merged,
                "created_at": DAY.format(4),
            }
        ],
        "issue_comments": [
            {
                "type": "issue_comment",
                "url": f"{HUB}/{place}#issuecomment-{number}",
                kind: f"{HUB}/{place}",
                "user": user,
                "body": body,
                "created_at": DAY.format(3),
            }
            for number, kind, place, user, body in (
                (1, "issue", "issues/1", other, "Here, too."),
                (2, "issue", "issues/1", person, "I know."),
                (3, "pull_request", "pull/2", person, "Thank you."),
            )
        ],
        "pull_request_reviews": [
            {
                "type": "pull_request_review",
                "url": f"{HUB}/pull/{number}/files#pullrequestreview-{number}",
                "pull_request": f"{HUB}/pull/{number}",
                "user": user,
                "body": body,
                "head_sha": head,
                "state": state,
                "created_at": DAY.format(3),
                "submitted_at": DAY.format(3),
            }
            for number, user, body, head, state in (
                (2, person, "Good.", built.mended, 40),
                (3, person, "Nice.", built.red, 40),
            )
        ],
        "pull_request_review_threads": [
            {
                "type": "pull_request_review_thread",
                "url": f"{HUB}/pull/2/files#thread-1",
                "pull_request": f"{HUB}/pull/2",
                "resolved_at": DAY.format(4),
            }
        ],
        "pull_request_review_comments": [
            {
                "type": "pull_request_review_comment",
                "url": f"{HUB}/pull/{number}/files#r{place}",
                "pull_request": f"{HUB}/pull/{number}",
                "user": user,
                "body": body,
                "created_at": f"2024-03-03T10:00:0{place}Z",
                **about,
            }
            for place, (number, user, body, about) in enumerate(_lines_of_github(built))
        ],
        "releases": [{"type": "release"}, {"type": "release"}],
    }
    for name, rows in documents.items():
        (root / f"{name}_000001.json").write_text(json.dumps(rows))
    (root / "schema.json").write_text('{"version": "1.2.0"}')
    return packed(root, "github.tar.gz")


def _lines_of_github(built: Built):
    """What was said of lines: whose, of which pull request, and where."""
    person, other, thread = (
        "https://github.com/octocat",
        "https://github.com/ghost",
        {"pull_request_review_thread": f"{HUB}/pull/2/files#thread-1"},
    )
    roof = {"path": "roof", "diff_hunk": HUNK, "original_commit_id": built.mended}
    paint = {"path": "paint", "original_line": 1, "side": "RIGHT"}
    return [
        (2, other, "Why German?", {**roof, **thread}),
        (2, person, "Why not?", {**roof, **thread}),
        (3, person, "Which red?", {**paint, "original_commit_id": built.red}),
        (3, person, "This was pushed over.", {**paint, "original_commit_id": GONE}),
    ]
