"""Keeps the audit logs: takes events out of the queue, signs what they make, lets them be found."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from appliance.domain.identity import appliance
from appliance.errors import ApplianceError, ConflictError
from appliance.repeating import repeating
from appliance.services.audit_log import index, sequencer
from appliance.services.audit_log.sequencer import AT_ONCE

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from appliance.db.unit_of_work import Database
    from appliance.wiring import LogTools, Wiring

log = structlog.get_logger()

EVERY_SECONDS = 0.2
PART = 500
"""So many entries are let be found at once while others are coming in."""


def keep(database: Database, tools: LogTools) -> None:
    """Do all there is to do.

    Errors:
        UnavailableError: the database does not answer; the queue keeps what it has.
        RolledBackError: the database was put back, and nothing more is signed.
    """
    while take_turn(database, tools):
        pass


def take_turn(database: Database, tools: LogTools) -> bool:
    """Sign all that waits, then let entries be found for a while; gives whether more can be found.

    Somebody may wait for a signed state; nobody does for being found. So that is done in small
    parts while events come in, and not longer than until the next are to be signed.

    Errors:
        UnavailableError, RolledBackError: as for `keep`.
    """
    # What comes while a few events are signed is signed next time, with what comes until then:
    # as many turns as there is time for would take it from those who write.
    done = integrate(database, tools)
    part = PART if done else index.AT_ONCE
    while done >= AT_ONCE // 2:
        done = integrate(database, tools)
    until = time.monotonic() + EVERY_SECONDS / 2
    while catch_up(database, tools, at_once=part):
        if time.monotonic() >= until:
            return True
    return False


def check(database: Database, tools: LogTools) -> None:
    """Compare the logs with what was signed last, also where nothing is waiting.

    Errors:
        RolledBackError, DamagedError: they do not agree.
    """
    with database.reading(appliance()) as work:
        sequencer.check(work, tools=tools)


def integrate(database: Database, tools: LogTools) -> int:
    """Let the oldest events get their place; gives how many did, or that there will be more.

    Errors:
        UnavailableError, RolledBackError, DamagedError, ConflictError: none did.
    """
    with database.reading(appliance()) as work:
        if not sequencer.is_anything_waiting(work):
            return 0
    with database.begin(appliance()) as work:
        done = sequencer.integrate(work, tools=tools, now=datetime.now(UTC))
    # After the commit: a head that was never committed must not be remembered.
    if done.heads:
        tools.heads.remember(done.heads)
    # What is no event is set aside, and an event that says so waits now.
    return max(done.events, AT_ONCE) if done.set_aside else done.events


def catch_up(database: Database, tools: LogTools, *, at_once: int = index.AT_ONCE) -> int:
    """Let some more entries be found; gives how many."""
    with database.reading(appliance()) as work:
        if not index.is_behind(work):
            return 0
    with database.begin(appliance()) as work:
        return index.catch_up(work, sealer=tools.sealer, at_once=at_once)


def sequencing(objects: Wiring) -> AbstractContextManager[None]:
    """Keep the logs for the length of the block, in a thread: a long queue holds nobody up."""
    is_checked = False

    def turn() -> None:
        nonlocal is_checked
        try:
            if not is_checked:
                check(objects.database, objects.logs)
                is_checked = True
            take_turn(objects.database, objects.logs)
        except ConflictError:
            log.info("audit.other_writer")
        except ApplianceError as error:
            log.warning("audit.waits", code=error.code, message=str(error))
        except Exception:
            # The one handler of this door: a mistake of ours must not end the keeping of the log.
            log.exception("audit.stumbled")

    return repeating(turn, name="sequencing", every_seconds=EVERY_SECONDS)
