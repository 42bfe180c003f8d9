"""Who is in a group, as a SCIM client is shown it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.scim import ScimGroup, ScimMember, ScimUser
from appliance.db.unit_of_work import UnitOfWork
from appliance.federation.scim_models import Member


@open_to_everyone(because="the caller has fetched the group for its client")
def shown(work: UnitOfWork, row: ScimGroup, base: str) -> list[Member]:
    """Every member, with what people call them."""
    called = sa.func.coalesce(
        sa.func.nullif(ScimUser.content["displayName"].as_string(), ""),
        ScimUser.content["userName"].as_string(),
    )
    query = (
        sa.select(ScimMember.user_id, called)
        .join(ScimUser, ScimUser.id == ScimMember.user_id)
        .where(ScimMember.group_id == row.id)
        .order_by(ScimMember.user_id)
    )
    return [
        Member.model_construct(
            value=str(user_id), ref=_address(base, user_id), type="User", display=name
        )
        for user_id, name in work.session.execute(query)
    ]


def _address(base: str, user_id: UUID) -> Any:
    return f"{base}/Users/{user_id}"
