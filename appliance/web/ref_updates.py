"""Moves a ref for the portal and the API, in the steps that services/ref_updates.py describes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from appliance.errors import ApplianceError, RefusedError, together
from appliance.services import appliance_keys, push_settlement, pushes, ref_updates
from appliance.services.ref_updates import Plan, RefChange
from appliance.web import requests, signature_rules

if TYPE_CHECKING:
    from appliance.domain.git_operations import Operation


class ProtectedError(RefusedError):
    """A rule of the repository forbids it. The refusal itself is recorded already."""

    code = "protected"


def plan(path: str) -> Plan:
    """Leave to change a repository.

    Errors:
        HiddenError, RefusedError, ConflictError: the actor may not, or it takes no changes.
    """
    with requests.reading() as work:
        return ref_updates.plan(work, path, tools=requests.wiring().git, now=requests.now())


def move(plan: Plan, change: RefChange, *, operation: Operation | None = None) -> None:
    """Put the change on record, with what it was done by, make it, and record what came of it.

    Errors:
        ProtectedError: a rule forbids it.
        PreconditionError, ConflictError: the ref is not what it was, or the name is taken.
    """
    proposal = ref_updates.propose(
        plan, change, rules=requests.wiring().settings, operation=operation
    )

    def ask(proposed: pushes.Proposal) -> pushes.Verdict:
        with requests.begin() as work:
            appliance_keys.keep(work, plan.signer, now=requests.now())
            return pushes.accept(work, plan.terms, proposed, now=requests.now())

    verdict = signature_rules.decided(ask, proposal, plan.terms.folder, {}, requests.wiring())
    if not verdict.is_accepted:
        raise ProtectedError(together(verdict.messages))
    try:
        ref_updates.carry_out(plan, change)
    except ApplianceError:
        _settle(plan, moved=False)
        raise
    _settle(plan, moved=True)


def do(path: str, draft: Callable[[Plan], RefChange]) -> RefChange:
    """All steps for a change that is drafted in one line."""
    leave = plan(path)
    change = draft(leave)
    move(leave, change)
    return change


def _settle(plan: Plan, *, moved: bool) -> None:
    with requests.begin() as work:
        push_settlement.settle_own(work, plan.terms.push_id, moved=moved, now=requests.now())
