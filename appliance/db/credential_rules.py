"""What organisations ask of tokens and keys that reach them, and whom their owners let in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table
from appliance.db.credentials import AccessToken, SshKey
from appliance.db.users import User
from appliance.domain.credentials import Approval, ApprovalState
from appliance.domain.ids import new_id

LONGEST_REASON = 500


class CredentialRule(Table):
    """What one organisation asks; without a row, nothing."""

    __tablename__ = "credential_rules"

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), unique=True
    )
    approval: Mapped[Approval] = mapped_column(default=Approval.OFF)
    most_days: Mapped[int | None]
    """Longest life of a token that reaches it; none: as the instance says."""
    unused_days: Mapped[int | None]
    """After so many days without use, its service accounts' and deploy keys end; none: as the
    instance says."""


class TokenApproval(Table):
    """What was asked of an organisation's owners for a token, and what they said."""

    __tablename__ = "token_approvals"
    __table_args__ = (sa.UniqueConstraint("token_id", "organisation_id"),)

    token_id: Mapped[UUID] = mapped_column(sa.ForeignKey("access_tokens.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[ApprovalState] = mapped_column(default=ApprovalState.PENDING)
    reason: Mapped[str] = mapped_column(sa.String(LONGEST_REASON), default="")
    """Why the token is wanted, in its user's words."""
    answer: Mapped[str] = mapped_column(sa.String(LONGEST_REASON), default="")
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    """When it was decided last. Who asks again is kept out until it is decided anew."""
    decided_by_id: Mapped[UUID | None]
    """Who decided. No foreign key: the decision outlives them."""


KEPT_OUT = sa.or_(
    TokenApproval.state.in_((ApprovalState.REFUSED, ApprovalState.REVOKED)),
    sa.and_(TokenApproval.state == ApprovalState.PENDING, TokenApproval.decided_at.is_not(None)),
)
"""Whether owners keep a token out, which no rule has to."""


class KeyKeptOut(Table):
    """An SSH key of a person that an organisation does not let in, removed and added again or not.

    By its fingerprint, because a key that is added again has another id.
    """

    __tablename__ = "ssh_keys_kept_out"
    __table_args__ = (sa.UniqueConstraint("fingerprint", "organisation_id"),)

    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )
    since: Mapped[datetime]


def rule_of(session: Session, organisation_id: UUID) -> CredentialRule | None:
    """The rule of an organisation, if it has one."""
    return session.scalar(
        sa.select(CredentialRule).where(CredentialRule.organisation_id == organisation_id)
    )


def ensure_rule(session: Session, organisation_id: UUID) -> CredentialRule:
    """The rule of an organisation, made if it has none: `WITHHELD` looks at those that have one."""
    found = rule_of(session, organisation_id)
    if found is None:
        found = CredentialRule(id=new_id(), organisation_id=organisation_id, approval=Approval.OFF)
        session.add(found)
        session.flush()  # What is decided under it is looked at together with it.
    return found


def _withheld() -> sa.ScalarSelect[str]:
    """The ids of the organisations that keep a token out, with commas between; part of the
    question that finds the token and its user, so that it costs no question of its own.
    """
    rule, said = CredentialRule, TokenApproval
    lives_too_long = rule.most_days.is_not(None) & sa.or_(
        AccessToken.lifetime_days.is_(None), AccessToken.lifetime_days > rule.most_days
    )
    is_asked = sa.or_(
        rule.approval == Approval.ALL,
        (rule.approval == Approval.FINE_GRAINED) & AccessToken.all_repositories.is_(False),
    )
    is_own_machine = sa.func.coalesce(
        User.owner_organisation_id == rule.organisation_id, sa.false()
    )
    is_approved = sa.func.coalesce(said.state == ApprovalState.APPROVED, sa.false())
    return (
        sa.select(sa.func.aggregate_strings(sa.cast(rule.organisation_id, sa.String), ","))
        .select_from(rule)
        .outerjoin(
            said,
            sa.and_(said.token_id == AccessToken.id, said.organisation_id == rule.organisation_id),
        )
        .where(
            sa.or_(
                lives_too_long,
                KEPT_OUT,
                sa.and_(is_asked, sa.not_(is_own_machine), sa.not_(is_approved)),
            )
        )
        .correlate(AccessToken, User)
        .scalar_subquery()
    )


WITHHELD = _withheld()
KEY_WITHHELD = (
    sa.select(sa.func.aggregate_strings(sa.cast(KeyKeptOut.organisation_id, sa.String), ","))
    .where(KeyKeptOut.fingerprint == SshKey.fingerprint)
    .correlate(SshKey)
    .scalar_subquery()
)
"""The same of an SSH key."""


def ids(text: str | None) -> frozenset[UUID]:
    """What `WITHHELD` or `KEY_WITHHELD` gave."""
    return frozenset(map(UUID, text.split(","))) if text else frozenset()
