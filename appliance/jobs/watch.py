"""Looks at every part each minute, so that it is known since when each is as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from appliance import wiring_health
from appliance.domain.identity import appliance
from appliance.errors import ApplianceError
from appliance.repeating import repeating
from appliance.services import health
from appliance.wiring_observations import QueueMemory

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from appliance.wiring import Wiring

log = structlog.get_logger()

EVERY_SECONDS = 60.0


def look(objects: Wiring, now: datetime) -> list[health.Part]:
    """Ask every part once, and remember what it said."""
    with objects.database.reading(appliance()) as work:
        return health.parts(
            work,
            probes=wiring_health.all_parts(objects),
            memory=QueueMemory(objects.redis),
            now=now,
        )


def watching(objects: Wiring) -> AbstractContextManager[None]:
    """Look again and again for the length of the block, in a thread: a dead part answers slowly."""

    def watch() -> None:
        try:
            look(objects, datetime.now(UTC))
        except ApplianceError as error:
            log.warning("watch.missed", code=error.code, message=str(error))

    return repeating(watch, name="watch", every_seconds=EVERY_SECONDS)
