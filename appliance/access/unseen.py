"""What an actor may do with a thing, asked alike where there is none.

What is hidden is answered after as many questions to the database as what never was: time would
tell the two apart as well as words.
"""

from __future__ import annotations

import functools
from uuid import UUID

from appliance.access import grants
from appliance.db import lookups
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission, Visibility

NOBODY = UUID(int=0)


def named_repository(
    work: UnitOfWork, owner_name: str, name: str
) -> tuple[Repository | None, frozenset[Permission]]:
    """The repository of that path, if there is one, and what the actor may do with it."""
    if work.actor.id is None:
        found = lookups.repository(work.session, owner_name, name)
        return found, on_repository(work, found)
    found, roles = grants.with_roles(work, owner_name, name, user_id=work.actor.id)
    return found, grants.on_repository(work, found, roles) if found else frozenset()


def on_repository(work: UnitOfWork, found: Repository | None) -> frozenset[Permission]:
    """What the actor may do with a repository; nothing where there is none."""
    allowed = grants.on_repository(work, found or _nobodys_repository())
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
