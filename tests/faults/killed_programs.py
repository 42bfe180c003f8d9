"""What the tests kill in the middle, as copies of one process; each is told its home folder."""

from __future__ import annotations

import os
import sys
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from appliance import settings, wiring
from appliance.domain.identity import appliance
from appliance.jobs.hooking import Hooking
from appliance.jobs.streaming import Streaming
from appliance.services.audit_log import removal
from tests.peers import mould
from tests.world import World

ROOT = Path(__file__).parents[2]


def start(world: World, function: str) -> mould.Copy:
    """Let a copy run one of the functions below."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **world.environment}
    return mould.start((world.home,), environment, ROOT, program=f"{__name__}:{function}")


def _appliance() -> wiring.Wiring:
    return wiring.build(Path(sys.argv[1]), settings.load(file=None, environment=dict(os.environ)))


def stream() -> None:
    """Send to streams for ever."""
    _look_forever(Streaming(_appliance(), lease_seconds=0.4))


def deliver() -> None:
    """Deliver to webhooks for ever."""
    _look_forever(Hooking(_appliance(), lease_seconds=0.6))


def _look_forever(sender: Streaming | Hooking) -> None:
    while True:
        sender.look()
        threading.Event().wait(0.02)


def prune() -> None:
    """Go on with what is not removed yet, and say each step."""
    removal.AT_ONCE = 256
    objects = _appliance()
    with objects.database.reading(appliance()) as work:
        found = removal.unfinished(work)
    begins = partial(objects.database.begin, appliance())
    for each in found:
        removal.carry_out(begins, each, tools=objects.logs, now=datetime.now(UTC), report=_say)


def _say(_step: str, done: int = 0, _total: int = 0) -> None:
    print(done, flush=True)  # noqa: T201 - the test counts the lines.
