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


def has_factor(user_id: UUID | sa.ColumnElement[UUID]) -> sa.ColumnElement[bool]:
    """Whether a user has a second factor, as a condition; recovery codes are none."""
    return sa.exists().where(AuthenticatorApp.user_id == user_id)


def forget_waiting(session: Session, *, now: datetime) -> None:
    """Remove whose time to show a second factor is over."""
    session.execute(sa.delete(WaitingSignIn).where(WaitingSignIn.expires_at <= now))
