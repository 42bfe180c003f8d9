"""Branches and tags: what there is, and what a client's text means.

- `head(at)` the default branch, born or not; `names(at, prefix)` all of a kind, quickly.
- `branches(at, ...)`, `tags(at, ...)` one page of them with commit, time and subject.
- `resolve(at, text)` a branch, tag, object id, `HEAD` or `refs/...` as a commit.
- `split(at, tail)` the `ref/with/slashes/and/a/path` at the end of an address.
- `divergence(at, base, oids)` how far ahead and behind.

Moving them is the business of `ref_changes`; what they may be called of `ref_names`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import pygit2

from appliance.errors import ApplianceError, DamagedError, InvalidError, NotFoundError
from appliance.git import commits, limits, process, signed
from appliance.git.commits import Person
from appliance.git.handles import Handle, Kind, opened
from appliance.git.ref_names import BRANCHES, TAGS, is_valid
from appliance.git.repository_config import HIDDEN_REFS
from appliance.git.signed import Signed

SHORT_ID = re.compile(rb"[0-9a-fA-F]{7,40}")
REF_PARTS = 64  # Most parts of a ref's name that are tried at the beginning of an address.
HIDDEN = HIDDEN_REFS.encode() + b"/"
TAG_DEPTH = 16  # Tags of tags of tags: real ones have one or two.


class RefKind(StrEnum):
    """What a client's text turned out to be."""

    BRANCH = "branch"
    TAG = "tag"
    OTHER = "ref"
    COMMIT = "commit"


class Order(StrEnum):
    """How a list of refs is sorted."""

    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True)
class Head:
    """The default branch, as a whole ref name, and its commit; None before the first commit."""

    name: bytes
    oid: str | None

    @property
    def short(self) -> bytes:
        """The branch's name as people say it."""
        return self.name.removeprefix(BRANCHES)


@dataclass(frozen=True)
class Ref:
    """One branch or tag. `commit` is None where a tag names a tree or a blob, or is damaged."""

    name: bytes
    target: str
    commit: str | None
    at: datetime | None
    subject: bytes
    author: bytes
    note: bytes | None
    """What an annotated tag says; None for branches and plain tags."""
    signed: Signed | None = None
    """An annotated tag's signature and what that is of."""
    tagger: Person | None = None

    @property
    def short(self) -> bytes:
        """The name as people say it."""
        return self.name.removeprefix(BRANCHES).removeprefix(TAGS)


@dataclass(frozen=True)
class RefPage:
    """Some refs, and how many there are altogether."""

    refs: tuple[Ref, ...]
    total: int


@dataclass(frozen=True)
class _Wanted:
    """Which refs of a kind, and in which order."""

    order: Order
    is_turned: bool
    containing: bytes


@dataclass(frozen=True)
class Resolved:
    """What a client's text means: a commit, and the ref it was named by."""

    commit: str
    kind: RefKind
    name: bytes | None
    """The whole ref name; None where the text was an object id."""

    @property
    def short(self) -> bytes:
        """What to call it on a page: the short name of the ref, or the object id."""
        if self.name is None:
            return self.commit.encode()
        return self.name.removeprefix(BRANCHES).removeprefix(TAGS)


@dataclass(frozen=True)
class Divergence:
    """How many commits a branch has that the base has not, and the other way round."""

    ahead: int
    behind: int


def head(at: Path) -> Head:
    """The default branch, whether it has commits or not.

    Errors:
        DamagedError: HEAD cannot be read.
    """
    with opened(at) as handle:
        return _head(handle)


def names(at: Path, prefix: bytes = BRANCHES) -> list[tuple[bytes, str]]:
    """Every ref below `prefix` with what it points at, sorted by name; some 10,000 in 10 ms."""
    with opened(at) as handle:
        return sorted(_all(handle, prefix))


def branches(
    at: Path,
    *,
    order: Order = Order.NAME,
    is_turned: bool = False,
    containing: bytes = b"",
    offset: int = 0,
    limit: int = 100,
) -> RefPage:
    """One page of the branches whose names contain some bytes; `is_turned` begins at the end."""
    return _page(at, BRANCHES, _Wanted(order, is_turned, containing), offset, limit)


def tags(
    at: Path,
    *,
    order: Order = Order.NEWEST,
    is_turned: bool = False,
    containing: bytes = b"",
    offset: int = 0,
    limit: int = 100,
) -> RefPage:
    """One page of the tags whose names contain some bytes; `is_turned` begins at the end."""
    return _page(at, TAGS, _Wanted(order, is_turned, containing), offset, limit)


