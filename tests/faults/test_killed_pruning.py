"""Pruning that is killed again and again goes on, and the log is whole at every moment."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditBody, AuditLeaf, AuditLog
from appliance.services.audit_log import pruning, removal
from appliance.services.audit_log.pruning import Asked
from tests.auditor import Auditor, act, unheard
from tests.faults import killed_programs


@pytest.mark.parametrize("asked", [Asked(bodies=1500), Asked(entries=1500)], ids=str)
def test_a_killed_pruning_goes_on(world, tmp_path, asked):
    administrator = world.administrator()
    act(world, administrator, 1500)
    world.keep_log()
    auditor = Auditor(world, administrator, tmp_path)
    with world.begin(administrator) as work:
        now = datetime.now(UTC)
        (planned,) = pruning.plan(work, asked, now=now)
        pruning_id = pruning.authorise(work, planned, tools=world.wiring.logs, now=now)
    world.keep_log()

    for lines in (1, 1, 2):
        kill_after(world, lines)
        assert auditor.look()[0] == 0
    begins = lambda: world.begin(administrator)  # noqa: E731 - a word for it here.
    done = removal.carry_out(begins, pruning_id, tools=world.wiring.logs, now=now, report=unheard)

    assert (done.is_finished, done.removed) == (True, planned.goes)
    table = AuditBody if asked.bodies else AuditLeaf
    left = sa.select(sa.func.count()).select_from(table).where(table.idx < planned.end)
    assert world.one(left) == planned.end - planned.goes
    assert world.one(sa.select(AuditLog.minimum_bodies)) == planned.end
    assert auditor.look()[0] == 0


def kill_after(world, lines):
    """Let a process prune, and kill it somewhere after so many of its steps."""
    child = killed_programs.start(world, "prune")
    with child.stdout:
        for _ in range(lines):
            child.stdout.readline()
        child.kill()
        child.wait()
