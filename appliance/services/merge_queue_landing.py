"""Building and landing groups of a merge queue: in between, no transaction is open.

A group lands in one move of the branch, in the name of who put its first entry in line, who like
all the others must still be allowed to. What is written down with the intent of that move is
completed by whoever settles it, as for any merge: a crash loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access import fetch_pulls
from appliance.db import merge_queue_rows
from appliance.db.pulls import PullMerge
from appliance.domain.git_operations import Operation
from appliance.domain.merge_queue import Land, Reason, next_step
from appliance.domain.pull_requests import MergeState
from appliance.domain.ruleset_words import RuleKind
from appliance.errors import (
    ApplianceError,
    ConflictError,
    NotFoundError,
    PreconditionError,
    TimeoutExceededError,
    TooLargeError,
    sentence,
)
from appliance.git import queue_refs, refs
from appliance.git.merging import Target
from appliance.git.pull_refs import Look
from appliance.git.ref_changes import RefChange
from appliance.git.ref_names import BRANCHES
from appliance.services import (
    git_operations,
    merge_queue_state,
    pull_merging,
    pull_rules,
    pushes,
    ref_moving,
)
from appliance.services.merge_queue_running import Asked, Member
from appliance.services.pull_merging import ObstructedError

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.git.conflicts import Resolutions
    from appliance.services.merge_queue_running import Next
    from appliance.services.pull_merging import MergePlan
    from appliance.services.pull_rules import Looked
    from appliance.services.pushes import Proposal, Verdict
    from appliance.services.ref_moving import Mover


class EntryError(Exception):
    """One of a group may not be merged any more: it leaves, and nobody is told but by its event."""

    def __init__(self, entry_id: UUID, reason: Reason) -> None:
        super().__init__(reason)
        self.entry_id, self.reason = entry_id, reason


class FrozenError(Exception):
    """Nothing may land while a window is open; what is in line waits for its end."""


@dataclass(frozen=True)
class Ready:
    """An entry that may be merged, as far as who put it there may."""

    asked: Asked
    planned: MergePlan
    looked: Looked | None = None
    """What rules must know of it; None where none asks."""


def build(base: str, branch: bytes, entries: Sequence[Ready], *, said: Resolutions) -> list[Member]:
    """Merge entries one on top of the other, until one does not go. Needs no transaction.

    Errors:
        DamagedError: the repository cannot be read.
    """
    members: list[Member] = []
    here = base
    for each in entries:
        planned = each.planned
        try:
            outcome = pull_merging.draft_onto(planned, Target(BRANCHES + branch, here), said=said)
        except (ConflictError, TooLargeError, TimeoutExceededError):
            break
        onto, here = here, (outcome.ref and outcome.ref.new) or here
        members.append(
            Member(
                each.asked.entry_id,
                each.asked.pull_id,
                planned.which.number,
                planned.head,
                onto,
                here,
            )
        )
    return members


def land(mover: Mover, planned: Next, step: Land, entries: Sequence[Ready]) -> None:
    """Let the branch move to the commit that was tested, if it still is where the group stands.

    Errors:
        EntryError: one of them may not be merged any more.
        FrozenError: the branch is frozen for a time.
        ProtectedError: a rule for pushes forbids the move.
        PreconditionError, ConflictError: the branch or the queue is not as it was.
    """
    lead = entries[0].planned
    kind = git_operations.OF_METHOD[lead.method]
    sources = tuple(each.planned.head for each in entries)
    ref_moving.move(
        mover,
        lead.plan,
        RefChange(BRANCHES + planned.branch, step.group.base, step.group.commit),
        operation=Operation(kind, sources),
        accept=lambda work, _, proposal: accept(
            work, planned, step, entries, proposal, now=mover.clock()
        ),
    )


def is_there(planned: Next, step: Land) -> bool:
    """Whether the branch is where the group stands. Needs no transaction.

    Where it is not, a push is about to be settled.
    """
    try:
        found = refs.one(planned.folder, BRANCHES + planned.branch).target
    except NotFoundError:
        return False
    return found == step.group.base


def keep(planned: Next, ref: bytes, commit: str) -> None:
    """Let a ref keep a commit that is to be tested. Safe to repeat."""
    queue_refs.keep(planned.folder, ref, commit)


def forget(planned: Next, gone: Sequence[bytes]) -> None:
    """Remove refs of what is not tested any more. Safe to repeat."""
    queue_refs.forget(planned.folder, gone)


def sweep(planned: Next, kept: Sequence[bytes]) -> None:
    """Remove all refs of a queue but these: such as a crash has left."""
    queue_refs.sweep(planned.folder, planned.branch, kept)


def accept(
    work: UnitOfWork,
    planned: Next,
    step: Land,
    entries: Sequence[Ready],
    proposal: Proposal,
    *,
    now: datetime,
) -> Verdict:
    """Decide, and write down what the move will be once it is settled.

    Errors: as for `land`.
    """
    seen_of = {
        each.asked.entry_id: fetch_pulls.to_merge(work, each.planned.which)
        for each in sorted(entries, key=lambda ready: ready.asked.pull_id)
    }
    for each in entries:
        _insist_on(work, seen_of[each.asked.entry_id], each, step)
    row = merge_queue_rows.locked(work.session, planned.queue_id)
    queue = None if row is None else merge_queue_state.of_row(work, row, now=now)
    if row is None or queue is None or next_step(queue) != step:
        raise PreconditionError(sentence("The queue has changed meanwhile."))
    lead = entries[0]
    terms, looked = lead.planned.plan.terms, _looked(lead, step)
    if looked is not None:
        facts = pull_rules.facts(work, seen_of[lead.asked.entry_id], looked)
        proposal = replace(proposal, merge=facts)
    verdict = pushes.accept(work, terms, proposal, now=now)
    if verdict.is_accepted:
        group = merge_queue_state.found(
            merge_queue_rows.groups(work.session, row.id), step.group.id
        )
        members = {UUID(each["entry"]): each for each in group.members} if group else {}
        for each in entries:
            found = members[each.asked.entry_id]
            work.session.add(
                PullMerge(
                    pull_id=each.asked.pull_id,
                    push_id=terms.push_id,
                    method=each.planned.method,
                    head_oid=each.planned.head,
                    onto_oid=found["onto"],
                    as_oid=found["as"],
                    by_queue=True,
                    by_id=each.asked.actor.id,
                )
            )
    return verdict


def _looked(ready: Ready, step: Land) -> Looked | None:
    """What rules must know of one that lands: it is on top of all there is, and was tested so."""
    if ready.looked is None:
        return None
    return replace(ready.looked, is_up_to_date=True, tested=step.group.commit)


def _insist_on(work: UnitOfWork, seen: fetch_pulls.SeenPull, ready: Ready, step: Land) -> None:
    """Go on only if one of a group may still be merged."""
    entry_id = ready.asked.entry_id
    try:
        fetch_pulls.insist_on_open(seen)
    except ConflictError as error:
        raise EntryError(entry_id, Reason.CLOSED) from error
    try:
        pull_merging.insist_on_latest(work, seen, ready.planned)
    except PreconditionError as error:
        raise EntryError(entry_id, Reason.NEW_COMMITS) from error
    try:
        looked = _looked(ready, step)
        pull_merging.insist_on_way(work, seen, look=Look(MergeState.CLEAN), looked=looked)
    except ObstructedError as error:
        if error.rules == {RuleKind.FREEZE}:
            raise FrozenError from error
        raise EntryError(entry_id, Reason.OBSTRUCTED) from error
    except ApplianceError as error:
        raise EntryError(entry_id, Reason.OBSTRUCTED) from error
