"""Creates, moves and deletes branches and tags, by compare-and-swap and all or nothing.

- `change(at, changes)` any refs at once; `create_branch`, `delete_branch`, `rename_branch`,
  `create_tag`, `delete_tag`, `set_default_branch` the usual ones.

The caller records what it does: these run without hooks, and say so to the guard that refuses
changes nobody recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.protection import NO_OBJECT
from appliance.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    PreconditionError,
    sentence,
)
from appliance.git import process, refs
from appliance.git.commits import Person
from appliance.git.failures import GitFailedError
from appliance.git.handles import Kind, opened
from appliance.git.ref_names import BRANCHES, TAGS, check_branch, check_tag
from appliance.git.signed import Sign

INTERNAL = {"CODARA_INTERNAL": "1"}


@dataclass(frozen=True)
class RefChange:
    """A ref by its whole name, what it must be now, and what it is to be; None is "not there"."""

    name: bytes
    old: str | None
    new: str | None


def change(at: Path, changes: Sequence[RefChange]) -> None:
    """Make all these changes, or none of them.

    Errors:
        PreconditionError: a ref is not what the caller believed.
        ConflictError: a ref of that name, or one that a name would be a folder of, is there.
        NotFoundError: a ref would name an object that is not there.
    """
    spoken = b"".join(
        b"update %s\0%s\0%s\0"
        % (item.name, (item.new or NO_OBJECT).encode(), (item.old or NO_OBJECT).encode())
        for item in changes
    )
    try:
        process.run(
            ["update-ref", "--no-deref", "--stdin", "-z"], at=at, input=spoken, extra=INTERNAL
        )
    except GitFailedError as error:
        raise _explain(error) from error


def create_branch(at: Path, name: bytes, commit: str) -> RefChange:
    """A new branch at a commit.

    Errors:
        InvalidError: the name will not do. NotFoundError: there is no such commit.
        ConflictError: the name is taken.
    """
    made = draft_branch(at, name, commit)
    change(at, [made])
    return made


def draft_branch(at: Path, name: bytes, commit: str) -> RefChange:
    """What `create_branch` would change.

    Errors:
        InvalidError: the name will not do. NotFoundError: there is no such commit.
    """
    with opened(at) as handle:
        handle.expect(commit, Kind.COMMIT)
    return RefChange(check_branch(name), None, commit)


def draft_delete(at: Path, whole: bytes, *, expected: str | None = None) -> RefChange:
    """What deleting a ref would change; with `expected` only if it is still there.

    Errors:
        NotFoundError: there is none. ConflictError: it is the default branch.
    """
    if refs.head(at).name == whole:
        raise ConflictError(
            "The default branch cannot be deleted. Make another branch the default first."
        )
    return RefChange(whole, expected or _present(at, whole), None)


def delete_branch(at: Path, name: bytes, *, expected: str | None = None) -> RefChange:
    """A branch less; with `expected` only if it is still at that commit.

    Errors:
        NotFoundError: there is none. ConflictError: it is the default branch.
        PreconditionError: it has moved.
    """
    deleted = draft_delete(at, BRANCHES + name, expected=expected)
    change(at, [deleted])
    return deleted


def rename_branch(at: Path, old: bytes, new: bytes) -> tuple[RefChange, RefChange]:
    """The same branch under another name; it stays the default branch if it was.

    Errors:
        NotFoundError, InvalidError, ConflictError: as for deleting and creating.
    """
    target = _present(at, BRANCHES + old)
    created = RefChange(check_branch(new), None, target)
    deleted = RefChange(BRANCHES + old, target, None)
    was_default = refs.head(at).name == deleted.name
    change(at, [created])
    if was_default:
        set_default_branch(at, new)
    change(at, [deleted])
    return deleted, created


def create_tag(
    at: Path,
    name: bytes,
    commit: str,
    *,
    message: bytes | None = None,
    tagger: Person | None = None,
) -> RefChange:
    """A new tag at a commit; annotated where there is a message and somebody who says it.

    Errors:
        InvalidError: the name will not do. NotFoundError: there is no such commit.
        ConflictError: the name is taken.
    """
    made = draft_tag(at, name, commit, message=message, tagger=tagger)
    change(at, [made])
    return made


def draft_tag(
    at: Path,
    name: bytes,
    commit: str,
    *,
    message: bytes | None,
    tagger: Person | None,
    sign: Sign | None = None,
) -> RefChange:
    """What `create_tag` would change; the tag's own object is made already.

    Errors:
        InvalidError: the name will not do. NotFoundError: there is no such commit.
    """
    whole = check_tag(name)
    with opened(at) as handle:
        handle.expect(commit, Kind.COMMIT)
    target = commit if message is None else _annotate(at, name, commit, message, tagger, sign)
    return RefChange(whole, None, target)


def delete_tag(at: Path, name: bytes, *, expected: str | None = None) -> RefChange:
    """A tag less; with `expected` only if it still names that object.

    Errors:
        NotFoundError: there is none. PreconditionError: it has moved.
    """
    deleted = draft_delete(at, TAGS + name, expected=expected)
    change(at, [deleted])
    return deleted


def set_default_branch(at: Path, name: bytes) -> None:
    """Another default branch. In an empty repository it need not be there yet.

    Errors:
        NotFoundError: there is no such branch, though there are others.
    """
    whole = check_branch(name)
    known = dict(refs.names(at))
    if known and whole not in known:
        raise NotFoundError("There is no branch with that name.")
    process.run(["symbolic-ref", "HEAD", whole], at=at, extra=INTERNAL)


def signature_line(person: Person) -> bytes:
    """A person as commit and tag objects write them; without what would break the line."""
    name, email = (
        b" ".join(text.translate(None, b"<>\0\n\r").split()) for text in (person.name, person.email)
    )
    sign = b"-" if person.offset_minutes < 0 else b"+"
    hours, minutes = divmod(abs(person.offset_minutes), 60)
    seconds = int(person.at.timestamp())
    return b"%s <%s> %d %s%02d%02d" % (name or b"unknown", email, seconds, sign, hours, minutes)


def _annotate(
    at: Path,
    name: bytes,
    commit: str,
    message: bytes,
    tagger: Person | None,
    sign: Sign | None,
) -> str:
    if tagger is None:
        raise InvalidError.of("tagger", "An annotated tag says who made it.")
    text = message.replace(b"\0", b"").rstrip(b"\n") + b"\n"
    lines = b"object %s\ntype commit\ntag %s\ntagger %s\n\n%s"
    whole = lines % (commit.encode(), name, signature_line(tagger), text)
    if sign is not None:
        whole += sign(whole)
    return (
        process.run(["hash-object", "-t", "tag", "-w", "--stdin"], at=at, input=whole)
        .decode()
        .strip()
    )


def _present(at: Path, whole: bytes) -> str:
    return refs.one(at, whole).target


EXPLANATIONS = (
    (b"reference already exists", ConflictError, sentence("That name is taken.")),
    (b"cannot create", ConflictError, sentence("A branch or tag is in the way of that name.")),
    (
        b"but expected",
        PreconditionError,
        sentence("It has changed in the meantime. Reload and try again."),
    ),
    (b"unable to resolve reference", PreconditionError, sentence("It no longer exists.")),
    (b"nonexistent object", NotFoundError, sentence("There is no such object here.")),
    (
        b"unable to create",
        ConflictError,
        sentence("Something else is changing this now. Try again."),
    ),
)


def _explain(error: GitFailedError) -> Exception:
    for words, kind, message in EXPLANATIONS:
        if words in error.complaint.lower():
            return kind(message)
    return error
