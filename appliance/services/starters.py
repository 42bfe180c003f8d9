"""A repository that begins with something: a README, a licence, or the files of a template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch
from appliance.db import ref_ledger
from appliance.db.lfs import LfsLink
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.names import split_path
from appliance.domain.permissions import Permission
from appliance.domain.protection import NO_OBJECT
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.git import starters, write
from appliance.git.commits import Person
from appliance.git.ref_changes import RefChange
from appliance.services import appliance_keys, authors, starter_texts
from appliance.services import repositories as repositories_service
from appliance.services.push_names import show
from appliance.services.repositories import NewRepository, ready_folder

if TYPE_CHECKING:
    from appliance.git.signed import Sign
    from appliance.git.storage import RepositoryStore
    from appliance.security.commit_signing import CommitSigner


@dataclass(frozen=True)
class Beginning:
    """What a new repository begins with. A template comes alone; nothing at all is fine too."""

    readme: bool = False
    licence: str = ""
    """One of `starter_texts.licences()`."""
    ignore: str = ""
    """One of `starter_texts.ignores()`."""
    template: str = ""
    """`OWNER/NAME` of the repository whose files it begins with."""

    @property
    def has_files(self) -> bool:
        """Whether there is something to write that no template brings."""
        return self.readme or bool(self.licence) or bool(self.ignore)


def create(
    work: UnitOfWork,
    path: str,
    wanted: NewRepository,
    beginning: Beginning,
    *,
    repositories: RepositoryStore,
    now: datetime,
    signer: CommitSigner | None = None,
) -> Repository:
    """Make a repository that begins with what is asked for, or empty.

    Errors:
        HiddenError, RefusedError, ConflictError: as for `repositories.create`, or the template
            cannot be used.
        InvalidError: a name, a description or a visibility is not possible, there is no such
            licence or list, or a template is asked for together with something else.
    """
    fetch.new_home(work, split_path(path)[0])
    _check(beginning)
    if beginning.template:
        return create_from_template(
            work,
            path,
            wanted,
            template=beginning.template,
            repositories=repositories,
            now=now,
            signer=signer,
        )
    made = repositories_service.create(work, path, wanted, repositories=repositories, now=now)
    if beginning.has_files:
        author = authors.of_actor(work, now=now)
        written = write.commit_files(
            repositories.folder(made.id),
            made.default_branch.encode(),
            _files(made, beginning, holder=_holder(made, author), now=now),
            message=b"Initial commit\n",
            author=author,
            sign=_signing(work, signer, now=now),
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
    signer: CommitSigner | None = None,
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
        raise ConflictError(sentence("%(path)s is not a template.", path=source.path))
    made = repositories_service.create(work, path, wanted, repositories=repositories, now=now)
    moved = starters.copy_files(
        ready_folder(source, repositories),
        repositories.folder(made.id),
        made.default_branch.encode(),
        author=authors.of_actor(work, now=now),
        sign=_signing(work, signer, now=now),
    )
    if moved is not None:
        _note(work, made, moved, now=now)
    links = sa.select(LfsLink.object_id).where(LfsLink.repository_id == source.id)
    for object_id in work.session.scalars(links):
        work.session.add(LfsLink(repository_id=made.id, object_id=object_id, linked_at=now))
    return made


def _signing(work: UnitOfWork, signer: CommitSigner | None, *, now: datetime) -> Sign | None:
    if signer is None:
        return None
    appliance_keys.keep(work, signer, now=now)
    return signer.sign


def _check(beginning: Beginning) -> None:
    if beginning.template and beginning.has_files:
        raise InvalidError.of(
            "template", "A template brings its own files. Choose one or the other."
        )
    if beginning.licence and beginning.licence not in starter_texts.licences():
        raise InvalidError.of("licence", "There is no such licence here.")
    if beginning.ignore and beginning.ignore not in starter_texts.ignores():
        raise InvalidError.of("ignore", "There is no such list of ignored files here.")


def _files(
    made: Repository, beginning: Beginning, *, holder: str, now: datetime
) -> list[write.Change]:
    readme = f"# {made.name}\n" + (f"\n{made.description}\n" if made.description else "")
    texts = {
        b"README.md": readme if beginning.readme else "",
        b"LICENSE": starter_texts.licence(beginning.licence, year=now.year, holder=holder)
        if beginning.licence
        else "",
        b".gitignore": starter_texts.ignore(beginning.ignore) if beginning.ignore else "",
    }
    return [write.Put(name, text.encode()) for name, text in texts.items() if text]


def _holder(made: Repository, author: Person) -> str:
    """Who owns what is written: the organisation, or the person as others know them."""
    return made.owner_name if made.organisation_id else author.name.decode()


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
