"""A conversation by its number, if the actor may; and where one can be begun or sorted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate, grants
from appliance.db import lookups
from appliance.db.conversations import Comment, Conversation
from appliance.db.once import once
from appliance.db.organisations import Organisation, Team, TeamMembership
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.conversations import LARGEST_NUMBER, ConversationKind, Standing, Which
from appliance.domain.identity import ActorKind
from appliance.domain.permissions import Permission
from appliance.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
    sentence,
)

FOR_AUTHORS = sentence("Only the author and triagers can do that.")
LOCKED = sentence("This conversation is locked: only triagers can take part.")


@dataclass(frozen=True)
class Seen:
    """A conversation, where it is, and who the actor is to it."""

    repository: Repository
    conversation: Conversation
    standing: Standing


def home(work: UnitOfWork, path: str) -> Repository:
    """The repository of that path, if the actor may read it and it has issues.

    Errors:
        HiddenError, MovedError: as for `fetch.repository`.
        NotFoundError: it has no issues.
    """
    found = fetch.repository(work, path, Permission.REPOSITORY_READ)
    if not has_issues(work, found):
        raise NotFoundError(sentence("%(path)s has no issues.", path=found.path))
    return found


def home_of(work: UnitOfWork, path: str, kind: ConversationKind) -> Repository:
    """The repository of that path, if the actor may read it and it has such conversations.

    Errors: as for `home`.
    """
    if kind is ConversationKind.ISSUE:
        return home(work, path)
    return fetch.repository(work, path, Permission.REPOSITORY_READ)


def to_open(work: UnitOfWork, path: str) -> Repository:
    """The repository of that path, if the actor may open an issue there.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: they may not.
        NotFoundError: it has no issues. ConflictError: it is archived.
    """
    found = fetch.repository(work, path, Permission.REPOSITORY_DISCUSS)
    insist_on_somebody(work)
    home(work, path)
    insist_on_writable(found)
    return found


def to_sort(work: UnitOfWork, path: str) -> Repository:
    """The repository of that path, if the actor may change its labels and milestones.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: they may not. ConflictError: archived.
    """
    found = fetch.repository(work, path, Permission.REPOSITORY_DISCUSS)
    insist_on_somebody(work)
    fetch.repository_by_id(work, found.id, Permission.REPOSITORY_TRIAGE)
    insist_on_writable(found)
    return found


def to_watch(work: UnitOfWork, path: str) -> Repository:
    """The repository of that path, if the actor may be told what happens in it.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
        UnauthenticatedError, RefusedError: no user is asking.
    """
    found = fetch.repository(work, path, Permission.REPOSITORY_DISCUSS)
    insist_on_somebody(work)
    return found


def to_read(work: UnitOfWork, which: Which) -> Seen:
    """A conversation that the actor may read.

    Errors:
        HiddenError, MovedError: there is no such repository.
        NotFoundError: it has no such conversation.
    """
    repository = fetch.repository(work, which.path, Permission.REPOSITORY_READ)
    return _seen(work, repository, which)


def to_follow(work: UnitOfWork, which: Which) -> Seen:
    """A conversation that the actor may read, and be told of.

    Errors:
        HiddenError, NotFoundError: as for `to_read`.
        UnauthenticatedError, RefusedError: no user is asking.
    """
    repository = fetch.repository(work, which.path, Permission.REPOSITORY_DISCUSS)
    insist_on_somebody(work)
    return _seen(work, repository, which)


def to_take_part(work: UnitOfWork, which: Which) -> Seen:
    """A conversation that the actor may say something in.

    Errors:
        HiddenError, NotFoundError, UnauthenticatedError: as for `to_follow`.
        RefusedError: it is locked. ConflictError: the repository is archived.
    """
    return _to_change(work, which, lambda standing: standing.may_comment, LOCKED)


def to_edit(work: UnitOfWork, which: Which) -> Seen:
    """A conversation whose title, text and state the actor may change.

    Errors: as for `to_take_part`; RefusedError: they are neither author nor triager.
    """
    return _to_change(work, which, lambda standing: standing.may_edit, FOR_AUTHORS)


def to_triage(work: UnitOfWork, which: Which) -> Seen:
    """A conversation that the actor may label, assign and lock.

    Errors: as for `to_take_part`; RefusedError: they are no triager.
    """
    repository = to_sort(work, which.path)
    return _seen(work, repository, which, is_changing=True)


def of(work: UnitOfWork, repository: Repository, which: Which) -> Seen:
    """A conversation of a repository. Asks nothing: who asks has asked.

    Errors:
        NotFoundError: it has no such conversation.
    """
    return _seen(work, repository, which)


def to_change(work: UnitOfWork, repository: Repository, which: Which) -> Seen:
    """A conversation of a repository, locked until all is done. Asks nothing: who asks has asked.

    Errors:
        NotFoundError: it has no such conversation.
    """
    return _seen(work, repository, which, is_changing=True)


def comment(work: UnitOfWork, which: Which, comment_id: UUID) -> tuple[Seen, Comment]:
    """A comment that is there to be read.

    Errors:
        HiddenError, NotFoundError: there is none.
    """
    seen = to_read(work, which)
    return seen, _comment(work, seen, comment_id)


def comment_to_edit(work: UnitOfWork, which: Which, comment_id: UUID) -> tuple[Seen, Comment]:
    """A comment that the actor may change or delete: their own, or anybody's for triagers.

    Errors:
        HiddenError, NotFoundError: there is none.
        RefusedError: it is not theirs, or the conversation is locked.
        ConflictError: the repository is archived.
    """
    seen = to_take_part(work, which)
    found = _comment(work, seen, comment_id)
    if found.author_id != work.actor.id and not seen.standing.may_triage:
        raise RefusedError(FOR_AUTHORS)
    return seen, found


def has_issues(work: UnitOfWork, repository: Repository) -> bool:
    """Whether a repository has issues. Asks nothing: who asks has asked who may read it."""
    if not repository.has_issues or repository.organisation_id is None:
        return repository.has_issues
    key = repository.organisation_id
    organisation = once(
        work.session, (Organisation, key), lambda: work.session.get(Organisation, key)
    )
    return organisation is None or organisation.has_issues


def participant(work: UnitOfWork, repository: Repository, name: str) -> User | None:
    """The active user of that name who may read a repository; None where there is none."""
    found = lookups.user(work.session, name)
    return found if found is not None and may_read(work, repository, found) else None


def team_to_ask(work: UnitOfWork, repository: Repository, path: str) -> Team | None:
    """The team `ORG/TEAM`, if the actor may see it and one of its members may read a repository.

    Errors:
        RefusedError: the actor's credential was not given for teams, whichever is meant.
    """
    if not work.actor.ceiling_allows(Permission.ORGANISATION_READ):
        raise RefusedError(gate.who_may(work, Permission.ORGANISATION_READ))
    if not team_participants(work, repository, path):
        return None
    found = lookups.team(work.session, *path.split("/", 1))
    return None if found is None else found[1]


def team_participants(work: UnitOfWork, repository: Repository, path: str) -> list[User]:
    """The members of `ORG/TEAM` who may read a repository, if the actor may see that team."""
    organisation_name, _, name = path.partition("/")
    found = lookups.team(work.session, organisation_name, name)
    if found is None or Permission.ORGANISATION_READ not in grants.on_organisation(work, found[0]):
        return []
    members = work.session.scalars(
        sa.select(User)
        .join(TeamMembership, TeamMembership.user_id == User.id)
        .where(TeamMembership.team_id == found[1].id)
        .order_by(User.name)
    )
    return [each for each in members if may_read(work, repository, each)]


def may_read(work: UnitOfWork, repository: Repository, user: User) -> bool:
    """Whether somebody may read a repository, whatever they use to ask."""
    reasons = grants.reasons(
        work, repository, user_id=user.id, instance_role=user.instance_role, rows=None
    )
    return user.is_active and bool(reasons)


def _to_change(work: UnitOfWork, which: Which, may: Callable[[Standing], bool], text: str) -> Seen:
    repository = fetch.repository(work, which.path, Permission.REPOSITORY_DISCUSS)
    insist_on_somebody(work)
    seen = _seen(work, repository, which, is_changing=True)
    if not may(seen.standing):
        if seen.standing.is_locked:
            raise RefusedError(LOCKED)
        raise RefusedError(text)
    insist_on_writable(repository)
    return seen


def _seen(
    work: UnitOfWork, repository: Repository, which: Which, *, is_changing: bool = False
) -> Seen:
    query = sa.select(Conversation).where(
        Conversation.repository_id == repository.id,
        Conversation.number == which.number,
        Conversation.kind == which.kind,
    )
    if is_changing:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = work.session.scalar(query) if which.number <= LARGEST_NUMBER else None
    is_issue = which.kind is ConversationKind.ISSUE
    if found is None or (is_issue and not has_issues(work, repository)):
        names = {"path": repository.path, "number": which.number}
        if is_issue:
            raise NotFoundError(sentence("There is no issue #%(number)s in %(path)s.", **names))
        raise NotFoundError(sentence("There is no pull request #%(number)s in %(path)s.", **names))
    allowed = grants.on_repository(work, repository)
    if work.actor.id is None:
        allowed -= {Permission.REPOSITORY_DISCUSS}
    is_author = found.author_id is not None and found.author_id == work.actor.id
    standing = Standing(allowed, is_author, found.locked_at is not None)
    return Seen(repository, found, standing)


def _comment(work: UnitOfWork, seen: Seen, comment_id: UUID) -> Comment:
    found = work.session.get(Comment, comment_id)
    is_there = found is not None and found.conversation_id == seen.conversation.id
    if found is None or not is_there or found.deleted_at is not None:
        raise NotFoundError(sentence("There is no such comment."))
    return found


def insist_on_somebody(work: UnitOfWork) -> None:
    """What people say is said by a user: no stranger, and no key of a machine.

    Errors:
        UnauthenticatedError: nobody has signed in. RefusedError: no user is asking.
    """
    if not work.actor.is_signed_in:
        raise UnauthenticatedError(sentence("Sign in first."))
    if work.actor.kind is not ActorKind.USER or work.actor.id is None:
        raise RefusedError(sentence("This is only for users with an account."))


def insist_on_writable(repository: Repository) -> None:
    """Go on only if a repository takes changes.

    Errors:
        ConflictError: it is archived.
    """
    if repository.archived_at is not None:
        raise ConflictError(
            sentence("%(path)s is archived. Unarchive it first.", path=repository.path)
        )
