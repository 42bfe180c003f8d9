"""What a commit holds: folders, files, who wrote their lines, and all of it as an archive.

`opened` asks whether the actor may read and gives facts and a place; every other function here
reads bytes at that place and needs no transaction, so that git may work long while the database
does not wait: `with reading() as work: repository = opened(work, path, ...)`, and then the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access import fetch, fetch_conversations, fetch_wiki, grants, visible
from appliance.db.conversation_rows import open_issues, open_pulls
from appliance.db.repositories import Origin, Repository, RepositoryHealth
from appliance.db.repository_rows import protections
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission, Role, Visibility
from appliance.domain.protection import Protection, matches
from appliance.errors import ConflictError, UnavailableError, sentence
from appliance.git import archive as archives
from appliance.git import blame as blames
from appliance.git import blobs, limits, refs, tree
from appliance.git import last_commits as walks
from appliance.git.archive import Format
from appliance.git.tree import EntryKind

if TYPE_CHECKING:
    from appliance.git.blame import Blame
    from appliance.git.blobs import File, Measure
    from appliance.git.storage import RepositoryStore
    from appliance.git.tree import Entry, Folder, Paths

__all__ = ["EntryKind", "Format", "OpenRepository", "opened"]

PREPARING_SECONDS = 60.0
"""Longest that finding the last commits of a folder may take where nobody waits for it."""


@dataclass(frozen=True)
class OpenRepository:
    """A repository that the actor may read: what its pages say of it, and where its bytes are."""

    id: UUID
    organisation_id: UUID | None
    owner: str
    name: str
    description: str
    visibility: Visibility
    default_branch: str
    content: Origin
    created_at: datetime
    pushed_at: datetime | None
    archived_at: datetime | None
    damaged_since: datetime | None
    is_template: bool
    has_issues: bool
    """Whether it wants issues, whatever its organisation says."""
    has_wiki: bool
    size_bytes: int
    lfs_bytes: int
    parent: str | None
    """The path of what it was forked from, if the actor may read that."""
    role: Role | None
    allowed: frozenset[Permission]
    """What the actor may do with it."""
    protections: tuple[Protection, ...]
    open_issues: int | None
    """How many issues are open; None where it has none at all."""
    open_pulls: int
    """How many pull requests are open."""
    place: Path

    @property
    def path(self) -> str:
        """`OWNER/NAME`."""
        return f"{self.owner}/{self.name}"

    @property
    def folder(self) -> Path:
        """Where its bytes are.

        Errors:
            UnavailableError: they are still being brought in.
            ConflictError: bringing them in failed.
        """
        if self.content is Origin.FAILED:
            raise ConflictError(
                sentence("%(path)s could not be imported. Import it again.", path=self.path)
            )
        if self.content is not Origin.READY:
            raise UnavailableError(
                sentence("%(path)s is still being imported. Try again shortly.", path=self.path)
            )
        return self.place

    def may(self, permission: Permission) -> bool:
        """Whether the actor may do that; for buttons, never for protection."""
        return permission in self.allowed

    def is_protected(self, ref: bytes) -> bool:
        """Whether a rule is about the branch or tag of that whole name."""
        return any(matches(rule.pattern, ref) for rule in self.protections)


def opened(work: UnitOfWork, path: str, *, repositories: RepositoryStore) -> OpenRepository:
    """The repository of that path, for somebody who may read it.

    Errors:
        HiddenError: there is none, or none for this actor.
        MovedError: it has another path now.
    """
    found = fetch.repository(work, path, Permission.REPOSITORY_READ)
    health = work.session.get(RepositoryHealth, found.id)
    return OpenRepository(
        id=found.id,
        organisation_id=found.organisation_id,
        owner=found.owner_name,
        name=found.name,
        description=found.description,
        visibility=found.visibility,
        default_branch=found.default_branch,
        content=found.content,
        created_at=found.created_at,
        pushed_at=found.pushed_at,
        archived_at=found.archived_at,
        damaged_since=health.damaged_since if health is not None else None,
        is_template=found.is_template,
        has_issues=found.has_issues,
        has_wiki=found.has_wiki,
        size_bytes=found.size_bytes,
        lfs_bytes=found.lfs_bytes,
        parent=_parent(work, found),
        role=grants.role_on(work, found),
        allowed=grants.on_repository(work, found),
        protections=tuple(rule.as_rule for rule in protections(work.session, found.id)),
        open_issues=_open_issues(work, found),
        open_pulls=open_pulls(work.session, found.id) if found.conversations_numbered else 0,
        place=repositories.folder(found.id),
    )


def folder(
    repository: OpenRepository,
    commit: str,
    path: bytes = b"",
    *,
    offset: int = 0,
    limit: int = limits.TREE_ENTRIES,
) -> Folder:
    """Some entries of a folder, folders first, and how many it has.

    Errors:
        NotFoundError: there is no such commit, or no folder there.
    """
    return tree.folder(repository.folder, commit, path, offset=offset, limit=limit)


def entries(repository: OpenRepository, commit: str, path: bytes = b"") -> list[Entry]:
    """All entries of a folder, without their sizes.

    Errors:
        NotFoundError: there is no such commit, or no folder there.
    """
    return tree.entries(repository.folder, commit, path)


def entry(repository: OpenRepository, commit: str, path: bytes) -> Entry:
    """What stands at a path in a commit.

    Errors:
        NotFoundError: there is no such commit, or nothing there.
    """
    return tree.find(repository.folder, commit, path)


def paths(repository: OpenRepository, commit: str, path: bytes = b"") -> Paths:
    """The paths of all files below a folder.

    Errors:
        NotFoundError: there is no such commit or folder.
    """
    return tree.paths(repository.folder, commit, path)


def submodules(repository: OpenRepository, commit: str) -> dict[bytes, bytes]:
    """The address of each submodule by its path, as .gitmodules of that commit says."""
    return tree.submodules(repository.folder, commit)


def last_commits(
    repository: OpenRepository,
    commit: str,
    path: bytes = b"",
    *,
    names: Iterable[bytes] | None = None,
    seconds: float = limits.LAST_COMMIT_SECONDS,
) -> dict[bytes, str | None]:
    """The last commit that touched each entry of a folder; None where time was over before.

    Errors:
        NotFoundError: there is no such commit, or no folder there.
    """
    return walks.last_commits(repository.folder, commit, path, names=names, seconds=seconds)


def prepare_last_commits(repository_id: UUID, *, repositories: RepositoryStore) -> None:
    """Find out ahead of the first visitor which commit touched what in the outermost folder.

    Errors:
        DamagedError: the repository cannot be read.
    """
    at = repositories.folder(repository_id)
    head = refs.head(at)
    if head.oid is not None:
        walks.last_commits(at, head.oid, seconds=PREPARING_SECONDS)


def read(
    repository: OpenRepository, commit: str, path: bytes, *, most_bytes: int = limits.BLOB_BYTES
) -> File:
    """A file or symbolic link; its content only where it has at most `most_bytes`.

    Errors:
        NotFoundError: there is no such commit, or no file there.
    """
    return blobs.file(repository.folder, commit, path, most_bytes=most_bytes)


def measure(repository: OpenRepository, oids: Iterable[str]) -> dict[str, Measure]:
    """How large the two sides of a change are, and how they begin."""
    return blobs.measure(repository.folder, oids)


def chunks(repository: OpenRepository, oid: str) -> Iterator[bytes]:
    """All bytes of a file by its object id, piece by piece, however large it is.

    Errors:
        NotFoundError: there is no such file; said before the first piece.
    """
    return blobs.chunks(repository.folder, oid)


def blame(repository: OpenRepository, commit: str, path: bytes) -> Blame:
    """Who wrote each line of a file.

    Errors:
        NotFoundError: there is no such commit or file.
        InvalidError: it has no lines. TooLargeError, TimeoutExceededError: it has too many.
    """
    return blames.blame(repository.folder, commit, path)


def archive(
    repository: OpenRepository, commit: str, *, form: Format, prefix: bytes
) -> Iterator[bytes]:
    """All files of a commit below the folder `prefix`, piece by piece.

    Errors:
        NotFoundError: there is no such commit; said before the first piece.
    """
    return archives.archive(repository.folder, commit, form=form, prefix=prefix)


def note_archive(work: UnitOfWork, path: str, *, commit: str, form: Format) -> None:
    """Record that somebody takes all files of a commit away.

    Errors:
        HiddenError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    work.record(
        events.ArchiveDownloaded(
            about=repository.id,
            organisation_id=repository.organisation_id,
            commit=commit,
            format=form,
        )
    )


def note_raw(
    work: UnitOfWork, path: str, file: bytes, *, commit: str, size_bytes: int | None
) -> None:
    """Record that somebody takes a file's bytes. Called before the first of them leaves.

    Errors:
        HiddenError: there is no such repository, or none for this actor.
    """
    repository = fetch_wiki.or_repository(work, path, Permission.REPOSITORY_READ)
    work.record(
        events.RawDownloaded(
            about=repository.id,
            organisation_id=repository.organisation_id,
            path=file.decode("utf-8", "backslashreplace"),
            commit=commit,
            size_bytes=size_bytes,
        )
    )


def _open_issues(work: UnitOfWork, repository: Repository) -> int | None:
    if not fetch_conversations.has_issues(work, repository):
        return None
    return open_issues(work.session, repository.id) if repository.conversations_numbered else 0


def _parent(work: UnitOfWork, repository: Repository) -> str | None:
    if repository.forked_from_id is None:
        return None
    readable = visible.repositories(work).where(Repository.id == repository.forked_from_id)
    parent = work.session.scalar(readable)
    return parent.path if parent is not None else None
