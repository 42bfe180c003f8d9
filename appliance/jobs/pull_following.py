"""The job that brings pull requests up to date when branches have moved."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import DamagedError, NotFoundError, TimeoutExceededError, TooLargeError
from appliance.jobs import auto_merging
from appliance.services import lost_targets, pull_following
from appliance.services.pull_following import MOST_LOOKS, Followed

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.wiring import Wiring


def follow(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Let the pull requests from and into a repository follow their branches."""
    repository_id = UUID(claimed.arguments["repository_id"])
    with wiring.database.reading(appliance()) as work:
        planned = pull_following.plan(work, repository_id, repositories=wiring.repositories)
    for number, followed in enumerate(planned):
        report("Following branches", number, len(planned))
        # What cannot be read holds up nothing else.
        with suppress(DamagedError, NotFoundError, TimeoutExceededError, TooLargeError):
            _follow(wiring, followed, looks=number < MOST_LOOKS)
            auto_merging.try_to(wiring, followed.pull_id)


def _follow(wiring: Wiring, followed: Followed, *, looks: bool) -> None:
    if lost_targets.is_lost(followed):
        with wiring.database.begin(appliance()) as work:
            lost_targets.note(
                work, followed, repositories=wiring.repositories, now=datetime.now(UTC)
            )
        return
    sets = pull_following.measure(followed)
    if followed.moves:
        with wiring.database.begin(appliance()) as work:
            if not pull_following.note_moves(work, followed, sets, now=datetime.now(UTC)):
                return
    pull_following.keep(followed, sets)
    target = pull_following.is_merged(followed) if not followed.moves else None
    if target is not None:
        with wiring.database.begin(appliance()) as work:
            pull_following.note_merge(work, followed, target, now=datetime.now(UTC))
        return
    if looks:
        seen = pull_following.look(followed, sets)
        with wiring.database.begin(appliance()) as work:
            pull_following.note_look(work, followed, seen)
