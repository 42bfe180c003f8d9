"""Repositories as things one has: create, show, list, describe anew, measure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate, grants, visible
from appliance.db import paging
from appliance.db.repositories import Origin, Repository, RepositoryHealth
from appliance.db.repository_rows import lfs_bytes, take_name
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, OwnerKind
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.names import check_repository, fold, split_path
from appliance.domain.permissions import Permission, Role, Visibility
from appliance.errors import ConflictError, InvalidError, UnavailableError, sentence
from appliance.git import storage
from appliance.services import first_looks
from appliance.services import wiki_beginnings as wikis

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.git.storage import RepositoryStore

DESCRIPTION_CHARACTERS = 500
WORDS = 8  # More in a filter would only be slow.
QUOTA_BYTES = 2**53
NO_PUBLIC = sentence("This appliance has no public repositories. Choose internal or private.")


@dataclass(frozen=True)
class NewRepository:
    """What a new repository is to be."""

    visibility: Visibility = Visibility.PRIVATE
    description: str = ""
    default_branch: str = "main"


@dataclass(frozen=True)
class Changes:
    """What is to be different about a repository; None leaves a thing as it is."""

    description: str | None = None
    default_branch: str | None = None
    is_template: bool | None = None
    has_issues: bool | None = None
    has_wiki: bool | None = None


class Order(StrEnum):
    """How a list of repositories is sorted."""

    NEWEST = "newest"
    NAME = "name"
    PUSHED = "pushed"
    """Pushed to last, first; what nobody has pushed to, by when it was made."""
    SIZE = "size"
    """Largest first, large files apart."""


ORDERS: dict[Order, tuple[tuple[Any, ...], bool]] = {
    Order.NEWEST: ((Repository.id,), True),
    Order.NAME: ((Repository.name_key, Repository.id), False),
    Order.PUSHED: (
        (sa.func.coalesce(Repository.pushed_at, Repository.created_at), Repository.id),
        True,
    ),
    Order.SIZE: ((Repository.size_bytes, Repository.id), True),
}
"""By which columns, and whether the largest comes first."""


@dataclass(frozen=True)
class Filter:
    """Which repositories of a list are wanted; what is empty asks nothing."""

    words: str = ""
    """Every one of them stands in the name, the owner's name or the description."""
    owner: str = ""
    visibility: Visibility | None = None
    forks_of: UUID | None = None
    is_template: bool | None = None
    is_archived: bool | None = None
    order: Order = Order.NEWEST
    is_turned: bool = False
    """The other way round."""


@dataclass(frozen=True)
class Described:
    """A repository with what a page about it shows."""

    repository: Repository
    role: Role | None
    allowed: frozenset[Permission]
    """What the actor may do with it."""
    parent: Repository | None
    """What it was forked from, if the actor may read that."""
    health: RepositoryHealth | None


def create(
    work: UnitOfWork,
    path: str,
    wanted: NewRepository,
    *,
    repositories: RepositoryStore,
    now: datetime,
) -> Repository:
    """Make an empty repository `OWNER/NAME`.

    Errors:
        HiddenError, RefusedError: the actor may not create one there.
        InvalidError: a name, a description or a visibility is not possible.
        ConflictError: there is one of that name already.
    """
    owner = fetch.new_home(work, split_path(path)[0])
    repository = _new_row(work, owner, split_path(path)[1], wanted, now=now)
    # The folder first: a row whose folder is missing would be damage, a folder whose row was
    # never committed is swept.
    repositories.create(repository.id, default_branch=wanted.default_branch.encode())
    return repository


def reserve(
    work: UnitOfWork, path: str, wanted: NewRepository, *, content: Origin, now: datetime
) -> Repository:
    """The same, without a folder: its content is yet to come from elsewhere.

    Errors:
        HiddenError, RefusedError, InvalidError, ConflictError: as for `create`.
    """
    owner = fetch.new_home(work, split_path(path)[0])
    repository = _new_row(work, owner, split_path(path)[1], wanted, now=now)
    repository.content = content
    return repository


