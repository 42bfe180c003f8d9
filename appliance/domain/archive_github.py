"""A migration archive of GitHub, as its documentation describes it: `KIND_NNNNNN.json` files, in
which everything names others by their addresses, and bare repositories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from appliance.domain.brought import (
    Judged,
    LabelElsewhere,
    MilestoneElsewhere,
    Place,
    Pull,
    Said,
    Talk,
    Thread,
    Whole,
    hunk_end,
)
from appliance.domain.conversations import ConversationKind
from appliance.domain.pull_requests import Side, Verdict

Row = Mapping[str, Any]
Documents = Mapping[str, Sequence[Row]]
"""By the word in front of the number in a file's name."""

HAVE_A_PLACE = frozenset(
    {
        *("schema", "users", "organizations", "repositories", "issues", "pull_requests"),
        *("issue_comments", "milestones", "pull_request_reviews"),
        *("pull_request_review_comments", "pull_request_review_threads"),
    }
)
INSIDE = {
    "reactions": "reactions",
    "review_requests": "review requests",
    "closing_issue_references": "linked issues",
    "collaborators": "collaborators",
    "webhooks": "webhooks",
}
"""What stands within a row and has no place here, and what we call it."""
DISMISSED = 50
VERDICTS = {
    1: Verdict.COMMENT,
    30: Verdict.REQUEST_CHANGES,
    40: Verdict.APPROVE,
    DISMISSED: Verdict.COMMENT,
}
"""By the number that a review's state has there. Of a dismissed one it does not say what it was."""


class Archive:
    """The documents of an archive, each looked through once however many rows name others. Its
    state is what was found in them so far.
    """

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self._naming: dict[tuple[str, ...], dict[Any, list[Row]]] = {}

    def naming(self, kind: str, address: str, *fields: str) -> list[Row]:
        """The rows of a kind that have an address in one of these fields."""
        found = self._naming.get((kind, *fields))
        if found is None:
            found = self._naming[kind, *fields] = {}
            for row in self.documents.get(kind, []):
                for each in {row.get(field) for field in fields} - {None}:
                    found.setdefault(each, []).append(row)
        return found.get(address, [])

    @cached_property
    def repositories(self) -> dict[str, Row]:
        """By `owner/name` in small letters, its repositories."""
        rows = reversed(self.documents.get("repositories", []))
        return {_path(each["url"]): each for each in rows}

    @cached_property
    def people(self) -> dict[str, tuple[str, ...]]:
        """Who is in it, with their addresses."""
        return {_name(each["url"]): _addresses(each) for each in self.documents.get("users", [])}

    @cached_property
    def left_out(self) -> dict[str, Counter[str]]:
        """How much has no place here, by whose it is and what it is; what is nobody's stands under
        the empty name.
        """
        found: dict[str, Counter[str]] = {}
        for kind, rows in self.documents.items():
            for row in rows:
                own = found.setdefault(self._home(row), Counter())
                own[kind] += kind not in HAVE_A_PLACE
                for name, inside in INSIDE.items():
                    own[inside] += len(row.get(name) or []) if kind in HAVE_A_PLACE else 0
        return found

    def _home(self, row: Row) -> str:
        """The repository that something is of: an address in it says so."""
        for field in ("repository", "url", "issue", "pull_request"):
            owner_and_name = str(row.get(field) or "").lower().split("/")[3:5]
            path = "/".join(owner_and_name).partition("#")[0]
            if path in self.repositories:
                return path
        return ""


def read(archive: Archive, repository: str) -> Whole:
    """What the archive holds of `OWNER/NAME`."""
    found = archive.repositories[repository.lower()]
    url = found["url"]
    milestones = archive.naming("milestones", url, "repository")
    named = {each["url"]: each["title"] for each in milestones}
    talks = [_talk(each, archive, named) for each in archive.naming("issues", url, "repository")]
    talks += [
        _talk(each, archive, named, ConversationKind.PULL_REQUEST)
        for each in archive.naming("pull_requests", url, "repository")
    ]
    return Whole(
        form="github",
        name=repository,
        git=f"repositories/{repository}.git",
        labels=tuple(
            LabelElsewhere(each["name"], each["color"], each.get("description") or "")
            for each in found.get("labels") or []
        ),
        milestones=tuple(_milestone(each) for each in milestones),
        talks=tuple(sorted(talks, key=lambda each: each.number)),
        people=archive.people,
        left_out=_left_out(archive, repository),
    )


def _left_out(archive: Archive, repository: str) -> dict[str, int]:
    of_it, of_nobody = (archive.left_out.get(each, Counter()) for each in (repository.lower(), ""))
    return {kind: number for kind, number in (of_it + of_nobody).items() if number}


def repositories(archive: Archive) -> list[str]:
    """The repositories of an archive, as `OWNER/NAME`."""
    rows = archive.documents.get("repositories", [])
    return ["/".join(each["url"].rsplit("/", 2)[1:]) for each in rows]


