"""Bringing a mirror up to date, in the name of who answers for it.

promise_due   the schedule promises a job for each whose time has come
plan          the job asks what there is to do; the actor is who answers for the mirror
look          outside any transaction: what differs, fetched where the repository follows
accept        for what was fetched, `pushes.accept` decides as about any push
note          how it went
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db.mirrors import Mirror
from appliance.db.quotas import left
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain import events
from appliance.domain import mirrors as rules_of_mirrors
from appliance.domain.identity import Actor, Method, Origin
from appliance.domain.ids import new_id
from appliance.domain.mirrors import Direction, Step
from appliance.domain.permissions import Permission
from appliance.domain.protection import NO_OBJECT, RefUpdate
from appliance.errors import RefusedError, UnavailableError, sentence
from appliance.git import mirroring, ref_changes
from appliance.git.imports import ImportLimits
from appliance.git.ref_changes import RefChange
from appliance.git.ref_names import TAGS
from appliance.git.remote_source import Credentials
from appliance.services import identify, mirrors, push_rules, pushes
from appliance.services.imports import place_of
from appliance.services.push_names import is_reserved
from appliance.services.pushes import Proposal, Terms
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.git.imports import Progress
    from appliance.scanning.resident.tools import ScannerTools
    from appliance.security.sealing import Sealer
    from appliance.settings import Settings
    from appliance.wiring import GitTools

AT_ONCE = 50
EMPTY = sentence("The source has no branches any more. Nothing was deleted here.")
NOBODY = sentence("The owner of this mirror is no longer active. Save it again to take it over.")


@dataclass(frozen=True)
class Plan:
    """A mirror that is to be brought up to date."""

    mirror_id: UUID
    repository_id: UUID
    folder: Path
    direction: Direction
    address: str
    credentials: Credentials | None
    overwrites: bool
    most_bytes: int
    actor: Actor


@dataclass(frozen=True)
class Difference:
    """What is to be done, and how much is left alone because it may not be overwritten."""

    steps: tuple[Step, ...]
    behind: int


def promise_due(work: UnitOfWork, *, now: datetime) -> int:
    """Promise a job for each mirror whose time has come; gives how many."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = (
        sa.select(Mirror)
        .join(Repository, Repository.id == Mirror.repository_id)
        .where(
            Mirror.is_active.is_(True),
            Mirror.due_at <= now,
            Repository.deleted_at.is_(None),
            Repository.archived_at.is_(None),
        )
        .order_by(Mirror.due_at)
        .limit(AT_ONCE)
    )
    found = work.session.scalars(query).all()
    for mirror in found:
        mirror.due_at = now + rules_of_mirrors.pause(mirror.every_minutes, mirror.failures)
        mirrors.promise(work, mirror)
    return len(found)


