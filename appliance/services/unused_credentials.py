"""What nobody uses ends: tokens, SSH keys, deploy keys and SCIM tokens, after a warning.

The instance says after how many days, and an organisation may say fewer for its service accounts
and its deploy keys. Whose it is finds a warning in the inbox; it ends only when the warning has
stood for as long as it was to. A clock that was set back makes everything look younger, so ends
nothing; one that was set forward warns, and ends nothing before the time of the warning is over.

Authorities of certificates do not end so. An authority vouches for others, and those who hold its
certificates would all be out at once because nobody needed it for a while, as one that is kept for
an emergency; what it signs ends by itself. Its last use stands in the inventory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import credential_notices
from appliance.db.credential_notices import CredentialNotice, Subject
from appliance.db.credential_rules import CredentialRule
from appliance.db.credentials import AccessToken, LastUse, SshKey
from appliance.db.repositories import Repository
from appliance.db.scim import ScimToken
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.credentials import CredentialKind, NoticeTopic
from appliance.domain.permissions import Permission
from appliance.domain.signatures import MAY_ENTER
from appliance.services import ssh_keys

NEEDED = Permission.USERS_MANAGE


@dataclass(frozen=True)
class Idle:
    """A credential, when it was used last or made, and after how many days without use it ends."""

    subject: Subject
    since: datetime
    days: int | None
    warned_at: datetime | None


def is_wanted(work: UnitOfWork) -> bool:
    """Whether anything ends for want of use here."""
    gate.require(work, NEEDED)
    if work.rules.access.unused_credentials_days:
        return True
    stricter = sa.select(CredentialRule.id).where(CredentialRule.unused_days.is_not(None))
    return work.session.scalar(sa.select(stricter.exists())) or False


def end_some(
    work: UnitOfWork,
    kind: CredentialKind,
    *,
    after: UUID | None,
    limit: int,
    now: datetime,
) -> UUID | None:
    """Warn of, or end, some of a kind that nobody uses; gives where to go on, None at the end."""
    gate.require(work, NEEDED)
    found = FINDERS[kind](work, kind, after, limit)
    for each in found:
        if each.days is not None:
            _look_at(work, each, timedelta(days=each.days), now)
    return found[-1].subject.id if len(found) == limit else None


def _look_at(work: UnitOfWork, idle: Idle, span: timedelta, now: datetime) -> None:
    warning = min(timedelta(days=work.rules.access.unused_warning_days), span / 2)
    unused = now - idle.since
    if unused < span - warning:
        if idle.warned_at is not None:
            credential_notices.forget(work.session, idle.subject.id)  # It was used after all.
        return
    if idle.warned_at is None:
        credential_notices.tell(work.session, idle.subject, NoticeTopic.UNUSED, at=now)
    elif unused >= span and now - idle.warned_at >= warning:
        _end(work, idle, now)


def _end(work: UnitOfWork, idle: Idle, now: datetime) -> None:
    """End it, unless it was used since it was looked at."""
    subject = idle.subject
    used = sa.select(LastUse.used_at).where(LastUse.credential_id == subject.id)
    used_at = work.session.scalar(used.execution_options(populate_existing=True))
    if used_at is not None and used_at > idle.since:
        return
    if subject.kind is CredentialKind.TOKEN:
        _end_token(work, subject, now)
    elif subject.kind is CredentialKind.SCIM_TOKEN:
        _end_scim_token(work, subject, now)
    else:
        ssh_keys.drop(work, work.session.get_one(SshKey, subject.id), why="unused")
    credential_notices.tell(work.session, subject, NoticeTopic.ENDED, at=now)


def _end_token(work: UnitOfWork, subject: Subject, now: datetime) -> None:
    token = work.session.get_one(AccessToken, subject.id)
    token.revoked_at = now
    work.record(
        events.TokenExpired(
            about=token.id,
            organisation_id=subject.organisation_id,
            user_id=str(token.user_id),
            why="unused",
        )
    )


def _end_scim_token(work: UnitOfWork, subject: Subject, now: datetime) -> None:
    token = work.session.get_one(ScimToken, subject.id)
    token.revoked_at = now
    work.record(
        events.ScimTokenRevoked(about=token.provider_id, token_id=str(token.id), why="unused")
    )


def _tokens(
    work: UnitOfWork, _kind: CredentialKind, after: UUID | None, limit: int
) -> Sequence[Idle]:
    query = (
        sa.select(
            AccessToken,
            User,
            LastUse.used_at,
            CredentialRule.unused_days,
            CredentialNotice.at,
        )
        .join(User, User.id == AccessToken.user_id)
        .outerjoin(LastUse, LastUse.credential_id == AccessToken.id)
        .outerjoin(CredentialRule, CredentialRule.organisation_id == User.owner_organisation_id)
        .outerjoin(CredentialNotice, _warned(AccessToken.id))
        .where(AccessToken.revoked_at.is_(None))
        .order_by(AccessToken.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(AccessToken.id > after)
    return [
        Idle(
            credential_notices.of_user(token.id, CredentialKind.TOKEN, token.name, user),
            max(filter(None, (token.created_at, used_at))),
            _days(work, stricter),
            warned_at,
        )
        for token, user, used_at, stricter, warned_at in work.session.execute(query)
    ]


def _scim_tokens(
    work: UnitOfWork, kind: CredentialKind, after: UUID | None, limit: int
) -> Sequence[Idle]:
    """Nobody's but the appliance's: its rule counts, and administrators are told."""
    query = (
        sa.select(ScimToken, LastUse.used_at, CredentialNotice.at)
        .outerjoin(LastUse, LastUse.credential_id == ScimToken.id)
        .outerjoin(CredentialNotice, _warned(ScimToken.id))
        .where(ScimToken.revoked_at.is_(None))
        .order_by(ScimToken.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(ScimToken.id > after)
    return [
        Idle(
            Subject(token.id, kind, token.name),
            max(filter(None, (token.created_at, used_at))),
            _days(work, None),
            warned_at,
        )
        for token, used_at, warned_at in work.session.execute(query)
    ]


def _keys(work: UnitOfWork, kind: CredentialKind, after: UUID | None, limit: int) -> Sequence[Idle]:
    """SSH keys of users that let them in, or deploy keys."""
    owning = sa.func.coalesce(User.owner_organisation_id, Repository.organisation_id)
    holder = SshKey.user_id if kind is CredentialKind.SSH_KEY else SshKey.repository_id
    query = (
        sa.select(
            SshKey,
            User,
            Repository,
            LastUse.used_at,
            CredentialRule.unused_days,
            CredentialNotice.at,
        )
        .outerjoin(User, User.id == SshKey.user_id)
        .outerjoin(Repository, Repository.id == SshKey.repository_id)
        .outerjoin(LastUse, LastUse.credential_id == SshKey.id)
        .outerjoin(CredentialRule, CredentialRule.organisation_id == owning)
        .outerjoin(CredentialNotice, _warned(SshKey.id))
        .where(holder.is_not(None))
        .order_by(SshKey.id)
        .limit(limit)
    )
    if kind is CredentialKind.SSH_KEY:
        query = query.where(SshKey.usage.in_(MAY_ENTER))
    if after is not None:
        query = query.where(SshKey.id > after)
    return [
        Idle(
            _of_key(kind, key, user, repository),
            max(filter(None, (key.created_at, used_at))),
            _days(work, stricter),
            warned_at,
        )
        for key, user, repository, used_at, stricter, warned_at in work.session.execute(query)
    ]


def _of_key(
    kind: CredentialKind, key: SshKey, user: User | None, repository: Repository | None
) -> Subject:
    if user is not None:
        return credential_notices.of_user(key.id, kind, key.title, user)
    if repository is None or repository.organisation_id is not None:
        organisation_id = repository.organisation_id if repository else None
        return Subject(key.id, kind, key.title, organisation_id=organisation_id)
    return Subject(key.id, kind, key.title, user_id=repository.owner_id)


def _warned(credential_id: sa.SQLColumnExpression[UUID]) -> sa.ColumnElement[bool]:
    return sa.and_(
        CredentialNotice.credential_id == credential_id,
        CredentialNotice.topic == NoticeTopic.UNUSED,
    )


def _days(work: UnitOfWork, stricter: int | None) -> int | None:
    """The fewest of the days that count; None where nothing ends."""
    counted = [each for each in (work.rules.access.unused_credentials_days, stricter) if each]
    return min(counted, default=None)


Finder = Callable[[UnitOfWork, CredentialKind, UUID | None, int], Sequence[Idle]]
FINDERS: dict[CredentialKind, Finder] = {
    CredentialKind.TOKEN: _tokens,
    CredentialKind.SSH_KEY: _keys,
    CredentialKind.DEPLOY_KEY: _keys,
    CredentialKind.SCIM_TOKEN: _scim_tokens,
}
KINDS = tuple(FINDERS)
