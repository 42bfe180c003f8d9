"""What the file `.codara/scanning.toml` of each repository says."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table
from appliance.domain import suppressions
from appliance.domain.suppressions import Suppression


class SuppressionFile(Table):
    """The file as it is on the default branch; without a row there is none."""

    __tablename__ = "suppression_files"
    bookkeeping = frozenset({"commit", "read_at"})  # It was read again, and is the same.

    id = None  # type: ignore[assignment]  # The repository is the key.
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    object_id: Mapped[str] = mapped_column(sa.String(64))
    commit: Mapped[str] = mapped_column(sa.String(64))
    entries: Mapped[list[Any]] = mapped_column(sa.JSON())
    error: Mapped[str] = mapped_column(sa.Text())
    """Why nothing of it counts; empty where all does."""
    read_at: Mapped[datetime]


def counting(session: Session, repository_id: UUID, today: date) -> list[Suppression]:
    """The entries that count today."""
    row = session.get(SuppressionFile, repository_id)
    entries = map(suppressions.of_plain, row.entries) if row is not None else ()
    return [each for each in entries if each.counts(today)]
