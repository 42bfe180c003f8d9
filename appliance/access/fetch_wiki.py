"""Wikis: repositories without roles of their own, which are found by the repository they are of."""

from __future__ import annotations

from appliance.access import fetch, not_there
from appliance.db.repositories import Repository
from appliance.db.repository_rows import wiki_of
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.names import WIKI_ENDING, home_of_wiki
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, MovedError, NotFoundError, sentence


def or_repository(work: UnitOfWork, path: str, permission: Permission) -> Repository:
    """What git names so: the repository `OWNER/NAME`, or the wiki `OWNER/NAME.wiki` of one.

    Errors:
        HiddenError: there is none, or none for this actor.
        MovedError: it has another name now.
        RefusedError: the actor may see it, but not do this.
    """
    home_path = home_of_wiki(path)
    if home_path is None:
        return fetch.repository(work, path, permission)
    try:
        home = fetch.repository(work, home_path, permission)
    except MovedError as moved:
        raise MovedError(was=path, path=f"{moved.path}{WIKI_ENDING}") from moved
    except HiddenError as error:
        raise not_there.repository(path) from error
    wiki = wiki_of(work.session, home.id) if home.has_wiki else None
    if wiki is None:
        raise not_there.repository(path)
    return wiki


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
