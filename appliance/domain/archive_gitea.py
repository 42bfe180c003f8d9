"""A dump by Gitea (`gitea dump-repo`) or Forgejo: YAML files and a bare repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    hunk_end,
)
from appliance.domain.conversations import ConversationKind
from appliance.domain.pull_requests import Side, Verdict

Row = Mapping[str, Any]
Documents = Mapping[str, Sequence[Row]]
"""By the name of the file without its ending: `issue`, `comments/7`, `reviews/7` …"""

HAVE_A_PLACE = (
    *("repo", "topic", "issue", "pull_request", "comments/", "label", "milestone"),
    "reviews/",
)
VERDICTS = {
    "APPROVED": Verdict.APPROVE,
    "CHANGES_REQUESTED": Verdict.REQUEST_CHANGES,
    "COMMENTED": Verdict.COMMENT,
}


def read(documents: Documents) -> Whole:
    """What the dump holds."""
    repository = (documents.get("repo") or [{}])[0]
    spoken = [each for rows in documents.values() for each in rows]
    names = {
        each["poster_id"]: str(each["poster_name"])
        for each in spoken
        if each.get("poster_id") and each.get("poster_name")
    }
    talks = [_talk(each, documents, names) for each in documents.get("issue", [])]
    talks += [
        _talk(each, documents, names, ConversationKind.PULL_REQUEST)
        for each in documents.get("pull_request", [])
    ]
    left_out: dict[str, int] = {}
    for name, rows in documents.items():
        if not name.startswith(HAVE_A_PLACE):
            kind = name.partition("/")[0]
            left_out[kind] = left_out.get(kind, 0) + len(rows)
    reviews = [
        each for name, rows in documents.items() if name.startswith("reviews/") for each in rows
    ]
    lines = [said for each in reviews for said in each.get("comments") or []]
    left_out["reactions"] = sum(len(each.get("reactions") or []) for each in [*spoken, *lines])
    left_out["review requests"] = sum(each.get("state") == "REQUEST_REVIEW" for each in reviews)
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


def _talk(
    row: Row,
    documents: Documents,
    names: Mapping[Any, str],
    kind: ConversationKind = ConversationKind.ISSUE,
) -> Talk:
    is_pull = kind is ConversationKind.PULL_REQUEST
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
        about=_about(row) if is_pull else "",
        pull=_pull(row, documents, names) if is_pull else None,
        comments=tuple(
            Said(
                str(each.get("poster_name") or ""),
                str(each.get("content") or ""),
                _time(each["created"]),
            )
            for each in sorted(comments, key=lambda each: _time(each["created"]))
        ),
    )


def _pull(row: Row, documents: Documents, names: Mapping[Any, str]) -> Pull | None:
    """None where the dump does not say which commits it had."""
    head, base = row.get("head") or {}, row.get("base") or {}
    if not head.get("sha"):
        return None
    is_merged = bool(row.get("merged"))
    title = str(row.get("title") or "").lower()
    there = [(each.get("owner_name"), each.get("repo_name")) for each in (head, base)]
    merged_at = row.get("merged_time") or row.get("closed") or row.get("updated")
    said = documents.get(f"reviews/{row['number']}", [])
    return Pull(
        source=str(head.get("ref") or ""),
        target=str(base.get("ref") or ""),
        head=str(head["sha"]),
        base=str(base.get("sha") or ""),
        is_from_fork=there[0] != there[1],
        is_draft=bool(row.get("is_draft")) or title.startswith(("draft:", "wip:", "[wip]")),
        merged_at=_time(merged_at) if is_merged and merged_at else None,
        merged_as=str(row.get("merge_commit_sha") or "") if is_merged else "",
        reviews=_reviews(said),
        threads=_threads(said, names),
    )


def _reviews(rows: Sequence[Row]) -> tuple[Judged, ...]:
    found = [
        Judged(
            str(each.get("reviewer_name") or ""),
            VERDICTS[each["state"]],
            _time(each["created_at"]),
            str(each.get("content") or ""),
            str(each.get("commit_id") or ""),
            is_dismissed=bool(each.get("dismissed")),
        )
        for each in rows
        if each.get("state") in VERDICTS
    ]
    # One that says nothing but what it says of lines is there with those.
    kept = [each for each in found if each.body or each.verdict is not Verdict.COMMENT]
    return tuple(sorted(kept, key=lambda each: each.submitted_at))


def _threads(rows: Sequence[Row], names: Mapping[Any, str]) -> tuple[Thread, ...]:
    """What was said of lines: together what answers one comment, or speaks of the same line."""
    reviewers = {each["reviewer_id"]: str(each["reviewer_name"]) for each in rows}
    together: dict[Any, list[Row]] = {}
    keys: dict[Any, Any] = {}
    for each in (said for row in rows for said in row.get("comments") or []):
        place = (each.get("tree_path"), each.get("line"), each.get("commit_id"))
        own = place if each.get("line") else each.get("id")
        key = keys[each.get("id")] = keys.get(each.get("in_reply_to"), own)
        together.setdefault(key, []).append(each)
    found = []
    for comments in together.values():
        comments.sort(key=lambda each: _time(each["created_at"]))
        said = tuple(
            Said(
                reviewers.get(each.get("poster_id")) or names.get(each.get("poster_id"), ""),
                str(each.get("content") or ""),
                _time(each["created_at"]),
            )
            for each in comments
        )
        found.append(Thread((_place(comments[0]),), said))
    return tuple(sorted(found, key=lambda each: each.comments[0].created_at))


def _place(row: Row) -> Place:
    """A line of the new side, or of the old one where its number is negative."""
    line, side = int(row.get("line") or 0), Side.NEW
    if not line and (end := hunk_end(str(row.get("diff_hunk") or ""))):
        side, line = end
    elif line < 0:
        side, line = Side.OLD, -line
    path, commit = str(row.get("tree_path") or ""), str(row.get("commit_id") or "")
    return Place(commit, path, side, line or None, line or None)


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
