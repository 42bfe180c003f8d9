"""Merges pull requests of which somebody has said so, once nothing stands in the way."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from appliance.domain.identity import appliance
from appliance.domain.ruleset_words import RuleKind
from appliance.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    PreconditionError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.jobs.moving import mover
from appliance.services import (
    auto_merging,
    git_operations,
    pull_merging,
    pull_obstacles,
    queued_pulls,
)
from appliance.services.ref_moving import ProtectedError

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.services.auto_merging import Waiting
    from appliance.services.ref_moving import Mover
    from appliance.wiring import Wiring


def try_to(wiring: Wiring, pull_id: UUID) -> None:
    """Merge a pull request if that was promised and may be done now; else it goes on waiting."""
    try:
        with wiring.database.reading(appliance()) as work:
            waiting = auto_merging.waiting(work, pull_id, now=datetime.now(UTC))
        if waiting is not None:
            _merge(wiring, waiting)
    except ProtectedError as error:
        with wiring.database.begin(appliance()) as work:
            auto_merging.wait(work, pull_id, str(error), now=datetime.now(UTC))
    except UnauthenticatedError:
        with wiring.database.begin(appliance()) as work:
            auto_merging.give_up(work, pull_id, auto_merging.MAY_NOT_ENTER, now=datetime.now(UTC))
    except (RefusedError, InvalidError, NotFoundError) as error:
        with wiring.database.begin(appliance()) as work:
            auto_merging.give_up(work, pull_id, str(error), now=datetime.now(UTC))


def _merge(wiring: Wiring, waiting: Waiting) -> None:
    url = wiring.addresses.web(waiting.which.path)
    nothing_said = git_operations.resolutions((), rules=wiring.settings)
    # Something stands in the way, or came in between: another job will see when it is gone.
    with suppress(ConflictError, PreconditionError):
        moving = mover(wiring, waiting.actor)
        if _is_for_queue(moving, waiting):
            _enqueue(moving, waiting)
        else:
            pull_merging.merge(moving, waiting.which, waiting.wanted, nothing_said, url=url)


def _is_for_queue(moving: Mover, waiting: Waiting) -> bool:
    """Whether rules let nothing come in but through the merge queue."""
    found = pull_obstacles.asked(
        moving.reads, waiting.which, repositories=moving.tools.repositories
    )
    return any(each.rule == RuleKind.MERGE_QUEUE for each in found.obstacles)


def _enqueue(moving: Mover, waiting: Waiting) -> None:
    repositories, now = moving.tools.repositories, moving.clock()
    looked = queued_pulls.look(moving.reads, waiting.which, repositories=repositories)
    with moving.begins() as work:
        queued_pulls.enter(
            work, waiting.which, waiting.wanted, looked=looked, promised=True, now=now
        )