def show(work: UnitOfWork, path: str) -> Repository:
    """The repository of that path.

    Errors:
        HiddenError: there is none, or none for this actor.
        MovedError: it has another path now.
    """
    return fetch.repository(work, path, Permission.REPOSITORY_READ)


def show_by_id(work: UnitOfWork, repository_id: UUID) -> Repository:
    """The repository of that id, the bin included.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    return fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)


def describe(work: UnitOfWork, path: str) -> Described:
    """The repository of that path, with what its page says about it and the actor.

    Errors:
        HiddenError, MovedError: as for `show`.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    parent = None
    if repository.forked_from_id is not None:
        readable = visible.repositories(work).where(Repository.id == repository.forked_from_id)
        parent = work.session.scalar(readable)
    return Described(
        repository=repository,
        role=grants.role_on(work, repository),
        allowed=grants.on_repository(work, repository),
        parent=parent,
        health=work.session.get(RepositoryHealth, repository.id),
    )


def listed(
    work: UnitOfWork,
    wanted: Filter | None = None,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Repository]:
    """The repositories the actor may read and that pass the filter, in its order.

    Errors:
        InvalidError: the limit is out of range, or `after` is no place in this list.
    """
    query = visible.repositories(work)
    wanted = wanted or Filter()
    keys, is_descending = ORDERS[wanted.order]
    return paging.page(
        work.session,
        _filtered(query, wanted),
        *keys,
        make=paging.only,
        after=after,
        limit=limit,
        newest_first=is_descending is not wanted.is_turned,
    )


def recently_pushed(work: UnitOfWork, *, limit: int = 20) -> list[Repository]:
    """The readable repositories with the latest pushes, latest first."""
    query = visible.repositories(work).where(Repository.pushed_at.is_not(None))
    return list(work.session.scalars(query.order_by(Repository.pushed_at.desc()).limit(limit)))


def change(
    work: UnitOfWork, path: str, wanted: Changes, *, repositories: RepositoryStore
) -> Repository:
    """Give a repository another description, default branch or template mark, issues or a wiki.

    Errors:
        HiddenError, RefusedError: the actor may not.
        InvalidError: a branch cannot be called so, or the description is too long.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_MAINTAIN)
    changed: dict[str, Any] = {}
    if wanted.description is not None and wanted.description.strip() != repository.description:
        repository.description = _checked_description(wanted.description)
        changed["description"] = repository.description
    if wanted.is_template is not None and wanted.is_template != repository.is_template:
        changed["is_template"] = repository.is_template = wanted.is_template
    if wanted.has_issues is not None and wanted.has_issues != repository.has_issues:
        changed["has_issues"] = repository.has_issues = wanted.has_issues
    if wanted.has_wiki is not None and wanted.has_wiki != repository.has_wiki:
        changed["has_wiki"] = repository.has_wiki = wanted.has_wiki
        wikis.prepare(work, repository, repositories=repositories)
    if wanted.default_branch is not None and wanted.default_branch != repository.default_branch:
        folder = ready_folder(repository, repositories)
        storage.set_default_branch(folder, wanted.default_branch.encode())
        changed["default_branch"] = repository.default_branch = wanted.default_branch
        first_looks.promise(work, repository)
    if changed:
        work.record(
            events.RepositoryChanged(
                about=repository.id, organisation_id=repository.organisation_id, changed=changed
            )
        )
    return repository


def set_quota(work: UnitOfWork, path: str, *, quota_bytes: int) -> Repository:
    """Give a repository room of its own; 0 means the instance's default.

    Errors:
        RefusedError: only administrators may.
        InvalidError: the number makes no sense.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    if not 0 <= quota_bytes <= QUOTA_BYTES:
        raise InvalidError.of("quota_bytes", "A quota is a number of bytes, and not negative.")
    repository.quota_bytes = quota_bytes
    work.record(
        events.RepositoryChanged(
            about=repository.id,
            organisation_id=repository.organisation_id,
            changed={"quota_bytes": quota_bytes},
        )
    )
    return repository


