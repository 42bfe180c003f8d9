"""Wikis: repositories without roles of their own, which are found by the repository they are of."""

from __future__ import annotations

from appliance.access import fetch, unseen
from appliance.db.repositories import Repository
from appliance.db.repository_rows import wiki_of
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.names import WIKI_ENDING, home_of_wiki, split_path
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, InvalidError, MovedError, NotFoundError, sentence


def or_repository(work: UnitOfWork, path: str, permission: Permission) -> Repository:
    """What git names so: the repository `OWNER/NAME`, or the wiki `OWNER/NAME.wiki` of one.

    A repository that was called so before there were wikis keeps its address.

    Errors:
        HiddenError: there is none, or none for this actor.
        MovedError: it has another name now.
        RefusedError: the actor may see it, but not do this.
    """
    home_path = home_of_wiki(path)
    if home_path is None or _is_repository(work, path):
        return fetch.repository(work, path, permission)
    try:
        home = fetch.repository(work, home_path, permission)
    except MovedError as moved:
        raise MovedError(was=path, path=f"{moved.path}{WIKI_ENDING}") from moved
    except HiddenError:
        return fetch.repository(work, path, permission)  # It may have been called so.
    wiki = wiki_of(work.session, home.id) if home.has_wiki else None
    return wiki or fetch.repository(work, path, permission)


def _is_repository(work: UnitOfWork, path: str) -> bool:
    try:
        owner_name, name = split_path(path)
    except InvalidError:
        return False
    return Permission.REPOSITORY_READ in unseen.named_repository(work, owner_name, name)[1]


def of(work: UnitOfWork, path: str, permission: Permission) -> Repository:
    """The wiki of the repository `OWNER/NAME`.

    Errors:
        HiddenError, MovedError, RefusedError: as for the repository.
        NotFoundError: it has no wiki, or it is switched off.
    """
    home = fetch.repository(work, path, permission)
    wiki = wiki_of(work.session, home.id) if home.has_wiki else None
    if wiki is None:
        raise NotFoundError(sentence("%(path)s has no wiki.", path=home.path))
    return wiki
