"""Where somebody may speak of commits, and one comment on a commit."""

from __future__ import annotations

from uuid import UUID

from appliance.access import fetch, fetch_conversations, grants
from appliance.access.fetch_conversations import FOR_AUTHORS
from appliance.db.commit_talk import CommitComment
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.errors import NotFoundError, RefusedError, sentence


def to_speak(work: UnitOfWork, path: str) -> Repository:
    """The repository of that path, if the actor may say something of its commits.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: they may not. ConflictError: archived.
    """
    found = fetch.repository(work, path, Permission.REPOSITORY_DISCUSS)
    fetch_conversations.insist_on_somebody(work)
    fetch_conversations.insist_on_writable(found)
    return found


def comment(
    work: UnitOfWork, path: str, commit: str, comment_id: UUID
) -> tuple[Repository, CommitComment]:
    """A comment on a commit that is there to be read.

    Errors:
        HiddenError, NotFoundError: there is none, or it was deleted.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    return repository, _comment(work, repository, commit, comment_id)


def comment_to_answer(
    work: UnitOfWork, path: str, commit: str, comment_id: UUID
) -> tuple[Repository, CommitComment]:
    """A comment on a commit that the actor may react to.

    Errors: as for `to_speak`; NotFoundError: there is none, or it was deleted.
    """
    repository = to_speak(work, path)
    return repository, _comment(work, repository, commit, comment_id)


def comment_to_edit(
    work: UnitOfWork, path: str, commit: str, comment_id: UUID
) -> tuple[Repository, CommitComment]:
    """A comment that the actor may change or delete: their own, or anybody's for triagers.

    Errors: as for `comment_to_answer`; RefusedError: it is not theirs.
    """
    repository, found = comment_to_answer(work, path, commit, comment_id)
    may_triage = Permission.REPOSITORY_TRIAGE in grants.on_repository(work, repository)
    if found.author_id != work.actor.id and not may_triage:
        raise RefusedError(FOR_AUTHORS)
    return repository, found


def _comment(
    work: UnitOfWork, repository: Repository, commit: str, comment_id: UUID
) -> CommitComment:
    found = work.session.get(CommitComment, comment_id)
    is_there = found is not None and (found.repository_id, found.commit) == (repository.id, commit)
    if found is None or not is_there or found.deleted_at is not None:
        raise NotFoundError(sentence("There is no such comment."))
    return found
