"""The one space of names that users and organisations share: taken, changed, and freed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.repositories import Repository
from appliance.db.users import OldOwnerName, Owner, OwnerKind
from appliance.domain.ids import new_id
from appliance.domain.names import fold
from appliance.errors import ConflictError, sentence

NO_NAME = re.compile(r"deleted-[0-9a-f]{20}(?:/|\Z)")


def take(session: Session, kind: OwnerKind, name: str) -> Owner:
    """A new owner of that name; an old name that redirected from there redirects no more.

    Flushes, because what the owner is refers to its row.

    Errors:
        ConflictError: somebody has the name.
    """
    _insist_on_free(session, name)
    owner = Owner(id=new_id(), kind=kind, name=name, name_key=fold(name))
    session.add(owner)
    session.flush()
    return owner


def taken(session: Session, names: Collection[str]) -> set[str]:
    """Those of some names that somebody has, as they are compared."""
    keys = {fold(name) for name in names}
    return set(session.scalars(sa.select(Owner.name_key).where(Owner.name_key.in_(keys))))


def take_all(session: Session, kind: OwnerKind, names: Sequence[str]) -> list[Owner]:
    """New owners of names that nobody has; old names that redirected from there do so no more.

    Flushes, because what the owners are refers to their rows.
    """
    owners = [Owner(id=new_id(), kind=kind, name=name, name_key=fold(name)) for name in names]
    keys = [owner.name_key for owner in owners]
    session.execute(sa.delete(OldOwnerName).where(OldOwnerName.name_key.in_(keys)))
    session.add_all(owners)
    session.flush()
    return owners


def change(session: Session, owner: Owner, name: str) -> None:
    """Give an owner another name; the old one redirects until somebody takes it.

    Errors:
        ConflictError: somebody else has the name.
    """
    if fold(name) != owner.name_key:
        _insist_on_free(session, name)
        session.add(OldOwnerName(name_key=owner.name_key, owner_id=owner.id))
    _rename(session, owner, name)


def free(session: Session, owner: Owner) -> None:
    """Let go of an owner's name and old names. The row stays, under a name nobody would choose."""
    session.execute(sa.delete(OldOwnerName).where(OldOwnerName.owner_id == owner.id))
    _rename(session, owner, f"deleted-{owner.id.hex[-20:]}")


def has_no_name(name: str) -> bool:
    """Whether a name or a path is of somebody who let go of their name."""
    return NO_NAME.match(name) is not None


def _rename(session: Session, owner: Owner, name: str) -> None:
    owner.rename(name)
    session.execute(
        sa.update(Repository).where(Repository.owner_id == owner.id).values(owner_name=name)
    )


def _insist_on_free(session: Session, name: str) -> None:
    taken = session.scalar(sa.select(Owner.id).where(Owner.name_key == fold(name)))
    if taken is not None:
        raise ConflictError(sentence("The name %(name)s is taken. Choose another.", name=name))
    session.execute(sa.delete(OldOwnerName).where(OldOwnerName.name_key == fold(name)))
