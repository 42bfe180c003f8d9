"""What feeds say of vulnerabilities. A row holds from the feed `since` to the one before `until`.

So the next feed is written while this one is in use, and becomes the current one in a moment; and
one can go back to the one before.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.audit_log import BIG
from appliance.db.base import Table

LONGEST_NAME = 128
LONGEST_PACKAGE = 512


class AdvisoryRow(Table):
    """One record of a feed, under one of the names of its vulnerability."""

    __tablename__ = "advisories"
    __table_args__ = (
        sa.Index("ix_advisories_name", "name", "since"),
        sa.Index("ix_advisories_canonical", "canonical"),
        sa.Index("ix_advisories_since", "since"),
        sa.Index("ix_advisories_until", "until"),
    )
    audited = False  # It came with a feed, whose events say so.

    id = None  # type: ignore[assignment]  # The key is counted: there are hundreds of thousands.
    key: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    since: Mapped[int]
    until: Mapped[int | None]
    digest: Mapped[bytes]
    """Of the record as it came: the same one is not read twice."""
    modified: Mapped[str] = mapped_column(sa.String(40))
    is_withdrawn: Mapped[bool]
    canonical: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    """The one name of the vulnerability under all of its names."""
    severity: Mapped[str] = mapped_column(sa.String(8))
    score: Mapped[float | None]
    summary: Mapped[str] = mapped_column(sa.Text())
    aliases: Mapped[str] = mapped_column(sa.Text())
    """Separated by blanks, as are the vectors."""
    vectors: Mapped[str] = mapped_column(sa.Text())


class AffectedPackage(Table):
    """One package that an advisory speaks of."""

    __tablename__ = "affected_packages"
    __table_args__ = (sa.Index("ix_affected_packages_name", "name", "ecosystem"),)
    audited = False  # It came with a feed, whose events say so.

    id = None  # type: ignore[assignment]  # Its place in its advisory is the key.
    advisory_key: Mapped[int] = mapped_column(
        sa.ForeignKey("advisories.key", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ecosystem: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(LONGEST_PACKAGE))
    """In its one spelling."""
    body: Mapped[str] = mapped_column(sa.Text())
    """JSON: versions, ranges of [kind, version], symbols."""


class EpssScore(Table):
    """How likely a CVE is to be used, as one feed says."""

    __tablename__ = "epss_scores"
    audited = False  # It came with a feed, whose events say so.

    id = None  # type: ignore[assignment]  # The feed and the CVE are the key.
    feed: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cve: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    score: Mapped[float]
    percentile: Mapped[float]


class KnownExploit(Table):
    """A CVE that is known to be used, as one feed says."""

    __tablename__ = "known_exploits"
    audited = False  # It came with a feed, whose events say so.

    id = None  # type: ignore[assignment]  # The feed and the CVE are the key.
    feed: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cve: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    added: Mapped[date]
    due: Mapped[date | None]
    in_ransomware: Mapped[bool]


def holds(number: int) -> sa.ColumnElement[bool]:
    """Whether an advisory is one of those of a feed."""
    still = AdvisoryRow.until.is_(None) | (AdvisoryRow.until > number)
    return (AdvisoryRow.since <= number) & still
