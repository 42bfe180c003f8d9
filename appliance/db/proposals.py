"""The rule that some acts need two people, and the acts that wait for the second."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.second_person import Act, ProposalState

ONLY_ROW = UUID(int=1)


class SecondPersonRule(Table):
    """There is a row while the rule is in force."""

    __tablename__ = "second_person_rules"

    since: Mapped[datetime]


class Proposal(Table):
    """An act as it was proposed: whole, frozen, and what it was proposed against."""

    __tablename__ = "proposals"

    act: Mapped[Act] = mapped_column(sa.String(32))
    """No list of them in the database: the next release knows more."""
    arguments: Mapped[bytes]
    """JSON, sealed: there may be secrets in it."""
    subject: Mapped[str] = mapped_column(sa.String(255))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    proposer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    proposed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.WAITING, index=True)
    decided_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL")
    )
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    """Why it was refused."""
