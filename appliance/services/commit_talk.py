"""What people say of commits: comments on the whole or on lines of the diff, and reactions.

Who calls has found the commit in the repository: these verbs know it by its whole id. A deleted
comment leaves a mark in its place, without its text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_commit_talk
from appliance.db import paging
from appliance.db.commit_talk import CommitComment, CommitReaction
from appliance.db.conversation_rows import ReactionCount, user_names
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.commit_talk import MOST_COMMENTS, Spot, check_spot
from appliance.domain.conversations import Reaction, check_text
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence
from appliance.services import conversation_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Reaction", "Spot"]


@dataclass(frozen=True)
class SaidOfCommit:
    """A comment with who wrote it and how others reacted."""

    comment: CommitComment
    author: str
    deleted_by: str
    reactions: list[ReactionCount]
    is_own: bool

    @property
    def spot(self) -> Spot:
        """What it is about."""
        row = self.comment
        return Spot(row.path, row.side, row.start_line, row.end_line)


def add(
    work: UnitOfWork, path: str, commit: str, text: str, spot: Spot | None = None, *, now: datetime
) -> SaidOfCommit:
    """Say something of a commit; without a spot, of the whole.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: the actor may not.
        InvalidError: there is no text, or too much, or the lines are none.
        ConflictError: the repository is archived, or enough was said.
    """
    repository = fetch_commit_talk.to_speak(work, path)
    body, at = check_text(text, is_needed=True), check_spot(spot or Spot())
    _insist_on_room(work, repository, commit)
    made = CommitComment(
        id=new_id(),
        repository_id=repository.id,
        commit=commit,
        path=at.path,
        side=at.side,
        start_line=at.start_line,
        end_line=at.end_line,
        author_id=work.actor.id,
        body=body,
        created_at=now,
    )
    work.session.add(made)
    work.record(events.CommitCommented(**_about(repository, made), in_file=not at.is_whole))
    conversation_steps.note_mentions(work, repository, made.id, body)
    work.session.flush()  # What is shown next is read from the database.
    return _presented(work, [made])[0]


def listed(
    work: UnitOfWork,
    path: str,
    commit: str,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[SaidOfCommit]:
    """What was said of a commit, the oldest first; deleted comments as marks.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
        InvalidError: the place in the list is none.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = _of(repository, commit)
    found = paging.page(
        work.session, query, CommitComment.id, make=paging.only, after=after, limit=limit
    )
    return paging.Page(_presented(work, found.items), found.next)


def everything(work: UnitOfWork, path: str, commit: str) -> list[SaidOfCommit]:
    """All that was said of a commit, for its page.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = _of(repository, commit).order_by(CommitComment.id).limit(MOST_COMMENTS)
    return _presented(work, list(work.session.scalars(query)))


def show(work: UnitOfWork, path: str, commit: str, comment_id: UUID) -> SaidOfCommit:
    """One comment.

    Errors:
        HiddenError, NotFoundError: there is none, or it was deleted.
    """
    _, found = fetch_commit_talk.comment(work, path, commit, comment_id)
    return _presented(work, [found])[0]


def edit(
    work: UnitOfWork, path: str, commit: str, comment_id: UUID, text: str, *, now: datetime
) -> SaidOfCommit:
    """Say something otherwise.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        InvalidError: there is no text, or too much. ConflictError: the repository is archived.
    """
    repository, found = fetch_commit_talk.comment_to_edit(work, path, commit, comment_id)
    body = check_text(text, is_needed=True)
    if body != found.body:
        conversation_steps.note_mentions(work, repository, found.id, body, before=found.body)
        found.body, found.edited_at = body, now
        work.record(events.CommitCommentChanged(**_about(repository, found)))
    return _presented(work, [found])[0]


def delete(work: UnitOfWork, path: str, commit: str, comment_id: UUID, *, now: datetime) -> None:
    """Take a comment back: its text is gone, a mark stays.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        ConflictError: the repository is archived.
    """
    repository, found = fetch_commit_talk.comment_to_edit(work, path, commit, comment_id)
    found.body, found.deleted_at, found.deleted_by_id = "", now, work.actor.id
    gone = sa.delete(CommitReaction).where(CommitReaction.comment_id == found.id)
    work.session.execute(gone)
    work.record(events.CommitCommentDeleted(**_about(repository, found)))


def react(
    work: UnitOfWork,
    path: str,
    commit: str,
    comment_id: UUID,
    reaction: Reaction,
    *,
    given: bool = True,
) -> None:
    """React to a comment, or take that back. Safe to repeat.

    Errors:
        HiddenError, NotFoundError, UnauthenticatedError: there is none, or none for this actor.
        ConflictError: the repository is archived.
    """
    repository, found = fetch_commit_talk.comment_to_answer(work, path, commit, comment_id)
    row = work.session.scalar(
        sa.select(CommitReaction).where(
            CommitReaction.comment_id == found.id,
            CommitReaction.user_id == work.actor.id,
            CommitReaction.reaction == reaction,
        )
    )
    if (row is not None) is given:
        return
    if row is not None:
        work.session.delete(row)
    else:
        values = {"user_id": work.actor.id, "reaction": reaction}
        work.session.add(CommitReaction(comment_id=found.id, **values))
    kind = events.CommitReacted if given else events.CommitReactionRemoved
    work.record(kind(**_about(repository, found), reaction=reaction))


def _about(repository: Repository, comment: CommitComment) -> dict[str, Any]:
    return {
        "about": repository.id,
        "organisation_id": repository.organisation_id,
        "commit": comment.commit,
        "comment_id": str(comment.id),
    }


def _of(repository: Repository, commit: str) -> sa.Select[CommitComment]:
    return sa.select(CommitComment).where(
        CommitComment.repository_id == repository.id, CommitComment.commit == commit
    )


def _insist_on_room(work: UnitOfWork, repository: Repository, commit: str) -> None:
    query = _of(repository, commit).with_only_columns(sa.func.count())
    if (work.session.scalar(query) or 0) >= MOST_COMMENTS:
        raise ConflictError(
            sentence("A commit can have at most %(most)s comments.", most=MOST_COMMENTS)
        )


def _presented(work: UnitOfWork, rows: Sequence[CommitComment]) -> list[SaidOfCommit]:
    ids = {each.author_id for each in rows} | {each.deleted_by_id for each in rows}
    names = user_names(work.session, ids)
    reactions = _reactions(work, [each.id for each in rows])
    return [
        SaidOfCommit(
            each,
            names.get(each.author_id, ""),
            names.get(each.deleted_by_id, ""),
            reactions.get(each.id, []),
            each.author_id is not None and each.author_id == work.actor.id,
        )
        for each in rows
    ]


def _reactions(work: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, list[ReactionCount]]:
    """How often each reaction was given to comments; the reactions in their own order."""
    rows = work.session.scalars(sa.select(CommitReaction).where(CommitReaction.comment_id.in_(ids)))
    given: dict[tuple[UUID, Reaction], set[UUID]] = {}
    for row in rows:
        given.setdefault((row.comment_id, row.reaction), set()).add(row.user_id)
    found: dict[UUID, list[ReactionCount]] = {}
    for reaction in Reaction:
        for (comment_id, kind), users in given.items():
            if kind is reaction:
                found.setdefault(comment_id, []).append((reaction, len(users), frozenset(users)))
    return found
