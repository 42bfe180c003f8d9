"""The subjects of commits by the ids of their repositories: for who has asked whether they may be
read already.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.errors import ApplianceError
from appliance.git import commits

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore

SHORT_OID = 10
CHARACTERS = 200


def titled(subject: str, oid: str) -> str:
    """What a commit is called: its subject and the beginning of its id."""
    return f"{subject} ({oid[:SHORT_OID]})" if subject else oid[:SHORT_OID]


def one(store: RepositoryStore, repository_id: UUID, oid: str) -> str:
    """The subject of a commit on one line; empty where it has none, or cannot be read."""
    try:
        found = commits.read(store.folder(repository_id), oid)
    except ApplianceError:
        return ""
    words = " ".join(found.subject.decode("utf-8", "replace").split())
    return "".join(letter for letter in words if letter.isprintable())[:CHARACTERS]


def several(
    store: RepositoryStore, wanted: Iterable[tuple[UUID | None, str | None]]
) -> dict[str, str]:
    """The subjects of some commits by their ids; those that are none of a repository's are left
    out.
    """
    return {oid: one(store, home, oid) for home, oid in set(wanted) if home is not None and oid}
