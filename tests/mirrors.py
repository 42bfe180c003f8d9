"""A mirror that has gone wrong, for tests of pages."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from appliance.domain.mirrors import Direction
from appliance.services import mirrors
from appliance.services.mirrors import NewMirror
from tests.world import World


def mirrored(world: World) -> UUID:
    """A mirror that failed."""
    wanted = NewMirror(Direction.PULL, "https://8.8.8.8/notes.git")
    sealer, present = world.wiring.sealer, datetime.now(UTC)
    with world.begin(world.actor("administrator")) as work:
        made = mirrors.create(work, "lab/odd", wanted, sealer=sealer, now=present).mirror
        made.failures, made.error = 1, "The source could not be read. Try again later."
    return made.id
