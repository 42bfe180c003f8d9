"""Moves a ref without a push, step by step, for whoever drafted the move: a request, or a job.

`ref_updates` describes the steps. Between them no transaction is open, and each is somebody's own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.errors import ApplianceError, RefusedError, together
from appliance.services import (
    appliance_keys,
    push_settlement,
    pushes,
    ref_updates,
    rule_looks,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.git_operations import Operation
    from appliance.services.pushes import Proposal, Verdict
    from appliance.services.ref_updates import Plan, RefChange
    from appliance.settings import Settings
    from appliance.wiring import GitTools

Work = Callable[[], AbstractContextManager["UnitOfWork"]]
Accept = Callable[["UnitOfWork", "Plan", "Proposal"], "Verdict"]


class ProtectedError(RefusedError):
    """A rule of the repository forbids it. The refusal itself is recorded already."""

    code = "protected"


@dataclass(frozen=True)
class Mover:
    """In whose name refs are moved, and with what. It keeps no state."""

    begins: Work
    """Opens a transaction in their name."""
    reads: Work
    """Opens one that only reads, in their name."""
    reads_keys: Work
    """The same, in nobody's name: signatures are looked at so."""
    tools: GitTools
    rules: Settings
    clock: Callable[[], datetime]


def move(
    mover: Mover,
    plan: Plan,
    change: RefChange,
    *,
    operation: Operation | None = None,
    accept: Accept | None = None,
) -> None:
    """Put the change on record, make it, and record what came of it.

    `accept` decides, where more is asked than of any change.

    Errors:
        ProtectedError: a rule forbids it.
        PreconditionError, ConflictError: the ref is not what it was, or the name is taken.
    """
    proposal = ref_updates.propose(plan, change, rules=mover.rules, operation=operation)

    def ask(proposed: Proposal) -> Verdict:
        with mover.begins() as work:
            appliance_keys.keep(work, plan.signer, now=mover.clock())
            if accept is not None:
                return accept(work, plan, proposed)
            return pushes.accept(work, plan.terms, proposed, now=mover.clock())

    verdict = decided(ask, proposal, plan.terms.folder, {}, mover.reads_keys)
    if not verdict.is_accepted:
        raise ProtectedError(together(verdict.messages))
    try:
        ref_updates.carry_out(plan, change)
    except ApplianceError:
        _settle(mover, plan, moved=False)
        raise
    _settle(mover, plan, moved=True)


def decided(
    ask: Callable[[Proposal], Verdict],
    proposal: Proposal,
    folder: Path,
    quarantine: Mapping[str, str],
    reads_keys: Work,
) -> Verdict:
    """The verdict on a push; where rules want to know more, what it brings is looked at in between.

    `ask` opens a transaction of its own; git works while none is open.
    """
    verdict = ask(proposal)
    if verdict.wanted is None:
        return verdict
    brought = rule_looks.collect(folder, proposal.updates, verdict.wanted, quarantine=quarantine)
    with reads_keys() as work:
        examined = rule_looks.examine(work, verdict.wanted, brought)
    return ask(replace(proposal, examined=examined))


def _settle(mover: Mover, plan: Plan, *, moved: bool) -> None:
    with mover.begins() as work:
        push_settlement.settle_own(work, plan.terms.push_id, moved=moved, now=mover.clock())
