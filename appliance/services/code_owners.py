"""CODEOWNERS of a repository: the file, whom it names, how much it covers, and who must approve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.access import fetch
from appliance.access.gate import open_to_everyone
from appliance.db import code_owner_rows
from appliance.domain import codeowners
from appliance.domain.codeowners import CodeOwners, Coverage
from appliance.domain.merge_facts import OwnedFact
from appliance.domain.permissions import Permission
from appliance.errors import NotFoundError, sentence
from appliance.git import blobs, refs, tree

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.db.repositories import Repository
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.files import OpenRepository

__all__ = ["CodeOwners", "Coverage", "Found", "coverage", "found", "owned", "unknown"]
ASKED = "whoever has a repository before them was asked whether they may read it"


@dataclass(frozen=True)
class Found:
    """The file that counts in one commit."""

    path: bytes
    owners: CodeOwners


def found(folder: Path, commit: str) -> Found | None:
    """The CODEOWNERS file of a commit; None where there is none. Reads objects.

    Errors:
        DamagedError: the repository cannot be read.
    """
    for path in codeowners.PLACES:
        try:
            file = blobs.file(folder, commit, path, most_bytes=codeowners.MOST_BYTES)
        except NotFoundError:
            continue
        said = codeowners.UNREADABLE if file.content is None else codeowners.parse(file.content)
        return Found(path, said)
    return None


def coverage(repository: OpenRepository, ref: bytes) -> tuple[Found, Coverage]:
    """How much of a branch has owners. Reads objects; needs no transaction.

    Errors:
        NotFoundError: there is no such branch, or no CODEOWNERS in it.
    """
    commit = refs.resolve(repository.folder, ref).commit
    here = found(repository.folder, commit)
    if here is None:
        raise NotFoundError(sentence("There is no CODEOWNERS file in this branch."))
    paths = tree.paths(repository.folder, commit)
    return here, codeowners.coverage(here.owners, paths.paths)


@open_to_everyone(because=ASKED)
def owned(
    work: UnitOfWork, repository: Repository, owners: CodeOwners, paths: Iterable[bytes]
) -> tuple[OwnedFact, ...]:
    """Changed paths with those of whom one must approve, by the line that says so."""
    groups = codeowners.grouped(owners, paths)
    names = {name for line in groups for name in line.owners}
    users = code_owner_rows.meant(work.session, names, organisation_id=repository.organisation_id)
    return tuple(
        OwnedFact(
            line.pattern,
            line.owners,
            frozenset().union(*(users[name] for name in line.owners)),
            paths_of_line,
        )
        for line, paths_of_line in groups.items()
    )


def unknown(work: UnitOfWork, path: str, owners: CodeOwners) -> frozenset[str]:
    """The owners that a file names and that are nobody here; for who may read the repository.

    Errors:
        HiddenError: there is no such repository.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    users = code_owner_rows.meant(
        work.session, owners.named, organisation_id=repository.organisation_id
    )
    return frozenset(name for name, ids in users.items() if not ids)
