"""What pages and programs are told of reviews, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.conversation_rows import ReactionCount, reactions_to, user_names
from appliance.db.reviews import DraftComment, Review, ReviewComment, ReviewThread
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.pull_requests import Anchor, Verdict

ASKED = "whoever has reviews before them was asked whether they may read them"


@dataclass(frozen=True)
class ReviewFacts:
    """What a reviewer said of the whole."""

    id: UUID
    author: str
    author_id: UUID | None
    verdict: Verdict
    body: str
    patch_set: int
    head: str
    at: datetime
    dismissed_at: datetime | None
    dismissed_by: str
    dismissed_because: str
    is_own: bool
    may_write: bool = True
    """Whether the reviewer may write: the approval of others counts for no rule."""


@dataclass(frozen=True)
class CommentFacts:
    """What somebody said of lines."""

    id: UUID
    review_id: UUID | None
    author: str
    body: str
    at: datetime
    edited_at: datetime | None
    is_deleted: bool
    applied_as: str
    """The commit by which what it suggests was applied."""
    is_own: bool
    reactions: tuple[ReactionCount, ...]


@dataclass(frozen=True)
class ThreadFacts:
    """Lines that somebody spoke of, and what was said."""

    id: UUID
    anchor: Anchor
    """As it was in that patch set; `git.following` finds the lines in another."""
    is_resolved: bool
    resolved_by: str
    comments: tuple[CommentFacts, ...]


@dataclass(frozen=True)
class DraftFacts:
    """What the reader will say with their review."""

    id: UUID
    thread_id: UUID | None
    anchor: Anchor
    body: str
    at: datetime


@open_to_everyone(because=ASKED)
def of_reviews(work: UnitOfWork, rows: Iterable[Review]) -> list[ReviewFacts]:
    """Reviews as plain values."""
    kept = list(rows)
    ids = {each.author_id for each in kept} | {each.dismissed_by_id for each in kept}
    names = user_names(work.session, ids)
    return [
        ReviewFacts(
            each.id,
            names.get(each.author_id, ""),
            each.author_id,
            each.verdict,
            each.body,
            each.patch_set,
            each.head_oid,
            each.submitted_at,
            each.dismissed_at,
            names.get(each.dismissed_by_id, ""),
            each.dismissed_because,
            each.author_id is not None and each.author_id == work.actor.id,
        )
        for each in kept
    ]


@open_to_everyone(because=ASKED)
def of_threads(work: UnitOfWork, rows: Sequence[ReviewThread]) -> list[ThreadFacts]:
    """Threads with what was said in them, as plain values."""
    query = (
        sa.select(ReviewComment)
        .where(ReviewComment.thread_id.in_([each.id for each in rows]))
        .order_by(ReviewComment.id)
    )
    said: dict[UUID, list[ReviewComment]] = {}
    for comment in work.session.scalars(query):
        said.setdefault(comment.thread_id, []).append(comment)
    ids = {each.resolved_by_id for each in rows}
    ids |= {comment.author_id for comments in said.values() for comment in comments}
    names = user_names(work.session, ids)
    reactions = reactions_to(
        work.session, [comment.id for comments in said.values() for comment in comments]
    )
    return [
        ThreadFacts(
            each.id,
            anchor_of(each),
            each.resolved_at is not None,
            names.get(each.resolved_by_id, ""),
            tuple(
                _comment(work, comment, names, reactions.get(comment.id, []))
                for comment in said.get(each.id, [])
            ),
        )
        for each in rows
    ]


@open_to_everyone(because=ASKED)
def of_comment(work: UnitOfWork, row: ReviewComment) -> CommentFacts:
    """One comment as plain values."""
    reactions = reactions_to(work.session, [row.id]).get(row.id, [])
    return _comment(work, row, user_names(work.session, [row.author_id]), reactions)


def of_drafts(rows: Iterable[DraftComment]) -> list[DraftFacts]:
    """Notes of one's own as plain values."""
    return [
        DraftFacts(each.id, each.thread_id, anchor_of(each), each.body, each.created_at)
        for each in rows
    ]


def anchor_of(row: ReviewThread | DraftComment) -> Anchor:
    """The lines that a row is about."""
    return Anchor(row.patch_set, row.path, row.side, row.start_line, row.end_line)


def _comment(
    work: UnitOfWork,
    row: ReviewComment,
    names: dict[UUID | None, str],
    reactions: Iterable[ReactionCount],
) -> CommentFacts:
    return CommentFacts(
        row.id,
        row.review_id,
        names.get(row.author_id, ""),
        row.body,
        row.created_at,
        row.edited_at,
        row.deleted_at is not None,
        row.applied_as or "",
        row.author_id is not None and row.author_id == work.actor.id,
        tuple(reactions),
    )
