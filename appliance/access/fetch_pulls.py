"""A pull request by its number, if the actor may; and between which repositories one can be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_conversations, grants, visible
from appliance.access.fetch_conversations import Seen
from appliance.db.conversations import Conversation
from appliance.db.pulls import PullRequest
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.conversations import ConversationKind, Which
from appliance.domain.permissions import PERMISSIONS_OF, Permission, Visibility, highest
from appliance.errors import ConflictError, sentence


@dataclass(frozen=True)
class SeenPull(Seen):
    """A pull request, where it is, and who the actor is to it."""

    pull: PullRequest

    @property
    def may_write(self) -> bool:
        """Whether they may write to the target's repository."""
        return Permission.REPOSITORY_WRITE in self.standing.allowed


def which(path: str, number: int) -> Which:
    """A pull request as a client names it."""
    return Which(path, number, ConversationKind.PULL_REQUEST)


def home(work: UnitOfWork, path: str) -> Repository:
    """The repository of that path, if the actor may read it.

    Errors:
        HiddenError, MovedError: as for `fetch.repository`.
    """
    return fetch.repository(work, path, Permission.REPOSITORY_READ)


def to_open(work: UnitOfWork, path: str) -> Repository:
    """The repository of that path, if the actor may ask there that something be merged.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: they may not. ConflictError: archived.
    """
    found = fetch.repository(work, path, Permission.REPOSITORY_DISCUSS)
    fetch_conversations.insist_on_somebody(work)
    fetch_conversations.insist_on_writable(found)
    return found


def source(work: UnitOfWork, target: Repository, path: str | None) -> Repository:
    """Where the source branch is: the same repository, or one that the actor may write to, because
    what it holds is shown to all readers of the target.

    Errors:
        HiddenError, RefusedError: they may not.
    """
    if path is None:
        return target
    found = fetch.repository(work, path, Permission.REPOSITORY_READ)
    if found.id == target.id:
        return target
    return fetch.repository_by_id(work, found.id, Permission.REPOSITORY_WRITE)


def to_read(work: UnitOfWork, wanted: Which) -> SeenPull:
    """A pull request that the actor may read.

    Errors:
        HiddenError, MovedError: there is no such repository.
        NotFoundError: it has no such pull request.
    """
    return _pull(work, fetch_conversations.to_read(work, _that(wanted)))


def to_take_part(work: UnitOfWork, wanted: Which) -> SeenPull:
    """A pull request that the actor may say something of.

    Errors: as for `fetch_conversations.to_take_part`.
    """
    return _pull(work, fetch_conversations.to_take_part(work, _that(wanted)), is_changing=True)


def to_edit(work: UnitOfWork, wanted: Which) -> SeenPull:
    """A pull request that the actor may change: their own, or anybody's for triagers.

    Errors: as for `fetch_conversations.to_edit`.
    """
    return _pull(work, fetch_conversations.to_edit(work, _that(wanted)), is_changing=True)


def to_plan_merge(work: UnitOfWork, wanted: Which) -> SeenPull:
    """A pull request that the actor may merge, as far as their role goes; nothing is locked yet.

    Errors: as for `to_merge`.
    """
    repository = fetch.repository(work, wanted.path, Permission.REPOSITORY_WRITE)
    fetch_conversations.insist_on_writable(repository)
    return _pull(work, fetch_conversations.of(work, repository, _that(wanted)))


def to_merge(work: UnitOfWork, wanted: Which) -> SeenPull:
    """A pull request that the actor may merge, as far as their role goes.

    Errors:
        HiddenError, NotFoundError, RefusedError, UnauthenticatedError: they may not.
        ConflictError: the repository is archived.
    """
    repository = fetch.repository(work, wanted.path, Permission.REPOSITORY_WRITE)
    fetch_conversations.insist_on_writable(repository)
    seen = fetch_conversations.to_change(work, repository, _that(wanted))
    return _pull(work, seen, is_changing=True)


def readable_paths(work: UnitOfWork, ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    """The paths of those repositories that the actor may read."""
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    rows = work.session.scalars(visible.repositories(work).where(Repository.id.in_(wanted)))
    return {each.id: each.path for each in rows}


def source_path(work: UnitOfWork, seen: SeenPull) -> str:
    """The path of the repository that has the source branch; empty where the actor may not know."""
    source_id = seen.pull.source_repository_id
    if source_id == seen.repository.id:
        return seen.repository.path
    return readable_paths(work, [source_id]).get(source_id, "")


def is_followed(work: UnitOfWork, pull: PullRequest) -> bool:
    """Whether what is pushed to its source comes into the target still: of a fork, as long as who
    asked may read the target, and write to a source that not everybody may read.
    """
    home, source_id = pull.repository_id, pull.source_repository_id
    if source_id is None or source_id == home:
        return source_id == home
    source = work.session.get_one(Repository, source_id)
    author_id = work.session.get_one(Conversation, pull.id).author_id
    author = work.session.get(User, author_id) if author_id else None
    if source.deleted_at is not None or author is None:
        return False
    if not fetch_conversations.may_read(work, work.session.get_one(Repository, home), author):
        return False
    found = grants.reasons(work, source, user_id=author.id, instance_role=author.instance_role)
    role = highest([reason.role for reason in found])
    writes = role is not None and Permission.REPOSITORY_WRITE in PERMISSIONS_OF[role]
    return writes or source.visibility is Visibility.PUBLIC


def may_write_source(work: UnitOfWork, pull: PullRequest) -> bool:
    """Whether the actor may move or delete the source branch, as far as their role goes."""
    found = (
        work.session.get(Repository, pull.source_repository_id)
        if pull.source_repository_id
        else None
    )
    if found is None or found.archived_at is not None or found.deleted_at is not None:
        return False
    return Permission.REPOSITORY_WRITE in grants.on_repository(work, found)


def insist_on_open(seen: SeenPull) -> None:
    """Go on only if something is left to merge.

    Errors:
        ConflictError: it was merged, or closed.
    """
    if seen.pull.merged_at is not None:
        raise ConflictError(
            sentence("#%(number)s has already been merged.", number=seen.conversation.number)
        )
    if not seen.conversation.is_open:
        raise ConflictError(
            sentence("#%(number)s is closed. Reopen it first.", number=seen.conversation.number)
        )


def _that(wanted: Which) -> Which:
    return which(wanted.path, wanted.number)


def _pull(work: UnitOfWork, seen: Seen, *, is_changing: bool = False) -> SeenPull:
    query = sa.select(PullRequest).where(PullRequest.id == seen.conversation.id)
    if is_changing:
        query = query.with_for_update().execution_options(populate_existing=True)
    pull = work.session.scalars(query).one()
    return SeenPull(seen.repository, seen.conversation, seen.standing, pull)
