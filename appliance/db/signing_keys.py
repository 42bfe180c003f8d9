"""OpenPGP keys, by which users sign. SSH keys sign too; they stand with the credentials."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class OpenPgpKey(Table):
    """A user's public key, with its subkeys and all that it says of itself."""

    __tablename__ = "openpgp_keys"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Of the primary key, in lower-case hex."""
    algorithm: Mapped[str] = mapped_column(sa.String(64))
    user_ids: Mapped[list[str]]
    certificate: Mapped[bytes]
    created_at: Mapped[datetime]
    """When it was added here."""
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    is_revoked: Mapped[bool] = mapped_column(default=False)


class OpenPgpKeyPart(Table):
    """The primary key or a subkey: signatures name these."""

    __tablename__ = "openpgp_key_parts"
    audited = False  # Part of the key.

    key_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("openpgp_keys.id", ondelete="CASCADE"), index=True
    )
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    short_id: Mapped[str] = mapped_column(sa.String(16), index=True)
    """The last 16 digits, which is all that old programs write into a signature."""
