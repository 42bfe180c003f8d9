"""E-mail addresses of users: no two users share one."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.users import EmailAddress
from appliance.domain.names import fold
from appliance.errors import ConflictError

COUNTS = sa.or_(EmailAddress.is_verified.is_(True), EmailAddress.shown_at.is_not(None))
"""What counts as its owner's: somebody vouches for it, or they have shown it."""


def primary(session: Session, user_id: UUID) -> str:
    """The address at which a user is written to; empty if there is none."""
    return session.scalar(_primary_of(user_id).with_only_columns(EmailAddress.address)) or ""


def primaries(session: Session, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """The addresses at which users are written to, of those who have one."""
    query = sa.select(EmailAddress.user_id, EmailAddress.address).where(
        EmailAddress.user_id.in_(user_ids), EmailAddress.is_primary.is_(True)
    )
    return {row.user_id: row.address for row in session.execute(query)}


def taken(session: Session, addresses: Collection[str]) -> set[str]:
    """Those of some addresses that a user has, as they are compared."""
    keys = {fold(address) for address in addresses}
    query = sa.select(EmailAddress.address_key).where(EmailAddress.address_key.in_(keys))
    return set(session.scalars(query))


def set_primary(
    session: Session, user_id: UUID, address: str, *, is_verified: bool = False
) -> None:
    """Write to a user at this address from now on. `is_verified` says that somebody other than the
    user vouches that it is theirs.

    Errors:
        ConflictError: another user has it.
    """
    key = fold(address)
    taken = sa.select(EmailAddress.id).where(
        EmailAddress.address_key == key, EmailAddress.user_id != user_id
    )
    if session.scalar(sa.select(taken.exists())):
        raise ConflictError("Another user has this e-mail address.")
    present = session.scalar(_primary_of(user_id))
    if present is None:
        present = EmailAddress(user_id=user_id, address=address, address_key=key)
        session.add(present)
    elif present.address != address:
        present.address, present.address_key = address, key
        present.is_verified, present.shown_at = False, None
    present.is_verified = present.is_verified or is_verified


def _primary_of(user_id: UUID) -> sa.Select[EmailAddress]:
    return sa.select(EmailAddress).where(
        EmailAddress.user_id == user_id, EmailAddress.is_primary.is_(True)
    )


def verified(session: Session, user_ids: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """The addresses that count as users', as they are compared."""
    found: dict[UUID, set[str]] = {}
    query = sa.select(EmailAddress.user_id, EmailAddress.address_key).where(
        EmailAddress.user_id.in_(user_ids), COUNTS
    )
    for user_id, key in session.execute(query):
        found.setdefault(user_id, set()).add(key)
    return {user_id: frozenset(keys) for user_id, keys in found.items()}
