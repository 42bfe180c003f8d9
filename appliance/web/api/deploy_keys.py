"""`/keys` of a repository: deploy keys, each for this repository alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from appliance.services import ssh_keys
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath
from appliance.web.api.session import KeyAnswer, KeyPage, present_key

api = frame.area("deploy keys", "SSH keys that open one repository, to read or to write.")


class NewDeployKey(frame.Body):
    """A public key, as in a .pub file."""

    key: str = Field(max_length=16_384)
    title: str = Field("", max_length=100)
    may_write: bool = False
    expires_at: AwareDatetime | None = None


class DeployKeyPath(RepositoryPath):
    """Which key."""

    id: UUID


@api.get("/repos/<owner>/<name>/keys", summary="List deploy keys", responses={"200": KeyPage})
def list_keys(path: RepositoryPath, query: frame.PageQuery) -> Any:
    """For owners of the repository."""
    with requests.reading() as work:
        page = ssh_keys.list_deploy_keys(
            work, path.path, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([present_key(each) for each in page.items], page.next)


@api.post("/repos/<owner>/<name>/keys", summary="Add a deploy key", responses={"201": KeyAnswer})
def add(path: RepositoryPath, body: NewDeployKey) -> Any:
    """It opens this repository and no other."""
    with requests.begin() as work:
        key = ssh_keys.add_deploy_key(
            work,
            path.path,
            text=body.key,
            title=body.title,
            may_write=body.may_write,
            expires_at=body.expires_at,
            now=requests.now(),
        )
        return frame.answer(present_key(ssh_keys.ListedKey(key, None, "")), 201)


@api.delete(
    "/repos/<owner>/<name>/keys/<uuid:id>", summary="Remove a deploy key", responses={"204": None}
)
def remove(path: DeployKeyPath) -> Any:
    """It stops working at once."""
    with requests.begin() as work:
        ssh_keys.remove_deploy_key(work, path.path, path.id)
    return frame.nothing()
