"""A project export of GitLab, built after its documentation."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.cli.archives import DAY, GONE, LONG, NEVER, packed, repository


def gitlab(folder: Path) -> Path:
    """A project export of GitLab."""
    root = folder / "gitlab"
    tree = root / "tree" / "project"
    tree.mkdir(parents=True)
    built = repository(folder, "refs/merge-requests/1/head")
    words = ["git", "-C", built.bare, "bundle", "create", root / "project.bundle", "--all"]
    subprocess.run(words, check=True, capture_output=True)
    (root / "VERSION").write_text("0.2.4")
    (root / "tree" / "project.json").write_text('{"path": "notes", "description": "Notes"}')
    label = {"label": {"title": "not nice", "color": "#ff0000", "description": None}}
    milestone = {
        "title": "Before winter",
        "description": "",
        "due_date": "2024-10-01",
        "state": "closed",
    }
    issue = {
        "iid": 1,
        "title": "The roof leaks",
        "description": "It drips.\r\nSee #2.",
        "state": "closed",
        "author_id": 7,
        "created_at": DAY.format(1),
        "updated_at": DAY.format(5),
        "closed_at": DAY.format(5),
        "milestone": milestone,
        "label_links": [label],
        "issue_assignees": [{"user_id": 7}],
        "award_emoji": [{"name": "thumbsup"}],
        "notes": [
            {
                "note": body,
                "author_id": author,
                "author": {"name": "ghost"},
                "created_at": DAY.format(3),
                "system": system,
            }
            for body, author, system in (
                ("Here, too.", 99, False),
                ("changed the milestone", 7, True),
                ("I know.", 7, False),
            )
        ],
    }
    merge = {
        "iid": 1,
        "title": "Mend the roof",
        "description": LONG,
        "state": "merged",
        "source_branch": "mend",
        "target_branch": "main",
        "author_id": 99,
        "author": {"name": "ghost"},
        "created_at": DAY.format(2),
        "updated_at": DAY.format(4),
        "metrics": {"merged_at": DAY.format(4), "merged_by_id": 7},
        "merge_commit_sha": built.merged,
        "source_project_id": 5,
        "target_project_id": 5,
        "merge_request_diff": {"head_commit_sha": built.mended, "start_commit_sha": built.first},
        "approvals": [{"user_id": 7, "created_at": DAY.format(3)}],
        "notes": [
            {"note": "Thank you.", "author_id": 7, "created_at": DAY.format(3)},
            *_lines_of_gitlab("Why German?", 99, "roof", 2, built.mended, "1", is_resolved=True),
            *_lines_of_gitlab("Why not?", 7, "roof", 2, built.mended, "1", is_resolved=True),
        ],
    }
    painted = {
        **merge,
        "iid": 2,
        "title": "Draft: Paint the roof",
        "description": "",
        "state": "opened",
        "source_branch": "paint",
        "author_id": 7,
        "metrics": {},
        "merge_commit_sha": None,
        "merge_request_diff": {"head_commit_sha": built.blue, "start_commit_sha": built.merged},
        "notes": [
            *_lines_of_gitlab("Which red?", 7, "paint", 1, built.red, "2"),
            *_lines_of_gitlab("This was pushed over.", 7, "paint", 1, GONE, "3"),
        ],
    }
    given_up = {
        **painted,
        "iid": 3,
        "title": "Burn it",
        "state": "closed",
        "closed_at": DAY.format(6),
        "source_branch": "burn",
        "source_project_id": None,
        "merge_request_diff": {"head_commit_sha": NEVER},
        "approvals": [],
        "notes": [],
    }
    user = {"id": 7, "username": "octocat", "public_email": "writer@lab.example"}
    documents = {
        "issues": [issue],
        "merge_requests": [merge, painted, given_up],
        "project_members": [{"user_id": 7, "access_level": 40, "user": user}],
        "releases": [{"tag": "v1"}, {"tag": "v2"}],
    }
    for name, rows in documents.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tree / f"{name}.ndjson").write_text(lines)
    return packed(root, "gitlab.tar.gz")


def _lines_of_gitlab(body, author, path, line, head, discussion, *, is_resolved=False):
    """One note about a line of the new side."""
    place = {"head_sha": head, "new_path": path, "old_path": path, "new_line": line}
    yield {
        "note": body,
        "type": "DiffNote",
        "author_id": author,
        "author": {"name": "ghost"},
        "created_at": DAY.format(3),
        "discussion_id": discussion,
        "position": {**place, "old_line": None, "position_type": "text"},
        "original_position": {**place, "old_line": None, "position_type": "text"},
        "resolved_at": DAY.format(4) if is_resolved else None,
    }
