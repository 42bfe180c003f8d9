"""What tests of witnessing share: a world whose logs have entries, and ways to look at them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from appliance.db.audit_log import INSTANCE_LOG, AuditLog
from appliance.db.audit_witnesses import WitnessState
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.jobs import witnessing
from appliance.services.audit_log import cosignatures, witnesses
from tests.world import World

NOW = datetime.now(UTC)
SCHEMES = ("https", "http")


def prepare(world: World) -> None:
    """Two logs with entries, and witnesses on this machine allowed."""
    world.configure(CODARA_WITNESSES__PRIVATE_ADDRESSES="true", CODARA_WITNESSES__EVERY_SECONDS="1")
    world.administrator("root")
    lab = world.organisation("lab")
    with world.begin(appliance()) as work:
        work.record(events.AuditTrustExported(logs=1, organisation_id=lab.id))
    grow(world, 5)


def log_keys(world):
    with world.reading(appliance()) as work:
        origins = list(work.session.scalars(sa.select(AuditLog.origin)))
    return [world.wiring.logs.signer.keys(origin)[0] for origin in origins]


def trust(world, wanted):
    with world.begin(world.actor("root")) as work:
        return witnesses.trust(work, wanted, schemes=SCHEMES, now=NOW)


def ask(world):
    """As often as it takes: each turn asks whoever is due."""
    with world.begin(appliance()) as work:
        work.session.execute(sa.update(WitnessState).values(not_before=NOW - timedelta(days=1)))
    witnessing.witness(world.wiring.database, world.settings.witnesses)


def size_of(world, name=INSTANCE_LOG):
    return log_of(world, name).size


def log_of(world, name=INSTANCE_LOG):
    with world.reading(appliance()) as work:
        query = (
            sa.select(AuditLog).where(AuditLog.name == name).order_by(AuditLog.generation.desc())
        )
        return work.session.scalars(query).first()


def witnessed_size(world, name=INSTANCE_LOG):
    with world.reading(appliance()) as work:
        return cosignatures.witnessed_size(work, log_of(world, name).id)


def progress(world, name):
    with world.reading(world.actor("root")) as work:
        (report,) = (each for each in witnesses.listed(work) if each.name == name)
    return {each.log: each for each in report.logs}


def grow(world, times=1):
    """Something is recorded, and signed by the log."""
    for _ in range(times):
        with world.begin(appliance()) as work:
            work.record(events.AuditTrustExported(logs=1))
    world.keep_log()
