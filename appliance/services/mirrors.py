"""Mirrors of a repository: which other system it follows, or which follows it, and how often."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch
from appliance.access.gate import open_to_everyone
from appliance.db.mirrors import Mirror
from appliance.db.outbox import JobRecord
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job, JobState
from appliance.domain.mirrors import (
    LONGEST_MINUTES,
    SHORTEST_MINUTES,
    USUAL_MINUTES,
    Direction,
    MirrorState,
)
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, HiddenError, InvalidError, sentence
from appliance.security.sealing import Place
from appliance.services.imports import place_of

if TYPE_CHECKING:
    from appliance.security.sealing import Sealer
    from appliance.settings import Settings

NEEDED = Permission.REPOSITORY_HOOKS
"""As for webhooks: what lets a repository and another system speak."""
MOST = 10
"""Of one repository."""


@dataclass(frozen=True)
class NewMirror:
    """A mirror as somebody wants it."""

    direction: Direction
    address: str
    username: str = ""
    password: str = field(default="", repr=False)
    every_minutes: int = USUAL_MINUTES
    overwrites: bool = False


@dataclass(frozen=True)
class Changes:
    """What is to be different; None stays. A user name or password replaces both."""

    address: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    every_minutes: int | None = None
    overwrites: bool | None = None
    is_active: bool | None = None


@dataclass(frozen=True)
class Listed:
    """A mirror, and what of it is not in its row."""

    mirror: Mirror
    responsible: str
    """The name of who made it, or changed it last; empty where they are gone."""
    is_running: bool

    @property
    def state(self) -> MirrorState:
        """How it is."""
        mirror = self.mirror
        if not mirror.is_active:
            return MirrorState.OFF
        if mirror.failures:
            return MirrorState.FAILING
        if mirror.synced_at is None:
            return MirrorState.NEW
        return MirrorState.BEHIND if mirror.behind else MirrorState.GOOD


def insist_on_permission(work: UnitOfWork, path: str) -> None:
    """Go on only if the actor manages mirrors there: before we look up names for them.

    Errors:
        HiddenError, RefusedError: they do not.
    """
    fetch.repository(work, path, NEEDED)


@open_to_everyone(because="it says only where a request of ours may go")
def check_address(address: str, *, rules: Settings) -> None:
    """Go on only if a mirror may lead there. Looks the name up, so not within a transaction.

    Errors:
        InvalidError: the address is malformed, or leads where we may not go.
        UnavailableError: no name server answers now.
    """
    place_of(address, rules=rules)


def listed(work: UnitOfWork, path: str) -> list[Listed]:
    """The mirrors of a repository, in the order in which they were made."""
    repository = fetch.repository(work, path, NEEDED)
    query = sa.select(Mirror).where(Mirror.repository_id == repository.id).order_by(Mirror.id)
    return [_listed(work, each) for each in work.session.scalars(query).all()]


def show(work: UnitOfWork, path: str, mirror_id: UUID) -> Listed:
    """One mirror.

    Errors:
        HiddenError, RefusedError: there is none, or none for this actor.
    """
    repository = fetch.repository(work, path, NEEDED)
    return _listed(work, _mirror(work, repository, mirror_id))


def create(
    work: UnitOfWork, path: str, wanted: NewMirror, *, sealer: Sealer, now: datetime
) -> Listed:
    """Make a mirror; it is brought up to date at once. `check_address` was asked before.

    Errors:
        HiddenError, RefusedError: the actor manages no mirrors there.
        InvalidError: the time between is too short or too long.
        ConflictError: there are many already, or it follows another system already.
    """
    repository = fetch.repository(work, path, NEEDED)
    _insist_on_room(work, repository, wanted.direction)
    _check_minutes(wanted.every_minutes)
    mirror = Mirror(
        id=new_id(),
        repository_id=repository.id,
        direction=wanted.direction,
        address=wanted.address,
        every_minutes=wanted.every_minutes,
        overwrites=wanted.overwrites,
        is_active=True,
        responsible_id=work.actor.id,
        created_at=now,
        due_at=now,
    )
    mirror.credentials = _sealed(mirror.id, wanted.username, wanted.password, sealer)
    work.session.add(mirror)
    work.session.flush()  # The job refers to it.
    _record_setting(work, repository, mirror)
    promise(work, mirror)
    return _listed(work, mirror)


def change(
    work: UnitOfWork,
    path: str,
    mirror_id: UUID,
    changes: Changes,
    *,
    sealer: Sealer,
    now: datetime,
) -> Listed:
    """Change a mirror; whoever does answers for it from then on. A new address was checked before.

    Errors:
        HiddenError, RefusedError: the actor may not.
        InvalidError: the time between is too short or too long.
    """
    repository = fetch.repository(work, path, NEEDED)
    mirror = _mirror(work, repository, mirror_id)
    if changes.every_minutes is not None:
        _check_minutes(changes.every_minutes)
    is_elsewhere = changes.address is not None and changes.address != mirror.address
    for name in ("address", "every_minutes", "overwrites", "is_active"):
        value = getattr(changes, name)
        if value is not None:
            setattr(mirror, name, value)
    if changes.username is not None or changes.password is not None or is_elsewhere:
        # What one system is told is not told to another.
        username, password = changes.username or "", changes.password or ""
        mirror.credentials = _sealed(mirror.id, username, password, sealer)
    mirror.responsible_id = work.actor.id
    mirror.failures, mirror.error, mirror.due_at = 0, "", now
    _record_setting(work, repository, mirror)
    return _listed(work, mirror)


def delete(work: UnitOfWork, path: str, mirror_id: UUID) -> None:
    """Delete a mirror; what it brought stays."""
    repository = fetch.repository(work, path, NEEDED)
    mirror = _mirror(work, repository, mirror_id)
    work.session.delete(mirror)
    work.record(events.MirrorRemoved(**about(repository, mirror), direction=mirror.direction))


def request(work: UnitOfWork, path: str, mirror_id: UUID) -> Listed:
    """Bring a mirror up to date soon, before its time.

    Errors:
        HiddenError, RefusedError: there is none, or none for this actor.
        ConflictError: it is off, or is being brought up to date already.
    """
    repository = fetch.repository(work, path, NEEDED)
    mirror = _mirror(work, repository, mirror_id)
    if not mirror.is_active:
        raise ConflictError(sentence("The mirror is disabled. Enable it first."))
    if not promise(work, mirror):
        raise ConflictError(sentence("The mirror is already being updated."))
    work.record(events.MirrorRequested(**about(repository, mirror), direction=mirror.direction))
    return _listed(work, mirror)


@open_to_everyone(because="the caller has fetched the mirror")
def promise(work: UnitOfWork, mirror: Mirror) -> bool:
    """Promise the job of a mirror, unless it waits or runs already: whether that was so."""
    if _is_running(work, mirror):
        return False
    mirror.job_id = work.later(
        Job.SYNCHRONISE_MIRROR, about=mirror.repository_id, mirror_id=str(mirror.id)
    )
    return True


@open_to_everyone(because="it puts words together")
def about(repository: Repository, mirror: Mirror) -> dict[str, Any]:
    """What every event about a mirror says: some addresses have secrets in their paths."""
    parts = urlsplit(mirror.address)
    return {
        "about": repository.id,
        "organisation_id": repository.organisation_id,
        "host": f"{parts.scheme}://{parts.hostname}",
        "mirror_id": str(mirror.id),
    }


@open_to_everyone(because="it puts words together")
def kept_at(mirror_id: UUID) -> Place:
    """Where a mirror's credentials are kept."""
    return Place(Mirror.__tablename__, "credentials", str(mirror_id))


