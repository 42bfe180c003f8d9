"""What an actor may do with a thing, asked alike where there is none.

What is hidden is answered after as many questions to the database as what never was: time would
tell the two apart as well as words.
"""

from __future__ import annotations

import functools
from uuid import UUID

from appliance.access import grants
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission, Visibility

NOBODY = UUID(int=0)


def on_repository(work: UnitOfWork, found: Repository | None) -> frozenset[Permission]:
    """What the actor may do with a repository; nothing where there is none."""
    allowed = grants.on_repository(work, found or _nobodys_repository())
    is_personal = found is not None and found.organisation_id is None
    is_limited = work.actor.only_repositories is not None
    if is_personal and not is_limited and Permission.REPOSITORY_READ not in allowed:
        grants.organisation_role(work, NOBODY)  # It has no organisation to ask about.
    return allowed if found is not None else frozenset()


def on_organisation(work: UnitOfWork, found: Organisation | None) -> frozenset[Permission]:
    """What the actor may do with an organisation; nothing where there is none."""
    allowed = grants.on_organisation(work, found or _nobodys_organisation())
    return allowed if found is not None else frozenset()


@functools.cache
def _nobodys_organisation() -> Organisation:
    return Organisation(id=NOBODY, members_create_repositories=False)


@functools.cache
def _nobodys_repository() -> Repository:
    return Repository(
        id=NOBODY, owner_id=NOBODY, organisation_id=NOBODY, visibility=Visibility.PRIVATE
    )
