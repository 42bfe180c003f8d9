"""The job that removes old content of the audit logs, and when it is promised."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditBody, AuditCheckpoint, AuditLog
from appliance.db.audit_witnesses import AuditCosignature
from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.jobs import tasks
from appliance.jobs.schedule import AGENDA
from appliance.services.audit_log import pruning, removal, thinning
from appliance.services.audit_log.pruning import Asked
from tests.auditor import Auditor, act, unheard
from tests.world import NOON


@pytest.fixture
def admin(world):
    administrator = world.administrator()
    act(world, administrator, 600)
    world.keep_log()
    return administrator


def do(world, office):
    tasks.do(world.wiring, office.claim(office.promise(Job.PRUNE_AUDIT_LOG)), unheard)


def promised(world):
    for entry in AGENDA:
        if "prun" in entry.regular.name:
            with world.begin(appliance()) as work:
                entry.promise(work, datetime.now(UTC))
    with world.reading(appliance()) as work:
        return list(work.session.scalars(sa.select(JobRecord.job)))


def count(world, table):
    return world.one(sa.select(sa.func.count()).select_from(table))


def test_nothing_is_promised_where_nothing_is_wanted(world, admin):
    assert promised(world) == []
    world.configure(CODARA_AUDIT__PRUNE="true")
    assert promised(world) == [Job.PRUNE_AUDIT_LOG]


def test_what_the_settings_say_goes_with_the_job_after_the_next(world, admin, office, tmp_path):
    auditor = Auditor(world, admin, tmp_path)
    do(world, office)
    assert world.recorded("log.pruned") == []
    # The events of the test are new; to the job they are older than a moment.
    world.configure(CODARA_AUDIT__PRUNE="true")
    rules = world.wiring.settings.audit.model_copy(update={"security_kept_days": 0.000_000_1})
    settings = world.wiring.settings.model_copy(update={"audit": rules})
    world.wiring.database.rules = settings

    do(world, office)
    assert len(world.recorded("log.pruned")) == 1
    assert count(world, AuditBody) == 600
    world.keep_log()
    do(world, office)

    assert count(world, AuditBody) < 600
    assert auditor.look()[0] == 0


def test_what_was_cut_off_is_promised_again(world, admin, office):
    with world.begin(admin) as work:
        now = datetime.now(UTC)
        (planned,) = pruning.plan(work, Asked(bodies=600), now=now)
        pruning.authorise(work, planned, tools=world.wiring.logs, now=now)
    world.keep_log()

    assert promised(world) == [Job.PRUNE_AUDIT_LOG]
    do(world, office)

    with world.reading(admin) as work:
        assert removal.unfinished(work) == []


def test_of_old_states_one_for_each_hour_stays(world, admin):
    log_id = world.one(sa.select(AuditLog.id))
    for size in range(1, 600):
        made_at = NOON + timedelta(minutes=size)
        world.add(AuditCheckpoint(log_id=log_id, size=size, note="x", made_at=made_at))
    line = AuditCosignature(log_id=log_id, size=7, key="w+0", line="-", received_at=NOON)
    world.add(line)
    now = NOON + timedelta(days=91)

    with world.begin(appliance()) as work:
        assert thinning.old(work, now=datetime.now(UTC)) == []
    thinning.thin_all(lambda: world.begin(appliance()), log_id, now=now)

    with world.reading(admin) as work:
        sizes = list(work.session.scalars(sa.select(AuditCheckpoint.size).order_by("size")))
    assert sizes == [7, *range(59, 600, 60), 600]
