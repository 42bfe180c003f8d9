"""Gives repositories of a test wikis with pages, without the verbs that do so."""

from __future__ import annotations

import sqlalchemy as sa

from appliance.db.repositories import Repository
from appliance.domain.ids import new_id
from appliance.git.commits import Person
from appliance.git.write import Put, commit_files
from tests.world import NOON, World

WRITER = Person(b"Writer", b"writer@codara.test", NOON, 0)


def give(world: World, path: str, pages: dict[str, str]) -> str:
    """A wiki that is switched on; gives the commit that wrote its pages."""
    home = world._repository(path)
    shared = ("owner_id", "organisation_id", "owner_name", "name", "visibility")
    wiki = Repository(
        id=new_id(),
        wiki_of_id=home.id,
        name_key=f".wiki.{home.id.hex}",
        created_at=NOON,
        **{name: getattr(home, name) for name in shared},
    )
    world.add(wiki)
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(Repository).where(Repository.id == home.id).values(has_wiki=True))
    folder = world.wiring.repositories.create(wiki.id)
    if not pages:
        return ""
    changes = [Put(f"{name}.md".encode(), text.encode()) for name, text in pages.items()]
    return commit_files(folder, b"main", changes, message=b"Write pages", author=WRITER).commit
