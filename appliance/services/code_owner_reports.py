"""How much of an organisation's repositories has owners: those that were pushed to last.

`asked` names them, in a transaction; `read` looks into them, while none is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch
from appliance.db.repositories import Origin as Content
from appliance.db.repositories import Repository
from appliance.domain import codeowners
from appliance.domain.permissions import Permission
from appliance.errors import ApplianceError
from appliance.git import refs, tree
from appliance.services import code_owners

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.git.storage import RepositoryStore

MOST = 50
"""Repositories that are looked into at once."""


@dataclass(frozen=True)
class Covered:
    """One repository's default branch."""

    repository: str
    has_file: bool
    """Whether there is a CODEOWNERS file in it."""
    files: int
    owned: int
    problems: int
    """Lines of the file that say nothing."""

    @property
    def percent(self) -> int:
        """How much has owners, rounded down."""
        return 100 * self.owned // self.files if self.files else 0


def asked(
    work: UnitOfWork, organisation: str, *, repositories: RepositoryStore
) -> list[tuple[str, Path]]:
    """The repositories of an organisation and where they lie; for its owners.

    Errors:
        HiddenError, RefusedError: the actor may not know.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MANAGE)
    query = (
        sa.select(Repository.name, Repository.id)
        .where(
            Repository.organisation_id == found.id,
            Repository.deleted_at.is_(None),
            Repository.wiki_of_id.is_(None),
            Repository.content == Content.READY,
        )
        .order_by(Repository.pushed_at.desc().nulls_last(), Repository.name)
        .limit(MOST)
    )
    return [(row.name, repositories.folder(row.id)) for row in work.session.execute(query)]


def read(places: Iterable[tuple[str, Path]]) -> list[Covered]:
    """How much of each has owners; what cannot be read, or has no commit yet, is left out."""
    return [each for name, folder in places if (each := _covered(name, folder)) is not None]


def _covered(name: str, folder: Path) -> Covered | None:
    try:
        commit = refs.head(folder).oid
        if commit is None:
            return None
        here = code_owners.found(folder, commit)
        paths = tree.paths(folder, commit).paths
    except ApplianceError:
        return None
    if here is None:
        return Covered(name, has_file=False, files=len(paths), owned=0, problems=0)
    covered = codeowners.coverage(here.owners, paths)
    return Covered(
        *(name, True, covered.files, covered.owned, len(here.owners.problems)),
    )
