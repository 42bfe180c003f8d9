"""Large files: what a client may fetch and store, and the record of it.

A repository hands out only what was sent to it: knowing the id of an object that lies in the store
for another repository is not enough, neither to fetch nor to skip sending it. Every object that a
client is told to fetch or send comes with a capability for that object alone, so nothing leaves
that `batch` has not recorded. Source: git-lfs, docs/api/batch.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_wiki
from appliance.access.gate import open_to_everyone
from appliance.db.lfs import LfsLink, LfsObject
from appliance.db.quotas import shortage
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.identity import Actor
from appliance.domain.permissions import Permission
from appliance.domain.sizes import size
from appliance.errors import (
    ApplianceError,
    HiddenError,
    InvalidError,
    NotFoundError,
    QuotaError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
    sentence,
)
from appliance.services import delegation
from appliance.services.pushes import insist_on_writable

if TYPE_CHECKING:
    from appliance.wiring import GitTools

CAPABILITY_SECONDS = 3600
MOST_OBJECTS = 1000
OID_CHARACTERS = 64
HEX = frozenset("0123456789abcdef")


class Operation(StrEnum):
    """What a client wants to do."""

    DOWNLOAD = "download"
    UPLOAD = "upload"


@dataclass(frozen=True)
class Wanted:
    """One object a client asks about."""

    oid: str
    size_bytes: int

    def check(self) -> None:
        """Insist that there could be such an object.

        Errors:
            InvalidError: there could not.
        """
        if len(self.oid) != OID_CHARACTERS or not HEX.issuperset(self.oid):
            raise InvalidError.of("oid", "An LFS object id is 64 lower-case hex digits.")
        if self.size_bytes < 0:
            raise InvalidError.of("size", "A size is not below 0.")


@dataclass(frozen=True)
class Answer:
    """What is to be done about one object: use the capability, nothing at all, or read why not."""

    wanted: Wanted
    capability: str = ""
    error: ApplianceError | None = None


@dataclass(frozen=True)
class Leave:
    """What a capability allows, once who is behind it has been looked at again."""

    actor: Actor
    repository_id: UUID
    operation: Operation
    wanted: Wanted


def batch(
    work: UnitOfWork,
    path: str,
    operation: Operation,
    objects: Sequence[Wanted],
    *,
    tools: GitTools,
    now: datetime,
) -> list[Answer]:
    """What to do about each of these objects; what will be handed out is recorded here.

    Errors:
        HiddenError, RefusedError, MovedError: the actor may not.
        ConflictError: the repository is archived.
        TooLargeError: too many were asked about at once.
        QuotaError: there is no room for what is to be sent.
    """
    repository = fetch_wiki.or_repository(work, path, PERMISSIONS[operation])
    if len(objects) > MOST_OBJECTS:
        raise TooLargeError(
            sentence(
                "Ask about at most %(most_objects)s objects at once.", most_objects=MOST_OBJECTS
            )
        )
    linked = _linked(work, repository.id, [each.oid for each in objects])
    if operation is Operation.DOWNLOAD:
        return _downloads(work, repository, objects, linked, tools=tools, now=now)
    insist_on_writable(repository)
    missing = [each for each in objects if linked.get(each.oid) != each.size_bytes]
    added = sum(each.size_bytes for each in missing)
    lacking = shortage(work.session, repository, added, limits=work.rules.limits)
    if added and lacking is not None:
        raise QuotaError(lacking)
    asked = {each.oid for each in missing}
    return [
        _upload(work, repository, each, tools=tools, now=now) if each.oid in asked else Answer(each)
        for each in objects
    ]


@open_to_everyone(because="the capability says who asks; the repository is fetched in their name")
def leave(work: UnitOfWork, capability: str, *, tools: GitTools, now: datetime) -> Leave:
    """What a capability allows, if who it was given to still may that.

    Errors:
        UnauthenticatedError: it is none of ours, or its credential no longer stands.
        HiddenError, RefusedError, ConflictError: the actor may no longer.
    """
    facts = tools.lfs_access.check(capability, now=now)
    actor = delegation.take_back(work, facts, now=now)
    repository_id = delegation.identifier(facts, "repository")
    operation = Operation(str(facts["operation"]))
    if repository_id is None:
        raise UnauthenticatedError("This leave is about no repository.")
    repository = fetch.repository_by_id(work, repository_id, PERMISSIONS[operation])
    if repository.deleted_at is not None:
        raise HiddenError(sentence("There is no repository %(path)s.", path=repository.path))
    if operation is Operation.UPLOAD:
        insist_on_writable(repository)
    wanted = Wanted(str(facts.get("oid", "")), int(str(facts.get("size", 0))))
    return Leave(actor, repository_id, operation, wanted)


def note_stored(work: UnitOfWork, leave: Leave, *, tools: GitTools, now: datetime) -> None:
    """Let the repository hand out what has just been stored.

    Errors:
        HiddenError, RefusedError: the actor may no longer write to it.
        UnavailableError: the object was swept at this very moment; send it again.
    """
    repository = fetch.repository_by_id(work, leave.repository_id, Permission.REPOSITORY_WRITE)
    wanted = leave.wanted
    query = sa.select(LfsObject).where(LfsObject.oid == wanted.oid).with_for_update()
    stored = work.session.scalar(query)
    if tools.lfs.size_bytes(wanted.oid) != wanted.size_bytes:
        raise UnavailableError("The file has just been removed as unused. Send it again.")
    if stored is None:
        stored = LfsObject(oid=wanted.oid, size_bytes=wanted.size_bytes, stored_at=now)
        work.session.add(stored)
        work.session.flush()  # The link refers to it.
    if _link(work, repository.id, stored.id) is not None:
        return
    work.session.add(LfsLink(repository_id=repository.id, object_id=stored.id, linked_at=now))
    repository.lfs_bytes += wanted.size_bytes
    work.record(
        events.LfsStored(
            about=repository.id,
            organisation_id=repository.organisation_id,
            oid=wanted.oid,
            size_bytes=wanted.size_bytes,
        )
    )


def verify(work: UnitOfWork, path: str, wanted: Wanted) -> None:
    """Insist that the repository has an object of this size.

    Errors:
        HiddenError, RefusedError: the actor may not ask.
        NotFoundError: it has none.
        InvalidError: it has another size.
    """
    repository = fetch_wiki.or_repository(work, path, Permission.REPOSITORY_WRITE)
    size = _linked(work, repository.id, [wanted.oid]).get(wanted.oid)
    if size is None:
        raise NotFoundError("This repository has no such object.")
    if size != wanted.size_bytes:
        raise InvalidError.of("size", sentence("The object has %(size)s bytes.", size=size))


def session_capability(
    work: UnitOfWork, path: str, operation: Operation, *, tools: GitTools, now: datetime
) -> str:
    """What git-lfs shows over HTTPS after SSH has said who it is.

    Errors:
        HiddenError, RefusedError, MovedError: the actor may not.
    """
    repository = fetch_wiki.or_repository(work, path, PERMISSIONS[operation])
    return _capability(work.actor, repository, operation, None, tools=tools, now=now)


def upload_name(leave: Leave) -> str:
    """What an unfinished upload is called, so that only who began it can go on with it."""
    who = f"{leave.repository_id} {leave.actor.pseudonym}"
    return hashlib.sha256(who.encode()).hexdigest()[:32]


PERMISSIONS = {
    Operation.DOWNLOAD: Permission.REPOSITORY_READ,
    Operation.UPLOAD: Permission.REPOSITORY_WRITE,
}


def _downloads(
    work: UnitOfWork,
    repository: Repository,
    objects: Sequence[Wanted],
    linked: dict[str, int],
    *,
    tools: GitTools,
    now: datetime,
) -> list[Answer]:
    given = sorted({each.oid for each in objects if each.oid in linked})
    if given:
        work.record(
            events.LfsFetched(
                about=repository.id, organisation_id=repository.organisation_id, oids=given
            )
        )
    answers = []
    for each in objects:
        if each.oid not in linked:
            answers.append(Answer(each, error=NotFoundError("There is no such object here.")))
            continue
        present = Wanted(each.oid, linked[each.oid])
        capability = _capability(
            work.actor, repository, Operation.DOWNLOAD, present, tools=tools, now=now
        )
        answers.append(Answer(present, capability))
    return answers


def _upload(
    work: UnitOfWork, repository: Repository, wanted: Wanted, *, tools: GitTools, now: datetime
) -> Answer:
    try:
        wanted.check()
        most = work.rules.limits.lfs_file_size_bytes
        if wanted.size_bytes > most:
            raise TooLargeError(sentence("A large file may have %(most)s here.", most=size(most)))
    except ApplianceError as error:
        return Answer(wanted, error=error)
    return Answer(
        wanted,
        _capability(work.actor, repository, Operation.UPLOAD, wanted, tools=tools, now=now),
    )


def _capability(
    actor: Actor,
    repository: Repository,
    operation: Operation,
    wanted: Wanted | None,
    *,
    tools: GitTools,
    now: datetime,
) -> str:
    facts = {
        "repository": repository.id.hex,
        "operation": operation.value,
        **delegation.hand_on(actor),
    }
    if wanted is not None:
        facts |= {"oid": wanted.oid, "size": wanted.size_bytes}
    return tools.lfs_access.issue(facts, expires_at=now + timedelta(seconds=CAPABILITY_SECONDS))


def _linked(work: UnitOfWork, repository_id: UUID, oids: Sequence[str]) -> dict[str, int]:
    """The sizes of those of these objects that the repository may hand out."""
    rows = work.session.execute(
        sa.select(LfsObject.oid, LfsObject.size_bytes)
        .join(LfsLink, LfsLink.object_id == LfsObject.id)
        .where(LfsLink.repository_id == repository_id, LfsObject.oid.in_(oids))
    )
    return {oid: size for oid, size in rows}  # noqa: C416 - rows are no pairs to the type checker.


def _link(work: UnitOfWork, repository_id: UUID, object_id: UUID) -> LfsLink | None:
    return work.session.scalar(
        sa.select(LfsLink).where(
            LfsLink.repository_id == repository_id, LfsLink.object_id == object_id
        )
    )
