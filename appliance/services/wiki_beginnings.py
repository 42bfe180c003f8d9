"""The repository that a wiki is: made when it is switched on first, and kept when switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.access.gate import open_to_everyone
from appliance.db.repositories import Repository
from appliance.db.repository_rows import insist_on_free_name, take_wiki_along, wiki_of
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.names import WIKI_ENDING

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.git.storage import RepositoryStore

BRANCH = "main"
"""The one branch that the portal shows and changes."""


@open_to_everyone(because="`repositories.change` has asked whether the actor may switch it on")
def prepare(work: UnitOfWork, home: Repository, *, repositories: RepositoryStore) -> None:
    """Let a repository whose wiki is switched on have one.

    Errors:
        ConflictError: a repository has the wiki's address since before there were wikis.
    """
    if not home.has_wiki:
        return
    insist_on_free_name(work.session, home, home.name + WIKI_ENDING)
    if wiki_of(work.session, home.id) is not None:
        return
    wiki_id = new_id()
    wiki = Repository(
        id=wiki_id,
        wiki_of_id=home.id,
        owner_id=home.owner_id,
        owner_name=home.owner_name,
        name=home.name,
        # No repository has such a name, and no address finds it: a wiki is found by its home.
        name_key=f".wiki.{wiki_id.hex}",
        default_branch=BRANCH,
        created_at=work.begun_at,
    )
    work.session.add(wiki)
    work.session.flush()  # What is taken along is asked for by its home.
    take_wiki_along(work.session, home)
    work.record(
        events.RepositoryCreated(
            about=wiki.id,
            organisation_id=wiki.organisation_id,
            owner_id=str(wiki.owner_id),
            path=wiki.path,
            visibility=wiki.visibility,
        )
    )
    repositories.create(wiki.id, default_branch=BRANCH.encode())