def plan(work: UnitOfWork, mirror_id: UUID, *, sealer: Sealer, tools: GitTools) -> Plan | None:
    """What the job of a mirror is to do; None where it is gone or off.

    Errors:
        RefusedError: nobody who is active answers for it.
        ConflictError, UnavailableError: the repository is archived, or has no content yet.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    mirror = work.session.get(Mirror, mirror_id)
    if mirror is None or not mirror.is_active:
        return None
    repository = fetch.repository_by_id(work, mirror.repository_id, Permission.REPOSITORY_READ)
    pushes.insist_on_writable(repository)
    user = work.session.get(User, mirror.responsible_id) if mirror.responsible_id else None
    if user is None or user.state is not UserState.ACTIVE:
        raise RefusedError(NOBODY)
    return Plan(
        mirror_id=mirror.id,
        repository_id=repository.id,
        folder=ready_folder(repository, tools.repositories),
        direction=mirror.direction,
        address=mirror.address,
        credentials=_credentials(mirror, sealer),
        overwrites=mirror.overwrites,
        most_bytes=_room(work, repository),
        actor=identify.of_user(user, Origin(), Method.INTERNAL, None),
    )


def insist(work: UnitOfWork, plan: Plan) -> None:
    """Go on only if who answers for the mirror still manages it: what leaves, leaves in their name.

    Errors:
        HiddenError, RefusedError: they do not.
    """
    fetch.repository_by_id(work, plan.repository_id, mirrors.NEEDED)


@open_to_everyone(because="the plan is of a mirror whose keeper was asked about")
def look(plan: Plan, *, rules: Settings, progress: Progress) -> Difference:
    """What differs; where the repository follows, its objects are here then.

    Errors:
        InvalidError, UnavailableError: the other system may not be reached, or cannot be read.
        TimeoutExceededError, TooLargeError: it is more than allowed.
    """
    place = place_of(plan.address, rules=rules)
    here = mirroring.present(plan.folder)
    if plan.direction is Direction.PUSH:
        there = mirroring.remote(place, plan.folder, plan.credentials)
        return _judged(plan, rules_of_mirrors.steps(there, here))
    there = mirroring.fetch(
        plan.folder,
        place,
        plan.mirror_id.hex,
        credentials=plan.credentials,
        limits=_limits(plan, rules),
        progress=progress,
    )
    if here and not there:
        raise UnavailableError(EMPTY)
    return _judged(plan, rules_of_mirrors.steps(here, there))


@open_to_everyone(because="the same, a moment later")
def send(plan: Plan, steps: Sequence[Step], *, rules: Settings, progress: Progress) -> None:
    """Send what differs to the system that follows.

    Errors:
        InvalidError, UnavailableError, TimeoutExceededError: it does not take it.
    """
    place = place_of(plan.address, rules=rules)
    limits = _limits(plan, rules)
    mirroring.push(
        plan.folder, place, steps, credentials=plan.credentials, limits=limits, progress=progress
    )


@open_to_everyone(because="it only reads; `pushes.accept` decides")
def proposals(
    plan: Plan, difference: Difference, *, rules: Settings, scanner: ScannerTools
) -> Iterator[tuple[Terms, Proposal, tuple[Step, ...]]]:
    """What was fetched, as pushes of who answers for the mirror: as many as one push may hold."""
    most = rules.limits.refs_per_push
    for first in range(0, len(difference.steps), most):
        some = difference.steps[first : first + most]
        updates = [
            RefUpdate(each.ref, each.before or NO_OBJECT, each.after or NO_OBJECT) for each in some
        ]
        terms = Terms(new_id(), plan.repository_id, plan.folder, push_rules.WITHOUT_GIT, plan.actor)
        proposal = pushes.inspect(
            plan.folder, updates, quarantine={}, options=(), rules=rules, scanner=scanner
        )
        yield terms, proposal, some


@open_to_everyone(because="what moves was accepted as a push a moment ago")
def move(plan: Plan, steps: Sequence[Step]) -> None:
    """Move branches and tags, if they are still where they were.

    Errors:
        PreconditionError: they are not. ConflictError: a name is taken.
    """
    changes = [RefChange(each.ref, each.before, each.after) for each in steps]
    ref_changes.change(plan.folder, changes)


def note_done(work: UnitOfWork, plan: Plan, difference: Difference, *, now: datetime) -> None:
    """Remember that it went well; what was sent to another system is an event."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    mirror = work.session.get(Mirror, plan.mirror_id)
    if mirror is None:
        return
    repository = work.session.get_one(Repository, mirror.repository_id)
    mirror.tried_at = mirror.synced_at = now
    mirror.failures, mirror.error, mirror.behind = 0, "", difference.behind
    if plan.direction is Direction.PUSH and difference.steps:
        work.record(
            events.MirrorPushed(**mirrors.about(repository, mirror), refs=len(difference.steps))
        )


def note_failed(work: UnitOfWork, mirror_id: UUID, reason: str, *, now: datetime) -> None:
    """Remember that it did not go well; the first time in a row is an event."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    mirror = work.session.get(Mirror, mirror_id)
    if mirror is None:
        return
    repository = work.session.get_one(Repository, mirror.repository_id)
    mirror.tried_at, mirror.error = now, reason
    mirror.failures += 1
    mirror.due_at = now + rules_of_mirrors.pause(mirror.every_minutes, mirror.failures)
    if mirror.failures == 1:
        said = mirrors.about(repository, mirror)
        work.record(events.MirrorFailed(**said, direction=mirror.direction, reason=reason))


def _judged(plan: Plan, steps: Iterator[Step]) -> Difference:
    """Only what may be done: all of it, or what loses nothing."""
    found = [each for each in steps if not is_reserved(each.ref)]
    if plan.overwrites:
        return Difference(tuple(found), 0)
    changed = [each for each in found if each.after is not None]
    allowed = tuple(each for each in changed if _loses_nothing(plan.folder, each))
    return Difference(allowed, len(changed) - len(allowed))


def _loses_nothing(folder: Path, step: Step) -> bool:
    if step.before is None:
        return True
    if step.after is None or step.ref.startswith(TAGS):
        return False
    return mirroring.is_forward(folder, step.before, step.after)


def _room(work: UnitOfWork, repository: Repository) -> int:
    """How large its folder may become; 0: as large as you like."""
    more = left(work.session, repository, limits=work.rules.limits)
    return 0 if more is None else max(1, repository.size_bytes + more)


def _credentials(mirror: Mirror, sealer: Sealer) -> Credentials | None:
    if mirror.credentials is None:
        return None
    return Credentials(**json.loads(sealer.unseal(mirror.credentials, mirrors.kept_at(mirror.id))))


def _limits(plan: Plan, rules: Settings) -> ImportLimits:
    return ImportLimits(seconds=rules.imports.seconds, size_bytes=plan.most_bytes)
