"""A dump by Gitea, built after its documentation."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.cli.archives import DAY, GONE, HUNK, LONG, NEVER, Built, packed, repository


class Plain(yaml.SafeDumper):
    """Writes all out, as the other system does."""

    def ignore_aliases(self, _data):
        return True


def gitea(folder: Path) -> Path:
    """A dump by Gitea."""
    root = folder / "gitea"
    (root / "comments").mkdir(parents=True)
    (root / "reviews").mkdir()
    built = repository(folder)
    built.bare.rename(root / "git")
    person = {"poster_name": "octocat", "poster_email": "writer@lab.example", "poster_id": 7}
    other = {"poster_name": "ghost", "poster_email": "", "poster_id": 99}
    issue = {
        "number": 1,
        **person,
        "title": "The roof leaks",
        "content": "It drips.\r\nSee #2.",
        "milestone": "Before winter",
        "state": "closed",
        "is_locked": False,
        "created": DAY.format(1),
        "updated": DAY.format(5),
        "closed": DAY.format(5),
        "labels": [{"name": "not nice", "color": "ff0000"}],
        "assignees": ["octocat"],
        "reactions": [{"user_name": "ghost", "content": "+1"}],
    }
    home = {"repo_name": "notes", "owner_name": "octo"}
    pull = {
        "number": 2,
        **other,
        "title": "Mend the roof",
        "content": LONG,
        "state": "closed",
        "created": DAY.format(2),
        "updated": DAY.format(4),
        "closed": DAY.format(4),
        "merged": True,
        "merged_time": DAY.format(4),
        "merge_commit_sha": built.merged,
        "head": {"ref": "mend", "sha": built.mended, **home},
        "base": {"ref": "main", "sha": built.first, **home},
    }
    painted = {
        **pull,
        **person,
        "number": 3,
        "title": "WIP: Paint the roof",
        "content": "",
        "state": "open",
        "closed": None,
        "merged": False,
        "merged_time": None,
        "merge_commit_sha": "",
        "head": {"ref": "paint", "sha": built.blue, **home},
        "base": {"ref": "main", "sha": built.merged, **home},
    }
    given_up = {
        **painted,
        "number": 4,
        "title": "Burn it",
        "state": "closed",
        "closed": DAY.format(6),
        "head": {"ref": "burn", "sha": NEVER, "repo_name": "notes", "owner_name": "ghost"},
    }
    comments = {
        1: [
            {"index": 1, **other, "created": DAY.format(3), "content": "Here, too."},
            {"index": 1, **person, "created": "2024-03-03T10:00:01Z", "content": "I know."},
        ],
        2: [{"index": 2, **person, "created": DAY.format(3), "content": "Thank you."}],
    }
    milestone = {"title": "Before winter", "state": "closed", "deadline": "2024-10-01T00:00:00Z"}
    documents = {
        "repo": {"name": "notes", "owner": "octo", "default_branch": "main"},
        "label": [{"name": "not nice", "color": "ff0000", "description": ""}],
        "milestone": [milestone],
        "issue": [issue],
        "pull_request": [pull, painted, given_up],
        "reviews/2": [_review_of_gitea(2, "Good.", built.mended, _lines_of_roof(built))],
        "reviews/3": [_review_of_gitea(3, "Nice.", built.red, _lines_of_paint(built))],
        "release": [{"tag_name": "v1"}, {"tag_name": "v2"}],
        **{f"comments/{number}": rows for number, rows in comments.items()},
    }
    for name, content in documents.items():
        (root / f"{name}.yml").write_text(yaml.dump(content, Dumper=Plain))
    return packed(root, "gitea.zip")


def _review_of_gitea(number, body, head, comments):
    return {
        "id": number,
        "issue_index": number,
        "reviewer_id": 7,
        "reviewer_name": "octocat",
        "commit_id": head,
        "content": body,
        "created_at": DAY.format(3),
        "state": "APPROVED",
        "comments": list(comments),
    }


def _lines_of_roof(built: Built):
    roof = {"tree_path": "roof", "diff_hunk": HUNK, "line": 2, "commit_id": built.mended}
    later = "2024-03-03T10:00:01Z"
    return (
        {"id": 1, "content": "Why German?", "poster_id": 99, "created_at": DAY.format(3), **roof},
        {"id": 2, "content": "Why not?", "poster_id": 7, "created_at": later, **roof},
    )


def _lines_of_paint(built: Built):
    paint = {"tree_path": "paint", "line": 1, "poster_id": 7, "created_at": DAY.format(3)}
    return (
        {"id": 3, "content": "Which red?", "commit_id": built.red, **paint},
        {"id": 4, "content": "This was pushed over.", "commit_id": GONE, **paint},
    )
