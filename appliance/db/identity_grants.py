"""What identity providers hand over so that they can be asked again about somebody who is away."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table


class IdentityGrant(Table):
    """The newest that an identity's provider handed over."""

    __tablename__ = "identity_grants"
    audited = False  # It opens nothing here; what is learnt by it records events of its own.

    id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("identities.id", ondelete="CASCADE"), primary_key=True
    )
    """The identity's."""
    sealed: Mapped[bytes]
    """`id_token` and `refresh_token`, as JSON, sealed."""
    ask_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the provider is asked again; none: never."""
