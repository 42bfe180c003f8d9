"""Tells people what happened in conversations: what was recorded comes into their inboxes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from appliance.domain.identity import appliance
from appliance.errors import ApplianceError, ConflictError
from appliance.repeating import repeating
from appliance.services import notification_queue

if TYPE_CHECKING:
    from appliance.wiring import Wiring

log = structlog.get_logger()
EVERY_SECONDS = 0.5


def tell(objects: Wiring) -> None:
    """Tell people all that is to be told of what has happened.

    Errors:
        UnavailableError: the database does not answer.
    """
    while True:
        with objects.database.reading(appliance()) as work:
            if not notification_queue.is_behind(work):
                return
        try:
            with objects.database.begin(appliance()) as work:
                notification_queue.take(work, sealer=objects.sealer, now=datetime.now(UTC))
        except ConflictError:
            return


@contextmanager
def notifying(objects: Wiring) -> Iterator[None]:
    """Tell people for the length of the block."""

    def look() -> None:
        try:
            tell(objects)
        except ApplianceError as error:
            log.warning("notifications.wait", code=error.code, message=str(error))

    with repeating(look, name="notifying", every_seconds=EVERY_SECONDS):
        yield
