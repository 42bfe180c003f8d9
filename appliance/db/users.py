"""Owners, users, and what proves who they are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.ids import new_pseudonym
from appliance.domain.names import fold
from appliance.domain.permissions import InstanceRole


class OwnerKind(StrEnum):
    """Users and organisations share one space of names."""

    USER = "user"
    ORGANISATION = "organisation"


class Owner(Table):
    """Somebody who can own repositories: the name in front of the slash."""

    __tablename__ = "owners"

    kind: Mapped[OwnerKind]
    name: Mapped[str] = mapped_column(sa.String(39))
    name_key: Mapped[str] = mapped_column(sa.String(39), unique=True)
    """The name as it is compared; unique among users and organisations together."""

    def rename(self, name: str) -> None:
        """Give another name, in both spellings."""
        self.name = name
        self.name_key = fold(name)


class OldOwnerName(Table):
    """A name an owner had; it redirects until somebody else takes it."""

    __tablename__ = "old_owner_names"

    name_key: Mapped[str] = mapped_column(sa.String(39), unique=True)
    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("owners.id", ondelete="CASCADE"))


class UserState(StrEnum):
    """Whether a user may enter."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"


class User(Table):
    """A person, or a machine (a service account). The id is that of their owner row; the name
    stands here too, to save a join.
    """

    __tablename__ = "users"
    bookkeeping: ClassVar[frozenset[str]] = frozenset({"role_provider_id", "given_instance_role"})

    id: Mapped[UUID] = mapped_column(sa.ForeignKey("owners.id"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(39))
    display_name: Mapped[str] = mapped_column(sa.String(100), default="")
    about: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    location: Mapped[str] = mapped_column(sa.String(100), default="", server_default="")
    website: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    pseudonym: Mapped[str] = mapped_column(sa.String(64), unique=True, default=new_pseudonym)
    instance_role: Mapped[InstanceRole] = mapped_column(default=InstanceRole.USER)
    role_provider_id: Mapped[UUID | None]
    """The sign-in system whose groups give this role; none: a person gave it. No foreign key: what
    a system gave is taken back before it goes."""
    given_instance_role: Mapped[InstanceRole | None]
    """The role that a person gave, where a system gives another."""
    is_machine: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether it is a service account: tokens and SSH keys let it in, and nothing else."""
    owner_organisation_id: Mapped[UUID | None] = mapped_column(index=True)
    """Of a machine: the organisation that owns it; none: the instance. No foreign key: the row of
    an organisation stays when it is deleted."""
    state: Mapped[UserState] = mapped_column(default=UserState.ACTIVE)
    suspended_by_id: Mapped[UUID | None]
    """The identity provider that keeps them out, and may let them in again; none: a person did."""
    suspended_by_administrator: Mapped[bool] = mapped_column(
        default=False, server_default=sa.false()
    )
    """Of a machine: whether its owners may not let it in again."""
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    break_glass_until: Mapped[datetime | None]
    """Until when their password opens the door although passwords are off."""
    theme: Mapped[str] = mapped_column(sa.String(16), default="auto")
    locale: Mapped[str] = mapped_column(sa.String(16), default="")
    created_at: Mapped[datetime]

    @property
    def is_active(self) -> bool:
        """Whether this user may enter."""
        return self.state is UserState.ACTIVE


class EmailAddress(Table):
    """An e-mail address of a user; no two users share one."""

    __tablename__ = "email_addresses"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(sa.String(255))
    address_key: Mapped[str] = mapped_column(sa.String(255), unique=True)
    is_primary: Mapped[bool] = mapped_column(default=True)
    is_verified: Mapped[bool] = mapped_column(default=False)
    """Whether somebody else vouches that it is theirs: an administrator, or a sign-in system."""
    shown_at: Mapped[datetime | None]
    """When they showed it themselves, by a code from a letter. Nobody is let in by that."""

    @property
    def counts(self) -> bool:
        """Whether it counts as theirs, for letters, signatures and rules about authors."""
        return self.is_verified or self.shown_at is not None


class AddressProof(Table):
    """An address that a user says is theirs, until they show it by the code in a letter to it."""

    __tablename__ = "address_proofs"
    __table_args__ = (sa.UniqueConstraint("user_id", "address_key"),)
    bookkeeping = frozenset({"sent_at", "error"})  # What became of the letter.

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(sa.String(255))
    """Empty: they have taken it back, and it only counts among what they have asked for."""
    address_key: Mapped[str] = mapped_column(sa.String(255))
    asked_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(sa.Text(), default="")


class PasswordReset(Table):
    """A one-time link to set a password. Only its hash is kept."""

    __tablename__ = "password_resets"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
