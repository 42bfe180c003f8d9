"""Branches, tags, commits and what changed between them.

Functions on an `OpenRepository`, which `files.opened` gives to who may read it; none of them needs
a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.errors import TimeoutExceededError
from appliance.git import commit_counts, commits, diff, limits, refs
from appliance.git import history as walks
from appliance.git.diff import ORDINARY, Options
from appliance.git.history import EVERYTHING, Wanted
from appliance.git.ref_names import BRANCHES, TAGS
from appliance.git.refs import Order, RefKind
from appliance.services.answers import Patience, Remembered

if TYPE_CHECKING:
    from appliance.git.commits import Commit, Containing
    from appliance.git.diff import Diff
    from appliance.git.diff_parse import DiffFile
    from appliance.git.history import Page
    from appliance.git.refs import Divergence, Head, Ref, RefPage, Resolved
    from appliance.git.storage import RepositoryStore
    from appliance.services.files import OpenRepository

__all__ = ["BRANCHES", "TAGS", "Options", "Order", "RefKind", "RefNames", "Wanted"]

_COUNTS: Remembered[str, int] = Remembered()
_DIVERGENCES: Remembered[tuple[str, str], Divergence] = Remembered()
_PATIENCE = Patience()
PREPARING_SECONDS = 60.0


@dataclass(frozen=True)
class RefNames:
    """The short names of all branches and tags, sorted."""

    branches: tuple[bytes, ...]
    tags: tuple[bytes, ...]


def head(repository: OpenRepository) -> Head:
    """The default branch, and its commit once it has one.

    Errors:
        DamagedError: the repository does not say.
    """
    return refs.head(repository.folder)


def ref_names(repository: OpenRepository) -> RefNames:
    """What branches and tags there are: one walk over all refs."""
    branches: list[bytes] = []
    tags: list[bytes] = []
    for name, _target in refs.names(repository.folder, b"refs/"):
        if name.startswith(BRANCHES):
            branches.append(name.removeprefix(BRANCHES))
        elif name.startswith(TAGS):
            tags.append(name.removeprefix(TAGS))
    return RefNames(tuple(branches), tuple(tags))


def resolve(repository: OpenRepository, text: bytes) -> Resolved:
    """The commit that a client means; nothing means the default branch.

    Errors:
        NotFoundError: it means nothing here. InvalidError: it means no commit, or several.
    """
    return refs.resolve(repository.folder, text)


def one(repository: OpenRepository, name: bytes) -> Ref:
    """The branch or tag of that whole name.

    Errors:
        NotFoundError: there is none.
    """
    return refs.one(repository.folder, name)


def split(repository: OpenRepository, tail: bytes) -> tuple[Resolved, bytes]:
    """The end of an address as a ref, which may have slashes, and the path after it.

    Errors:
        NotFoundError: no beginning of it is a ref or an object id.
    """
    return refs.split(repository.folder, tail)


def branches(
    repository: OpenRepository,
    *,
    order: Order = Order.NAME,
    is_turned: bool = False,
    containing: bytes = b"",
    offset: int = 0,
    limit: int = 100,
) -> RefPage:
    """One page of the branches whose names contain some bytes; `is_turned` begins at the end."""
    return refs.branches(
        repository.folder,
        order=order,
        is_turned=is_turned,
        containing=containing,
        offset=offset,
        limit=limit,
    )


def tags(
    repository: OpenRepository,
    *,
    order: Order = Order.NEWEST,
    is_turned: bool = False,
    containing: bytes = b"",
    offset: int = 0,
    limit: int = 100,
) -> RefPage:
    """One page of the tags whose names contain some bytes; `is_turned` begins at the end."""
    return refs.tags(
        repository.folder,
        order=order,
        is_turned=is_turned,
        containing=containing,
        offset=offset,
        limit=limit,
    )


def divergence(
    repository: OpenRepository,
    base: str,
    oids: Sequence[str],
    *,
    seconds: float = limits.DIVERGENCE_SECONDS,
) -> list[Divergence | None]:
    """How far each commit is from `base`, remembered; None for those there was no time for."""
    return divergence_in(repository.folder, base, oids, seconds=seconds)


def divergence_in(
    folder: Path,
    base: str,
    oids: Sequence[str],
    *,
    seconds: float = limits.DIVERGENCE_SECONDS,
) -> list[Divergence | None]:
    """The same of a repository that was found otherwise."""
    known = {oid: _DIVERGENCES.get((base, oid)) for oid in oids}
    unknown = [oid for oid, far in known.items() if far is None]
    if unknown:
        found = refs.divergence(folder, base, unknown, seconds=seconds)
        known |= dict(zip(unknown, found, strict=True))
        for oid, far in known.items():
            if far is not None:
                _DIVERGENCES.keep((base, oid), far)
    return [known[oid] for oid in oids]


def commit(repository: OpenRepository, oid: str) -> Commit:
    """The commit of that id.

    Errors:
        NotFoundError: there is no such commit.
    """
    return commits.read(repository.folder, oid)


def read_many(repository: OpenRepository, oids: Iterable[str]) -> dict[str, Commit]:
    """Commits that a walk has found, by their ids."""
    known = list(dict.fromkeys(oids))
    return dict(zip(known, commits.read_many(repository.folder, known), strict=True))


def containing(repository: OpenRepository, oid: str) -> Containing:
    """Which branches and tags contain a commit, as far as there is time to look."""
    return commits.refs_containing(repository.folder, oid)


def page(
    repository: OpenRepository,
    start: str,
    wanted: Wanted = EVERYTHING,
    *,
    cursor: str | None = None,
    limit: int = 50,
    seconds: float = limits.PAGE_SECONDS,
) -> Page:
    """Some commits of the history that ends with commit `start`, newest first.

    Errors:
        NotFoundError: there is no such commit.
        InvalidError: the cursor is none of ours.
        TimeoutExceededError: too many commits had to be looked at.
    """
    return walks.page(repository.folder, start, wanted, cursor=cursor, limit=limit, seconds=seconds)


def count(repository: OpenRepository, start: str, *, seconds: float = limits.PAGE_SECONDS) -> int:
    """How many commits the history that ends with commit `start` has; remembered.

    Errors:
        TimeoutExceededError: there are too many to count in so much time.
    """
    counted = _COUNTS.get(start)
    if counted is None:
        counted = commit_counts.count(repository.folder, start, seconds=seconds)
        _COUNTS.keep(start, counted)
    return counted


def count_if_quick(repository: OpenRepository, start: str, *, seconds: float) -> int | None:
    """The same for a page that can do without: None where it takes longer.

    A page waits for it once; then it is for a job, or for a request with more time.
    """
    if _PATIENCE.is_in_vain(start, seconds) and _COUNTS.get(start) is None:
        return commit_counts.known(repository.folder, start)
    try:
        return count(repository, start, seconds=seconds)
    except TimeoutExceededError:
        _PATIENCE.note(start, seconds)
        return None


def prepare_count(repository_id: UUID, *, repositories: RepositoryStore) -> None:
    """Count the commits of the default branch ahead of the first visitor.

    Errors:
        DamagedError: the repository cannot be read.
    """
    at = repositories.folder(repository_id)
    oid = refs.head(at).oid
    if oid is not None:
        commit_counts.count(at, oid, seconds=PREPARING_SECONDS)


def changes(repository: OpenRepository, oid: str, options: Options = ORDINARY) -> Diff:
    """What a commit changed against its first parent; all of it where it has none.

    Errors:
        NotFoundError: there is no such commit.
    """
    return diff.of_commit(repository.folder, oid, options)


def compare(
    repository: OpenRepository, base: str, head_oid: str, options: Options = ORDINARY
) -> Diff:
    """What `head_oid` brought since the two went apart.

    Errors:
        NotFoundError: one of the commits does not exist.
    """
    return diff.compare(repository.folder, base, head_oid, options)


def between(repository: OpenRepository, old: str, new: str, options: Options = ORDINARY) -> Diff:
    """How one commit differs from another, however they are related.

    Errors:
        NotFoundError: one of the commits does not exist.
    """
    return diff.between(repository.folder, old, new, options)


def changes_of_file(
    repository: OpenRepository,
    old: str | None,
    new: str,
    paths: Sequence[bytes],
    options: Options = ORDINARY,
) -> DiffFile | None:
    """One file of a diff with its hunks; `paths` are its old and its new path.

    Errors:
        NotFoundError: one of the commits does not exist.
    """
    return diff.of_file(repository.folder, old, new, paths, options)


def merge_base(repository: OpenRepository, one: str, other: str) -> str | None:
    """The best commit that both have in their past; None where there is none."""
    return diff.merge_base(repository.folder, one, other)
