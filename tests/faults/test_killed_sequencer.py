"""Who writes to the audit logs, and who keeps them, is killed: nothing is lost, nothing forks."""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_right
from itertools import accumulate
from uuid import UUID

import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.jobs import sequencing
from tests.whole_logs import insist_on_whole_logs

KILLS = 100
"""On each of the two databases."""
WARM_SECONDS = 1.0


def test_kills_at_random_moments_lose_and_repeat_nothing(world, tmp_path, request):
    organisations = [world.organisation(name).id for name in ("lab", "works")]
    committed = tmp_path / "committed"
    said = {
        "home": str(world.home),
        "environment": world.environment,
        "organisations": [str(each) for each in organisations],
        "committed": str(committed),
        "kills": KILLS,
        "warm_seconds": WARM_SECONDS,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.log_rig", json.dumps(said)],
        cwd=request.config.rootpath,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # As who starts after the last kill does.
    sequencing.check(world.wiring.database, world.wiring.logs)
    world.keep_log()

    places = insist_on_whole_logs(world)
    noted = committed.read_text().splitlines()
    assert len(noted) > KILLS
    assert all(UUID(line.split()[0]) in places for line in noted)
    what_was_first_stands_first(noted, places)
    every_change_has_its_events(world)


def what_was_first_stands_first(noted, places):
    """Whether an event stands after all of its log that were committed when it began."""
    ends = list(accumulate(len(line) + 1 for line in noted))
    for log in {log for log, _ in places.values()}:
        indexes = [places[UUID(line.split()[0])] for line in noted]
        highest = list(accumulate((index if name == log else -1 for name, index in indexes), max))
        for line, (name, index) in zip(noted, indexes, strict=True):
            before = bisect_right(ends, int(line.split()[1]))
            if name == log and before:
                assert highest[before - 1] < index


def every_change_has_its_events(world):
    """Whether as many events are there as the changes say that were committed with them."""
    with world.wiring.database.engine.connect() as connection:
        arguments = connection.scalars(sa.select(JobRecord.arguments)).all()
    assert sum(each["number"] for each in arguments) == len(world.recorded("access.refused"))
