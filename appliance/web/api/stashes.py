"""`/stash`: changes set aside, each a commit that only its owner is told of."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.domain.git_operations import OperationKind
from appliance.services import appliance_keys, git_operations, history, ref_updates, stashes
from appliance.services.git_operations import Target
from appliance.web import paging, requests
from appliance.web import ref_updates as moves
from appliance.web.api import frame
from appliance.web.api.bytes_text import exact, text
from appliance.web.api.file_changes import ManyChangesBody, changes_of
from appliance.web.api.git_operations import ANSWERS, OID, ResolvingBody, Under, said, typed
from appliance.web.api.history import opened
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.services.ref_updates import Plan, Written
    from appliance.services.stashes import Kept

api = frame.area("stashes", "Changes set aside: each a commit that only its owner is told of.")


class StashPath(RepositoryPath):
    """Which of one's stashes."""

    id: UUID


class StashBody(ManyChangesBody):
    """What is set aside: changes to the files of a branch."""


class StoreStashBody(frame.Body):
    """A commit that is there already, such as one made by `git stash` and pushed."""

    commit: str = Field(min_length=1, max_length=1024, description="A branch, tag or id")
    branch: str = Field("", max_length=1024, description="What it was made on; the default branch")
    message: str = Field("", max_length=65_536, description="The commit's own if left out")
    expected_head: str | None = Field(
        None, pattern=OID, description="Only if the branch is still there"
    )


class BranchStashBody(frame.Body):
    """The branch that is made of it."""

    name: str = Field(min_length=1, max_length=1024)
    message: str = Field("", max_length=65_536, description="The stash's own if left out")


class StashesDropped(frame.Answer):
    """What is gone."""

    dropped: list[UUID]


class ApplyStashBody(ResolvingBody):
    """Where it is applied: to the branch that it was made on, if none is named."""

    message: str = Field("", max_length=65_536, description="The stash's own if left out")
    drop: bool = Field(default=False, description="Drop it once it is applied")


class StashAnswer(frame.Answer):
    """A change that was set aside. Compare `base` with `commit` to see it."""

    id: UUID
    branch: str
    branch_base64: str | None
    base: str = Field(description="Where the branch was")
    commit: str
    message: str
    created_at: datetime


class StashPage(frame.Answer):
    """Some of one's stashes, newest first."""

    items: list[StashAnswer]
    next: str | None


@api.get("/repos/<owner>/<name>/stash", summary="List your stashes", responses={"200": StashPage})
def list_stashes(path: RepositoryPath, query: frame.PageQuery) -> Any:
    """The newest first. Others see theirs."""
    with requests.reading() as work:
        page = stashes.listed(work, path.path, after=paging.after(query.cursor), limit=query.limit)
    return frame.page([_present(each) for each in page.items], page.next)


@api.post("/repos/<owner>/<name>/stash", summary="Create a stash", responses={"201": StashAnswer})
def set_aside(path: RepositoryPath, body: StashBody) -> Any:
    """The branch stays where it is."""
    plan = moves.plan(path.path)
    repository = opened(path)
    branch = body.branch.encode() or repository.default_branch.encode()
    target = git_operations.target(plan, branch, expected_head=body.expected_head)
    changes = changes_of(body)
    message = body.message or f"Work on {text(branch)}"
    written = ref_updates.draft_files(
        plan, branch, changes, message=message.encode(), expected_head=target.head
    )
    size_bytes = ref_updates.size_bytes(changes)
    return _kept(path, plan, written, message=message, size_bytes=size_bytes)


@api.post(
    "/repos/<owner>/<name>/stash/store",
    summary="Set a commit aside",
    responses={"201": StashAnswer},
)
def store_stash(path: RepositoryPath, body: StoreStashBody) -> Any:
    """One that is there already: what it changes of its first parent."""
    plan = moves.plan(path.path)
    repository = opened(path)
    branch = body.branch.encode() or repository.default_branch.encode()
    git_operations.target(plan, branch, expected_head=body.expected_head)
    commit = history.resolve(repository, body.commit.encode()).commit
    written = stashes.stored(repository, branch, commit)
    message = body.message or text(history.commit(repository, commit).message).strip()
    return _kept(path, plan, written, message=message)


