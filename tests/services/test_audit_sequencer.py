"""Whatever is recorded and kept in whatever order: the logs are what a simple reader expects."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from threading import Barrier, Thread

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.errors import ConflictError, UnavailableError
from appliance.jobs import sequencing
from appliance.services.audit_log import sequencer
from tests.whole_logs import insist_on_whole_logs
from tests.world import World, copy_sqlite

LOGS = 3
# Up to and beyond the width of a tile, from both sides.
COUNTS = some.sampled_from([1, 2, 3, 7, 64, 253, 254, 255, 256, 257, 300])
RECORD = some.tuples(some.just("record"), some.integers(0, LOGS - 1), COUNTS)
KEEP = some.tuples(some.just("keep"), some.just(0), some.sampled_from([1, 5, 255, 256, 5000]))


@given(acts=some.lists(some.one_of(RECORD, KEEP), max_size=10))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_logs_hold_what_was_recorded_in_its_order(acts, migrated_sqlite, tmp_path_factory):
    home = tmp_path_factory.mktemp("log")
    world = World(home, copy_sqlite(migrated_sqlite, home))
    try:
        owners = [None, *(world.organisation(name).id for name in ("lab", "works"))]
        expected = {}
        for act, which, count in acts:
            if act == "record":
                name = str(owners[which] or "instance")
                expected.setdefault(name, []).extend(record(world, owners[which], count))
            else:
                integrate(world, count)
        world.keep_log()
        found = {}
        for event_id, (name, index) in insist_on_whole_logs(world).items():
            found.setdefault(name, {})[index] = event_id
        assert {name: [ids[i] for i in sorted(ids)] for name, ids in found.items()} == expected
    finally:
        world.close()


def record(world, organisation_id, count):
    """Events in one transaction; gives their ids."""
    with world.begin(appliance()) as work:
        return [
            work.record(events.LeftoversSwept(rows=n, organisation_id=organisation_id))
            for n in range(count)
        ]


def integrate(world, at_once):
    """One turn of the sequencer."""
    with world.begin(appliance()) as work:
        done = sequencer.integrate(
            work, tools=world.wiring.logs, now=datetime.now(UTC), at_once=at_once
        )
    world.wiring.logs.heads.remember(done.heads)


def test_two_sequencers_at_once_make_one_log(world):
    record(world, None, 400)
    together = Barrier(2)

    def keep():
        together.wait()
        for _ in range(40):
            with suppress(ConflictError, UnavailableError):
                integrate(world, 10)

    threads = [Thread(target=keep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sequencing.keep(world.wiring.database, world.wiring.logs)
    assert len(insist_on_whole_logs(world)) == 400
