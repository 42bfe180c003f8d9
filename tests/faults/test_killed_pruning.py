"""Pruning that is killed again and again goes on, and the log is whole at every moment."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditBody, AuditLeaf, AuditLog
from appliance.services.audit_log import pruning, removal
from appliance.services.audit_log.pruning import Asked
from tests.auditor import Auditor, act, unheard

ROOT = Path(__file__).parents[2]
PRUNES = """
import os, sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from appliance import settings, wiring
from appliance.domain.identity import appliance
from appliance.services.audit_log import removal
removal.AT_ONCE = 256
home = Path(sys.argv[1])
objects = wiring.build(home, settings.from_process(home))
with objects.database.reading(appliance()) as work:
    found = removal.unfinished(work)
report = lambda step, done=0, total=0: print(done, flush=True)
for each in found:
    begins = partial(objects.database.begin, appliance())
    removal.carry_out(begins, each, tools=objects.logs, now=datetime.now(UTC), report=report)
"""


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
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **world.environment}
    command = [sys.executable, "-c", PRUNES, world.home]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as child:
        for _ in range(lines):
            child.stdout.readline()
        child.kill()
