"""Bringing repositories in: from an address, or, at the console, from a folder or a bundle.

`request` makes the repository's row and promises a job. The job calls `plan`, then `bring` outside
any transaction, then `finish`, or `give_up` with the reason. Where the source is and what it wants
to hear is sealed until then, and forgotten afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db import ref_ledger
from appliance.db.credentials import SealedSecret
from appliance.db.lfs import LfsLink, LfsObject
from appliance.db.quotas import left, shortage
from appliance.db.repositories import Origin, Repository, RepositoryHealth
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.destinations import Destination
from appliance.domain.identity import Method
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.errors import QuotaError, RefusedError, TooLargeError, sentence
from appliance.git import refs
from appliance.git.imports import ImportLimits, fetch_all
from appliance.git.lfs import LfsStore
from appliance.git.lfs_imports import LfsSource, fetch_objects
from appliance.git.lfs_pointers import Pointer, reachable_pointers
from appliance.git.ref_names import BRANCHES
from appliance.git.remote_source import Credentials
from appliance.git.storage import set_default_branch, size_bytes
from appliance.security import outgoing
from appliance.security.sealing import Place, Sealer
from appliance.services import first_looks, repositories
from appliance.services.push_names import is_reserved
from appliance.services.repositories import NewRepository

if TYPE_CHECKING:
    from appliance.git.imports import Progress
    from appliance.settings import Settings
    from appliance.wiring import GitTools

LOOKING = sentence("Looking for large files")
USUAL_BRANCHES = (b"main", b"master", b"trunk", b"develop")


@dataclass(frozen=True)
class Source:
    """Where a repository comes from: an address, or a path on this machine."""

    url: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    local: str = ""

    @property
    def shown(self) -> str:
        """What may be told about it: some addresses have a token behind the question mark."""
        return self.url.partition("?")[0] or self.local

    @property
    def credentials(self) -> Credentials | None:
        """What it wants to hear."""
        if not self.username and not self.password:
            return None
        return Credentials(self.username, self.password)


@dataclass(frozen=True)
class Plan:
    """What a job is to bring, and where to."""

    repository_id: UUID
    source: Source
    most_bytes: int


@dataclass(frozen=True)
class Brought:
    """The large files that came, and how many did not."""

    pointers: tuple[Pointer, ...]
    missing: int


class _Blind(LfsStore):
    """The store, for objects that must come from the source whether or not they are here.

    Otherwise a repository of one's own making, full of pointers, would open others' objects.
    """

    def size_bytes(self, oid: str) -> int | None:
        """Nothing is here."""
        self.path(oid)
        return None


def insist_on_permission(work: UnitOfWork) -> None:
    """Go on only if the actor may bring anything in at all: before we look up names for them.

    Errors:
        UnauthenticatedError, RefusedError: they may not.
    """
    gate.require(work, Permission.REPOSITORY_CREATE)


def check_source(source: Source, *, rules: Settings) -> None:
    """Look the source up once, before a transaction is opened; the job does so again.

    Whoever asks must have passed `insist_on_permission`: a look-up is a message to the outside.

    Errors:
        InvalidError: the address is malformed, or leads where we may not go.
        UnavailableError: the name cannot be looked up.
    """
    if source.url:
        place_of(source.url, rules=rules)


def request(
    work: UnitOfWork,
    path: str,
    source: Source,
    wanted: NewRepository,
    *,
    sealer: Sealer,
    now: datetime,
) -> Repository:
    """Promise to bring a repository in as `OWNER/NAME`.

    Errors:
        HiddenError, RefusedError: the actor may not create one there, or not from this source.
        InvalidError, ConflictError: as for creating a repository.
        QuotaError: nothing more fits in there.
    """
    gate.require(work, Permission.REPOSITORY_CREATE)
    if source.local:
        _insist_on_console(work)
    repository = repositories.reserve(work, path, wanted, content=Origin.IMPORTING, now=now)
    room_for(work, repository)
    secret_id = new_id()
    whole = {
        "url": source.url,
        "username": source.username,
        "password": source.password,
        "local": source.local,
    }
    sealed = sealer.seal(json.dumps(whole).encode(), _place(secret_id))
    work.session.add(SealedSecret(id=secret_id, about=repository.id, sealed=sealed, created_at=now))
    work.record(
        events.ImportRequested(
            about=repository.id,
            organisation_id=repository.organisation_id,
            path=repository.path,
            source=source.shown,
        )
    )
    work.later(Job.IMPORT_REPOSITORY, about=repository.id, repository_id=str(repository.id))
    return repository


def plan(work: UnitOfWork, repository_id: UUID, *, sealer: Sealer) -> Plan | None:
    """What the job for this repository is to bring; None when there is nothing left to do.

    Errors:
        HiddenError: the repository is gone.
        DamagedError: the source cannot be unsealed.
        QuotaError: nothing more fits in there.
    """
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    secret = work.session.scalar(sa.select(SealedSecret).where(SealedSecret.about == repository_id))
    if repository.content is not Origin.IMPORTING or secret is None:
        return None
    whole = json.loads(sealer.unseal(secret.sealed, _place(secret.id)))
    return Plan(repository_id, Source(**whole), room_for(work, repository))


@gate.open_to_everyone(because="whoever brings something in was asked")
def room_for(work: UnitOfWork, repository: Repository) -> int:
    """How many bytes still fit into a repository and its organisation; 0: as many as you like.

    Errors:
        QuotaError: none.
    """
    limits = work.rules.limits
    lacking = shortage(work.session, repository, 1, limits=limits)
    if lacking is not None:
        raise QuotaError(lacking)
    return left(work.session, repository, limits=limits) or 0


def bring(plan: Plan, *, tools: GitTools, rules: Settings, progress: Progress) -> Brought:
    """Bring everything; safe to repeat.

    Errors:
        InvalidError: the source is no repository, wants other credentials, or may not be reached.
        UnavailableError: it cannot be read now.
        TimeoutExceededError, TooLargeError: it is more than allowed. Nothing of it stays.
    """
    source, credentials = plan.source, plan.source.credentials
    judge = partial(place_of, rules=rules)
    place = Path(source.local) if source.local else judge(source.url)
    folder = tools.repositories.folder(plan.repository_id)
    if not folder.is_dir():
        limits = ImportLimits(seconds=rules.imports.seconds, size_bytes=plan.most_bytes)
        with tools.repositories.unfinished(plan.repository_id) as unfinished:
            tools.repositories.lay_out(unfinished, default_branch=b"main")
            fetch_all(unfinished, place, credentials=credentials, limits=limits, progress=progress)
            _choose_default_branch(unfinished)
            tools.repositories.adopt(unfinished, plan.repository_id)
    progress(LOOKING, 0, 0)
    pointers = {pointer.oid: pointer for pointer in reachable_pointers(folder)}
    _insist_on_room(plan, folder, pointers.values(), tools)
    large = LfsSource(place, judge, credentials) if isinstance(place, Destination) else place
    came = fetch_objects(large, pointers.values(), _Blind(tools.lfs.home), progress)
    for oid in came.missing:
        del pointers[oid]
    return Brought(tuple(pointers.values()), len(came.missing))


def finish(
    work: UnitOfWork, plan: Plan, brought: Brought, *, tools: GitTools, now: datetime
) -> None:
    """Offer the repository, whose content is here now.

    Errors:
        QuotaError: meanwhile something else took its room. Nothing of it stays.
    """
    repository = fetch.repository_by_id(work, plan.repository_id, Permission.REPOSITORY_READ)
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    if repository.content is not Origin.IMPORTING:
        return
    folder = tools.repositories.folder(repository.id)
    _measure(work, repository, brought, tools)
    repository.content = Origin.READY
    repository.default_branch = refs.head(folder).short.decode("utf-8", "replace")[:255]
    present = {ref: oid for ref, oid in refs.names(folder, b"refs/") if not is_reserved(ref)}
    ref_ledger.note(work.session, repository.id, present, now=now)
    for pointer in brought.pointers:
        _link(work, repository, pointer, tools=tools, now=now)
    _forget_source(work, repository.id)
    work.record(
        events.RepositoryImported(
            about=repository.id,
            organisation_id=repository.organisation_id,
            refs=len(present),
            lfs_objects=len(brought.pointers),
        )
    )
    work.later(Job.MEASURE_REPOSITORY, about=repository.id, repository_id=str(repository.id))
    first_looks.promise_with_history(work, repository)


def give_up(work: UnitOfWork, repository_id: UUID, *, reason: str) -> None:
    """Say that the repository could not be brought in, and why."""
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    if repository.content is not Origin.IMPORTING:
        return
    repository.content = Origin.FAILED
    health = work.session.get(RepositoryHealth, repository_id)
    if health is None:
        health = RepositoryHealth(id=repository_id)
        work.session.add(health)
    health.problem = reason
    _forget_source(work, repository_id)
    work.record(
        events.ImportFailed(
            about=repository.id, organisation_id=repository.organisation_id, reason=reason
        )
    )


def _insist_on_room(plan: Plan, folder: Path, pointers: Iterable[Pointer], tools: GitTools) -> None:
    """Go on only if the large files fit in, too; otherwise nothing stays."""
    needed = size_bytes(folder) + sum(each.size_bytes for each in pointers)
    if plan.most_bytes and needed > plan.most_bytes:
        tools.repositories.remove(plan.repository_id)
        raise TooLargeError(
            sentence("The source needs more space than is left here, with its large files.")
        )


def _measure(work: UnitOfWork, repository: Repository, brought: Brought, tools: GitTools) -> None:
    """Count what has come, so that whatever comes at the same time is told of it."""
    added = size_bytes(tools.repositories.folder(repository.id))
    large = sum(each.size_bytes for each in brought.pointers)
    lacking = shortage(work.session, repository, added + large, limits=work.rules.limits)
    if lacking is not None:
        tools.repositories.remove(repository.id)
        raise QuotaError(lacking)
    repository.size_bytes, repository.lfs_bytes = added, large


def _choose_default_branch(folder: Path) -> None:
    """Let HEAD name a branch there is, where the source, as a bundle, does not say which."""
    if refs.head(folder).oid is not None:
        return
    branches = [name.removeprefix(BRANCHES) for name, _ in refs.names(folder)]
    if branches:
        usual = next((name for name in USUAL_BRANCHES if name in branches), branches[0])
        set_default_branch(folder, usual)


@gate.open_to_everyone(because="it says only where a request of ours may go")
def place_of(url: str, *, rules: Settings) -> Destination:
    """Where a request to this address may go, as the operator allows it, and whom to believe there.

    Errors:
        InvalidError: the address is malformed, or leads where we may not go.
        UnavailableError: no name server answers now.
    """
    return outgoing.judge(
        url,
        schemes=rules.imports.schemes,
        private_allowed=rules.imports.private_addresses,
        setting="imports.private_addresses",
        authorities_file=rules.outgoing.authorities_file,
    )


def _insist_on_console(work: UnitOfWork) -> None:
    """A path on this machine is for administrators who are on this machine."""
    gate.require(work, Permission.INSTANCE_IMPORT_LOCAL)
    if work.actor.origin.method is not Method.CONSOLE:
        raise RefusedError("Folders and bundles are imported at the appliance's own console.")


def _link(
    work: UnitOfWork, repository: Repository, pointer: Pointer, *, tools: GitTools, now: datetime
) -> None:
    query = sa.select(LfsObject).where(LfsObject.oid == pointer.oid).with_for_update()
    stored = work.session.scalar(query)
    if tools.lfs.size_bytes(pointer.oid) != pointer.size_bytes:
        return  # Swept since; the next clone says that it is missing.
    if stored is None:
        stored = LfsObject(oid=pointer.oid, size_bytes=pointer.size_bytes, stored_at=now)
        work.session.add(stored)
        work.session.flush()  # The link refers to it.
    work.session.add(LfsLink(repository_id=repository.id, object_id=stored.id, linked_at=now))


def _forget_source(work: UnitOfWork, repository_id: UUID) -> None:
    work.session.execute(sa.delete(SealedSecret).where(SealedSecret.about == repository_id))


def _place(secret_id: UUID) -> Place:
    return Place("sealed_secrets", "sealed", str(secret_id))
