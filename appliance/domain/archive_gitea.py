"""A dump by Gitea (`gitea dump-repo`) or Forgejo: YAML files and a bare repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.domain.brought import LabelElsewhere, MilestoneElsewhere, Said, Talk, Whole
from appliance.domain.conversations import ConversationKind

Row = Mapping[str, Any]
Documents = Mapping[str, Sequence[Row]]
"""By the name of the file without its ending: `issue`, `comments/7`, `reviews/7` …"""

HAVE_A_PLACE = ("repo", "topic", "issue", "pull_request", "comments/", "label", "milestone")


def read(documents: Documents) -> Whole:
    """What the dump holds."""
    repository = (documents.get("repo") or [{}])[0]
    talks = [_talk(each, documents) for each in documents.get("issue", [])]
    talks += [
        _talk(each, documents, ConversationKind.PULL_REQUEST)
        for each in documents.get("pull_request", [])
    ]
    left_out: dict[str, int] = {}
    for name, rows in documents.items():
        if not name.startswith(HAVE_A_PLACE):
            kind = name.partition("/")[0]
            left_out[kind] = left_out.get(kind, 0) + len(rows)
    spoken = [each for rows in documents.values() for each in rows]
    left_out["reactions"] = sum(len(each.get("reactions") or []) for each in spoken)
    return Whole(
        form="gitea",
        name=str(repository.get("name") or ""),
        git="git",
        labels=tuple(
            LabelElsewhere(
                each["name"], str(each.get("color") or ""), each.get("description") or ""
            )
            for each in documents.get("label", [])
        ),
        milestones=tuple(
            MilestoneElsewhere(
                each["title"],
                each.get("description") or "",
                _day(each.get("deadline")),
                each.get("state") == "closed",
            )
            for each in documents.get("milestone", [])
        ),
        talks=tuple(sorted(talks, key=lambda each: each.number)),
        people={
            each["poster_name"]: (each["poster_email"],) if each.get("poster_email") else ()
            for each in spoken
            if each.get("poster_name")
        },
        left_out={kind: number for kind, number in left_out.items() if number},
    )


def _talk(row: Row, documents: Documents, kind: ConversationKind = ConversationKind.ISSUE) -> Talk:
    comments = [
        each
        for each in documents.get(f"comments/{row['number']}", [])
        if each.get("comment_type", "comment") in {"", "comment"}
    ]
    closed = row.get("closed") or row.get("merged_time")
    is_closed = row.get("state") == "closed"
    return Talk(
        number=int(row["number"]),
        kind=kind,
        title=str(row.get("title") or ""),
        body=str(row.get("content") or ""),
        author=str(row.get("poster_name") or ""),
        created_at=_time(row["created"]),
        updated_at=_time(row.get("updated") or row["created"]),
        closed_at=_time(closed or row.get("updated") or row["created"]) if is_closed else None,
        labels=tuple(each["name"] for each in row.get("labels") or []),
        assignees=tuple(row.get("assignees") or ()),
        milestone=str(row.get("milestone") or ""),
        is_locked=bool(row.get("is_locked")),
        about=_about(row) if kind is ConversationKind.PULL_REQUEST else "",
        comments=tuple(
            Said(
                str(each.get("poster_name") or ""),
                str(each.get("content") or ""),
                _time(each["created"]),
            )
            for each in sorted(comments, key=lambda each: _time(each["created"]))
        ),
    )


def _about(row: Row) -> str:
    head, base = row.get("head") or {}, row.get("base") or {}
    said = f"Pull request of `{head.get('ref', '')}` into `{base.get('ref', '')}`"
    return f"{said}, merged." if row.get("merged") else f"{said}."


def _time(value: Any) -> str:
    """A time as text, which YAML may have read already. Without a zone it is UTC."""
    text = value if isinstance(value, str) else value.isoformat()
    has_zone = text.endswith("Z") or "+" in text or "-" in text[11:]
    return text if has_zone else f"{text}+00:00"


def _day(value: Any) -> str | None:
    return _time(value)[:10] if value else None
