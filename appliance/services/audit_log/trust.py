"""The key file by which an auditor verifies exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditKey, AuditLog
from appliance.db.audit_witnesses import Witness
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.services.audit_log import authority, cosignatures
from audit import trust

if TYPE_CHECKING:
    from appliance.security.log_signing import LogSigner


def key_file(work: UnitOfWork, *, signer: LogSigner) -> dict[str, Any]:
    """Whose signatures count for which sizes of which logs; that it was given away is recorded.

    Of a log that grows, only what the keys in our folder vouch for: not what else was written
    into the tables.

    Errors:
        RefusedError: the actor may not read all logs.
    """
    gate.require(work, Permission.AUDIT_READ)
    logs = work.session.scalars(sa.select(AuditLog).order_by(AuditLog.id)).all()
    rows = work.session.scalars(sa.select(AuditKey).order_by(AuditKey.from_size)).all()
    growing = {log.name: log for log in logs}
    vouched = {log.id: authority.vouched_for(work, log, signer=signer) for log in growing.values()}
    known: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        # The tables may say anything. What signed a log that ended is bound into its successor.
        if row.log_id in vouched and row.vkey not in vouched[row.log_id]:
            continue
        said = {"from": row.from_size, "until": row.until_size, "vkey": row.vkey}
        known.setdefault(row.log_id, []).append(said)
    said_of = [
        {"keys": known.get(log.id) or _present(log, signer), "origin": log.origin} for log in logs
    ]
    work.record(events.AuditTrustExported(logs=len(said_of)))
    return {"format": trust.FORMAT, "logs": said_of, **_witnesses(work)}


def _witnesses(work: UnitOfWork) -> dict[str, Any]:
    rows = work.session.scalars(sa.select(Witness).order_by(Witness.name)).all()
    said = [{"name": each.name, "operator": each.operator, "vkey": each.vkey} for each in rows]
    needed = cosignatures.quorum(work).needed
    required = {"quorum": {"k": needed, "of": [each.name for each in rows]}} if needed else {}
    return {"witnesses": said, **required}


def _present(log: AuditLog, signer: LogSigner) -> list[dict[str, Any]]:
    """The keys of a log of which nothing was written down: no other ever signed it."""
    return [{"from": 0, "until": None, "vkey": str(key)} for key in signer.keys(log.origin)]
