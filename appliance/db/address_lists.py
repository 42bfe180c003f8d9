"""From which networks people may come: to the appliance, and to an organisation."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table

INSTANCE = "instance"


class AddressList(Table):
    """The networks of one organisation, or of the whole appliance; without a row: any."""

    __tablename__ = "address_lists"

    scope: Mapped[str] = mapped_column(sa.String(40), unique=True)
    """The organisation's id, or `INSTANCE`."""
    organisation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )
    networks: Mapped[list[str]]


ANY_LIST = sa.exists(sa.select(AddressList.id))
"""Whether there is a list at all: asked with every credential, as part of its question."""
OF_INSTANCE = sa.select(AddressList.networks).where(AddressList.scope == INSTANCE).scalar_subquery()
"""The networks of the appliance's own list; nothing: there is none."""
