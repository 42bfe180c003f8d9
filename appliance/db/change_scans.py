"""What scans say of a change: of what stands at a commit and does not stand at another."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.alerts import OBJECT
from appliance.db.base import Table
from appliance.domain.alerts import AlertKind


class ChangeScan(Table):
    """One kind of scan of one change. What it says of advisories is asked anew each time."""

    __tablename__ = "change_scans"
    __table_args__ = (sa.UniqueConstraint("repository_id", "commit", "base", "kind"),)
    audited = False  # It follows from pushes, which are recorded.

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    commit: Mapped[str] = mapped_column(OBJECT)
    base: Mapped[str] = mapped_column(OBJECT)
    """What it was compared with."""
    kind: Mapped[AlertKind]
    ruleset: Mapped[str] = mapped_column(OBJECT, default="")
    found: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    """Of secrets numbers of alerts; of code `identity`, `rule`, `title`, `severity`, `confidence`,
    `lane`, `path`, `line`; of dependencies `package`, `name`, `path`, `line`."""
    before: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    """Of dependencies what stood there before: `package`, `name`, `path`."""
    skipped: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    """The first of what could not be looked at: `path` and `why`."""
    skipped_count: Mapped[int] = mapped_column(sa.Integer(), default=0)
    made_at: Mapped[datetime]


def of_change(session: Session, repository_id: UUID, commit: str, base: str) -> list[ChangeScan]:
    """All kinds that were looked for."""
    query = sa.select(ChangeScan).where(
        ChangeScan.repository_id == repository_id,
        ChangeScan.commit == commit,
        ChangeScan.base == base,
    )
    return list(session.scalars(query))


def bases(session: Session, repository_id: UUID, commit: str) -> set[str]:
    """With what a commit was compared."""
    query = sa.select(ChangeScan.base).where(
        ChangeScan.repository_id == repository_id, ChangeScan.commit == commit
    )
    return set(session.scalars(query))
