"""`/write`, `/remove`, `/move`, `/changes`: changes to files become a commit on a branch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from appliance.domain.git_operations import Operation, OperationKind
from appliance.errors import InvalidError
from appliance.services import history, ref_updates
from appliance.services.ref_updates import Expect, Move, Put, Remove
from appliance.web import ref_updates as moves
from appliance.web.api import frame
from appliance.web.api.bytes_text import Encoding, exact, tail, text, uncover
from appliance.web.api.files import TailPath
from appliance.web.api.history import opened
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.git.write import Change

MOST_CHANGES = 1000
api = frame.area("file changes", "Change files: each change is one commit on a branch.")


class ChangeBody(frame.Body):
    """What every change says."""

    branch: str = Field("", max_length=1024, description="The default branch if left out")
    message: str = Field("", max_length=65_536)
    expected_head: str | None = Field(
        None, pattern=r"^[0-9a-f]{40}$", description="Only if the branch is still there"
    )
    start: str | None = Field(
        None, max_length=1024, description="Where a branch that is not there yet begins"
    )


class WriteBody(ChangeBody):
    """A file's new content."""

    content: str
    encoding: Encoding = "utf-8"
    executable: bool | None = Field(None, description="As it was if left out")


class MoveBody(ChangeBody):
    """From where to where."""

    path: str = Field(min_length=1, max_length=4096)
    to: str = Field(min_length=1, max_length=4096)


class OneChangeBody(frame.Body):
    """One of several changes: write a file, remove a file or folder, or move one."""

    action: Literal["write", "remove", "move"]
    path: str = Field("", max_length=4096)
    path_base64: str | None = Field(None, max_length=8192, description="A path that is no text")
    content: str | None = Field(None, description="What to write")
    encoding: Encoding = "utf-8"
    executable: bool | None = Field(None, description="As it was if left out")
    to: str = Field("", max_length=4096, description="Where to move it")
    expected: str | None = Field(
        None,
        pattern=r"^([0-9a-f]{40})?$",
        description="Only if `path` is still this object; empty: only if nothing is there",
    )


class ManyChangesBody(frame.Body):
    """Several changes that belong together, made in this order."""

    branch: str = Field("", max_length=1024, description="The default branch if left out")
    message: str = Field("", max_length=65_536)
    expected_head: str | None = Field(
        None, pattern=r"^[0-9a-f]{40}$", description="Only if the branch is still there"
    )
    changes: list[OneChangeBody] = Field(min_length=1, max_length=MOST_CHANGES)


class CommitChangesBody(ManyChangesBody):
    """Several changes for one commit."""

    start: str | None = Field(
        None, max_length=1024, description="Where a branch that is not there yet begins"
    )


class ChangedAnswer(frame.Answer):
    """The commit that was made."""

    commit: str
    branch: str
    branch_base64: str | None
    before: str | None = Field(description="Where the branch was")


@api.put(
    "/repos/<owner>/<name>/write/<path:tail>",
    summary="Write a file",
    responses={"200": ChangedAnswer},
)
def write(path: TailPath, body: WriteBody) -> Any:
    """Creates it or replaces its content."""
    where = tail()
    put = Put(where, uncover(body.content, body.encoding), body.executable)
    return _commit(path, body, [put], f"Write {text(where)}")


@api.delete(
    "/repos/<owner>/<name>/remove/<path:tail>",
    summary="Remove a file or folder",
    responses={"200": ChangedAnswer},
)
def remove(path: TailPath, body: ChangeBody) -> Any:
    """A folder goes with all that is in it."""
    return _commit(path, body, [Remove(tail())], f"Remove {text(tail())}")


@api.post(
    "/repos/<owner>/<name>/move", summary="Move a file or folder", responses={"200": ChangedAnswer}
)
def move(path: RepositoryPath, body: MoveBody) -> Any:
    """Nothing may be at the new path."""
    change = Move(body.path.encode(), body.to.encode())
    return _commit(path, body, [change], f"Move {body.path} to {body.to}")


@api.post(
    "/repos/<owner>/<name>/changes",
    summary="Change many files in one commit",
    responses={"200": ChangedAnswer},
)
def change_many(path: RepositoryPath, body: CommitChangesBody) -> Any:
    """All of them, or none: each may say what it expects to find."""
    message = f"Change {len(body.changes)} files"
    operation = Operation(OperationKind.CHANGE_FILES)
    return _commit(path, body, changes_of(body), message, operation=operation)


def changes_of(body: ManyChangesBody) -> list[Change]:
    """What a client wants changed, in order.

    Errors:
        InvalidError: a change says too little, or what it says is no base64.
    """
    return [change for each in body.changes for change in _changes(each)]


def _changes(body: OneChangeBody) -> Iterator[Change]:
    path = uncover(body.path_base64, "base64") if body.path_base64 else body.path.encode()
    if body.expected is not None:
        yield Expect(path, body.expected or None)
    if body.action == "remove":
        yield Remove(path)
    elif body.action == "move":
        yield Move(path, body.to.encode())
    elif body.content is None:
        raise InvalidError.of("changes", "What is written has a content.")
    else:
        yield Put(path, uncover(body.content, body.encoding), body.executable)


def _commit(
    path: RepositoryPath,
    body: ChangeBody | CommitChangesBody,
    changes: Sequence[Change],
    message: str,
    *,
    operation: Operation | None = None,
) -> Any:
    plan = moves.plan(path.path)
    repository = opened(path)
    branch = body.branch.encode() or repository.default_branch.encode()
    start = body.start and history.resolve(repository, body.start.encode()).commit
    written = ref_updates.draft_files(
        plan,
        branch,
        changes,
        message=(body.message or message).encode(),
        expected_head=body.expected_head,
        start=start or None,
    )
    moves.move(plan, written.ref, operation=operation)
    return frame.answer(
        ChangedAnswer(
            commit=written.commit,
            branch=text(branch),
            branch_base64=exact(branch),
            before=written.ref.old,
        )
    )
