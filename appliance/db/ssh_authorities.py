"""Authorities whose SSH certificates let users in."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class SshAuthority(Table):
    """A public key that signs certificates of users, and what it no longer stands for."""

    __tablename__ = "ssh_authorities"

    title: Mapped[str] = mapped_column(sa.String(100))
    key_type: Mapped[str] = mapped_column(sa.String(64))
    public_key: Mapped[bytes]
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    suffix: Mapped[str] = mapped_column(sa.String(255), default="")
    """With what every principal of this authority ends after the user's name."""
    revocations: Mapped[str] = mapped_column(sa.Text(), default="")
    """Its list, in the words of ssh-keygen(1)."""
    created_at: Mapped[datetime]
    revocations_at: Mapped[datetime | None]
