"""A stream of an audit log, or the log that is to be streamed, if the actor may."""

from __future__ import annotations

from uuid import UUID

from appliance.access import fetch, gate, grants, unseen
from appliance.db.audit_streams import AuditStream
from appliance.db.organisations import Organisation
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, RefusedError, sentence


def owner(work: UnitOfWork, organisation: str, permission: Permission) -> Organisation | None:
    """The organisation of that name, whose log is meant; none where the name is empty, which means
    the logs of the instance.

    Errors:
        HiddenError: there is no such organisation, or none for this actor.
        RefusedError: the actor may not do this with that log.
    """
    if organisation:
        return fetch.organisation(work, organisation, permission)
    gate.require(work, permission)
    return None


def stream(work: UnitOfWork, stream_id: UUID, permission: Permission) -> AuditStream:
    """A stream of the audit log: those of an organisation for whom its log is, all others for
    whom that of the instance is.

    Errors:
        HiddenError: there is none, or none for this actor.
        RefusedError: the actor may see it, but not do this.
    """
    found = work.session.get(AuditStream, stream_id)
    allowed = grants.on_instance(work.actor)
    if found is not None and found.organisation_id is not None:
        owner = work.session.get(Organisation, found.organisation_id)
        allowed = unseen.on_organisation(work, owner) | (allowed if owner is None else frozenset())
    if found is None or not allowed & {Permission.AUDIT_READ, Permission.AUDIT_STREAM}:
        raise HiddenError(sentence("There is no such stream."))
    if permission not in allowed:
        raise RefusedError(gate.who_may(work, permission))
    gate.require_elevation(work, permission)
    return found
