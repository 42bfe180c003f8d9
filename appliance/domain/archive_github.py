"""A migration archive of GitHub, as its documentation describes it: `KIND_NNNNNN.json` files, in
which everything names others by their addresses, and bare repositories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from appliance.domain.brought import LabelElsewhere, MilestoneElsewhere, Said, Talk, Whole
from appliance.domain.conversations import ConversationKind

Row = Mapping[str, Any]
Documents = Mapping[str, Sequence[Row]]
"""By the word in front of the number in a file's name."""

HAVE_A_PLACE = frozenset(
    {
        *("schema", "users", "organizations", "repositories", "issues", "pull_requests"),
        *("issue_comments", "milestones"),
    }
)


def read(documents: Documents, repository: str) -> Whole:
    """What the archive holds of `OWNER/NAME`."""
    found = next(
        each for each in documents["repositories"] if _path(each["url"]) == repository.lower()
    )
    url = found["url"]
    milestones = [each for each in documents.get("milestones", []) if each["repository"] == url]
    named = {each["url"]: each["title"] for each in milestones}
    talks = [_talk(each, documents, named) for each in _of(documents, "issues", url)]
    talks += [
        _talk(each, documents, named, ConversationKind.PULL_REQUEST)
        for each in _of(documents, "pull_requests", url)
    ]
    left_out = Counter(
        {kind: len(rows) for kind, rows in documents.items() if kind not in HAVE_A_PLACE}
    )
    left_out["reactions"] = sum(
        len(each.get("reactions") or [])
        for kind in ("issues", "pull_requests", "issue_comments")
        for each in documents.get(kind, [])
    )
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
        people={_name(each["url"]): _addresses(each) for each in documents.get("users", [])},
        left_out={kind: number for kind, number in left_out.items() if number},
    )


def repositories(documents: Documents) -> list[str]:
    """The repositories of an archive, as `OWNER/NAME`."""
    return ["/".join(each["url"].rsplit("/", 2)[1:]) for each in documents.get("repositories", [])]


def _of(documents: Documents, kind: str, repository_url: str) -> Iterable[Row]:
    return (each for each in documents.get(kind, []) if each["repository"] == repository_url)


def _talk(
    row: Row,
    documents: Documents,
    milestones: Mapping[str, str],
    kind: ConversationKind = ConversationKind.ISSUE,
) -> Talk:
    address, place = row["url"], "issue" if kind is ConversationKind.ISSUE else "pull_request"
    comments = [
        each
        for each in documents.get("issue_comments", [])
        if each.get(place) == address or each.get("issue") == address
    ]
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
        comments=tuple(
            Said(_name(each.get("user")), each.get("body") or "", each["created_at"])
            for each in sorted(comments, key=lambda each: (each["created_at"], each["url"]))
        ),
    )


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
