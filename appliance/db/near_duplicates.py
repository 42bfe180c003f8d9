"""Signatures of files, the files of default branches, and which of them are nearly the same.

A content is one row, however many repositories have it: its signature is made once. Nobody is asked
here who may see what: pairs are only shown where both files are in repositories that one may read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.audit_log import BIG
from appliance.db.base import Table


class FileSignature(Table):
    """What stands for a content when it is compared with others."""

    __tablename__ = "file_signatures"
    __table_args__ = (sa.UniqueConstraint("object_id", "engine"),)
    audited = False  # It follows from pushes, which are recorded.

    id = None  # type: ignore[assignment]  # The key is counted: it is in every band of it.
    key: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=True)
    object_id: Mapped[str] = mapped_column(sa.String(64))
    engine: Mapped[str] = mapped_column(sa.String(64))
    """What made it; those of others cannot be compared with it."""
    unfit: Mapped[str] = mapped_column(sa.String(16), default="")
    """Why it is compared with nothing; then its signature is empty."""
    signature: Mapped[bytes]
    size_bytes: Mapped[int]
    lines: Mapped[int]
    made_at: Mapped[datetime]


class SignatureBand(Table):
    """A part of a signature, which similar files are likely to share."""

    __tablename__ = "signature_bands"
    __table_args__ = (sa.Index("ix_signature_bands_signature_key", "signature_key"),)
    audited = False  # It follows from pushes, which are recorded.

    id = None  # type: ignore[assignment]  # The band and the signature are the key.
    band: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    signature_key: Mapped[int] = mapped_column(
        BIG, sa.ForeignKey("file_signatures.key", ondelete="CASCADE"), primary_key=True
    )


class ComparedFile(Table):
    """A file of a repository's default branch, as it was when that was compared last."""

    __tablename__ = "compared_files"
    __table_args__ = (
        sa.Index("ix_compared_files_repository_id", "repository_id"),
        sa.Index("ix_compared_files_signature_key", "signature_key"),
    )
    audited = False  # It follows from pushes, which are recorded.

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    path: Mapped[bytes]
    signature_key: Mapped[int] = mapped_column(BIG, sa.ForeignKey("file_signatures.key"))


class SimilarPair(Table):
    """Two contents that are nearly the same, in repositories of one owner."""

    __tablename__ = "similar_pairs"
    __table_args__ = (
        sa.Index("ix_similar_pairs_other_key", "other_key"),
        sa.CheckConstraint("one_key < other_key", name="in_order"),
    )
    audited = False  # It follows from pushes, which are recorded.

    id = None  # type: ignore[assignment]  # The two are the key.
    one_key: Mapped[int] = mapped_column(
        BIG,
        sa.ForeignKey("file_signatures.key", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    other_key: Mapped[int] = mapped_column(
        BIG,
        sa.ForeignKey("file_signatures.key", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    similarity: Mapped[float] = mapped_column(sa.Double())


class ComparedRepository(Table):
    """When the files of a repository were compared last, and what was left out."""

    __tablename__ = "compared_repositories"
    audited = False  # It follows from pushes, which are recorded.

    id = None  # type: ignore[assignment]  # The repository is the key.
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    owner_id: Mapped[UUID]
    """Among whose repositories it was compared."""
    engine: Mapped[str] = mapped_column(sa.String(64))
    commit: Mapped[str] = mapped_column(sa.String(64))
    """Empty where there was no default branch."""
    files: Mapped[int]
    left_out: Mapped[dict[str, Any]]
    """How many files for each reason."""
    is_cut: Mapped[bool]
    """Whether a file has more copies than were looked for."""
    compared_at: Mapped[datetime]