def one(at: Path, name: bytes) -> Ref:
    """The branch or tag of that whole name.

    Errors:
        NotFoundError: there is none.
    """
    with opened(at) as handle:
        target = lookup(handle, name)
        if target is None:
            raise NotFoundError("There is no branch or tag with that name.")
        return described(handle, name, target)


def resolve(at: Path, text: bytes) -> Resolved:
    """The commit that a client means by `text`; a branch wins over a tag of the same name.

    `HEAD`, and nothing at all, mean the default branch. `refs/heads/...` and `refs/tags/...` are
    always possible, as is an object id or at least seven figures of it.

    Errors:
        NotFoundError: it means nothing here.
        InvalidError: it means something that is no commit, or several objects.
    """
    with opened(at) as handle:
        found = _resolve_name(handle, text) or _resolve_id(handle, text)
    if found is None:
        raise NotFoundError("There is no branch, tag or commit with that name.")
    return found


def split(at: Path, tail: bytes) -> tuple[Resolved, bytes]:
    """The end of an address as a ref, which may have slashes, and the path after it.

    Errors:
        NotFoundError: no beginning of it is a ref or an object id.
    """
    parts = tail.strip(b"/").split(b"/")
    spaces = [b""] if parts[0] in {b"refs", b"HEAD"} else []
    with opened(at) as handle:
        for prefix in (BRANCHES, TAGS, *spaces):
            for count in range(1, min(len(parts), REF_PARTS) + 1):
                found = _resolve_whole(handle, prefix + b"/".join(parts[:count]))
                if found is not None:
                    return found, b"/".join(parts[count:])
        found = _resolve_id(handle, parts[0])
    if found is None:
        raise NotFoundError("There is no branch, tag or commit with that name.")
    return found, b"/".join(parts[1:])


def divergence(
    at: Path,
    base: str,
    oids: Sequence[str],
    *,
    seconds: float = limits.DIVERGENCE_SECONDS,
) -> list[Divergence | None]:
    """How far each commit is ahead of and behind `base`; None for those there was no time for."""
    deadline = time.monotonic() + seconds
    known: dict[str, Divergence | None] = {base: Divergence(0, 0)}
    for oid in oids:
        left = deadline - time.monotonic()
        if oid not in known:
            known[oid] = _diverge(at, base, oid, left) if left > 0 else None
    return [known[oid] for oid in oids]


def _diverge(at: Path, base: str, oid: str, seconds: float) -> Divergence | None:
    words = ["rev-list", "--left-right", "--count", "--end-of-options", f"{oid}...{base}"]
    try:
        ahead, behind = process.run(words, at=at, timeout_seconds=seconds).split()
    except ApplianceError:  # A damaged branch has no distance; the page shows the others.
        return None
    return Divergence(int(ahead), int(behind))


def _head(handle: Handle) -> Head:
    try:
        reference = handle.repository.lookup_reference("HEAD")
    except (KeyError, pygit2.GitError, ValueError) as error:
        raise DamagedError("This repository does not say what its default branch is.") from error
    target = reference.target
    if not isinstance(target, str):
        return Head(b"HEAD", str(target))
    name = os.fsencode(target)
    return Head(name, lookup(handle, name))


def lookup(handle: Handle, name: bytes) -> str | None:
    """What the ref of that whole name points at, through symbolic refs."""
    if not is_valid(name):
        return None
    try:
        reference = handle.repository.lookup_reference(os.fsdecode(name)).resolve()
    except (KeyError, pygit2.GitError, ValueError):
        return None
    return str(reference.target)


def _all(handle: Handle, prefix: bytes) -> Iterator[tuple[bytes, str]]:
    for reference in handle.repository.references.iterator():
        name = reference.raw_name
        if name.startswith(prefix):
            target = reference.target
            yield name, lookup(handle, name) or "" if isinstance(target, str) else str(target)


def _page(at: Path, prefix: bytes, wanted: _Wanted, offset: int, limit: int) -> RefPage:
    with opened(at) as handle:
        found = [
            (name, target)
            for name, target in sorted(_all(handle, prefix))
            if target and wanted.containing in name[len(prefix) :]
        ]
        total = len(found)
        if wanted.order is Order.NEWEST:
            found.sort(key=lambda item: _seconds(handle, item[1]), reverse=True)
        if wanted.is_turned:
            found.reverse()
        chosen = found[offset : offset + limit]
        return RefPage(tuple(described(handle, *item) for item in chosen), total)


