"""Browser sessions: which there are, ending them, and sweeping away what has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_credentials, gate
from appliance.access.gate import open_to_everyone
from appliance.db.credentials import (
    AccessToken,
    BrowserSession,
    IdempotencyKey,
    LastUse,
    SessionActivity,
    SshKey,
)
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.second_factors import KeyChallenge, WaitingSignIn
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import PasswordReset, User
from appliance.domain import events
from appliance.domain.identity import Method
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError

ORDERS = {
    "since": (BrowserSession.id,),
    "used": (SessionActivity.seen_at, BrowserSession.id),
}
KEPT_AFTER_END = timedelta(days=30)  # So that a session in the log can still be looked up.
IDEMPOTENCY_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class ActiveSession:
    """A session in force, as its user sees it."""

    id: UUID
    address: str
    user_agent: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    is_current: bool


@open_to_everyone(because="it only says which session the verb that asks was called in")
def present(work: UnitOfWork) -> BrowserSession:
    """The session in which this is asked.

    Errors:
        ConflictError: it was not asked in a session.
    """
    origin = work.actor.origin
    if origin.method is not Method.SESSION or origin.credential_id is None:
        raise ConflictError("That is for browsers. A token needs no session.")
    return work.session.get_one(BrowserSession, origin.credential_id)


def list_sessions(
    work: UnitOfWork,
    *,
    name: str | None = None,
    search: str = "",
    order: str = "-since",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
    now: datetime,
) -> Page[ActiveSession]:
    """One's own sessions in force, or those of the user of that name; newest first.

    `search` is a part of the address or of what the browser says of itself.
    """
    user = fetch.account(work, name)
    query = (
        sa.select(BrowserSession, SessionActivity.seen_at)
        .join(SessionActivity, SessionActivity.id == BrowserSession.id)
        .where(BrowserSession.user_id == user.id, *_in_force(work, now))
    )
    if search:
        query = query.where(
            sa.or_(
                BrowserSession.address.contains(search, autoescape=True),
                BrowserSession.user_agent.icontains(search, autoescape=True),
            )
        )
    keys, is_descending = in_order(ORDERS, order)
    current = work.actor.origin.credential_id

    def shown(row: sa.Row[BrowserSession, datetime]) -> ActiveSession:
        session, seen_at = row[0], row[1]
        return ActiveSession(
            id=session.id,
            address=session.address,
            user_agent=session.user_agent,
            created_at=session.created_at,
            seen_at=seen_at,
            ends_at=session.ends_at,
            is_current=session.id == current,
        )

    return page(
        work.session,
        query,
        *keys,
        make=shown,
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def revoke_session(work: UnitOfWork, session_id: UUID, *, now: datetime) -> None:
    """End a session: one's own elsewhere, or anybody's as an administrator.

    Errors:
        ConflictError: it has ended already.
    """
    session = fetch_credentials.session(work, session_id)
    if session.revoked_at is not None:
        raise ConflictError("This session has already ended.")
    _revoke(work, session, now)


def revoke_other_sessions(work: UnitOfWork, *, name: str | None = None, now: datetime) -> int:
    """End every session of oneself, or of that user, but the one in use; gives how many."""
    user = fetch.account(work, name)
    open_ones = work.session.scalars(
        sa.select(BrowserSession).where(
            BrowserSession.user_id == user.id,
            BrowserSession.revoked_at.is_(None),
            BrowserSession.ends_at > now,
        )
    )
    current = work.actor.origin.credential_id
    others = [session for session in open_ones if session.id != current]
    for session in others:
        _revoke(work, session, now)
    return len(others)


@dataclass(frozen=True)
class Ended:
    """How many sessions and tokens have ended."""

    sessions: int
    tokens: int


def sign_out_everywhere(
    work: UnitOfWork, *, name: str | None = None, with_tokens: bool, now: datetime
) -> Ended:
    """End every session of oneself, or of that user, this one too; and every token, if asked."""
    user = fetch.account(work, name, sensitive=with_tokens)
    open_ones = work.session.scalars(
        sa.select(BrowserSession).where(
            BrowserSession.user_id == user.id,
            BrowserSession.revoked_at.is_(None),
            BrowserSession.ends_at > now,
        )
    ).all()
    for session in open_ones:
        _revoke(work, session, now, why="everywhere")
    work.session.execute(sa.delete(WaitingSignIn).where(WaitingSignIn.user_id == user.id))
    return Ended(len(open_ones), _revoke_tokens(work, user, now) if with_tokens else 0)


def _revoke_tokens(work: UnitOfWork, user: User, now: datetime) -> int:
    tokens = work.session.scalars(
        sa.select(AccessToken).where(
            AccessToken.user_id == user.id, AccessToken.revoked_at.is_(None)
        )
    ).all()
    for token in tokens:
        token.revoked_at = now
        work.record(events.TokenRevoked(about=token.id, user_id=str(user.id)))
    return len(tokens)


def sweep(work: UnitOfWork, *, now: datetime) -> int:
    """Remove what ended long ago, answers older than a day, and uses of keys that are gone.

    Gives how many rows it was.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    long_ago = now - KEPT_AFTER_END
    ended = (
        sa.delete(BrowserSession).where(
            sa.or_(BrowserSession.ends_at < long_ago, BrowserSession.revoked_at < long_ago)
        ),
        sa.delete(PasswordReset).where(
            sa.or_(PasswordReset.expires_at < long_ago, PasswordReset.used_at < long_ago)
        ),
        sa.delete(WaitingSignIn).where(WaitingSignIn.expires_at < now),
        sa.delete(KeyChallenge).where(KeyChallenge.expires_at < now),
        sa.delete(IdempotencyKey).where(IdempotencyKey.created_at < now - IDEMPOTENCY_KEPT),
        sa.delete(LastUse).where(
            LastUse.credential_id.not_in(sa.select(AccessToken.id)),
            LastUse.credential_id.not_in(sa.select(SshKey.id)),
        ),
    )
    rows = 0
    for statement in ended:
        result = work.session.execute(statement.execution_options(synchronize_session=False))
        rows += result.rowcount  # type: ignore[attr-defined]  # A delete has one.
    work.record(events.LeftoversSwept(rows=rows))
    return rows


def _revoke(
    work: UnitOfWork, session: BrowserSession, now: datetime, *, why: str | None = None
) -> None:
    session.revoked_at = now
    work.record(events.SessionRevoked(about=session.id, user_id=str(session.user_id), why=why))


def _in_force(work: UnitOfWork, now: datetime) -> list[sa.ColumnElement[bool]]:
    idle = timedelta(seconds=work.rules.sign_in.session_idle_seconds)
    return [
        BrowserSession.revoked_at.is_(None),
        BrowserSession.ends_at > now,
        SessionActivity.seen_at > now - idle,
    ]
