"""`/bin`: what was deleted, how it comes back, and how it goes for good."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.services import repository_bin
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryAnswer, RepositoryPath, present

if TYPE_CHECKING:
    from appliance.db.repositories import Repository

api = frame.area("bin", "Deleted repositories: list them, bring them back, remove them for good.")


class DeletedAnswer(RepositoryAnswer):
    """A repository in the bin."""

    purge_at: datetime = Field(description="When it is removed for good")


class DeletedPage(frame.Answer):
    """Some repositories in the bin."""

    items: list[DeletedAnswer]
    next: str | None


class DeletedQuery(frame.PageQuery):
    """Which of them."""

    owner: str = Field("", max_length=39)
    name: str = Field("", max_length=100)


class DeletedPath(frame.Body):
    """Which one; by its id, as several may have had the same path."""

    id: UUID


class RestoreBody(frame.Body):
    """Under which name it comes back."""

    name: str | None = Field(None, max_length=100)


@api.get("/bin", summary="List deleted repositories", responses={"200": DeletedPage})
def list_deleted(query: DeletedQuery) -> Any:
    """Those the caller could bring back: one's own and one's organisations'; last deleted first.

    Administrators see all.
    """
    with requests.reading() as work:
        page = repository_bin.listed(
            work,
            owner=query.owner,
            name=query.name,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([_present(each) for each in page.items], page.next)


@api.delete("/bin/<uuid:id>", summary="Delete a repository permanently", responses={"204": None})
def purge(path: DeletedPath) -> Any:
    """Before its time in the bin is over. For administrators; nothing brings it back."""
    with requests.begin() as work:
        repository_bin.purge_early(work, path.id)
    return frame.nothing()


@api.post(
    "/repos/<owner>/<name>/restore",
    summary="Restore a repository from the bin",
    responses={"200": RepositoryAnswer},
)
def restore(path: RepositoryPath, body: RestoreBody) -> Any:
    """The one that was deleted last under this path: with its old name, or another if that was
    taken.
    """
    with requests.begin() as work:
        return frame.answer(present(repository_bin.restore(work, path.path, name=body.name)))


def _present(repository: Repository) -> DeletedAnswer:
    days = requests.wiring().settings.storage.bin_days
    purge_at = repository_bin.purge_at(repository, bin_days=days)
    return DeletedAnswer(**present(repository).model_dump(), purge_at=purge_at)
