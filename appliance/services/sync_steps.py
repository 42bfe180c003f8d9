"""Doing what a run has judged, for some people at a time, and writing it into its report.

Each person is done wholly or not at all: they share one transaction with what is written of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.provider_syncs import SyncChange
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.domain.provider_syncs import ChangeKind, ChangeState
from appliance.errors import ApplianceError, ConflictError, InvalidError, UnauthenticatedError
from appliance.services import identities, sync_plans
from appliance.services.sync_plans import Task

P = Permission.INSTANCE_MAINTAIN
KNOWN = frozenset(ChangeKind) - {ChangeKind.CREATED, ChangeKind.REFUSED}
"""What happens to somebody who has an identity here."""


class StaleError(ApplianceError):
    """The provider was changed while its directory was read."""


def do_some(
    work: UnitOfWork, task: Task, steps: list[dict[str, Any]], *, now: datetime
) -> None:  # fmt: skip
    """Do what is to be done for some people, and write it down.

    Errors:
        StaleError: the provider was changed, switched off or deleted meanwhile.
    """
    gate.require(work, P)
    provider = work.session.get(IdentityProvider, task.provider_id)
    if provider is None or provider.version != task.version or not provider.is_enabled:
        raise StaleError("The sign-in system was changed meanwhile.")
    _write_down(work, task, [change for step in steps for change in _done(work, task, step, now)])


def note_some(work: UnitOfWork, task: Task, steps: list[dict[str, Any]]) -> None:
    """Write down what would be done for some people."""
    gate.require(work, P)
    _write_down(work, task, [_change(task, step, ChangeState(step["state"])) for step in steps])


def _done(
    work: UnitOfWork, task: Task, step: dict[str, Any], now: datetime
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """What was done for one person, if it is not overtaken."""
    kind, state = ChangeKind(step["kind"]), ChangeState(step["state"])
    if kind is ChangeKind.CREATED:
        yield _arrived(work, task, step, now)
        return
    identity = work.session.get(Identity, UUID(step["identity_id"])) if kind in KNOWN else None
    if kind in KNOWN and (identity is None or identity.seen_at > task.read_at):
        return  # They were here meanwhile: what is known of them is newer than what was read.
    if identity is not None and state is ChangeState.DONE:
        yield _followed(work, task, step, identity, now)
        return
    if identity is not None and kind is ChangeKind.LESS:
        _follow_but_keep(work, step, identity, now)
    yield _change(task, step, state)


def _arrived(
    work: UnitOfWork, task: Task, step: dict[str, Any], now: datetime
) -> dict[str, Any]:  # fmt: skip
    try:
        arrived = identities.arrive(work, task.provider_id, sync_plans.claims_of(step), now=now)
    except UnauthenticatedError as refusal:
        event = refusal.event
        reason = event.reason if isinstance(event, events.AssertionRefused) else refusal.code
        return _change(task, step, ChangeState.REFUSED, reason=reason)
    except (InvalidError, ConflictError) as refusal:
        return _change(task, step, ChangeState.REFUSED, reason=refusal.code, said=str(refusal))
    found = {"reason": "new" if arrived.is_new else "linked"}
    change = _change(task, step, ChangeState.DONE, **found)
    return {**change, "user_id": arrived.user_id, "name": arrived.name}


def _followed(
    work: UnitOfWork, task: Task, step: dict[str, Any], identity: Identity, now: datetime
) -> dict[str, Any]:
    kind = ChangeKind(step["kind"])
    if kind is ChangeKind.VANISHED:
        identities.gone(work, identity.id, now=now)
    else:
        identities.follow(work, identity.id, sync_plans.claims_of(step), now=now)
    user = work.session.get_one(User, identity.user_id)
    if kind in {ChangeKind.VANISHED, ChangeKind.DISABLED} and user.is_active:
        return _change(task, step, ChangeState.REFUSED, reason="last_administrator")
    return _change(task, step, ChangeState.DONE)


def _follow_but_keep(
    work: UnitOfWork, step: dict[str, Any], identity: Identity, now: datetime
) -> None:
    """Do what a directory says of somebody, but leave them in the groups that they would lose."""
    claims = sync_plans.claims_of(step)
    kept = frozenset(step["detail"].get("lost", ()))
    both = replace(claims, groups=(claims.groups or frozenset()) | kept)
    identities.follow(work, identity.id, both, now=now)


def _change(
    task: Task, step: dict[str, Any], state: ChangeState, **why: str
) -> dict[str, Any]:  # fmt: skip
    return {
        "run_id": task.run_id,
        "kind": ChangeKind(step["kind"]),
        "state": state,
        "subject": step["subject"],
        "user_id": UUID(step["user_id"]) if step["user_id"] else None,
        "name": step["name"],
        "detail": {**step["detail"], **why},
    }


def _write_down(work: UnitOfWork, task: Task, changes: list[dict[str, Any]]) -> None:
    if not changes:
        return
    subjects = [each["subject"] for each in changes]
    work.session.execute(
        sa.delete(SyncChange).where(
            SyncChange.run_id == task.run_id, SyncChange.subject.in_(subjects)
        )
    )
    work.session.execute(sa.insert(SyncChange), changes)