def _record_setting(work: UnitOfWork, repository: Repository, mirror: Mirror) -> None:
    work.record(
        events.MirrorSet(
            **about(repository, mirror),
            direction=mirror.direction,
            is_active=mirror.is_active,
            overwrites=mirror.overwrites,
        )
    )


def _mirror(work: UnitOfWork, repository: Repository, mirror_id: UUID) -> Mirror:
    found = work.session.get(Mirror, mirror_id)
    if found is None or found.repository_id != repository.id:
        raise HiddenError(sentence("There is no such mirror."))
    return found


def _insist_on_room(work: UnitOfWork, repository: Repository, direction: Direction) -> None:
    of_it = Mirror.repository_id == repository.id
    found = work.session.scalars(sa.select(Mirror.direction).where(of_it)).all()
    if len(found) >= MOST:
        raise ConflictError(sentence("There are %(most)s mirrors already.", most=MOST))
    if direction is Direction.PULL and Direction.PULL in found:
        raise ConflictError(
            sentence("It already follows another system. Change or delete that mirror.")
        )


def _check_minutes(minutes: int) -> None:
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        raise InvalidError.of(
            "every_minutes",
            sentence(
                "Between %(least)s minutes and %(most)s (a week).",
                least=SHORTEST_MINUTES,
                most=LONGEST_MINUTES,
            ),
        )


def _sealed(mirror_id: UUID, username: str, password: str, sealer: Sealer) -> bytes | None:
    if not username and not password:
        return None
    whole = json.dumps({"username": username, "password": password})
    return sealer.seal(whole.encode(), kept_at(mirror_id))


def _listed(work: UnitOfWork, mirror: Mirror) -> Listed:
    user = work.session.get(User, mirror.responsible_id) if mirror.responsible_id else None
    return Listed(mirror, user.name if user else "", _is_running(work, mirror))


def _is_running(work: UnitOfWork, mirror: Mirror) -> bool:
    job = work.session.get(JobRecord, mirror.job_id) if mirror.job_id else None
    return job is not None and job.state in {JobState.QUEUED, JobState.RUNNING}
