"""A repository that begins with something: a README, or the files of a template."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch
from appliance.db import email_addresses, ref_ledger
from appliance.db.lfs import LfsLink
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.domain.protection import NO_OBJECT
from appliance.errors import ConflictError, sentence
from appliance.git import starters, write
from appliance.git.commits import Person
from appliance.git.ref_changes import RefChange
from appliance.services import repositories as repositories_service
from appliance.services.push_names import show
from appliance.services.repositories import NewRepository, ready_folder

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore


def create_with_readme(
    work: UnitOfWork,
    path: str,
    wanted: NewRepository,
    *,
    repositories: RepositoryStore,
    now: datetime,
) -> Repository:
    """Make a repository whose first commit is a README with its name and description.

    Errors:
        HiddenError, RefusedError, InvalidError, ConflictError: as for `repositories.create`.
    """
    fetch.new_home(work, path.partition("/")[0])
    made = repositories_service.create(work, path, wanted, repositories=repositories, now=now)
    text = f"# {made.name}\n" + (f"\n{made.description}\n" if made.description else "")
    written = write.commit_files(
        repositories.folder(made.id),
        made.default_branch.encode(),
        [write.Put(b"README.md", text.encode())],
        message=b"Initial commit\n",
        author=_author(work, now),
    )
    _note(work, made, written.ref, now=now)
    return made


def create_from_template(
    work: UnitOfWork,
    path: str,
    wanted: NewRepository,
    *,
    template: str,
    repositories: RepositoryStore,
    now: datetime,
) -> Repository:
    """Make a repository whose first commit has all files of a template, without its history.

    Errors:
        HiddenError, RefusedError, InvalidError: as for `repositories.create`; or the actor may not
            read the template.
        ConflictError: it is no template, or there is a repository of that name.
        DamagedError: the template cannot be read.
    """
    source = fetch.repository(work, template, Permission.REPOSITORY_READ)
    if not source.is_template:
        raise ConflictError(sentence("%(path)s is no template.", path=source.path))
    made = repositories_service.create(work, path, wanted, repositories=repositories, now=now)
    moved = starters.copy_files(
        ready_folder(source, repositories),
        repositories.folder(made.id),
        made.default_branch.encode(),
        author=_author(work, now),
    )
    if moved is not None:
        _note(work, made, moved, now=now)
    links = sa.select(LfsLink.object_id).where(LfsLink.repository_id == source.id)
    for object_id in work.session.scalars(links):
        work.session.add(LfsLink(repository_id=made.id, object_id=object_id, linked_at=now))
    return made


def _note(work: UnitOfWork, made: Repository, moved: RefChange, *, now: datetime) -> None:
    ref_ledger.note(work.session, made.id, {moved.name: moved.new or NO_OBJECT}, now=now)
    made.pushed_at = now
    work.record(
        events.RefChanged(
            about=made.id,
            organisation_id=made.organisation_id,
            ref=show(moved.name),
            before=moved.old or NO_OBJECT,
            after=moved.new or NO_OBJECT,
        )
    )


def _author(work: UnitOfWork, now: datetime) -> Person:
    user = work.session.get(User, work.actor.id) if work.actor.id else None
    if user is None:
        return Person(work.actor.label.encode(), b"appliance@codara.invalid", now, 0)
    email = email_addresses.primary(work.session, user.id) or f"{user.name}@codara.invalid"
    return Person((user.display_name or user.name).encode(), email.encode(), now, 0)
