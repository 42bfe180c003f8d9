"""What it costs to read a wiki, what it says where it is damaged, and whose room it takes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.repositories import Repository, RepositoryHealth
from appliance.services import wikis
from tests.web.test_wikis import PAGES, REPO, people, wiki_of, write
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def notes(world):
    people(world)
    return world


def test_a_page_is_found_without_reading_all_of_a_wiki(notes):
    for name in ("Home", "guides/Set-up", "guides/inner/Deep"):
        write(notes, name, "[p](data.csv) [q](Set-up.md)\n")
    store, reader = notes.wiring.repositories, notes.actor("reader")
    with notes.wiring.database.reading(reader) as work:
        contents = wikis.contents(wikis.opened(work, "lab/notes", repositories=store))

    assert contents.find("GUIDES/set up") == contents.page("guides/Set-up")
    assert (contents.find("guides/none"), contents.find("none/Set-up")) == (None, None)
    assert (contents.holds(b"guides/Set-up.md"), contents.holds(b"guides/inner")) == (True, False)
    assert set(contents.read) == {b"", b"guides"}
    assert [each.name for each in contents.some(2)] == ["guides/Set-up", "Home"]
    assert len(contents.some(9)) == 3
    assert "pages" not in vars(contents)
    page = notes.browser("reader").get("/lab/notes/wiki/guides/Set-up").text
    assert "guides/inner/Deep" in page


def test_a_damaged_wiki_says_so_and_not_its_repository(notes):
    write(notes, "Home", "one\n")
    browser = notes.browser("reader")

    notes.add(RepositoryHealth(id=notes._repository("lab/notes").id, damaged_since=NOON))
    assert "found this" not in browser.get("/lab/notes/wiki").text
    notes.add(RepositoryHealth(id=wiki_of(notes).id, damaged_since=NOON))
    assert "found this wiki damaged" in browser.get("/lab/notes/wiki").text
    assert "found this repository damaged" in browser.get("/lab/notes/branches").text


def test_a_repository_and_its_wiki_share_one_room(notes):
    write(notes, "Home", "one\n")
    home = notes._repository("lab/notes").id
    with notes.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(Repository).values(size_bytes=600))
        session.execute(sa.update(Repository).where(Repository.id == home).values(quota_bytes=1000))

    for place in (f"{PAGES}/More", f"{REPO}/write/file"):
        refused = notes.client("writer").put(place, json={"content": "x\n"})
        assert (refused.status_code, "lab/notes has room for" in refused.text) == (403, True)