STAMP = re.compile(rb"^(?:committer|tagger) .*> (-?\d+)", re.MULTILINE)


def _seconds(handle: Handle, oid: str) -> int:
    """When a ref's target was made: enough to sort by, without reading the rest."""
    try:
        match = STAMP.search(handle.read_known(oid))
    except DamagedError:
        return 0
    return int(match[1]) if match else 0


def described(handle: Handle, name: bytes, target: str) -> Ref:
    """What is to be said of a ref at an object, be it there or only to come."""
    try:
        oid, tag = _peel(handle, target)
        words = (tag.note, tag.signed, tag.tagger)
        tagged_at = tag.tagger.at if tag.tagger else None
        header = handle.header(oid)
        if header is None or header[0] is not Kind.COMMIT:
            return Ref(name, target, None, tagged_at, b"", b"", *words)
        commit = commits.load(handle, oid)
    except DamagedError:  # One damaged branch leaves the list of the others readable.
        return Ref(name, target, None, None, b"", b"", None)
    made_at = tagged_at or commit.committer.at
    return Ref(name, target, oid, made_at, commit.subject, commit.author.name, *words)


@dataclass(frozen=True)
class _Tag:
    """What an annotated tag says; nothing of it where there is none."""

    note: bytes | None = None
    signed: Signed | None = None
    tagger: Person | None = None


def _peel(handle: Handle, oid: str) -> tuple[str, _Tag]:
    """What a tag object names in the end, with what the outermost one says."""
    outermost = _Tag()
    for _ in range(TAG_DEPTH):
        header = handle.header(oid)
        if header is None:
            raise DamagedError("A ref names an object that is not there.")
        if header[0] is not Kind.TAG:
            return oid, outermost
        raw = handle.read(oid, Kind.TAG)
        head_lines, _, message = raw.partition(b"\n\n")
        lines = head_lines.split(b"\n")
        fields = dict(line.partition(b" ")[::2] for line in reversed(lines))  # The first one holds.
        if outermost.note is None:
            note = message[: limits.MESSAGE_BYTES].partition(b"-----BEGIN ")[0].strip(b"\n")
            tagger = fields.get(b"tagger")
            outermost = _Tag(
                note, signed.of_tag(raw), commits.parse_person(tagger) if tagger else None
            )
        oid = fields.get(b"object", b"").decode("ascii", "replace")
    raise DamagedError("A tag names tags without end.")


def _resolve_name(handle: Handle, text: bytes) -> Resolved | None:
    if text in (b"", b"HEAD") or text.startswith(b"refs/"):
        return _resolve_whole(handle, text or b"HEAD")
    return _resolve_whole(handle, BRANCHES + text) or _resolve_whole(handle, TAGS + text)


def _resolve_whole(handle: Handle, name: bytes) -> Resolved | None:
    """The ref of exactly that name; HEAD stands for the default branch. None where it is hidden."""
    if name == b"HEAD":
        name, target = (default := _head(handle)).name, default.oid
    else:
        target = lookup(handle, name)
    if target is None or name.startswith(HIDDEN):
        return None
    return Resolved(_commit(handle, target), _kind(name), name)


def _kind(name: bytes) -> RefKind:
    if name.startswith(BRANCHES):
        return RefKind.BRANCH
    return RefKind.TAG if name.startswith(TAGS) else RefKind.OTHER


def _commit(handle: Handle, oid: str) -> str:
    peeled, _tag = _peel(handle, oid)
    header = handle.header(peeled)
    if header is None or header[0] is not Kind.COMMIT:
        raise InvalidError("That is not a commit.")
    return peeled


def _resolve_id(handle: Handle, text: bytes) -> Resolved | None:
    if not SHORT_ID.fullmatch(text):
        return None
    try:
        oid = str(handle.repository.expand_id(text.decode()))
    except (KeyError, pygit2.GitError):
        return None
    except ValueError as error:
        raise InvalidError("That short ID is ambiguous. Enter more characters.") from error
    if handle.header(oid) is None:  # A whole id is expanded whether it exists or not.
        return None
    return Resolved(_commit(handle, oid), RefKind.COMMIT, None)
