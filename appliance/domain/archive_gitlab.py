"""A project export of GitLab, as its documentation describes it: lines of JSON below `tree/project`
and a bundle. Issues and merge requests have numbers of their own there; here they share one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
)
from appliance.domain.conversations import ConversationKind
from appliance.domain.pull_requests import Side, Verdict

Row = Mapping[str, Any]
Documents = Mapping[str, Sequence[Row]]
"""By the name of the file below `tree/project`; `project` is `tree/project.json`."""

HAVE_A_PLACE = frozenset(
    {"project", "issues", "merge_requests", "labels", "milestones", "project_members"}
)

INSIDE = {
    "merge_request_reviewers": "review requests",
    "designs": "designs",
    "timelogs": "time logs",
    "resource_label_events": "system notes",
    "resource_milestone_events": "system notes",
    "resource_state_events": "system notes",
}
"""What stands within an issue or a merge request and has no place here, and what we call it."""


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
    notes = [note for each in both for note in each.get("notes") or []]
    left_out["system notes"] = sum(bool(each.get("system")) for each in notes)
    left_out["reactions"] = sum(len(each.get("award_emoji") or []) for each in [*both, *notes])
    left_out["confidential issues"] = sum(bool(each.get("confidential")) for each in both)
    for name, inside in INSIDE.items():
        left_out[inside] = left_out.get(inside, 0) + sum(len(each.get(name) or []) for each in both)
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
    is_pull = kind is ConversationKind.PULL_REQUEST
    notes = [
        each
        for each in row.get("notes") or []
        if not each.get("system") and not (is_pull and _position(each))
    ]
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
        about=_about(row) if is_pull else "",
        comments=_said(notes, names),
        pull=_pull(row, names) if is_pull else None,
    )


def _said(notes: Iterable[Row], names: Mapping[int, str]) -> tuple[Said, ...]:
    return tuple(
        Said(_author(each, names), each.get("note") or "", each["created_at"])
        for each in sorted(notes, key=lambda each: each["created_at"])
    )


def _pull(row: Row, names: Mapping[int, str]) -> Pull | None:
    """None where the export does not say which commits it had."""
    diff, metrics = row.get("merge_request_diff") or {}, row.get("metrics") or {}
    head = diff.get("head_commit_sha") or row.get("diff_head_sha")
    if not head:
        return None
    is_merged = row.get("state") == "merged"
    merged_as = row.get("merge_commit_sha") or row.get("squash_commit_sha") or ""
    merged_at = metrics.get("merged_at") or row.get("closed_at") or row.get("updated_at")
    title = str(row.get("title") or "").lower()
    return Pull(
        source=row["source_branch"],
        target=row["target_branch"],
        head=head,
        base=diff.get("start_commit_sha") or diff.get("base_commit_sha") or "",
        is_from_fork=row.get("source_project_id") != row.get("target_project_id"),
        is_draft=bool(row.get("draft")) or title.startswith(("draft:", "wip:")),
        merged_at=merged_at if is_merged else None,
        merged_by=names.get(metrics.get("merged_by_id") or 0, "") if is_merged else "",
        merged_as=merged_as if is_merged else "",
        reviews=tuple(
            Judged(names.get(each.get("user_id"), ""), Verdict.APPROVE, each["created_at"])
            for each in sorted(row.get("approvals") or [], key=lambda each: each["created_at"])
        ),
        threads=_threads(row, names),
    )


def _threads(row: Row, names: Mapping[int, str]) -> tuple[Thread, ...]:
    """What was said of lines, together what is one discussion."""
    together: dict[str, list[Row]] = {}
    for number, each in enumerate(row.get("notes") or []):
        if not each.get("system") and _position(each):
            together.setdefault(each.get("discussion_id") or str(number), []).append(each)
    found = []
    for notes in together.values():
        first = min(notes, key=lambda each: each["created_at"])
        places = [_place(_position(first, kind)) for kind in ("original_position", "position")]
        kept = tuple(each for each in places if each is not None)
        is_resolved = all(each.get("resolved_at") for each in notes)
        found.append(Thread(kept, _said(notes, names), is_resolved))
    return tuple(sorted(found, key=lambda each: each.comments[0].created_at))


def _position(note: Row, kind: str = "position") -> Row:
    """The lines that a note is about; empty where it is about none."""
    found: Any = note.get(kind)
    found = json.loads(found) if isinstance(found, str) and found.startswith("{") else found
    if not isinstance(found, dict) or not (found.get("new_path") or found.get("old_path")):
        return {}
    return found


def _place(position: Row) -> Place | None:
    if not position:
        return None
    line, side = position.get("new_line"), Side.NEW
    if line is None and position.get("old_line") is not None:
        line, side = position["old_line"], Side.OLD
    path = position.get("new_path" if side is Side.NEW else "old_path") or position["new_path"]
    begun = ((position.get("line_range") or {}).get("start") or {}).get(f"{side}_line")
    return Place(position.get("head_sha") or "", path, side, begun or line, line)


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