def size_on_disk(repository_id: UUID, *, repositories: RepositoryStore) -> int:
    """How many bytes a repository takes; a job asks this before it opens a transaction."""
    return storage.size_bytes(repositories.folder(repository_id))


def note_size(work: UnitOfWork, repository_id: UUID, *, size_bytes: int, now: datetime) -> None:
    """Remember how large a repository is, its large files apart."""
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository.size_bytes = size_bytes
    repository.lfs_bytes = lfs_bytes(work.session, repository_id)
    health = work.session.get(RepositoryHealth, repository_id)
    if health is None:
        health = RepositoryHealth(id=repository_id)
        work.session.add(health)
    health.measured_at = now


def ready_folder(repository: Repository, repositories: RepositoryStore) -> Path:
    """Where the repository's content is, once there is any.

    Errors:
        UnavailableError: it is still being brought in.
        ConflictError: bringing it in failed.
    """
    if repository.content is Origin.FAILED:
        raise ConflictError(
            sentence("%(path)s could not be imported. Import it again.", path=repository.path)
        )
    if repository.content is not Origin.READY:
        raise UnavailableError(
            sentence("%(path)s is still being imported. Try again shortly.", path=repository.path)
        )
    return repositories.folder(repository.id)


def _new_row(
    work: UnitOfWork, owner: Owner, name: str, wanted: NewRepository, *, now: datetime
) -> Repository:
    if wanted.visibility is Visibility.PUBLIC and not work.rules.access.public_repositories:
        raise InvalidError.of("visibility", NO_PUBLIC)
    take_name(work.session, owner, check_repository(name))
    is_organisation = owner.kind is OwnerKind.ORGANISATION
    repository = Repository(
        id=new_id(),
        owner_id=owner.id,
        organisation_id=owner.id if is_organisation else None,
        owner_name=owner.name,
        name=name,
        name_key=fold(name),
        description=_checked_description(wanted.description),
        visibility=wanted.visibility,
        default_branch=wanted.default_branch,
        created_at=now,
    )
    work.session.add(repository)
    work.session.flush()  # What callers add refers to its id.
    work.record(
        events.RepositoryCreated(
            about=repository.id,
            organisation_id=repository.organisation_id,
            owner_id=str(owner.id),
            path=repository.path,
            visibility=repository.visibility,
        )
    )
    return repository


def _filtered(query: sa.Select[Any], wanted: Filter) -> sa.Select[Any]:
    for word in wanted.words.split()[:WORDS]:
        places = (Repository.name, Repository.owner_name, Repository.description)
        query = query.where(sa.or_(*(place.icontains(word, autoescape=True) for place in places)))
    if wanted.owner:
        query = query.where(sa.func.lower(Repository.owner_name) == fold(wanted.owner))
    if wanted.visibility is not None:
        query = query.where(Repository.visibility == wanted.visibility)
    if wanted.forks_of is not None:
        query = query.where(Repository.forked_from_id == wanted.forks_of)
    if wanted.is_template is not None:
        query = query.where(Repository.is_template.is_(wanted.is_template))
    if wanted.is_archived is not None:
        at = Repository.archived_at
        query = query.where(at.is_not(None) if wanted.is_archived else at.is_(None))
    return query


def _checked_description(text: str) -> str:
    text = text.strip()
    if len(text) > DESCRIPTION_CHARACTERS or not text.isprintable():
        raise InvalidError.of(
            "description",
            sentence(
                "A description is one line of at most %(description_characters)s letters.",
                description_characters=DESCRIPTION_CHARACTERS,
            ),
        )
    return text
