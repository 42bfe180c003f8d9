"""Organisations and who belongs to them. At least one owner always remains."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

import sqlalchemy as sa

from appliance.access import fetch, gate, grants, visible
from appliance.db import owner_names
from appliance.db.access_requests import TemporaryRight
from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.paging import USUAL_LIMIT, Page, in_order, only, page
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, OwnerKind
from appliance.domain import branch_health, events
from appliance.domain.names import check_description, check_display_name, check_owner, fold
from appliance.domain.permissions import OrganisationRole, Permission, Role
from appliance.errors import ConflictError, InvalidError, RefusedError, sentence
from appliance.services import service_accounts

LARGEST_QUOTA_BYTES = 2**62
ORDERS = {"name": (Owner.name_key,), "since": (Organisation.created_at, Organisation.id)}


class OrganisationChanges(TypedDict, total=False):
    """What may be changed of an organisation; what is not named stays."""

    display_name: str
    description: str
    base_role: Role | None
    members_create_repositories: bool
    has_issues: bool
    deletes_branches: bool
    merged_branch_days: int
    quota_bytes: int


def create(
    work: UnitOfWork,
    *,
    name: str,
    display_name: str = "",
    description: str = "",
    now: datetime,
) -> Organisation:
    """Create an organisation, of which the actor is the first owner.

    Errors:
        InvalidError: a name is not one.
        ConflictError: somebody has the name.
        RefusedError: only administrators create organisations here.
    """
    gate.require(work, Permission.ORGANISATION_CREATE)
    is_open = work.rules.access.users_create_organisations
    if not is_open and Permission.USERS_MANAGE not in grants.on_instance(work.actor):
        raise RefusedError("Only an administrator can create organisations here.")
    owner = owner_names.take(work.session, OwnerKind.ORGANISATION, check_owner(name))
    organisation = Organisation(
        id=owner.id,
        name=owner.name,
        display_name=check_display_name(display_name),
        description=check_description(description),
        created_at=now,
    )
    work.session.add(organisation)
    work.session.flush()  # The membership refers to its row.
    if work.actor.id is not None:
        work.session.add(
            Membership(
                organisation_id=organisation.id,
                user_id=work.actor.id,
                role=OrganisationRole.OWNER,
                created_at=now,
            )
        )
    work.record(
        events.OrganisationCreated(
            about=organisation.id,
            organisation_id=organisation.id,
            user_id=str(work.actor.id) if work.actor.id else None,
            name=organisation.name,
        )
    )
    return organisation


def show(work: UnitOfWork, name: str) -> Organisation:
    """An organisation by name."""
    return fetch.organisation(work, name, Permission.ORGANISATION_READ)


def show_to_manage(work: UnitOfWork, name: str) -> Organisation:
    """An organisation by name, for who may change it.

    Errors:
        HiddenError, MovedError, RefusedError: the actor may not.
    """
    return fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)


def allowed(work: UnitOfWork, name: str) -> frozenset[Permission]:
    """What the actor may do with an organisation, for showing the right buttons."""
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_READ)
    return grants.on_organisation(work, organisation)


def list_organisations(
    work: UnitOfWork,
    *,
    search: str = "",
    order: str = "name",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[Organisation]:
    """The organisations the actor may see, by name or in another of `ORDERS`.

    `search` is a part of a name.
    """
    query = visible.organisations(work).join(Owner, Owner.id == Organisation.id)
    if search:
        query = query.where(
            sa.or_(
                Owner.name_key.contains(fold(search), autoescape=True),
                sa.func.lower(Organisation.display_name).contains(fold(search), autoescape=True),
            )
        )
    keys, is_descending = in_order(ORDERS, order)
    return page(
        work.session,
        query,
        *keys,
        make=only,
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def list_of_user(
    work: UnitOfWork, name: str, *, after: str | None = None, limit: int = USUAL_LIMIT
) -> Page[Organisation]:
    """The organisations of a user that the actor may see, by name."""
    user = fetch.user(work, name, Permission.USERS_READ)
    query = (
        visible.organisations(work)
        .join(Owner, Owner.id == Organisation.id)
        .where(Organisation.id.in_(grants.organisations_of(user.id, work.begun_at)))
    )
    return page(work.session, query, Owner.name_key, make=only, after=after, limit=limit)


def change(work: UnitOfWork, name: str, changes: OrganisationChanges) -> Organisation:
    """Change an organisation's settings; its quota only as an administrator.

    Errors:
        InvalidError: a value is not as it should be.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    if "quota_bytes" in changes:
        gate.require(work, Permission.INSTANCE_MAINTAIN)
    cleaned = _cleaned(changes)
    if not cleaned:
        return organisation
    for field, value in cleaned.items():
        setattr(organisation, field, value)
    work.record(
        events.OrganisationChanged(
            about=organisation.id, organisation_id=organisation.id, changed=cleaned
        )
    )
    return organisation


def rename(work: UnitOfWork, name: str, new_name: str) -> Organisation:
    """Give an organisation another name; the old one redirects until somebody takes it.

    Errors:
        InvalidError: it is not a name.
        ConflictError: somebody has it.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_DELETE)
    before, after = organisation.name, check_owner(new_name)
    owner_names.change(work.session, work.session.get_one(Owner, organisation.id), after)
    organisation.name = after
    work.record(
        events.OrganisationRenamed(
            about=organisation.id,
            organisation_id=organisation.id,
            before=before,
            after=after,
        )
    )
    return organisation


def delete(work: UnitOfWork, name: str, *, now: datetime) -> None:
    """Delete an organisation with its teams; the name becomes free.

    Errors:
        ConflictError: it has repositories.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_DELETE)
    kept = sa.select(Repository.id).where(
        Repository.owner_id == organisation.id, Repository.deleted_at.is_(None)
    )
    if work.session.scalar(sa.select(kept.exists())):
        raise ConflictError(
            sentence(
                "%(name)s has repositories. Transfer or delete them first.", name=organisation.name
            )
        )
    service_accounts.delete_all_of(work, organisation.id, now=now)
    before = organisation.name
    teams = sa.select(Team.id).where(Team.organisation_id == organisation.id)
    for statement in (
        sa.delete(TeamMembership).where(TeamMembership.team_id.in_(teams)),
        sa.delete(Grant).where(Grant.team_id.in_(teams)),
        sa.update(Team).where(Team.organisation_id == organisation.id).values(parent_id=None),
        sa.delete(Team).where(Team.organisation_id == organisation.id),
        sa.delete(Membership).where(Membership.organisation_id == organisation.id),
        sa.delete(TemporaryRight).where(TemporaryRight.organisation_id == organisation.id),
    ):
        work.session.execute(statement)
    owner = work.session.get_one(Owner, organisation.id)
    owner_names.free(work.session, owner)
    organisation.name, organisation.deleted_at = owner.name, now
    work.record(
        events.OrganisationDeleted(
            about=organisation.id, organisation_id=organisation.id, name=before
        )
    )


def _cleaned(changes: OrganisationChanges) -> dict[str, Any]:
    cleaned: dict[str, Any] = dict(changes)
    if "display_name" in changes:
        cleaned["display_name"] = check_display_name(changes["display_name"])
    if "description" in changes:
        cleaned["description"] = check_description(changes["description"])
    branch_health.check_days(changes.get("merged_branch_days", 0))
    if not 0 <= changes.get("quota_bytes", 0) <= LARGEST_QUOTA_BYTES:
        raise InvalidError.of("quota_bytes", "A quota is a number of bytes; 0 means the default.")
    return cleaned
