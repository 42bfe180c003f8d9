"""Archives as other systems make them, built after their documentation."""

from __future__ import annotations

import json
import subprocess
import tarfile
import zipfile
from pathlib import Path

import yaml

DAY = "2024-03-0{}T10:00:00Z"
HUB = "https://github.com/octo/notes"
LONG = "x" * 70_000


def repository(folder: Path) -> Path:
    """A bare repository with one commit."""
    work = folder / "work"
    named = ("-c", "user.name=Person", "-c", "user.email=person@lab.example")
    for words in (
        ("init", "-q", "-b", "main", str(work)),
        ("-C", str(work), *named, "commit", "-q", "--allow-empty", "-m", "First"),
        ("clone", "-q", "--bare", str(work), str(folder / "bare")),
    ):
        subprocess.run(["git", *words], check=True, capture_output=True)
    return folder / "bare"


def packed(folder: Path, name: str) -> Path:
    """A folder as a tar or zip file."""
    archive = folder.parent / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(archive, "w") as opened:
            for file in folder.rglob("*"):
                opened.write(file, file.relative_to(folder))
        return archive
    with tarfile.open(archive, "w:gz") as made:
        made.add(folder, ".")
    return archive


def github(folder: Path) -> Path:
    """A migration archive of GitHub."""
    root = folder / "github"
    (root / "repositories" / "octo").mkdir(parents=True)
    repository(folder).rename(root / "repositories" / "octo" / "notes.git")
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
        "base": {"ref": "main", "sha": "a" * 40},
        "head": {"ref": "mend", "sha": "b" * 40},
        "labels": [],
        "merged_at": DAY.format(4),
        "closed_at": DAY.format(4),
        "created_at": DAY.format(2),
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
        "pull_requests": [pull],
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
        "pull_request_reviews": [{"type": "pull_request_review"}],
        "releases": [{"type": "release"}, {"type": "release"}],
    }
    for name, rows in documents.items():
        (root / f"{name}_000001.json").write_text(json.dumps(rows))
    (root / "schema.json").write_text('{"version": "1.2.0"}')
    return packed(root, "github.tar.gz")


def gitlab(folder: Path) -> Path:
    """A project export of GitLab."""
    root = folder / "gitlab"
    tree = root / "tree" / "project"
    tree.mkdir(parents=True)
    bare = repository(folder)
    words = ["git", "-C", bare, "bundle", "create", root / "project.bundle", "--all"]
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
        "metrics": {"merged_at": DAY.format(4)},
        "notes": [{"note": "Thank you.", "author_id": 7, "created_at": DAY.format(3)}],
    }
    user = {"id": 7, "username": "octocat", "public_email": "writer@lab.example"}
    documents = {
        "issues": [issue],
        "merge_requests": [merge],
        "project_members": [{"user_id": 7, "access_level": 40, "user": user}],
        "releases": [{"tag": "v1"}, {"tag": "v2"}],
    }
    for name, rows in documents.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tree / f"{name}.ndjson").write_text(lines)
    return packed(root, "gitlab.tar.gz")


def gitea(folder: Path) -> Path:
    """A dump by Gitea."""
    root = folder / "gitea"
    (root / "comments").mkdir(parents=True)
    repository(folder).rename(root / "git")
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
        "head": {"ref": "mend"},
        "base": {"ref": "main"},
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
        "pull_request": [pull],
        "release": [{"tag_name": "v1"}, {"tag_name": "v2"}],
        **{f"comments/{number}": rows for number, rows in comments.items()},
    }
    for name, content in documents.items():
        (root / f"{name}.yml").write_text(yaml.safe_dump(content))
    return packed(root, "gitea.zip")
