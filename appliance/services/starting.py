"""What the appliance does when it starts."""

from __future__ import annotations

import json

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditBody, AuditFinding, AuditQueued
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.permissions import InstanceRole, Permission

USUAL_READS = "strict"
"""How reads are recorded where nobody said otherwise: what counts as before the first start."""


def note(work: UnitOfWork, *, release: str, settings_digest: str) -> None:
    """Remember that the appliance started, and with which settings.

    That reads are recorded otherwise than since the last start is an event of its own.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    before, reads = _reads_at_last_start(work), work.rules.audit.reads
    if before != reads:
        work.record(events.AuditReadsPolicyChanged(before=before, after=reads))
    work.record(
        events.ApplianceStarted(version=release, settings_digest=settings_digest, reads=reads)
    )


def has_administrator(work: UnitOfWork) -> bool:
    """Whether anybody administers this appliance."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    administrators = sa.select(User.id).where(User.instance_role == InstanceRole.ADMINISTRATOR)
    return work.session.scalar(sa.select(administrators.exists())) or False


def _reads_at_last_start(work: UnitOfWork) -> str:
    """What the newest `config.started` says, be it still on its way to the log or in it."""
    action = events.ApplianceStarted.kind
    waiting = (
        sa.select(AuditQueued.body)
        .where(AuditQueued.header.startswith(f'{{"action":"{action}"', autoescape=True))
        .order_by(AuditQueued.position.desc())
        .limit(1)
    )
    in_log = (
        sa.select(AuditBody.body)
        .join(
            AuditFinding,
            (AuditFinding.log_id == AuditBody.log_id) & (AuditFinding.idx == AuditBody.idx),
        )
        .where(AuditFinding.action == action)
        .order_by(AuditFinding.occurred_at.desc(), AuditFinding.idx.desc())
        .limit(1)
    )
    body = work.session.scalar(waiting) or work.session.scalar(in_log)
    return str(json.loads(body or "{}").get("reads", USUAL_READS))
