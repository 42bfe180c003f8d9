"""Users who are created because an identity provider vouches for them: finding them a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import owner_names
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, OwnerKind, User
from appliance.domain import events
from appliance.domain.names import RESERVED_OWNERS, fold
from appliance.errors import ConflictError, sentence

LONGEST = 39
MOST_TRIES = 10_000
NO_NAME = "person"


@dataclass(frozen=True)
class Named:
    """A new user, and what their name would have been."""

    user: User
    wished_name: str
    """Empty where they got it."""


@open_to_everyone(because="the provider's policy lets it create users, and it vouches for them")
def create(work: UnitOfWork, wished: str, *, provider_id: UUID, now: datetime) -> Named:
    """A new user with a name as near to the wished one as can be had.

    Errors:
        ConflictError: no name like it is free.
    """
    name = free_name(work, wished)
    owner = owner_names.take(work.session, OwnerKind.USER, name)
    user = User(id=owner.id, name=name, created_at=now)
    work.session.add(user)
    work.session.flush()  # The identity refers to it, and the event to the pseudonym.
    named = Named(user, missed(wished, name))
    work.record(created(named, provider_id))
    return named


def missed(wished: str, name: str) -> str:
    """The wish of somebody who got another name; empty where they got it."""
    return wished if fold(wished) != fold(name) else ""


def created(named: Named, provider_id: UUID) -> events.UserCreated:
    """The event that says that a user was created for an identity provider."""
    user = named.user
    return events.UserCreated(
        about=user.id,
        person=user.pseudonym,
        instance_role=user.instance_role,
        provider_id=str(provider_id),
        wished_name=named.wished_name or None,
        name=user.name,
    )


def plain_name(wished: str) -> str:
    """The wish in the letters that a name may have; not empty, but perhaps taken."""
    local = wished.partition("@")[0]
    plain = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode()
    dashed = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")
    return dashed[:LONGEST].strip("-") or NO_NAME


@open_to_everyone(because="it only says which name is free, to callers that were asked")
def free_name(work: UnitOfWork, wished: str) -> str:
    """A name as near to the wished one as can be had.

    Errors:
        ConflictError: no name like it is free.
    """
    base = plain_name(wished)
    candidates = _candidates(base)
    of_it = sa.select(Owner.id).where(Owner.name_key == fold(base))
    if fold(base) not in RESERVED_OWNERS and work.session.scalar(of_it) is None:
        return base
    # All that could be in the way, asked for at once: a directory has many of one name.
    alike = sa.select(Owner.name_key).where(
        Owner.name_key.startswith(fold(base[:32]), autoescape=True)
    )
    taken = set(work.session.scalars(alike)) | RESERVED_OWNERS
    for name in candidates:
        if fold(name) not in taken:
            return name
    raise ConflictError(sentence("No name like %(name)s is free.", name=base))


def _candidates(base: str) -> Iterator[str]:
    yield base
    for number in range(2, MOST_TRIES):
        end = f"-{number}"
        yield base[: LONGEST - len(end)].strip("-") + end