def _talk(
    row: Row,
    archive: Archive,
    milestones: Mapping[str, str],
    kind: ConversationKind = ConversationKind.ISSUE,
) -> Talk:
    address = row["url"]
    places = ("issue",) if kind is ConversationKind.ISSUE else ("pull_request", "issue")
    comments = archive.naming("issue_comments", address, *places)
    assignees = row.get("assignees") or ([row["assignee"]] if row.get("assignee") else [])
    return Talk(
        number=int(address.rsplit("/", 1)[1]),
        kind=kind,
        title=row.get("title") or "",
        body=row.get("body") or "",
        author=_name(row.get("user")),
        created_at=row["created_at"],
        updated_at=row.get("updated_at") or row["created_at"],
        closed_at=row.get("closed_at"),
        labels=tuple(unquote(each.rsplit("/labels/", 1)[1]) for each in row.get("labels") or []),
        assignees=tuple(_name(each) for each in assignees),
        milestone=milestones.get(row.get("milestone") or "", ""),
        is_locked=bool(row.get("locked")),
        about=_about(row) if kind is ConversationKind.PULL_REQUEST else "",
        comments=_said(comments),
        pull=_pull(row, archive) if kind is ConversationKind.PULL_REQUEST else None,
    )


def _said(comments: Iterable[Row]) -> tuple[Said, ...]:
    ordered = sorted(comments, key=lambda each: (each["created_at"], each["url"]))
    return tuple(
        Said(_name(each.get("user")), each.get("body") or "", each["created_at"])
        for each in ordered
    )


def _pull(row: Row, archive: Archive) -> Pull:
    head, base = row["head"], row["base"]
    happened = archive.naming("issue_events", row["url"], "pull_request", "issue")
    merges = [each for each in happened if each.get("event") == "merged"]
    merge: Row = merges[0] if merges else {}
    merged_as = row.get("merge_commit_sha") or merge.get("commit_id") or ""
    home = base.get("repo") or row["repository"]
    return Pull(
        source=head["ref"],
        target=base["ref"],
        head=head["sha"],
        base=base["sha"],
        is_from_fork="repo" in head and head["repo"] != home,
        is_draft=bool(row.get("work_in_progress") or row.get("draft")),
        merged_at=row.get("merged_at"),
        merged_by=_name(merge.get("actor")),
        merged_as=merged_as if row.get("merged_at") else "",
        reviews=_reviews(row["url"], archive),
        threads=_threads(row["url"], archive),
    )


def _reviews(address: str, archive: Archive) -> tuple[Judged, ...]:
    said = archive.naming("pull_request_reviews", address, "pull_request")
    rows = [each for each in said if each.get("state") in VERDICTS]
    found = [
        Judged(
            _name(each.get("user")),
            VERDICTS[each["state"]],
            each.get("submitted_at") or each["created_at"],
            each.get("body") or "",
            each.get("head_sha") or "",
            is_dismissed=each["state"] == DISMISSED,
        )
        for each in rows
    ]
    # One that says nothing but what it says of lines is there with those.
    kept = [each for each in found if each.body or each.verdict is not Verdict.COMMENT]
    return tuple(sorted(kept, key=lambda each: each.submitted_at))


def _threads(address: str, archive: Archive) -> tuple[Thread, ...]:
    """What was said of lines: together what names one thread, or answers one comment."""
    together: dict[str, list[Row]] = {}
    for each in archive.naming("pull_request_review_comments", address, "pull_request"):
        key = each.get("pull_request_review_thread") or each.get("in_reply_to") or each["url"]
        together.setdefault(key, []).append(each)
    found = []
    for key, comments in together.items():
        first = min(comments, key=lambda each: (each["created_at"], each["url"]))
        known = archive.naming("pull_request_review_threads", key, "url")
        about = {**first, **(known[-1] if known else {})}
        is_resolved = bool(about.get("resolved_at"))
        found.append(Thread(_places(about), _said(comments), is_resolved))
    return tuple(sorted(found, key=lambda each: each.comments[0].created_at))


def _places(row: Row) -> tuple[Place, ...]:
    """Where it was when it was said, and where it is said to be at the end."""
    side = Side.OLD if row.get("side") == "LEFT" else Side.NEW
    start, line = row.get("original_start_line"), row.get("original_line")
    if line is None and (end := hunk_end(row.get("diff_hunk") or "")):
        side, line = end
    was = Place(row.get("original_commit_id") or "", row["path"], side, start or line, line)
    at, line = row.get("start_line"), row.get("line")
    now = Place(row.get("commit_id") or "", row["path"], side, at or line, line)
    return tuple(each for each in (was, now) if each.end is not None) or (Place("", row["path"]),)


def _about(row: Row) -> str:
    source, target = row["head"]["ref"], row["base"]["ref"]
    said = f"Pull request of `{source}` ({row['head']['sha'][:10]}) into `{target}`"
    return f"{said}, merged on {row['merged_at'][:10]}." if row.get("merged_at") else f"{said}."


def _milestone(row: Row) -> MilestoneElsewhere:
    due = (row.get("due_on") or "")[:10] or None
    is_closed = row.get("state") == "closed"
    return MilestoneElsewhere(row["title"], row.get("description") or "", due, is_closed)


def _name(url: str | None) -> str:
    return (url or "").rsplit("/", 1)[-1]


def _path(url: str) -> str:
    return "/".join(url.lower().rsplit("/", 2)[1:])


def _addresses(row: Row) -> tuple[str, ...]:
    return tuple(each["address"] for each in row.get("emails") or [] if each.get("verified", True))
