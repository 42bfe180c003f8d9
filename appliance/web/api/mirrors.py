"""`/mirrors` of a repository: the systems that it follows, or that follow it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.mirrors import USUAL_MINUTES, Direction, MirrorState
from appliance.services import mirrors
from appliance.services.mirrors import Changes, Listed, NewMirror
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

api = frame.area("mirrors", "Following another system, or being followed by one.")

MIRRORS = "/repos/<owner>/<name>/mirrors"
MIRROR = f"{MIRRORS}/<uuid:id>"


class MirrorPath(RepositoryPath):
    """Which mirror."""

    id: UUID


class NewMirrorBody(frame.Body):
    """What the other system is. Credentials are kept sealed and never shown."""

    direction: Direction
    url: str = Field(max_length=2000, description="An https address of a Git repository")
    username: str = Field("", max_length=255)
    password: str = Field("", max_length=1024)
    every_minutes: int = USUAL_MINUTES
    overwrites: bool = Field(
        default=False, description="Also move back what differs, and delete what is gone"
    )


class ChangedMirrorBody(frame.Body):
    """What is to be different; a user name or password replaces both."""

    url: str | None = Field(None, max_length=2000)
    username: str | None = Field(None, max_length=255)
    password: str | None = Field(None, max_length=1024)
    every_minutes: int | None = None
    overwrites: bool | None = None
    is_active: bool | None = None


class MirrorAnswer(frame.Answer):
    """A mirror, and how it is."""

    id: UUID
    direction: Direction
    url: str
    has_credentials: bool
    every_minutes: int
    overwrites: bool
    is_active: bool
    state: MirrorState
    is_running: bool
    behind: int = Field(description="Branches and tags that differ and were left alone")
    failures: int = Field(description="Since it went well last")
    error: str
    responsible: str = Field(description="In whose name it works; empty where they are gone")
    created_at: datetime
    due_at: datetime
    tried_at: datetime | None
    synced_at: datetime | None


class MirrorPage(frame.Answer):
    """All mirrors of a repository."""

    items: list[MirrorAnswer]
    next: str | None


@api.get(MIRRORS, summary="List mirrors", responses={"200": MirrorPage})
def list_mirrors(path: RepositoryPath) -> Any:
    """For owners of the repository."""
    with requests.reading() as work:
        return frame.page([_answer(each) for each in mirrors.listed(work, path.path)], None)


@api.post(MIRRORS, summary="Create a mirror", responses={"201": MirrorAnswer})
def create(path: RepositoryPath, body: NewMirrorBody) -> Any:
    """It is brought up to date at once, and then again and again."""
    with requests.reading() as work:
        mirrors.insist_on_permission(work, path.path)
    mirrors.check_address(body.url, rules=requests.wiring().settings)
    wanted = NewMirror(
        body.direction,
        body.url,
        body.username,
        body.password,
        every_minutes=body.every_minutes,
        overwrites=body.overwrites,
    )
    with requests.begin() as work:
        made = mirrors.create(
            work, path.path, wanted, sealer=requests.wiring().sealer, now=requests.now()
        )
        there = f"{frame.PREFIX}/repos/{path.path}/mirrors/{made.mirror.id}"
        return frame.answer(_answer(made), 201, there)


@api.get(MIRROR, summary="Show a mirror", responses={"200": MirrorAnswer})
def show(path: MirrorPath) -> Any:
    """With how it went last."""
    with requests.reading() as work:
        return frame.answer(_answer(mirrors.show(work, path.path, path.id)))


@api.patch(MIRROR, summary="Change a mirror", responses={"200": MirrorAnswer})
def change(path: MirrorPath, body: ChangedMirrorBody) -> Any:
    """Whoever changes it answers for it from then on. With another address, say the credentials
    again.
    """
    with requests.reading() as work:
        mirrors.insist_on_permission(work, path.path)
    if body.url is not None:
        mirrors.check_address(body.url, rules=requests.wiring().settings)
    said = body.model_dump(exclude={"url"})
    with requests.begin() as work:
        changed = mirrors.change(
            *(work, path.path, path.id, Changes(address=body.url, **said)),
            sealer=requests.wiring().sealer,
            now=requests.now(),
        )
        return frame.answer(_answer(changed))


@api.delete(MIRROR, summary="Delete a mirror", responses={"204": None})
def delete(path: MirrorPath) -> Any:
    """What it brought stays."""
    with requests.begin() as work:
        mirrors.delete(work, path.path, path.id)
    return frame.nothing()


@api.post(f"{MIRROR}/sync", summary="Update a mirror", responses={"202": MirrorAnswer})
def sync(path: MirrorPath) -> Any:
    """Soon, before its time; the jobs say how far it has come."""
    with requests.begin() as work:
        found = mirrors.request(work, path.path, path.id)
        return frame.answer(_answer(found), 202)


def _answer(listed: Listed) -> MirrorAnswer:
    mirror = listed.mirror
    return MirrorAnswer(
        id=mirror.id,
        direction=mirror.direction,
        url=mirror.address,
        has_credentials=mirror.credentials is not None,
        every_minutes=mirror.every_minutes,
        overwrites=mirror.overwrites,
        is_active=mirror.is_active,
        state=listed.state,
        is_running=listed.is_running,
        behind=mirror.behind,
        failures=mirror.failures,
        error=mirror.error,
        responsible=listed.responsible,
        created_at=mirror.created_at,
        due_at=mirror.due_at,
        tried_at=mirror.tried_at,
        synced_at=mirror.synced_at,
    )
