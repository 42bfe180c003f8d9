"""One audit log, or one event of it, if the actor may read that log."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate, grants, unseen
from appliance.db import lookups
from appliance.db.audit_log import INSTANCE_LOG, AuditLeaf, AuditLog
from appliance.db.organisations import Organisation
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, NotFoundError, RefusedError, sentence


def name_of(work: UnitOfWork, asked: str) -> str:
    """The log that is meant by `instance`, or by an organisation's name or id.

    Errors:
        HiddenError: there is none, or none for this actor.
        RefusedError: the actor may see the organisation, but not its log.
    """
    if asked == INSTANCE_LOG:
        gate.require(work, Permission.AUDIT_READ)
        return INSTANCE_LOG
    organisation_id = _id(asked)
    if organisation_id is None:
        found = lookups.organisation(work.session, asked)
    else:
        found = work.session.get(Organisation, organisation_id)
    allowed = unseen.on_organisation(work, found)
    if found is not None and Permission.AUDIT_READ in allowed:
        return str(found.id)
    if found is not None and Permission.ORGANISATION_READ in allowed:
        raise RefusedError(
            sentence("Only an owner, a security officer or an auditor may read that log.")
        )
    # The log of an organisation outlives it; those who read all logs read that one too.
    if organisation_id is not None and Permission.AUDIT_READ in grants.on_instance(work.actor):
        return str(organisation_id)
    raise HiddenError(sentence("There is no audit log of %(name)s.", name=asked))


def audit_log(work: UnitOfWork, asked: str) -> AuditLog:
    """The newest log of that name.

    Errors:
        HiddenError, RefusedError: as for `name_of`.
        NotFoundError: nothing has been signed of it yet.
    """
    name = name_of(work, asked)
    newest = sa.select(AuditLog).where(AuditLog.name == name, AuditLog.size > 0)
    found = work.session.scalars(newest.order_by(AuditLog.generation.desc())).first()
    if found is None:
        raise NotFoundError(sentence("Nothing has been signed of this audit log yet."))
    return found


def event(work: UnitOfWork, event_id: UUID) -> tuple[AuditLog, AuditLeaf]:
    """The entry of an event, with the log it is in.

    Errors:
        HiddenError: there is none, or it is in a log that is none for this actor.
    """
    found = work.session.execute(
        sa.select(AuditLog, AuditLeaf)
        .join(AuditLeaf, AuditLeaf.log_id == AuditLog.id)
        .where(AuditLeaf.event_id == event_id)
    ).one_or_none()
    hidden = HiddenError(
        sentence("There is no such event, or it has not entered its log yet. Ask again soon.")
    )
    if found is None:
        raise hidden
    try:
        name_of(work, found[0].name)
    except (HiddenError, RefusedError) as error:
        raise hidden from error
    return found[0], found[1]


def _id(asked: str) -> UUID | None:
    try:
        return UUID(asked)
    except ValueError:
        return None
