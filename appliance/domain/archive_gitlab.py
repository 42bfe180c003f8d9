"""A project export of GitLab, as its documentation describes it: lines of JSON below `tree/project`
and a bundle. Issues and merge requests have numbers of their own there; here they share one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from appliance.domain.brought import LabelElsewhere, MilestoneElsewhere, Said, Talk, Whole
from appliance.domain.conversations import ConversationKind

Row = Mapping[str, Any]
Documents = Mapping[str, Sequence[Row]]
"""By the name of the file below `tree/project`; `project` is `tree/project.json`."""

HAVE_A_PLACE = frozenset(
    {"project", "issues", "merge_requests", "labels", "milestones", "project_members"}
)


def read(documents: Documents) -> Whole:
    """What the export holds."""
    people = _people(documents.get("project_members", []))
    names = {number: name for number, (name, _) in people.items()}
    issues = [_talk(each, names) for each in documents.get("issues", [])]
    start = max((each.number for each in issues), default=0)
    merges = [
        _talk(each, names, start, ConversationKind.PULL_REQUEST)
        for each in documents.get("merge_requests", [])
    ]
    both = [*documents.get("issues", []), *documents.get("merge_requests", [])]
    left_out = {kind: len(rows) for kind, rows in documents.items() if kind not in HAVE_A_PLACE}
    left_out["system notes"] = sum(
        bool(note.get("system")) for each in both for note in each.get("notes") or []
    )
    left_out["reactions"] = sum(len(each.get("award_emoji") or []) for each in both)
    project = (documents.get("project") or [{}])[0]
    return Whole(
        form="gitlab",
        name=str(project.get("path") or ""),
        git="project.bundle",
        labels=_labels(documents, both),
        milestones=_milestones(documents, both),
        talks=tuple(sorted([*issues, *merges], key=lambda each: each.number)),
        people=dict(people.values()),
        left_out={kind: number for kind, number in left_out.items() if number},
    )


def _talk(
    row: Row,
    names: Mapping[int, str],
    start: int = 0,
    kind: ConversationKind = ConversationKind.ISSUE,
) -> Talk:
    notes = [each for each in row.get("notes") or [] if not each.get("system")]
    assignees = row.get("issue_assignees") or row.get("merge_request_assignees") or []
    is_open = row.get("state") in {"opened", "reopened", "locked"}
    closed_at = row.get("closed_at") or (row.get("metrics") or {}).get("merged_at")
    return Talk(
        number=start + int(row["iid"]),
        kind=kind,
        title=row.get("title") or "",
        body=row.get("description") or "",
        author=_author(row, names),
        created_at=row["created_at"],
        updated_at=row.get("updated_at") or row["created_at"],
        closed_at=None if is_open else closed_at or row.get("updated_at") or row["created_at"],
        labels=tuple(
            each["label"]["title"] for each in row.get("label_links") or [] if each.get("label")
        ),
        assignees=tuple(filter(None, (names.get(each.get("user_id"), "") for each in assignees))),
        milestone=(row.get("milestone") or {}).get("title", ""),
        is_locked=bool(row.get("discussion_locked")),
        about=_about(row) if kind is ConversationKind.PULL_REQUEST else "",
        comments=tuple(
            Said(_author(each, names), each.get("note") or "", each["created_at"])
            for each in sorted(notes, key=lambda each: each["created_at"])
        ),
    )


def _about(row: Row) -> str:
    said = f"Merge request !{row['iid']} of `{row['source_branch']}` into `{row['target_branch']}`"
    return f"{said}, merged." if row.get("state") == "merged" else f"{said}."


def _author(row: Row, names: Mapping[int, str]) -> str:
    known = names.get(row.get("author_id") or 0, "")
    return known or str((row.get("author") or {}).get("name") or "")


def _people(members: Iterable[Row]) -> dict[int, tuple[str, tuple[str, ...]]]:
    users = [each["user"] for each in members if each.get("user")]
    return {
        int(each["id"]): (
            str(each.get("username") or ""),
            tuple(filter(None, (each.get("public_email"), each.get("email")))),
        )
        for each in users
    }


def _labels(documents: Documents, talks: Iterable[Row]) -> tuple[LabelElsewhere, ...]:
    """Those of the project, and those of its groups that only conversations name."""
    rows = [*documents.get("labels", [])]
    links = (link for each in talks for link in each.get("label_links") or [])
    rows += [link["label"] for link in links if link.get("label")]
    found = {
        each["title"]: LabelElsewhere(
            each["title"], str(each.get("color") or ""), each.get("description") or ""
        )
        for each in rows
    }
    return tuple(found.values())


def _milestones(documents: Documents, talks: Iterable[Row]) -> tuple[MilestoneElsewhere, ...]:
    rows = [*documents.get("milestones", [])]
    rows += [each["milestone"] for each in talks if each.get("milestone")]
    found = {
        each["title"]: MilestoneElsewhere(
            each["title"],
            each.get("description") or "",
            each.get("due_date"),
            each.get("state") == "closed",
        )
        for each in rows
    }
    return tuple(found.values())
