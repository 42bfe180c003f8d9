"""Turns a change to files into a commit on a branch, without a working tree.

`commit_files(at, branch, changes, ...)` takes any number of `Put`, `Remove` and `Move` and makes
one commit of them, if what it was told to `Expect` is there. The branch moves only if it is still
where the commit was built on.
`draft_files(...)` makes the commit and leaves the branch to `ref_changes.change`, so that the move
can be put on record first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pygit2.enums import ObjectType

from appliance.errors import ConflictError, NotFoundError, PreconditionError
from appliance.git import made_commits, ref_changes, refs, tree
from appliance.git.commits import Person
from appliance.git.handles import Handle, opened
from appliance.git.made_commits import Maker
from appliance.git.ref_changes import RefChange, signature_line
from appliance.git.ref_names import check_branch
from appliance.git.signed import Sign
from appliance.git.written_tree import EXECUTABLE_MODE, FILE_MODE, Leaf, WrittenTree, check_path


@dataclass(frozen=True)
class Put:
    """A file with new content; it stays executable unless something is said about that."""

    path: bytes
    content: bytes
    is_executable: bool | None = None


@dataclass(frozen=True)
class Remove:
    """A file or a whole folder less."""

    path: bytes


@dataclass(frozen=True)
class Move:
    """A file or a whole folder under another path."""

    path: bytes
    to: bytes


@dataclass(frozen=True)
class Expect:
    """What must be at a path when its turn comes: the object, or nothing."""

    path: bytes
    oid: str | None


Change = Put | Remove | Move | Expect


@dataclass(frozen=True)
class Written:
    """The commit that was made, and the move of the branch that goes with it."""

    commit: str
    ref: RefChange


def commit_files(
    at: Path,
    branch: bytes,
    changes: Sequence[Change],
    *,
    message: bytes,
    author: Person,
    committer: Person | None = None,
    expected_head: str | None = None,
    start: str | None = None,
    sign: Sign | None = None,
) -> Written:
    """One commit with all these changes on top of a branch, and the branch at it.

    Errors:
        PreconditionError: the branch is not at `expected_head`, or moved while we wrote.
        NotFoundError, ConflictError, InvalidError: as for `draft_files`.
    """
    written = draft_files(
        at,
        branch,
        changes,
        message=message,
        author=author,
        committer=committer,
        expected_head=expected_head,
        start=start,
        sign=sign,
    )
    ref_changes.change(at, [written.ref])
    return written


def draft_files(
    at: Path,
    branch: bytes,
    changes: Sequence[Change],
    *,
    message: bytes,
    author: Person,
    committer: Person | None = None,
    expected_head: str | None = None,
    start: str | None = None,
    sign: Sign | None = None,
) -> Written:
    """One commit with all these changes, and the move of the branch that would bring it in.

    A branch that is not there yet begins at commit `start`, or with this commit alone.

    Errors:
        PreconditionError: the branch is not at `expected_head`.
        NotFoundError: there is nothing to remove or move.
        ConflictError: something is in the way, or nothing would change.
        InvalidError: a path or the branch's name will not do.
    """
    name = check_branch(branch)
    head = _head(at, name)
    if expected_head is not None and head != expected_head:
        raise PreconditionError("The branch has changed in the meantime. Reload and try again.")
    parent = head or start
    with opened(at) as handle:
        root = tree.root_of(handle, parent) if parent is not None else None
        work = WrittenTree(handle, root)
        for item in changes:
            _apply(handle, work, item)
        written = work.save()
        if written == root:
            raise ConflictError("That would change nothing.")
        commit = made_commits.make(
            handle,
            written,
            [parent] if parent is not None else [],
            made_commits.tidied(message),
            Maker(committer or author, sign),
            author=signature_line(author),
        )
    return Written(commit, RefChange(name, head, commit))


def _head(at: Path, name: bytes) -> str | None:
    try:
        return refs.one(at, name).target
    except NotFoundError:
        return None


def _apply(handle: Handle, work: WrittenTree, item: Change) -> None:
    if isinstance(item, Put):
        path = check_path(item.path)
        present = work.find(path)
        mode = present.mode if present is not None and present.is_file else FILE_MODE
        if item.is_executable is not None:
            mode = EXECUTABLE_MODE if item.is_executable else FILE_MODE
        oid = str(handle.repository.write(ObjectType.BLOB, item.content))
        work.put(path, Leaf(mode, oid))
    elif isinstance(item, Remove):
        work.remove(check_path(item.path))
    elif isinstance(item, Expect):
        present = work.find(item.path)
        if (present.oid if present is not None else None) != item.oid:
            raise PreconditionError("A file has changed in the meantime. Reload and try again.")
    else:
        path, to = check_path(item.path), check_path(item.to)
        if to == path or to.startswith(path + b"/"):
            raise ConflictError("A folder cannot be moved into itself.")
        leaf = work.remove(path)
        if work.find(to) is not None:
            raise ConflictError("That path already exists.")
        work.put(to, leaf)
