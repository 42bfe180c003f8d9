"""Writers and keepers of the audit logs, killed at random moments, again and again.

A process of its own, because it forks: what is imported once serves all that are killed. It ends
with a kill of everybody; what they left is for the test to look at.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from appliance import wiring
from appliance.domain import events
from appliance.domain.identity import Actor, ActorKind, Method, Origin
from appliance.domain.jobs import Job
from appliance.errors import ApplianceError
from appliance.jobs import sequencing
from appliance.settings import load
from appliance.wiring_heartbeats import Heart

WRITERS = 3
KEEPERS = 2
BEATS_EVERY = 10
LONGEST_LIFE_SECONDS = 0.05
FAR = datetime.now(UTC) + timedelta(days=1)


def write(objects: wiring.Wiring, organisations: list[UUID], committed: int) -> None:
    """Change things without an end; note each event's id once it is committed.

    Beside the id stands how much was noted before the transaction began: all that must stand
    before this event in its log.
    """
    heart, random_ = Heart(objects.database, objects.logs.signer), random.Random()  # noqa: S311 - no secret.
    actor = Actor(
        kind=ActorKind.USER,
        label="writer",
        pseudonym=f"p_{random_.randrange(20)}",
        origin=Origin(address="192.0.2.7", method=Method.TOKEN, request_id="rig"),
    )
    for number in range(1_000_000):
        noted = os.fstat(committed).st_size
        organisation_id = random_.choice([None, *organisations])
        try:
            with objects.database.begin(actor) as work:
                ids = [
                    work.record(
                        events.AccessRefused(
                            organisation_id=organisation_id, reason="rig", attempt="something"
                        )
                    )
                    for _ in range(random_.randint(1, 3))
                ]
                work.later(Job.SWEEP, not_before=FAR, number=len(ids))
            os.write(committed, "".join(f"{each} {noted}\n" for each in ids).encode())
            if number % BEATS_EVERY == 0:
                heart.beat()
        except ApplianceError:
            continue


def keep(objects: wiring.Wiring, _organisations: list[UUID], _committed: int) -> None:
    """Do what the sequencer does, more often than it does it."""
    while True:
        try:
            sequencing.keep(objects.database, objects.logs)
        except ApplianceError:
            continue
        time.sleep(0.002)


def main() -> int:
    """Kill so many of them."""
    said = json.loads(sys.argv[1])
    home = Path(said["home"])
    committed = os.open(said["committed"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    organisations = [UUID(each) for each in said["organisations"]]
    settings = load(file=None, environment=said["environment"])

    def start(act: Callable[..., None]) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                act(wiring.build(home, settings), organisations, committed)
            finally:
                os._exit(1)
        return pid

    children = {start(write): write for _ in range(WRITERS)}
    children |= {start(keep): keep for _ in range(KEEPERS)}
    time.sleep(said["warm_seconds"])
    for _ in range(said["kills"]):
        time.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))  # noqa: S311 - no secret.
        pid = random.choice(list(children))  # noqa: S311 - no secret.
        end(pid)
        act = children.pop(pid)
        children[start(act)] = act
    for pid in children:
        end(pid)
    return 0


def end(pid: int) -> None:
    """Kill one, who must have lived: otherwise the rig itself is broken."""
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        raise RuntimeError("somebody ended by themselves")


if __name__ == "__main__":
    sys.exit(main())
