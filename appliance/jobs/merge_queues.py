"""The job that tests and merges what stands in the merge queues of a repository."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.domain.ids import new_id
from appliance.domain.merge_queue import Build, Land, Reason, Wait
from appliance.errors import (
    ConflictError,
    DamagedError,
    InvalidError,
    NotFoundError,
    PreconditionError,
    RefusedError,
    TimeoutExceededError,
    UnauthenticatedError,
)
from appliance.jobs.moving import mover
from appliance.services import (
    git_operations,
    merge_queue_landing,
    merge_queue_running,
    merge_queue_state,
    pull_merging,
)
from appliance.services.merge_queue_landing import EntryError, FrozenError, Ready
from appliance.services.ref_moving import ProtectedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.services.merge_queue_running import Next
    from appliance.wiring import Wiring

MOST_STEPS = 1000
"""In one job; what is left then, the next one does."""


def run(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Do all that can be done now in the queues of a repository."""
    repository_id = UUID(claimed.arguments["repository_id"])
    with wiring.database.reading(appliance()) as work:
        queues = merge_queue_running.active(work, repository_id)
    for queue_id in queues:
        # What cannot be read holds up no other queue.
        with suppress(DamagedError, TimeoutExceededError):
            _run(wiring, queue_id, report)


def _run(wiring: Wiring, queue_id: UUID, report: Report) -> None:
    planned = None
    for number in range(MOST_STEPS):
        with wiring.database.reading(appliance()) as work:
            found = merge_queue_running.plan(
                work, queue_id, repositories=wiring.repositories, now=datetime.now(UTC)
            )
        if found is None:
            return
        planned = found
        report("Testing and merging", number)
        if isinstance(planned.step, Wait) or not _do(wiring, planned):
            break
    with wiring.database.reading(appliance()) as work:
        is_empty = merge_queue_running.is_empty(work, queue_id)
    if planned is not None and is_empty:
        merge_queue_landing.sweep(planned, ())


def _do(wiring: Wiring, planned: Next) -> bool:
    """Do one step; whether another may follow."""
    match planned.step:
        case Build() as step:
            _build(wiring, planned, step)
        case Land() as step:
            return _land(wiring, planned, step)
        case _:
            with wiring.database.begin(appliance()) as work:
                gone = merge_queue_running.do(work, planned, now=datetime.now(UTC))
            merge_queue_landing.forget(planned, gone)
    return True


def _build(wiring: Wiring, planned: Next, step: Build) -> None:
    entries = _ready(wiring, step.entries)
    if entries is None:
        return
    said = git_operations.resolutions((), rules=wiring.settings)
    members = merge_queue_landing.build(step.base, planned.branch, entries, said=said)
    group_id = new_id()
    ref = merge_queue_state.ref_of(planned.branch, group_id)
    if members:
        merge_queue_landing.keep(planned, ref, members[-1].commit)
    with wiring.database.begin(appliance()) as work:
        is_noted = merge_queue_running.note_built(
            work, planned, group_id, tuple(members), now=datetime.now(UTC)
        )
    if not members:
        return
    if is_noted:
        # Another job may have swept it before it was noted.
        merge_queue_landing.keep(planned, ref, members[-1].commit)
    else:
        merge_queue_landing.forget(planned, [ref])


def _land(wiring: Wiring, planned: Next, step: Land) -> bool:
    """Land a group; whether another step may follow at once."""
    if not merge_queue_landing.is_there(planned, step):
        return False  # Whoever moved it promises another job when that is settled.
    entries = _ready(wiring, step.group.entries)
    if entries is None:
        return True
    try:
        moving = mover(wiring, entries[0].asked.actor)
        merge_queue_landing.land(moving, planned, step, entries)
    except EntryError as error:
        _dismiss(wiring, error.entry_id, error.reason)
        return True
    except ProtectedError:
        with wiring.database.begin(appliance()) as work:
            merge_queue_running.refuse(work, planned, step.group.id)
        return True
    except (FrozenError, ConflictError, PreconditionError):
        return False  # What waits for the end of a freeze is tried again hourly.
    for each in entries:
        if each.planned.deletes_branch:
            pull_merging.delete_source(mover(wiring, each.asked.actor), each.planned)
    return True


def _ready(wiring: Wiring, ids: Sequence[UUID]) -> list[Ready] | None:
    """Entries whose users may merge them; None where one has left, or leaves now."""
    found = []
    for entry_id in ids:
        try:
            ready = _one_ready(wiring, entry_id)
        except PreconditionError:
            _dismiss(wiring, entry_id, Reason.NEW_COMMITS)
            return None
        except ConflictError:
            _dismiss(wiring, entry_id, Reason.CLOSED)
            return None
        except (UnauthenticatedError, RefusedError, NotFoundError, InvalidError):
            _dismiss(wiring, entry_id, Reason.NOT_ALLOWED)
            return None
        if ready is None:
            return None
        found.append(ready)
    return found


def _one_ready(wiring: Wiring, entry_id: UUID) -> Ready | None:
    now = datetime.now(UTC)
    with wiring.database.reading(appliance()) as work:
        asked = merge_queue_running.asked(work, entry_id, now=now)
    if asked is None:
        return None
    moving = mover(wiring, asked.actor)
    with moving.reads() as work:
        planned = pull_merging.plan(
            work,
            asked.which,
            asked.wanted,
            tools=moving.tools,
            url=wiring.addresses.web(asked.which.path),
            now=now,
        )
    return Ready(asked, planned, pull_merging.looked_at(planned))


def _dismiss(wiring: Wiring, entry_id: UUID, reason: Reason) -> None:
    with wiring.database.begin(appliance()) as work:
        merge_queue_running.dismiss(work, entry_id, reason, now=datetime.now(UTC))