@api.delete(
    "/repos/<owner>/<name>/stash",
    summary="Drop all your stashes",
    responses={"200": StashesDropped},
)
def clear_stashes(path: RepositoryPath) -> Any:
    """Those of others stay. Their objects go with the next maintenance."""
    repository = opened(path)
    with requests.begin() as work:
        dropped = stashes.clear(work, path.path)
    stashes.let_go(repository.folder, dropped)
    return frame.answer(StashesDropped(dropped=dropped))


@api.get(
    "/repos/<owner>/<name>/stash/<uuid:id>", summary="Show a stash", responses={"200": StashAnswer}
)
def show_stash(path: StashPath) -> Any:
    """One of your own."""
    with requests.reading() as work:
        return frame.answer(_present(stashes.show_one(work, path.path, path.id)))


@api.delete(
    "/repos/<owner>/<name>/stash/<uuid:id>", summary="Drop a stash", responses={"204": None}
)
def drop_stash(path: StashPath) -> Any:
    """Its objects go with the next maintenance."""
    repository = opened(path)
    with requests.begin() as work:
        stashes.drop(work, path.path, path.id)
    stashes.let_go(repository.folder, [path.id])
    return frame.nothing()


@api.post("/repos/<owner>/<name>/stash/<uuid:id>/apply", summary="Apply a stash", responses=ANSWERS)
def apply_stash(path: StashPath, body: ApplyStashBody) -> Any:
    """As one commit of yours, merged with what has come to the branch since."""
    with requests.reading() as work:
        stash = stashes.show_one(work, path.path, path.id)
    under_way = Under.way(path, body, branch=stash.branch)
    outcome = git_operations.apply_stash(
        under_way.plan,
        under_way.target,
        stash.commit,
        message=typed(body.message),
        said=said(body),
    )
    answer = under_way.finished(outcome, OperationKind.APPLY_STASH)
    if body.drop and not body.dry_run:
        _drop(path, under_way.plan)
    return answer


@api.post(
    "/repos/<owner>/<name>/stash/<uuid:id>/branch",
    summary="Make a branch of a stash",
    responses=ANSWERS,
)
def branch_stash(path: StashPath, body: BranchStashBody) -> Any:
    """From where it was made, with the stash as one commit of yours; then it is dropped."""
    with requests.reading() as work:
        stash = stashes.show_one(work, path.path, path.id)
    plan = moves.plan(path.path)
    outcome = git_operations.branch_stash(
        plan, body.name.encode(), stash.base, stash.commit, message=typed(body.message)
    )
    start = Target(b"refs/heads/" + body.name.encode(), stash.base)
    under_way = Under(plan, opened(path), start, is_dry=False)
    answer = under_way.finished(outcome, OperationKind.BRANCH_STASH)
    _drop(path, plan)
    return answer


def _drop(path: StashPath, plan: Plan) -> None:
    with requests.begin() as work:
        stashes.drop(work, path.path, path.id)
    stashes.let_go(plan.terms.folder, [path.id])


def _kept(
    path: RepositoryPath, plan: Plan, written: Written, *, message: str, size_bytes: int = 0
) -> Any:
    stash_id = stashes.hold(plan, written.commit)
    with requests.begin() as work:
        appliance_keys.keep(work, plan.signer, now=requests.now())
        kept = stashes.keep(
            work,
            path.path,
            stash_id,
            written,
            message=message,
            size_bytes=size_bytes,
            now=requests.now(),
        )
    return frame.answer(_present(kept), 201)


def _present(stash: Kept) -> StashAnswer:
    return StashAnswer(
        id=stash.id,
        branch=text(stash.branch),
        branch_base64=exact(stash.branch),
        base=stash.base,
        commit=stash.commit,
        message=stash.message,
        created_at=stash.created_at,
    )
