"""Feeds of advisories: whose signatures count, and which feeds were taken in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table
from appliance.domain.feeds import FeedFacts, FeedStep


class FeedRoot(Table):
    """The keys that sign feeds, as an administrator brought them, or those before signed them."""

    __tablename__ = "feed_roots"

    number: Mapped[int] = mapped_column(sa.BigInteger())
    threshold: Mapped[int]
    key_ids: Mapped[list[str]]
    document: Mapped[str] = mapped_column(sa.Text())
    """The signed envelope."""
    expires_at: Mapped[datetime]
    trusted_at: Mapped[datetime] = mapped_column(index=True)


class Feed(Table):
    """One feed that somebody brought. Advisories say from which to which number they hold."""

    __tablename__ = "feeds"
    __table_args__ = (
        sa.Index(
            "ix_feeds_current",
            "step",
            unique=True,
            sqlite_where=sa.text("step = 'current'"),
            postgresql_where=sa.text("step = 'current'"),
        ),
    )
    audited = False  # Events of its own say who brought it, and what became of it.

    number: Mapped[int] = mapped_column(sa.Integer(), unique=True)
    """Counts what was brought here; the serial number counts what was made."""
    serial: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    step: Mapped[FeedStep] = mapped_column(default=FeedStep.READING)
    file_name: Mapped[str] = mapped_column(sa.String(255), default="")
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    """Of its manifest as it was signed."""
    is_sample: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    files: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    """Each with `path`, `kind`, `licence`, `attribution`."""
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`advisories`, `packages`, `scores`, `exploited`, and `ecosystems` with theirs."""
    difference: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`new`, `changed`, `withdrawn`; each with `number` and the first `names`."""
    error: Mapped[str] = mapped_column(sa.Text(), default="")
    asked_by: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    job_id: Mapped[UUID | None]
    brought_at: Mapped[datetime]
    current_since: Mapped[datetime | None]

    @property
    def facts(self) -> FeedFacts | None:
        """What decides how far it can be trusted."""
        if self.made_at is None or self.expires_at is None:
            return None
        return FeedFacts(
            serial=self.serial,
            made_at=self.made_at,
            expires_at=self.expires_at,
            advisories=int(self.counts.get("advisories", 0)),
            is_sample=self.is_sample,
        )


def current(session: Session) -> Feed | None:
    """The feed that is looked at; None before there is one."""
    return session.scalar(sa.select(Feed).where(Feed.step == FeedStep.CURRENT))


def current_number(session: Session) -> int:
    """Its number, by which advisories are chosen; 0 before there is one."""
    return session.scalar(sa.select(Feed.number).where(Feed.step == FeedStep.CURRENT)) or 0


def trusted_root(session: Session) -> FeedRoot | None:
    """The keys that count now."""
    newest = sa.select(FeedRoot).order_by(FeedRoot.trusted_at.desc(), FeedRoot.id.desc())
    return session.scalar(newest.limit(1))
