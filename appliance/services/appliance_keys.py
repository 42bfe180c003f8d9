"""The keys by which the appliance signs what it commits for somebody: kept, and shown to everybody.

The one in use comes from the instance's secret. Earlier ones stay known, so that what they have
signed stays verified after the secret has changed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.signing_keys import ApplianceKey
from appliance.db.users import EmailAddress, Owner, User
from appliance.domain.ids import new_id
from appliance.domain.names import fold
from appliance.security import commit_signing
from appliance.services.authors import NOWHERE

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.security.commit_signing import CommitSigner


@dataclass(frozen=True)
class Person:
    """For whom something was signed."""

    name: str
    id: UUID


@open_to_everyone(because="whoever may have something committed here needs the key to be known")
def keep(work: UnitOfWork, signer: CommitSigner, *, now: datetime) -> None:
    """Let the key in use be known, if it is not yet."""
    known = sa.select(ApplianceKey.id).where(ApplianceKey.fingerprint == signer.fingerprint)
    if work.session.scalar(known) is None:
        work.session.add(
            ApplianceKey(
                id=new_id(),
                public_key=signer.blob,
                fingerprint=signer.fingerprint,
                created_at=now,
            )
        )


@open_to_everyone(because="it is public: others verify by it what was committed here")
def listed(work: UnitOfWork) -> list[ApplianceKey]:
    """Every key that the appliance has signed with, the oldest first."""
    return list(work.session.scalars(sa.select(ApplianceKey).order_by(ApplianceKey.id)))


@open_to_everyone(because="it is public")
def line(key: ApplianceKey, comment: str) -> str:
    """A key as it stands in a file."""
    return commit_signing.line_of(key.public_key, comment)


@open_to_everyone(because="who may read what is signed may know for whom it was")
def people(work: UnitOfWork, addresses: Collection[str]) -> dict[str, Person]:
    """Who has these addresses. The appliance has written them itself, so any address will do."""
    keys = {fold(each) for each in addresses}
    names = {each.removesuffix(f"@{NOWHERE}") for each in keys if each.endswith(f"@{NOWHERE}")}
    found: dict[str, Person] = {}
    if names:
        without = (
            sa.select(Owner.name_key, User.name, User.id)
            .join(User, User.id == Owner.id)
            .where(Owner.name_key.in_(names))
        )
        for key, name, user_id in work.session.execute(without):
            found[f"{key}@{NOWHERE}"] = Person(name, user_id)
    query = sa.select(EmailAddress.address_key, User.name, User.id).join(
        User, User.id == EmailAddress.user_id
    )
    for key, name, user_id in work.session.execute(query.where(EmailAddress.address_key.in_(keys))):
        found[key] = Person(name, user_id)
    return found
