"""What the appliance does when it starts."""

from __future__ import annotations

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.permissions import InstanceRole, Permission


def note(work: UnitOfWork, *, release: str, settings_digest: str) -> None:
    """Remember that the appliance started, and with which settings."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    work.record(events.ApplianceStarted(version=release, settings_digest=settings_digest))


def has_administrator(work: UnitOfWork) -> bool:
    """Whether anybody administers this appliance."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    administrators = sa.select(User.id).where(User.instance_role == InstanceRole.ADMINISTRATOR)
    return work.session.scalar(sa.select(administrators.exists())) or False
