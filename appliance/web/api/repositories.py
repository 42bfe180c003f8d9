"""`/repos`: what there is, and everything one does with a repository as a whole."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.domain.permissions import Visibility
from appliance.services import (
    forks,
    repositories,
    repository_bin,
    repository_moves,
    starter_texts,
    starters,
)
from appliance.services.repositories import Changes, Filter, NewRepository
from appliance.services.starters import Beginning
from appliance.web import paging, requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.db.repositories import Repository
    from appliance.db.unit_of_work import UnitOfWork

api = frame.area("repositories", "Repositories: create, list, change, move, fork and delete.")


CHANGEABLE = tuple(each.name for each in dataclasses.fields(Changes))
"""What `repositories.change` is asked for, by the names that both sides have."""


class RepositoryAnswer(frame.Answer):
    """A repository."""

    id: UUID
    path: str = Field(description="OWNER/NAME")
    owner: str
    name: str
    description: str
    visibility: Visibility
    default_branch: str
    content: str = Field(description="ready, importing, forking or failed")
    is_template: bool
    has_issues: bool
    has_wiki: bool
    is_archived: bool
    size_bytes: int
    lfs_bytes: int
    created_at: datetime
    pushed_at: datetime | None
    archived_at: datetime | None
    deleted_at: datetime | None
    https_url: str
    ssh_url: str
    web_url: str


class RepositoryPage(frame.Answer):
    """Some repositories."""

    items: list[RepositoryAnswer]
    next: str | None


class RepositoryPath(frame.Body):
    """Which repository."""

    owner: str = Field(max_length=39)
    name: str = Field(max_length=100)

    @property
    def path(self) -> str:
        """`OWNER/NAME`."""
        return f"{self.owner}/{self.name}"


class RepositoryQuery(frame.PageQuery):
    """Which repositories."""

    q: str = Field("", max_length=100, description="Part of a name or description")
    owner: str = Field("", max_length=39)
    visibility: Visibility | None = None
    archived: bool | None = None


class NewRepositoryBody(frame.Body):
    """A repository to create."""

    owner: str | None = Field(None, max_length=39, description="Yourself if left out")
    name: str = Field(max_length=100)
    description: str = Field("", max_length=500)
    visibility: Visibility = Visibility.PRIVATE
    default_branch: str = Field("main", max_length=255)
    readme: bool = Field(default=False, description="Begin with a README")
    licence: str = Field("", max_length=40, description="Begin with this licence, by its SPDX name")
    ignore: str = Field(
        "", max_length=40, description="Begin with a .gitignore for this kind of project"
    )
    template: str = Field(
        "", max_length=140, description="Begin with the files of this template: OWNER/NAME"
    )


class StartersAnswer(frame.Answer):
    """What a repository can begin with."""

    licences: list[str]
    ignores: list[str]


class ChangedRepository(frame.Body):
    """What to change; what is left out stays."""

    name: str | None = Field(None, max_length=100)
    description: str | None = Field(None, max_length=500)
    visibility: Visibility | None = None
    default_branch: str | None = Field(None, max_length=255)
    is_template: bool | None = None
    has_issues: bool | None = None
    has_wiki: bool | None = None
    archived: bool | None = None
    quota_bytes: int | None = Field(None, ge=0, description="For administrators; 0: the default")


class ForkBody(frame.Body):
    """Where a fork goes."""

    into: str | None = Field(None, max_length=140, description="OWNER or OWNER/NAME")
    visibility: Visibility | None = None


class TransferBody(frame.Body):
    """Who gets it."""

    to: str = Field(max_length=39)


class ArchiveBody(frame.Body):
    """Whether it is to be read-only."""

    archived: bool = True


@api.get("/repos", summary="List repositories", responses={"200": RepositoryPage})
def list_repositories(query: RepositoryQuery) -> Any:
    """Those the caller may read."""
    wanted = Filter(
        words=query.q,
        owner=query.owner,
        visibility=query.visibility,
        is_archived=query.archived,
    )
    with requests.reading() as work:
        page = repositories.listed(
            work, wanted, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([present(each) for each in page.items], page.next)


@api.post("/repos", summary="Create a repository", responses={"201": RepositoryAnswer})
def create(body: NewRepositoryBody) -> Any:
    """In one's own name, or in an organisation's."""
    owner = body.owner or requests.actor().label
    wanted = NewRepository(body.visibility, body.description, body.default_branch)
    beginning = Beginning(body.readme, body.licence, body.ignore, body.template)
    with requests.begin() as work:
        made = starters.create(
            work,
            f"{owner}/{body.name}",
            wanted,
            beginning,
            repositories=requests.wiring().repositories,
            now=requests.now(),
            signer=requests.wiring().git.signer,
        )
        return created(made)


@api.get(
    "/repo-starters",
    summary="List templates for new repositories",
    responses={"200": StartersAnswer},
)
def list_starters() -> Any:
    """Licences by their SPDX names, and kinds of projects that have a .gitignore."""
    return frame.answer(
        StartersAnswer(
            licences=list(starter_texts.licences()), ignores=list(starter_texts.ignores())
        )
    )


@api.get("/repos/<owner>/<name>", summary="Show a repository", responses={"200": RepositoryAnswer})
def show(path: RepositoryPath) -> Any:
    """A repository by its path; an old path redirects."""
    with requests.reading() as work:
        return frame.answer(present(repositories.show(work, path.path)))


@api.patch(
    "/repos/<owner>/<name>", summary="Change a repository", responses={"200": RepositoryAnswer}
)
def change(path: RepositoryPath, body: ChangedRepository) -> Any:
    """Each change asks for the permission it needs; all happen or none."""
    with requests.begin() as work:
        _change(work, path.path, body)
        name = path.name
        if body.name is not None and body.name != name:
            name = repository_moves.rename(work, path.path, body.name).name
        work.session.flush()
        return frame.answer(present(repositories.show(work, f"{path.owner}/{name}")))


@api.delete("/repos/<owner>/<name>", summary="Delete a repository", responses={"204": None})
def delete(path: RepositoryPath) -> Any:
    """Into the bin, from where its owner can bring it back for a while."""
    with requests.begin() as work:
        repository_bin.delete(work, path.path, now=requests.now())
    return frame.nothing()


@api.post(
    "/repos/<owner>/<name>/fork", summary="Fork a repository", responses={"202": RepositoryAnswer}
)
def fork(path: RepositoryPath, body: ForkBody) -> Any:
    """The fork is there at once; its content follows."""
    owner, _, name = (body.into or requests.actor().label).partition("/")
    with requests.begin() as work:
        made = forks.fork(
            work,
            path.path,
            into=f"{owner}/{name or path.name}",
            visibility=body.visibility,
            repositories=requests.wiring().repositories,
            now=requests.now(),
        )
        return created(made, 202)


@api.post(
    "/repos/<owner>/<name>/transfer",
    summary="Transfer a repository",
    responses={"200": RepositoryAnswer},
)
def transfer(path: RepositoryPath, body: TransferBody) -> Any:
    """The old path redirects."""
    with requests.begin() as work:
        return frame.answer(present(repository_moves.transfer(work, path.path, to=body.to)))


@api.post(
    "/repos/<owner>/<name>/archive",
    summary="Make a repository read-only, or writable again",
    responses={"200": RepositoryAnswer},
)
def archive(path: RepositoryPath, body: ArchiveBody) -> Any:
    """Nothing is lost; pushes are refused."""
    with requests.begin() as work:
        _set_archived(work, path.path, archived=body.archived)
        work.session.flush()
        return frame.answer(present(repositories.show(work, path.path)))


def present(repository: Repository) -> RepositoryAnswer:
    """A repository as the API shows it."""
    addresses = requests.wiring().addresses
    return RepositoryAnswer(
        id=repository.id,
        path=repository.path,
        owner=repository.owner_name,
        name=repository.name,
        description=repository.description,
        visibility=repository.visibility,
        default_branch=repository.default_branch,
        content=repository.content,
        is_template=repository.is_template,
        has_issues=repository.has_issues,
        has_wiki=repository.has_wiki,
        is_archived=repository.archived_at is not None,
        size_bytes=repository.size_bytes,
        lfs_bytes=repository.lfs_bytes,
        created_at=repository.created_at,
        pushed_at=repository.pushed_at,
        archived_at=repository.archived_at,
        deleted_at=repository.deleted_at,
        https_url=addresses.https(repository.path),
        ssh_url=addresses.ssh(repository.path),
        web_url=addresses.web(repository.path),
    )


def created(repository: Repository, status: int = 201) -> Any:
    """A repository that has just been made, with its address."""
    shown = present(repository)
    return frame.answer(shown, status, f"{frame.PREFIX}/repos/{shown.path}")


def _change(work: UnitOfWork, path: str, body: ChangedRepository) -> None:
    wiring = requests.wiring()
    if body.archived is False:
        _set_archived(work, path, archived=False)
    wanted = Changes(**{name: getattr(body, name) for name in CHANGEABLE})
    if wanted != Changes():
        repositories.change(work, path, wanted, repositories=wiring.repositories)
    if body.visibility is not None:
        repository_moves.change_visibility(work, path, body.visibility)
    if body.quota_bytes is not None:
        repositories.set_quota(work, path, quota_bytes=body.quota_bytes)
    if body.archived is True:
        _set_archived(work, path, archived=True)


def _set_archived(work: UnitOfWork, path: str, *, archived: bool) -> None:
    if archived:
        repository_moves.archive(work, path, now=requests.now())
    else:
        repository_moves.unarchive(work, path)
