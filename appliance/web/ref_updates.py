"""Moves a ref for the portal and the API, in the steps that services/ref_updates.py describes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from appliance.domain.identity import stranger
from appliance.services import ref_moving, ref_updates
from appliance.services.ref_moving import Mover, ProtectedError
from appliance.services.ref_updates import Plan, RefChange
from appliance.web import requests

if TYPE_CHECKING:
    from appliance.domain.git_operations import Operation

__all__ = ["ProtectedError"]


def mover() -> Mover:
    """Who asks in this request, and with what refs are moved."""
    wiring = requests.wiring()
    return Mover(
        begins=requests.begin,
        reads=requests.reading,
        reads_keys=lambda: wiring.database.reading(stranger()),
        tools=wiring.git,
        rules=wiring.settings,
        clock=requests.now,
    )


def plan(path: str) -> Plan:
    """Leave to change a repository.

    Errors:
        HiddenError, RefusedError, ConflictError: the actor may not, or it takes no changes.
    """
    with requests.reading() as work:
        return ref_updates.plan(work, path, tools=requests.wiring().git, now=requests.now())


def wiki_plan(path: str) -> Plan:
    """Leave to change the wiki of a repository.

    Errors:
        HiddenError, RefusedError, ConflictError: the actor may not, or it takes no changes.
        NotFoundError: there is none.
    """
    with requests.reading() as work:
        tools = requests.wiring().git
        return ref_updates.wiki_plan(work, path, tools=tools, now=requests.now())


def move(plan: Plan, change: RefChange, *, operation: Operation | None = None) -> None:
    """Put the change on record, with what it was done by, make it, and record what came of it.

    Errors:
        ProtectedError: a rule forbids it.
        PreconditionError, ConflictError: the ref is not what it was, or the name is taken.
    """
    ref_moving.move(mover(), plan, change, operation=operation)


def do(path: str, draft: Callable[[Plan], RefChange]) -> RefChange:
    """All steps for a change that is drafted in one line."""
    leave = plan(path)
    change = draft(leave)
    move(leave, change)
    return change
