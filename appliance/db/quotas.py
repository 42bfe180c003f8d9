"""Room: whether so many bytes more fit into what a repository and its organisation were given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from appliance.db.repositories import Repository
from appliance.db.repository_rows import bytes_with_wiki, organisation_bytes, organisation_quota
from appliance.domain.sizes import size
from appliance.errors import sentence

if TYPE_CHECKING:
    from appliance.settings_sections import Limits


def shortage(
    session: Session, repository: Repository, added_bytes: int, *, limits: Limits
) -> str | None:
    """Why so many bytes more do not fit, in a sentence; None if they do.

    A repository and its wiki share one room. Sizes are those of the last measuring, which follows
    every push.
    """
    home = repository
    if repository.wiki_of_id is not None:
        home = session.get_one(Repository, repository.wiki_of_id)
    room = home.quota_bytes or limits.repository_quota_bytes
    used = bytes_with_wiki(session, home.id) if room else 0
    if room and used + added_bytes > room:
        return _sentence(home.path, room, used, added_bytes)
    if repository.organisation_id is None:
        return None
    room = organisation_quota(session, repository.organisation_id)
    room = room or limits.organisation_quota_bytes
    if not room:
        return None
    used = organisation_bytes(session, repository.organisation_id)
    if used + added_bytes <= room:
        return None
    return _sentence(repository.owner_name, room, used, added_bytes)


def left(session: Session, repository: Repository, *, limits: Limits) -> int | None:
    """How many bytes more fit into a repository and its organisation; None: as many as you like."""
    rooms = []
    if own := repository.quota_bytes or limits.repository_quota_bytes:
        rooms.append(own - repository.size_bytes - repository.lfs_bytes)
    if repository.organisation_id is not None:
        given = organisation_quota(session, repository.organisation_id)
        if given := given or limits.organisation_quota_bytes:
            rooms.append(given - organisation_bytes(session, repository.organisation_id))
    return min(rooms, default=None)


def _sentence(name: str, room: int, used: int, added: int) -> str:
    return sentence(
        "%(name)s has room for %(room)s, of which %(used)s are used; this needs %(added)s more.",
        name=name,
        room=size(room),
        used=size(used),
        added=size(added),
    )
