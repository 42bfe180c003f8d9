"""Opens and merges pull requests for the portal and the API."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from appliance.domain.identity import appliance
from appliance.domain.merge_queue import Priority
from appliance.errors import (
    ConflictError,
    DamagedError,
    NotFoundError,
    TimeoutExceededError,
    TooLargeError,
    sentence,
)
from appliance.services import (
    applied_suggestions,
    pull_copies,
    pull_following,
    pull_merging,
    pull_opening,
    pull_updates,
    pulls,
    queued_pulls,
    review_threads,
)
from appliance.web import ref_updates, requests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from appliance.domain.conversations import Which
    from appliance.git.conflicts import Resolutions
    from appliance.services.pull_merging import MergedNow, Merging
    from appliance.services.pull_opening import NewPull
    from appliance.services.pull_updates import Update, Updated


def open_pull(path: str, head: str, into: str, new: NewPull) -> int:
    """Ask that a branch be merged; gives the number.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError, InvalidError, ConflictError: as the steps.
    """
    return pull_opening.ask(ref_updates.mover(), path, head, into, new)


def merge(which: Which, wanted: Merging, said: Resolutions) -> MergedNow:
    """Merge a pull request.

    Errors: as the steps of `pull_merging`.
    """
    url = requests.wiring().addresses.web(which.path)
    return pull_merging.merge(ref_updates.mover(), which, wanted, said, url=url)


def enqueue(which: Which, wanted: Merging, priority: Priority = Priority.NORMAL) -> None:
    """Put a pull request into the merge queue of its branch.

    Errors: as for `queued_pulls.enter`.
    """
    repositories = requests.wiring().repositories
    looked = queued_pulls.look(requests.reading, which, repositories=repositories)
    with requests.begin() as work:
        queued_pulls.enter(work, which, wanted, priority, looked=looked, now=requests.now())


def revert(which: Which, said: Resolutions) -> int:
    """Ask that a merged pull request be taken back; gives the number of the new one.

    Errors: as for `pull_copies.revert`.
    """
    return pull_copies.revert(ref_updates.mover(), which, said)


def backport(which: Which, into: str, said: Resolutions) -> int:
    """Ask that a merged pull request come into another branch, too; gives the new number.

    Errors: as for `pull_copies.backport`.
    """
    return pull_copies.backport(ref_updates.mover(), which, into, said)


def apply_suggestions(which: Which, wanted: Sequence[UUID]) -> str:
    """Apply what comments suggest as one commit on the source branch; gives the commit.

    Errors: as the steps of `applied_suggestions`; ProtectedError: a rule forbids it.
        ConflictError: the source branch is not within the actor's reach.
    """
    with requests.reading() as work:
        found = pulls.show(work, which, repositories=requests.wiring().repositories)
        sets, threads = pulls.patch_sets(work, which), review_threads.listed(work, which)
    if not found.facts.source_path:
        raise ConflictError(sentence("The source branch is not within your reach."))
    what = applied_suggestions.chosen(found.folder, found.facts, sets, threads, wanted)
    plan = ref_updates.plan(found.facts.source_path)
    written = applied_suggestions.draft(plan, found.facts, what)
    ref_updates.move(plan, written.ref)
    with requests.begin() as work:
        review_threads.note_applied(
            work, which, list(what.comments), written.commit, now=requests.now()
        )
    _catch_up(found.facts.id)
    return written.commit


def update(which: Which, wanted: Update, said: Resolutions) -> Updated:
    """Bring what is new on the target into the source branch.

    Errors: as the steps of `pull_updates`.
    """
    done = pull_updates.update(ref_updates.mover(), which, wanted, said)
    _catch_up(done.pull_id)
    return done


def _catch_up(pull_id: UUID) -> None:
    """Show who moved a source its new patch set at once. Where that cannot be read now, the job
    that follows branches sees to it, and finds it done otherwise.
    """
    wiring = requests.wiring()
    with suppress(DamagedError, NotFoundError, TimeoutExceededError, TooLargeError):
        with wiring.database.reading(appliance()) as work:
            followed = pull_following.plan_one(work, pull_id, repositories=wiring.repositories)
        sets = pull_following.measure(followed)
        with wiring.database.begin(appliance()) as work:
            is_noted = pull_following.note_moves(work, followed, sets, now=requests.now())
        if is_noted:
            pull_following.keep(followed, sets)
