"""`/write`, `/remove`, `/move`: a change to files becomes a commit on a branch."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from appliance.services import history, ref_updates
from appliance.services.ref_updates import Move, Put, Remove
from appliance.web import ref_updates as moves
from appliance.web.api import frame
from appliance.web.api.bytes_text import Encoding, exact, tail, text, uncover
from appliance.web.api.files import TailPath
from appliance.web.api.history import opened
from appliance.web.api.repositories import RepositoryPath

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
    return _commit(path, body, put, f"Write {text(where)}")


@api.delete(
    "/repos/<owner>/<name>/remove/<path:tail>",
    summary="Remove a file or folder",
    responses={"200": ChangedAnswer},
)
def remove(path: TailPath, body: ChangeBody) -> Any:
    """A folder goes with all that is in it."""
    return _commit(path, body, Remove(tail()), f"Remove {text(tail())}")


@api.post(
    "/repos/<owner>/<name>/move", summary="Move a file or folder", responses={"200": ChangedAnswer}
)
def move(path: RepositoryPath, body: MoveBody) -> Any:
    """Nothing may be at the new path."""
    change = Move(body.path.encode(), body.to.encode())
    return _commit(path, body, change, f"Move {body.path} to {body.to}")


def _commit(
    path: RepositoryPath, body: ChangeBody, change: Put | Remove | Move, message: str
) -> Any:
    plan = moves.plan(path.path)
    repository = opened(path)
    branch = body.branch.encode() or repository.default_branch.encode()
    start = body.start and history.resolve(repository, body.start.encode()).commit
    written = ref_updates.draft_files(
        plan,
        branch,
        [change],
        message=(body.message or message).encode(),
        expected_head=body.expected_head,
        start=start or None,
    )
    moves.move(plan, written.ref)
    return frame.answer(
        ChangedAnswer(
            commit=written.commit,
            branch=text(branch),
            branch_base64=exact(branch),
            before=written.ref.old,
        )
    )
