"""Second factors, and people who have shown the first and not yet the second."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table


class AuthenticatorApp(Table):
    """An app that shows codes which change with the time (TOTP)."""

    __tablename__ = "authenticator_apps"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(sa.String(100))
    sealed_secret: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """The step of the last code that counted; neither it nor an earlier one counts again."""
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SecurityKey(Table):
    """A key in a device: a security key, or a passkey of a phone or a computer (WebAuthn)."""

    __tablename__ = "security_keys"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(sa.String(100))
    credential_mark: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """The hash of its id, which may be long; the id itself stands beside it."""
    credential_id: Mapped[bytes]
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """How often it says that it has signed; a copy of it would fall behind."""
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class KeyChallenge(Table):
    """What a key was asked to sign; an answer to it counts once."""

    __tablename__ = "key_challenges"
    audited = False  # What comes of it records an event of its own.

    mark: Mapped[str] = mapped_column(sa.String(64), unique=True)
    purpose: Mapped[str] = mapped_column(sa.String(16))
    asked: Mapped[str] = mapped_column(sa.String(64))
    """Who was asked: a session, a sign-in that waits, or nobody known yet."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


class FactorRule(Table):
    """Who must have a second factor: everybody, or who has a role, here or in an organisation."""

    __tablename__ = "factor_rules"

    scope: Mapped[str] = mapped_column(sa.String(80), unique=True)
    """Organisation and role in one, because no two rules are about the same people."""
    organisation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str] = mapped_column(sa.String(32))
    """On the instance or in the organisation; empty: everybody."""
    grace_seconds: Mapped[int]
    """So long after the rule began to be about somebody they may go on without one."""
    created_at: Mapped[datetime]


ANY_RULE = sa.exists(sa.select(FactorRule.id))
"""Whether anybody must have one at all: asked with every credential, as part of its question."""


class RecoveryCode(Table):
    """A code for who has lost their second factor. Only its hash is kept."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WaitingSignIn(Table):
    """Somebody who has shown a password, or came by a sign-in system, and owes a second factor."""

    __tablename__ = "waiting_sign_ins"
    audited = False  # That they got in, or did not, records an event of its own.

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    password_mark: Mapped[str] = mapped_column(sa.String(64))
    """A fingerprint of what their password was stored as: with another one, it counts no more."""
    facts: Mapped[dict[str, Any]]
    """By what they came."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


def has_factor(user_id: UUID | sa.SQLColumnExpression[UUID]) -> sa.ColumnElement[bool]:
    """Whether a user has a second factor, as a condition; recovery codes are none."""
    return sa.or_(
        sa.exists().where(AuthenticatorApp.user_id == user_id),
        sa.exists().where(SecurityKey.user_id == user_id),
    )


def take_challenge(session: Session, mark: str, *, purpose: str, asked: str, now: datetime) -> bool:
    """Whether this was asked for that, of them, not too long ago; it is gone then."""
    taken = session.execute(
        sa.delete(KeyChallenge)
        .where(
            KeyChallenge.mark == mark,
            KeyChallenge.purpose == purpose,
            KeyChallenge.asked == asked,
            KeyChallenge.expires_at > now,
        )
        .returning(KeyChallenge.id)
    )
    return taken.one_or_none() is not None


def forget_waiting(session: Session, *, now: datetime) -> None:
    """Remove whose time to show a second factor is over."""
    session.execute(sa.delete(WaitingSignIn).where(WaitingSignIn.expires_at <= now))


def forget_challenges(session: Session, *, now: datetime) -> None:
    """Remove what nobody has answered in time."""
    session.execute(sa.delete(KeyChallenge).where(KeyChallenge.expires_at <= now))


def forget_earlier_challenges(session: Session, *, purpose: str, asked: str, kept: int) -> None:
    """Remove what the same one was asked before, but for so many."""
    newest = sa.select(KeyChallenge.id).where(
        KeyChallenge.purpose == purpose, KeyChallenge.asked == asked
    )
    old = newest.order_by(KeyChallenge.expires_at.desc(), KeyChallenge.id.desc()).offset(kept)
    session.execute(sa.delete(KeyChallenge).where(KeyChallenge.id.in_(old)))
