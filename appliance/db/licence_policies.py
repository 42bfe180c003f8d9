"""What organisations say of licences."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table
from appliance.domain.licences import DecidedPackage, LicencePolicy


class LicencePolicyRow(Table):
    """What an organisation says of licences. Without a row nobody has decided anything."""

    __tablename__ = "licence_policies"

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), unique=True
    )
    allowed: Mapped[list[str]]
    denied: Mapped[list[str]]
    decided: Mapped[list[Any]] = mapped_column(sa.JSON())
    """Each with `package`, `licence`, `reason` and `until`."""
    alerts_for_review: Mapped[bool]


def row_of(session: Session, organisation_id: UUID) -> LicencePolicyRow | None:
    """What an organisation has said, if it has."""
    query = sa.select(LicencePolicyRow).where(LicencePolicyRow.organisation_id == organisation_id)
    return session.scalar(query)


def policy_of(session: Session, organisation_id: UUID | None) -> LicencePolicy | None:
    """What an organisation has said; None where it has said nothing, and of a person."""
    row = row_of(session, organisation_id) if organisation_id is not None else None
    if row is None:
        return None
    return LicencePolicy(
        allowed=tuple(row.allowed),
        denied=tuple(row.denied),
        decided=tuple(
            DecidedPackage(
                each["package"],
                each["licence"],
                each["reason"],
                date.fromisoformat(each["until"]) if each["until"] else None,
            )
            for each in row.decided
        ),
        alerts_for_review=row.alerts_for_review,
    )
