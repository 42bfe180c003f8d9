"""OpenPGP keys and X.509 authorities, by which work is signed. SSH keys sign too; they stand with
the credentials.
"""

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


class ApplianceKey(Table):
    """A public key by which the appliance signs what it commits for somebody, or once did."""

    __tablename__ = "appliance_keys"
    audited = False  # It follows from the instance's secret, which nobody changes here.

    public_key: Mapped[bytes]
    """As in RFC 4253, section 6.6."""
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]


class X509Authority(Table):
    """A certificate whose holders' signatures count, and its list of those that no longer do."""

    __tablename__ = "x509_authorities"

    title: Mapped[str] = mapped_column(sa.String(100))
    subject: Mapped[str] = mapped_column(sa.String(500))
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """SHA-256 of the certificate, in hex."""
    certificate: Mapped[bytes]
    """DER."""
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]
    revocations: Mapped[bytes | None] = mapped_column(deferred=True)
    """The list that it has signed last, in DER. It may be large."""
    revocations_digest: Mapped[str | None] = mapped_column(sa.String(64))
    revoked_count: Mapped[int | None]
    revocations_made_at: Mapped[datetime | None]
    revocations_until: Mapped[datetime | None]
    """When the next list was due."""
