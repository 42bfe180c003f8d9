"""A start says how reads are recorded, and that it is otherwise than before is an event."""

import pytest

from appliance.domain.identity import appliance
from appliance.services import starting

CHANGED = "audit.reads_policy_changed"


def start(world, reads):
    world.configure(CODARA_AUDIT__READS=reads)
    before = len(world.recorded(CHANGED))
    with world.begin(appliance()) as work:
        starting.note(work, release="1", settings_digest="x")
    return [each.body for each in world.recorded(CHANGED)[before:]]


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_change_of_how_reads_are_recorded_is_recorded(world, is_kept):
    found = []
    for reads in ("strict", "best_effort", "best_effort", "strict"):
        found.append(start(world, reads))
        if is_kept:
            world.keep_log()

    assert found == [
        [],
        [{"before": "strict", "after": "best_effort"}],
        [],
        [{"before": "best_effort", "after": "strict"}],
    ]
    assert world.recorded("config.started")[-1].body["reads"] == "strict"
