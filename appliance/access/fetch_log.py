"""One audit log, or one event of it, if the actor may read that log."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate, grants, log_reach, unseen
from appliance.access.log_reach import WHOLE, Reach
from appliance.db import lookups
from appliance.db.audit_exports import AuditExport
from appliance.db.audit_log import INSTANCE_LOG, AuditLeaf, AuditLog
from appliance.db.organisations import Membership, Organisation
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_headers
from appliance.domain.permissions import ORGANISATION_PERMISSIONS_OF, Permission
from appliance.errors import (
    HiddenError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
    sentence,
)

READERS = tuple(
    role
    for role, permissions in ORGANISATION_PERMISSIONS_OF.items()
    if Permission.AUDIT_READ in permissions
)


def name_of(work: UnitOfWork, asked: str) -> str:
    """The log that is meant by `instance`, or by an organisation's name or id.

    Errors:
        HiddenError: there is none, or none for this actor.
        RefusedError: the actor may see the organisation, but not its log.
    """
    return reach(work, asked)[0]


def reach(work: UnitOfWork, asked: str) -> tuple[str, Reach]:
    """The same, and the part of it that the actor may read.

    Errors:
        HiddenError, RefusedError: as for `name_of`.
    """
    if asked == INSTANCE_LOG:
        return INSTANCE_LOG, _of_instance(work)
    organisation_id = _id(asked)
    if organisation_id is None:
        found = lookups.organisation(work.session, asked)
    else:
        found = work.session.get(Organisation, organisation_id)
    allowed = unseen.on_organisation(work, found)
    given = log_reach.granted(work, str(found.id if found else organisation_id or asked))
    if found is not None and Permission.AUDIT_READ in allowed:
        return str(found.id), WHOLE
    if found is not None and given is not None:
        return str(found.id), given
    if found is not None and Permission.ORGANISATION_READ in allowed:
        raise RefusedError(
            sentence("Only an owner, a security officer or an auditor may read that log.")
        )
    # The log of an organisation outlives it; those who read all logs read that one too.
    is_open = organisation_id not in work.actor.withheld_organisations
    reads_all = is_open and Permission.AUDIT_READ in grants.on_instance(work.actor)
    if organisation_id is not None and reads_all:
        return str(organisation_id), WHOLE
    if organisation_id is not None and given is not None:
        return str(organisation_id), given
    raise HiddenError(sentence("There is no audit log of %(name)s.", name=asked))


def of_roles(work: UnitOfWork) -> list[UUID]:
    """The organisations whose logs the actor may read by their role there."""
    if work.actor.id is None or not work.actor.ceiling_allows(Permission.AUDIT_READ):
        return []
    query = sa.select(Membership.organisation_id).where(
        Membership.user_id == work.actor.id,
        Membership.role.in_(READERS),
        Membership.organisation_id.not_in(work.actor.withheld_organisations),
    )
    return list(work.session.scalars(query))


def whole(work: UnitOfWork, asked: str) -> str:
    """The log that is meant, for who may read all of it: there is no part of what is asked for.

    Errors:
        HiddenError, RefusedError: as for `name_of`.
        RefusedError: the actor was given a period of it only.
    """
    name, part = reach(work, asked)
    if not part.is_whole:
        raise RefusedError(
            sentence("You can read only a period of this log, and this cannot be limited to it.")
        )
    return name


def name_to_grant(work: UnitOfWork, asked: str) -> str:
    """The log that is meant, for who may let others read it.

    Errors:
        HiddenError: there is none, or none for this actor.
        RefusedError: the actor may not.
        ElevationRequiredError: they must confirm who they are first.
    """
    if asked == INSTANCE_LOG:
        gate.require(work, Permission.AUDIT_GRANT)
        return INSTANCE_LOG
    name = asked if _id(asked) is None else None
    found = (
        lookups.organisation(work.session, name)
        if name is not None
        else work.session.get(Organisation, UUID(asked))
    )
    allowed = unseen.on_organisation(work, found)
    if found is not None and Permission.AUDIT_GRANT in allowed:
        gate.require_elevation(work, Permission.AUDIT_GRANT)
        return str(found.id)
    if found is not None and Permission.ORGANISATION_READ in allowed:
        raise RefusedError(sentence("Only an owner may let others read that log."))
    raise HiddenError(sentence("There is no audit log of %(name)s.", name=asked))


def _of_instance(work: UnitOfWork) -> Reach:
    if Permission.AUDIT_READ not in grants.on_instance(work.actor):
        given = log_reach.granted(work, INSTANCE_LOG)
        if given is not None:
            return given
    gate.require(work, Permission.AUDIT_READ)
    return WHOLE


def audit_log(work: UnitOfWork, asked: str) -> AuditLog:
    """The newest log of that name.

    Errors:
        HiddenError, RefusedError: as for `name_of`.
        NotFoundError: nothing has been signed of it yet.
    """
    return _newest(work, name_of(work, asked))


def open_log(work: UnitOfWork, asked: str) -> AuditLog:
    """The same for whoever wants entries and the tree alone, which a setting opens to everyone.

    Errors:
        HiddenError, RefusedError, NotFoundError: as for `audit_log`.
    """
    if work.rules.audit.public_tiles and (asked == INSTANCE_LOG or _id(asked)):
        return _newest(work, asked)
    return _newest(work, whole(work, asked))


def open_head(work: UnitOfWork, asked: str) -> AuditLog:
    """The same for whoever wants signed states alone: they belong to every proof.

    Errors:
        HiddenError, RefusedError, NotFoundError: as for `audit_log`.
    """
    if work.rules.audit.public_tiles and (asked == INSTANCE_LOG or _id(asked)):
        return _newest(work, asked)
    return audit_log(work, asked)


def open_entries(work: UnitOfWork, asked: str) -> AuditLog:
    """The same for whoever wants all entries of a stretch, which nobody may who has a period only.

    Errors:
        HiddenError, RefusedError, NotFoundError: as for `audit_log` and `whole`.
    """
    log = open_log(work, asked)
    if not work.rules.audit.public_tiles:
        whole(work, log.name)
    return log


def _newest(work: UnitOfWork, name: str) -> AuditLog:
    newest = sa.select(AuditLog).where(AuditLog.name == name, AuditLog.size > 0)
    found = work.session.scalars(newest.order_by(AuditLog.generation.desc())).first()
    if found is None:
        raise NotFoundError(sentence("This audit log has not been signed yet."))
    return found


def reads_all(work: UnitOfWork) -> bool:
    """Whether the actor may read every log; where not, whether they have signed in at all.

    Errors:
        UnauthenticatedError: nobody has signed in.
    """
    if not work.actor.is_signed_in:
        raise UnauthenticatedError(sentence("Sign in first."))
    is_kept_out = bool(work.actor.withheld_organisations)
    return Permission.AUDIT_READ in grants.on_instance(work.actor) and not is_kept_out


def export(work: UnitOfWork, export_id: UUID) -> AuditExport:
    """An export of logs that this actor asked for, or anybody did, for who may read every log.

    Errors:
        UnauthenticatedError: nobody has signed in.
        HiddenError: there is none, or none for this actor.
    """
    sees_all = reads_all(work)
    found = work.session.get(AuditExport, export_id)
    is_own = found is not None and found.asked_by == work.actor.id is not None
    if found is None or not (sees_all or is_own):
        raise HiddenError(sentence("There is no such export."))
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
        sentence("There is no such event, or it is not in the log yet. Try again soon.")
    )
    if found is None:
        raise hidden
    try:
        _, part = reach(work, found[0].name)
    except (HiddenError, RefusedError) as error:
        raise hidden from error
    if not part.holds(datetime.fromisoformat(audit_headers.members(found[1].header)["time"])):
        raise hidden
    return found[0], found[1]


def _id(asked: str) -> UUID | None:
    try:
        return UUID(asked)
    except ValueError:
        return None
