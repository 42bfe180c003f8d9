"""Find a row by a client's name. Only access may import this: it asks who may see what is found."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.organisations import Organisation, Team
from appliance.db.repositories import OldRepositoryPath, Repository
from appliance.db.users import EmailAddress, OldOwnerName, Owner, OwnerKind, User, UserState
from appliance.domain.names import fold


def owner(session: Session, name: str) -> Owner | None:
    """The user or organisation of that name."""
    return session.scalar(sa.select(Owner).where(Owner.name_key == fold(name)))


def user(session: Session, name: str) -> User | None:
    """The user of that name, suspended ones too, deleted ones not."""
    return session.scalar(
        sa.select(User)
        .join(Owner, Owner.id == User.id)
        .where(Owner.name_key == fold(name), User.state != UserState.DELETED)
    )


def user_by_email(session: Session, address: str) -> User | None:
    """The user who has that address."""
    return session.scalar(
        sa.select(User)
        .join(EmailAddress, EmailAddress.user_id == User.id)
        .where(EmailAddress.address_key == fold(address), User.state != UserState.DELETED)
    )


def moved_owner(session: Session, name: str, kind: OwnerKind) -> Owner | None:
    """The user or organisation that had that name before."""
    return session.scalar(
        sa.select(Owner)
        .join(OldOwnerName, OldOwnerName.owner_id == Owner.id)
        .where(OldOwnerName.name_key == fold(name), Owner.kind == kind)
    )


def organisation(session: Session, name: str) -> Organisation | None:
    """The organisation of that name."""
    return session.scalar(
        sa.select(Organisation)
        .join(Owner, Owner.id == Organisation.id)
        .where(Owner.name_key == fold(name), Organisation.deleted_at.is_(None))
    )


def team(session: Session, organisation_name: str, name: str) -> tuple[Organisation, Team] | None:
    """The team of that name, with its organisation."""
    row = session.execute(
        sa.select(Organisation, Team)
        .join(Owner, Owner.id == Organisation.id)
        .join(Team, Team.organisation_id == Organisation.id)
        .where(
            Owner.name_key == fold(organisation_name),
            Organisation.deleted_at.is_(None),
            Team.name_key == fold(name),
        )
    ).first()
    return None if row is None else (row[0], row[1])


# Built once: it is asked for nearly every request, and building it costs more than asking.
REPOSITORY = (
    sa.select(Repository)
    .join(Owner, Owner.id == Repository.owner_id)
    .where(
        Owner.name_key == sa.bindparam("owner_key"),
        Repository.name_key == sa.bindparam("name_key"),
        Repository.deleted_at.is_(None),
        Repository.wiki_of_id.is_(None),  # A wiki is found by what it belongs to.
    )
)


def repository(session: Session, owner_name: str, name: str) -> Repository | None:
    """The repository of that path, unless it is in the bin."""
    return session.scalar(REPOSITORY, {"owner_key": fold(owner_name), "name_key": fold(name)})


def deleted_repository(session: Session, owner_name: str, name: str) -> Repository | None:
    """The repository of that path that went to the bin last."""
    return session.scalar(
        sa.select(Repository)
        .join(Owner, Owner.id == Repository.owner_id)
        .where(
            Owner.name_key == fold(owner_name),
            Repository.name_key == fold(name),
            Repository.deleted_at.is_not(None),
            Repository.wiki_of_id.is_(None),
        )
        .order_by(Repository.deleted_at.desc())
        .limit(1)
    )


def moved_repository(session: Session, owner_name: str, name: str) -> Repository | None:
    """The repository that had that path before: its own old name, or its owner's."""
    owners = sa.union(
        sa.select(Owner.id).where(Owner.name_key == fold(owner_name)),
        sa.select(OldOwnerName.owner_id).where(OldOwnerName.name_key == fold(owner_name)),
    ).subquery()
    present = sa.select(Repository.id, sa.literal(0).label("rank")).where(
        Repository.owner_id.in_(sa.select(owners)), Repository.name_key == fold(name)
    )
    former = sa.select(OldRepositoryPath.repository_id, sa.literal(1)).where(
        OldRepositoryPath.owner_id.in_(sa.select(owners)), OldRepositoryPath.name_key == fold(name)
    )
    places = sa.union_all(present, former).subquery()
    # One statement, whoever is there: how many there are tells nothing of a hidden owner.
    return session.scalar(
        sa.select(Repository)
        .join(places, places.c.id == Repository.id)
        .where(Repository.deleted_at.is_(None), Repository.wiki_of_id.is_(None))
        .order_by(places.c.rank)
        .limit(1)
    )
