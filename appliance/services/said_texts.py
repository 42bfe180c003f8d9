"""What somebody said, by its id: what to quote of it elsewhere, and where on a page it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.commit_talk import CommitComment
from appliance.db.conversations import Comment
from appliance.db.reviews import Review, ReviewComment, ReviewThread
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.pull_requests import Verdict
from appliance.services.push_names import show

MOST_QUOTED = 50
"""Of what a review says of lines; the page has the rest."""
ASKED = "whoever is told of a text was asked whether they may read it"


@dataclass(frozen=True)
class Quoted:
    """What was said, and by which verdict if it is a review."""

    text: str = ""
    verdict: Verdict | None = None


@open_to_everyone(because=ASKED)
def quoted(work: UnitOfWork, text_id: UUID) -> Quoted | None:
    """What a comment says, or a review with all that it says of lines; None where it is deleted."""
    comment = work.session.get(Comment, text_id)
    if comment is not None:
        return None if comment.deleted_at else Quoted(comment.body)
    remark = work.session.get(ReviewComment, text_id)
    if remark is not None:
        return None if remark.deleted_at else Quoted(_remarks(work, ReviewComment.id == text_id))
    of_commit = work.session.get(CommitComment, text_id)
    if of_commit is not None:
        return None if of_commit.deleted_at else Quoted(of_commit.body)
    review = work.session.get(Review, text_id)
    if review is None:
        return Quoted()
    parts = [review.body.strip(), _remarks(work, ReviewComment.review_id == text_id)]
    return Quoted("\n\n".join(part for part in parts if part), review.verdict)


@open_to_everyone(because=ASKED)
def of_review(work: UnitOfWork, review_id: UUID) -> list[UUID]:
    """The ids of what a review says of lines."""
    query = sa.select(ReviewComment.id).where(ReviewComment.review_id == review_id)
    return list(work.session.scalars(query))


@open_to_everyone(because=ASKED)
def anchors(work: UnitOfWork, text_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Where on the page of their conversation texts stand."""
    ids = {each for each in text_ids if each is not None}
    found = {each: f"comment-{each}" for each in ids}
    for table, kind in ((Review, "review"), (ReviewComment, "said")):
        query = sa.select(table.id).where(table.id.in_(ids))
        found |= {each: f"{kind}-{each}" for each in work.session.scalars(query)}
    return found


def _remarks(work: UnitOfWork, which: sa.ColumnElement[bool]) -> str:
    query = (
        sa.select(ReviewComment, ReviewThread)
        .join(ReviewThread, ReviewThread.id == ReviewComment.thread_id)
        .where(which, ReviewComment.deleted_at.is_(None))
        .order_by(ReviewComment.id)
        .limit(MOST_QUOTED)
    )
    rows = work.session.execute(query).all()
    return "\n\n".join(f"{_place(thread)}\n{said.body.strip()}" for said, thread in rows)


def _place(thread: ReviewThread) -> str:
    """As compilers write it: the file, and the line or both lines."""
    first, last = thread.start_line, thread.end_line
    lines = "" if first is None else f":{first}" if first == last else f":{first}-{last}"
    return f"{show(thread.path)}{lines}"
