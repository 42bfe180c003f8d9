"""What owners of credentials are told: one notice for each, which the inbox shows.

The credential itself may be gone when its notice is read, so its name stands here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table
from appliance.db.users import User
from appliance.domain.credentials import CredentialKind, NoticeTopic
from appliance.domain.ids import new_id

LONGEST_PLACE = 500


class CredentialNotice(Table):
    """What is said of one credential to its user, or to the owners of an organisation.

    Without either, it is for administrators.
    """

    __tablename__ = "credential_notices"
    audited = False  # Whatever is told of records an event of its own.

    credential_id: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[CredentialKind]
    topic: Mapped[NoticeTopic]
    name: Mapped[str] = mapped_column(sa.String(100))
    user_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    organisation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )
    place: Mapped[str] = mapped_column(sa.String(LONGEST_PLACE), default="", server_default="")
    """Where it was found, if it was."""
    at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Subject:
    """A credential, and who is told of it."""

    id: UUID
    kind: CredentialKind
    name: str
    user_id: UUID | None = None
    organisation_id: UUID | None = None


def of_user(credential_id: UUID, kind: CredentialKind, name: str, user: User) -> Subject:
    """A credential of a user: a person is told of it, and of a machine's whoever owns that."""
    return Subject(
        credential_id,
        kind,
        name,
        user_id=None if user.is_machine else user.id,
        organisation_id=user.owner_organisation_id,
    )


def tell(
    session: Session, subject: Subject, topic: NoticeTopic, *, place: str = "", at: datetime
) -> None:
    """Tell whose credential it is; an earlier notice of it gives way."""
    forget(session, subject.id)
    session.add(
        CredentialNotice(
            id=new_id(),
            credential_id=subject.id,
            kind=subject.kind,
            topic=topic,
            name=subject.name,
            user_id=subject.user_id,
            organisation_id=subject.organisation_id,
            place=place[:LONGEST_PLACE],
            at=at,
        )
    )


def forget(session: Session, credential_id: UUID) -> None:
    """Say nothing of a credential any more."""
    session.execute(
        sa.delete(CredentialNotice).where(CredentialNotice.credential_id == credential_id)
    )
