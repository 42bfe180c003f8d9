"""Doing what a run has judged, for some people at a time, and writing it into its report.

Each person is done wholly or not at all: they share one transaction with what is written of them.
"""

from __future__ import annotations

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
from appliance.domain.claims import Claims
from appliance.domain.permissions import Permission
from appliance.domain.provider_syncs import ChangeKind, ChangeState
from appliance.errors import ApplianceError, ConflictError, InvalidError, UnauthenticatedError
from appliance.services import identities, newcomers, sync_plans
from appliance.services.identities import Arrived
from appliance.services.sync_plans import Task

NEEDED = Permission.INSTANCE_MAINTAIN
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
    gate.require(work, NEEDED)
    provider = work.session.get(IdentityProvider, task.provider_id)
    if provider is None or provider.version != task.version or not provider.is_enabled:
        raise StaleError("The identity provider was changed meanwhile.")
    due = _due(work, task, steps)
    created = [step for step, _ in due if step["kind"] == ChangeKind.CREATED]
    changes = _arrived(work, task, created, now)
    followed = [(step, identity) for step, identity in due if identity is not None]
    heard = [
        (identity, _claims(step)) for step, identity in followed if _is_followed(step)
    ]  # fmt: skip
    users = identities.follow_all(work, heard, now=now)
    for step, identity in followed:
        changes.append(_outcome(task, step, users.get(identity.user_id)))
    refused = [step for step, _ in due if step["kind"] == ChangeKind.REFUSED]
    changes += [_change(task, step, ChangeState(step["state"])) for step in refused]
    _write_down(work, task, changes)


def note_some(work: UnitOfWork, task: Task, steps: list[dict[str, Any]]) -> None:
    """Write down what would be done for some people."""
    gate.require(work, NEEDED)
    _write_down(work, task, [_change(task, step, ChangeState(step["state"])) for step in steps])


def _due(
    work: UnitOfWork, task: Task, steps: list[dict[str, Any]]
) -> list[tuple[dict[str, Any], Identity | None]]:
    """The steps that are not overtaken, with the identities of those who have one."""
    ids = [UUID(step["identity_id"]) for step in steps if step["kind"] in KNOWN]
    rows = work.session.scalars(sa.select(Identity).where(Identity.id.in_(ids))).all()
    known = {str(identity.id): identity for identity in rows}
    found: list[tuple[dict[str, Any], Identity | None]] = []
    for step in steps:
        identity = known.get(step["identity_id"])
        # Who was here meanwhile: what is known of them is newer than what was read.
        is_overtaken = identity is None or identity.seen_at > task.read_at
        if step["kind"] not in KNOWN or not is_overtaken:
            found.append((step, identity))
    return found


def _arrived(
    work: UnitOfWork, task: Task, steps: list[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:  # fmt: skip
    """What came of those who were never seen: most of them together, the others one at a time."""
    people = [sync_plans.claims_of(step) for step in steps]
    together = newcomers.create(work, task.provider_id, people, now=now)
    found = []
    for step, claims in zip(steps, people, strict=True):
        arrived = together.get(claims.subject)
        found.append(
            _welcomed(task, step, arrived) if arrived else _alone(work, task, step, claims, now)
        )
    return found


def _alone(
    work: UnitOfWork, task: Task, step: dict[str, Any], claims: Claims, now: datetime
) -> dict[str, Any]:  # fmt: skip
    try:
        arrived = identities.arrive(work, task.provider_id, claims, now=now)
    except UnauthenticatedError as refusal:
        event = refusal.event
        reason = event.reason if isinstance(event, events.AssertionRefused) else refusal.code
        return _change(task, step, ChangeState.REFUSED, reason=reason)
    except (InvalidError, ConflictError) as refusal:
        return _change(task, step, ChangeState.REFUSED, reason=refusal.code, said=str(refusal))
    return _welcomed(task, step, arrived)


def _welcomed(task: Task, step: dict[str, Any], arrived: Arrived) -> dict[str, Any]:
    reason = "new" if arrived.is_new else "linked"
    change = _change(task, step, ChangeState.DONE, reason=reason)
    return {**change, "user_id": arrived.user_id, "name": arrived.name}


def _is_followed(step: dict[str, Any]) -> bool:
    """Whether something of a step is done now; of one that is held, all but what would be lost."""
    return ChangeState(step["state"]) is ChangeState.DONE or step["kind"] == ChangeKind.LESS


def _claims(step: dict[str, Any]) -> Claims | None:
    """What is to be taken over of somebody; nothing, where they are not known there any more."""
    if step["kind"] == ChangeKind.VANISHED:
        return None
    claims = sync_plans.claims_of(step)
    if step["state"] == ChangeState.DONE:
        return claims
    kept = frozenset(step["detail"].get("lost", ()))
    return replace(claims, groups=(claims.groups or frozenset()) | kept)


def _outcome(task: Task, step: dict[str, Any], user: User | None) -> dict[str, Any]:
    state = ChangeState(step["state"])
    keeps_out = step["kind"] in {ChangeKind.VANISHED, ChangeKind.DISABLED}
    if state is ChangeState.DONE and keeps_out and user is not None and user.is_active:
        return _change(task, step, ChangeState.REFUSED, reason="last_administrator")
    is_return = step["kind"] == ChangeKind.RETURNED and state is ChangeState.DONE
    if is_return and user is not None and not user.is_active:
        # Another system has begun to keep them out since they were compared.
        known = {**step, "kind": ChangeKind.UPDATED}
        return _change(task, known, state, reason=sync_plans.KEPT_OUT_ELSEWHERE)
    return _change(task, step, state)


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
