"""How a session opens, by whatever way somebody came: at once, or when they have shown more.

Every way in ends in `enter`. Who has a second factor then gets no session but a place to wait,
`second_step` takes the factor there, and the session that opens has a secret of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.credentials import BrowserSession, SessionActivity
from appliance.db.second_factors import WaitingSignIn, forget_waiting, has_factor
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.identity import Method
from appliance.domain.ids import new_id
from appliance.errors import sentence
from appliance.security import tokens
from appliance.services import break_glass, entry, identify, reach

if TYPE_CHECKING:
    from appliance.wiring import SignInTools

LATEST = datetime.max.replace(tzinfo=UTC)
WAITS = timedelta(minutes=10)
"""So long somebody may take to show their second factor."""


@dataclass(frozen=True)
class By:
    """What opens a session: a password, an identity at a sign-in system, and a second factor."""

    provider_id: UUID | None = None
    identity_id: UUID | None = None
    external_id: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    ask_again_at: datetime | None = None
    ends_at: datetime | None = None
    """When an identity provider lets its own session end; ours ends no later."""
    is_elevated: bool = True
    factor: str = ""
    way: Method = Method.PASSWORD
    """By what they showed who they are, where no identity provider said so."""

    def as_json(self) -> dict[str, Any]:
        """As it is kept for who waits."""
        return {
            "provider_id": str(self.provider_id) if self.provider_id else None,
            "identity_id": str(self.identity_id) if self.identity_id else None,
            "external_id": self.external_id,
            "facts": dict(self.facts),
            "ask_again_at": self.ask_again_at.isoformat() if self.ask_again_at else None,
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
            "is_elevated": self.is_elevated,
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any], factor: str) -> By:
        """What was kept, with the factor that was shown since."""
        ask_again_at, ends_at = kept["ask_again_at"], kept.get("ends_at")
        return cls(
            provider_id=UUID(kept["provider_id"]) if kept["provider_id"] else None,
            identity_id=UUID(kept["identity_id"]) if kept["identity_id"] else None,
            external_id=kept["external_id"],
            facts=kept["facts"],
            ask_again_at=datetime.fromisoformat(ask_again_at) if ask_again_at else None,
            ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
            is_elevated=kept["is_elevated"],
            factor=factor,
        )


@dataclass(frozen=True)
class Opened:
    """A new session. The secret goes into the browser's cookie and is kept nowhere."""

    secret: str = field(repr=False)
    session: BrowserSession
    user: User


@dataclass(frozen=True)
class Waiting:
    """Somebody who owes a second factor. The secret goes into a cookie and opens nothing yet."""

    secret: str = field(repr=False)
    user: User
    expires_at: datetime


@open_to_everyone(because="the verb that calls it has seen proof of who they are")
def enter(
    work: UnitOfWork, user: User, by: By, *, tools: SignInTools, now: datetime
) -> Opened | Waiting:
    """Open a session in the browser that the actor's origin describes, or let them wait there until
    they have shown their second factor.

    If it opens, the work is done by the user from here on.
    """
    insist_on_place(work, user)
    if by.factor or not owes_factor(work, user):
        return opened(work, user, by, tools=tools, now=now)
    forget_waiting(work.session, now=now)
    secret = tokens.new_session_id()
    waiting = WaitingSignIn(
        user_id=user.id,
        secret_hash=tokens.fingerprint(secret, key=tools.fingerprint_key),
        password_mark=password_mark(user, tools),
        facts=by.as_json(),
        expires_at=now + WAITS,
    )
    work.session.add(waiting)
    return Waiting(secret, user, waiting.expires_at)


@open_to_everyone(because="the verbs that call it have seen proof of who they are")
def opened(work: UnitOfWork, user: User, by: By, *, tools: SignInTools, now: datetime) -> Opened:
    """Open a session, and say by what. From here on the work is done by the user.

    Errors:
        ConflictError: the user is a machine.
    """
    entry.insist_on_person(user)
    rules, origin = work.rules.sign_in, work.actor.origin
    insist_on_place(work, user)
    secret = tokens.new_session_id()
    session = BrowserSession(
        id=new_id(),
        user_id=user.id,
        secret_hash=tokens.fingerprint(secret, key=tools.fingerprint_key),
        device_hash=device_mark(origin.device, tools),
        address=origin.address,
        user_agent=origin.user_agent,
        provider_id=by.provider_id,
        identity_id=by.identity_id,
        external_id=by.external_id,
        facts=dict(by.facts),
        factor=by.factor,
        ask_again_at=by.ask_again_at,
        created_at=now,
        ends_at=min(now + timedelta(seconds=rules.session_absolute_seconds), by.ends_at or LATEST),
    )
    work.session.add(session)
    work.session.flush()  # What changes about a session refers to its row.
    until = now + timedelta(seconds=rules.elevation_seconds) if by.is_elevated else None
    work.session.add(SessionActivity(id=session.id, seen_at=now, elevated_until=until))
    work.actor = identify.of_session(user, origin, session)
    _end_surplus(work, user, session, now)
    _record(work, user, by)
    return Opened(secret, session, user)


@open_to_everyone(because="it is asked about somebody who has shown who they are")
def insist_on_place(work: UnitOfWork, user: User) -> None:
    """Go on only if somebody may come in from where this browser is.

    Errors:
        UnauthenticatedError: they may not.
    """
    reach.placed(work, identify.of_user(user, work.actor.origin, Method.SESSION, None))


@open_to_everyone(because="it is asked about somebody who has shown who they are")
def owes_factor(work: UnitOfWork, user: User) -> bool:
    """Whether somebody is asked for a second factor."""
    return bool(work.session.scalar(sa.select(has_factor(user.id))))


def password_mark(user: User, tools: SignInTools) -> str:
    """By what one sees that a password was changed."""
    return tokens.fingerprint(user.password_hash or "", key=tools.fingerprint_key)


def device_mark(device: str, tools: SignInTools) -> str:
    """By what a browser is known again that opened a session."""
    return tokens.fingerprint(device, key=tools.fingerprint_key) if device else ""


def _end_surplus(work: UnitOfWork, user: User, newest: BrowserSession, now: datetime) -> None:
    """End the sessions that were used least lately, where there are more than anybody may have."""
    others = (
        sa.select(BrowserSession)
        .join(SessionActivity, SessionActivity.id == BrowserSession.id)
        .where(
            BrowserSession.user_id == user.id,
            BrowserSession.id != newest.id,
            BrowserSession.revoked_at.is_(None),
            BrowserSession.ends_at > now,
        )
        .order_by(SessionActivity.seen_at.desc(), BrowserSession.id.desc())
        .offset(work.rules.sign_in.sessions_at_once - 1)
    )
    for session in work.session.scalars(others):
        session.revoked_at = now
        told = events.SessionRevoked(about=session.id, user_id=str(user.id), why="too_many")
        work.record(told)


def _record(work: UnitOfWork, user: User, by: By) -> None:
    work.record(
        events.SignedIn(
            about=user.id,
            method=Method.PROVIDER if by.provider_id else by.way,
            provider_id=str(by.provider_id) if by.provider_id else None,
            factor=by.factor or None,
        )
    )
    if by.provider_id is None and break_glass.is_exception(work):
        why = sentence("They came in by the appliance alone while that is off for others.")
        work.record(events.BreakGlassUsed(about=user.id, reason=why))
