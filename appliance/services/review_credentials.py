"""The credentials that a review looks at: what reaches an organisation, or all of the appliance.

Whose a credential is decides nothing about it. A deploy key is nobody's: it stands for itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.access.unseen import NOBODY
from appliance.db import credential_inventory
from appliance.db.credentials import AccessToken, LastUse, SshKey
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain.access_reviews import Right
from appliance.domain.signatures import KeyUse
from appliance.services.review_rows import Found

LONGEST_MAY = 255
Place = tuple[UUID, str]


@open_to_everyone(because="whoever begins a review was asked whether they may")
def of_kind(work: UnitOfWork, organisation: Organisation | None, *, kind: Right) -> Iterator[Found]:
    """Every token or key of one kind that lets somebody or something in there."""
    rows = (
        credential_inventory.reaching(organisation.id)
        if organisation
        else credential_inventory.everything()
    ).subquery("credentials")
    query = (
        sa.select(rows, User, Repository, LastUse.used_at)
        .select_from(rows)
        .outerjoin(User, User.id == rows.c.user_id)
        .outerjoin(Repository, Repository.id == rows.c.repository_id)
        .outerjoin(LastUse, LastUse.credential_id == rows.c.id)
        .where(
            rows.c.kind == str(kind),
            rows.c.scopes != str(KeyUse.SIGNING),  # It opens nothing, as what has expired.
            sa.or_(rows.c.expires_at.is_(None), rows.c.expires_at > work.begun_at),
            Repository.deleted_at.is_(None),
        )
    )
    place = (organisation.id, organisation.name) if organisation else (NOBODY, "")
    for row in work.session.execute(query):
        yield _found(kind, row, place)


@open_to_everyone(because="whoever begins a review was asked whether they may")
def machines(work: UnitOfWork, organisation: Organisation | None) -> Iterator[Found]:
    """The service accounts that may enter, with when anything of theirs was used last."""
    tokens = sa.select(AccessToken.id).where(AccessToken.user_id == User.id).correlate(User)
    keys = sa.select(SshKey.id).where(SshKey.user_id == User.id).correlate(User)
    used = sa.select(sa.func.max(LastUse.used_at)).where(
        LastUse.credential_id.in_(sa.union_all(tokens, keys))
    )
    query = (
        sa.select(User, Organisation, used.scalar_subquery().label("used_at"))
        .outerjoin(Organisation, Organisation.id == User.owner_organisation_id)
        .where(User.is_machine.is_(True), User.state == UserState.ACTIVE)
    )
    if organisation is not None:
        query = query.where(User.owner_organisation_id == organisation.id)
    for row in work.session.execute(query):
        user, owner = row[0], cast("Organisation | None", row[1])
        place: Place = (owner.id, owner.name) if owner else (NOBODY, "")
        yield Found(
            Right.SERVICE_ACCOUNT, *place, user, "", None, user.id, "", user.created_at,
            credential=user.display_name, used_at=row.used_at,
        )  # fmt: skip


def _found(kind: Right, row: sa.Row[Any], place: Place) -> Found:
    if row.Repository is not None:
        place = (row.Repository.id, row.Repository.path)
    may = " ".join(json.loads(row.scopes)) if kind is Right.TOKEN else row.scopes
    return Found(
        kind,
        *place,
        row.User,
        "" if row.User else row.name,
        None if row.User else row.id,
        row.id,
        "",
        row.created_at,
        until=row.expires_at,
        credential=row.name,
        mark=row.mark,
        may=may[:LONGEST_MAY],
        reach=row.reach,
        used_at=row.used_at,
    )


Finder = Callable[[UnitOfWork, Organisation | None], Iterator[Found]]
FINDERS: dict[Right, Finder] = {
    Right.TOKEN: partial(of_kind, kind=Right.TOKEN),
    Right.SSH_KEY: partial(of_kind, kind=Right.SSH_KEY),
    Right.DEPLOY_KEY: partial(of_kind, kind=Right.DEPLOY_KEY),
    Right.SERVICE_ACCOUNT: machines,
}
