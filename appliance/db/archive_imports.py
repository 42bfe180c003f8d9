"""Archives of other systems that somebody brings in, and what came of each repository of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table
from appliance.db.users import Owner
from appliance.domain.archive_imports import (
    LONGEST_FILE_NAME,
    ArchiveSource,
    ImportState,
    PartState,
)


class ArchiveImport(Table):
    """One archive that is brought in. How far that is stands in the row of its job."""

    __tablename__ = "archive_imports"
    audited = False  # Events of its own say who began it, and what became of it.

    asked_by: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    """In whose name it goes on: who asked for it, then who started it last."""
    owner_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("owners.id", ondelete="SET NULL"), index=True
    )
    """Whose the repositories will be."""
    source: Mapped[ArchiveSource]
    file_name: Mapped[str] = mapped_column(sa.String(LONGEST_FILE_NAME))
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    form: Mapped[str] = mapped_column(sa.String(32), default="")
    """Which system made it, once it was read."""
    state: Mapped[ImportState] = mapped_column(default=ImportState.WAITING)
    people: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    """Each with `there`, `addresses`, `user`, `found` and `said`."""
    error: Mapped[str] = mapped_column(sa.Text(), default="")
    job_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ArchiveImportPart(Table):
    """One repository of an archive."""

    __tablename__ = "archive_import_parts"
    __table_args__ = (sa.UniqueConstraint("import_id", "position"),)
    audited = False  # A report; what is brought in records events of its own.

    import_id: Mapped[UUID] = mapped_column(sa.ForeignKey("archive_imports.id", ondelete="CASCADE"))
    position: Mapped[int]
    there: Mapped[str] = mapped_column(sa.String(255))
    """Its name in the archive."""
    name: Mapped[str] = mapped_column(sa.String(100))
    """Its name here."""
    is_wanted: Mapped[bool] = mapped_column(default=True)
    state: Mapped[PartState] = mapped_column(default=PartState.WAITING)
    repository_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="SET NULL"), index=True
    )
    holds: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How much the archive has of it, by kind."""
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What came of it so far: written with the very rows that it counts."""
    error: Mapped[str] = mapped_column(sa.Text(), default="")


def home_of(session: Session, row: ArchiveImport) -> Owner | None:
    """Whose the repositories of an import will be; None once that owner is gone."""
    return session.get(Owner, row.owner_id) if row.owner_id else None
