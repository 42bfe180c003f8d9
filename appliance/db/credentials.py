"""SSH keys, deploy keys, access tokens and sessions: hashes and public keys only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table
from appliance.domain.signatures import KeyUse


class SshKey(Table):
    """A public key: of a user, or of one repository (a deploy key)."""

    __tablename__ = "ssh_keys"
    __table_args__ = (
        sa.CheckConstraint("(user_id IS NULL) <> (repository_id IS NULL)", name="one_holder"),
    )

    user_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    repository_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    may_write: Mapped[bool] = mapped_column(default=True)
    """For a deploy key; a user's key may do what the user may."""
    usage: Mapped[KeyUse] = mapped_column(default=KeyUse.BOTH, server_default="both")
    """A deploy key opens its repository, and signs nothing that counts."""
    title: Mapped[str] = mapped_column(sa.String(100))
    key_type: Mapped[str] = mapped_column(sa.String(64))
    public_key: Mapped[bytes]
    """The key blob as in RFC 4253, section 6.6."""
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """`SHA256:` and 43 base64 characters."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class AccessToken(Table):
    """A token with which programs act for a user."""

    __tablename__ = "access_tokens"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    shown_prefix: Mapped[str] = mapped_column(sa.String(16))
    """The first characters, to recognise it in a list."""
    scopes: Mapped[list[str]]
    all_repositories: Mapped[bool] = mapped_column(default=True)
    networks: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """From where it may be used; empty: from anywhere."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    lifetime_days: Mapped[int | None]
    """How many days it lives in all, as `domain/credentials.lifetime_days` counts; none: no end."""
    revoked_at: Mapped[datetime | None]


class TokenRepository(Table):
    """One repository that a token was made for."""

    __tablename__ = "token_repositories"
    __table_args__ = (sa.UniqueConstraint("token_id", "repository_id"),)

    token_id: Mapped[UUID] = mapped_column(sa.ForeignKey("access_tokens.id", ondelete="CASCADE"))
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )


class LastUse(Table):
    """When a token or key was used last; written at most once a minute."""

    __tablename__ = "last_uses"
    audited = False  # Every use that matters records an event of its own.

    credential_id: Mapped[UUID] = mapped_column(unique=True)
    used_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(sa.String(64), default="")


class BrowserSession(Table):
    """A signed-in browser. Only the hash of its cookie is kept."""

    __tablename__ = "browser_sessions"
    bookkeeping: ClassVar[frozenset[str]] = frozenset({"ask_again_at"})

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    device_hash: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    """The hash of the cookie that stays in the browser; without that one, its own is worth nothing.
    Empty: it was opened by an earlier release."""
    address: Mapped[str] = mapped_column(sa.String(64))
    user_agent: Mapped[str] = mapped_column(sa.String(255))
    provider_id: Mapped[UUID | None] = mapped_column(index=True)
    """The sign-in system that opened it; none: a password did. No foreign key: it ends before."""
    identity_id: Mapped[UUID | None]
    external_id: Mapped[str] = mapped_column(sa.String(255), default="", server_default="")
    """What that system calls its own session, by which it ends this one."""
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """How it was shown who they are: `context` and `methods`, as that system said."""
    factor: Mapped[str] = mapped_column(sa.String(16), default="", server_default="")
    """The second factor that was shown when it opened, or was set up in it; empty: none."""
    ask_again_at: Mapped[datetime | None]
    """It counts no longer than this unless that system has confirmed them again."""
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SessionActivity(Table):
    """What changes about a session from page to page; written at most once a minute."""

    __tablename__ = "session_activity"
    audited = False  # Looking at a page is no change; signing in and out record events.

    id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("browser_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    seen_at: Mapped[datetime]
    elevated_until: Mapped[datetime | None]


class IdempotencyKey(Table):
    """The answer to a write, kept a day, so that a repeated request is not done twice.

    The answer is sealed: it may show a new token.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (sa.UniqueConstraint("actor_ref", "key"),)
    audited = False  # The write itself recorded its event.

    actor_ref: Mapped[str] = mapped_column(sa.String(64))
    key: Mapped[str] = mapped_column(sa.String(255))
    request_proof: Mapped[bytes]
    """HMAC of the request: a plain hash would let a thief test passwords that were sent in it."""
    sealed_answer: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(index=True)


class SealedSecret(Table):
    """A credential kept for a job, sealed with the site key and removed when the job is done."""

    __tablename__ = "sealed_secrets"
    audited = False  # What it is for records an event.

    about: Mapped[UUID] = mapped_column(index=True)
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]


def end_sessions(
    session: Session, user_id: UUID, *, now: datetime, spare: UUID | None = None
) -> None:
    """Revoke every browser session of a user, but the one to spare."""
    session.execute(
        sa.update(BrowserSession)
        .where(
            BrowserSession.user_id == user_id,
            BrowserSession.revoked_at.is_(None),
            BrowserSession.id != spare if spare else sa.true(),
        )
        .values(revoked_at=now)
    )
