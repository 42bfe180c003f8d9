"""Archives that are brought in: one's own, or anybody's for administrators."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db.archive_imports import ArchiveImport
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, OwnerKind
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, UnauthenticatedError, sentence


def sees_all(work: UnitOfWork) -> bool:
    """Whether the actor sees what others bring in."""
    return gate.is_allowed(work, Permission.INSTANCE_IMPORT_LOCAL)


def archive_imports(work: UnitOfWork) -> sa.Select[ArchiveImport]:
    """Those the actor sees.

    Errors:
        UnauthenticatedError: nobody has signed in.
    """
    if not work.actor.is_signed_in:
        raise UnauthenticatedError(sentence("Sign in first."))
    query = sa.select(ArchiveImport)
    return query if sees_all(work) else query.where(ArchiveImport.asked_by == work.actor.id)


def archive_import(work: UnitOfWork, import_id: UUID, *, to_act: bool = False) -> ArchiveImport:
    """One of them; `to_act`: to have something done in the actor's name.

    Errors:
        UnauthenticatedError: nobody has signed in.
        HiddenError: there is none, or none for this actor.
        RefusedError: the actor is another's, or their credential was not given for it.
        ElevationRequiredError: they must confirm who they are first.
    """
    found = work.session.scalar(archive_imports(work).where(ArchiveImport.id == import_id))
    if found is None:
        raise HiddenError(sentence("There is no such import."))
    if to_act:
        gate.insist_on_oneself(work)
        gate.require(work, Permission.REPOSITORY_CREATE, sensitive=True)
    return found


def home_of_archives(work: UnitOfWork, name: str) -> Owner:
    """The user or organisation of that name, if the actor may bring repositories in there.

    Errors:
        UnauthenticatedError, HiddenError: there is none, or none for this actor.
        RefusedError: they are no owner, and no administrator.
        ElevationRequiredError: they must confirm who they are first.
    """
    found = fetch.new_home(work, name)
    gate.insist_on_oneself(work)
    if found.kind is OwnerKind.ORGANISATION:
        fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    gate.require(work, Permission.REPOSITORY_CREATE, sensitive=True)
    return found
