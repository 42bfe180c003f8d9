"""Beside the files of a repository: its languages, its forks, and the job that fills it."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from appliance.db.repositories import Origin, Repository
from appliance.domain.jobs import Job
from appliance.domain.permissions import Role, Visibility
from appliance.services import languages
from tests.web.code_pages import Browser, build, reader
from tests.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PYTHON = b"print(1)\n"
FILES = {b"a.py": PYTHON * 3, b"style.css": PYTHON, b"vendor/x.js": PYTHON * 50}


def test_the_languages_stand_there_in_words(world):
    build(world, "lab/notes", FILES)
    page = reader(world, on="lab/notes").page("/lab/notes")

    shown = page.partition("<h2>Languages</h2>")[2].partition("</section>")[0]
    assert re.findall(r">(\w+)</span> <span[^>]*>([\d.]+) %", shown) == [
        ("Python", "75.0"),
        ("CSS", "25.0"),
    ]
    assert re.findall(r'x="([\d.]+)" width="([\d.]+)"', shown) == [
        ("0.0", "75.0"),
        ("75.0", "25.0"),
    ]


def test_many_languages_become_one_share(world):
    endings = b"py css js go rs c rb lua pl".split()
    build(world, "lab/notes", {b"a." + ending: PYTHON for ending in endings})
    page = reader(world, on="lab/notes").page("/lab/notes")

    assert "Other languages" in page
    assert page.count('class="dot"') == languages.NAMED + 1


def test_prose_alone_has_no_languages(world):
    build(world, "lab/notes", {b"README.md": b"# Notes\n"})
    assert "<h2>Languages</h2>" not in reader(world, on="lab/notes").page("/lab/notes")


def test_what_takes_longer_comes_by_itself(world):
    files = {b"folder %d/%d.py" % (number % 90, number): PYTHON for number in range(20_000)}
    build(world, "lab/notes", files)
    browser = reader(world, on="lab/notes")
    page = browser.page("/lab/notes")
    assert 'data-load="/lab/notes?part=languages"' in page

    piece = browser.page("/lab/notes?part=languages")
    assert "Python" in piece
    assert "<html" not in piece
    assert "<h2>Languages</h2>" in browser.page("/lab/notes")


@pytest.mark.parametrize("view", ["mine", "another's"])
def test_a_repository_on_its_way_leads_to_its_job(world: World, view: str):
    repository = world.repository("lab/notes", content=Origin.IMPORTING)
    browser = reader(world, on="lab/notes")
    wanted_by = "reader-lab-notes" if view == "mine" else "other"
    if view != "mine":
        world.user("other", role=Role.OWNER, on="lab/notes")
    with world.begin(world.actor(wanted_by)) as work:
        work.later(Job.IMPORT_REPOSITORY, about=repository.id, repository_id=str(repository.id))
    page = browser.page("/lab/notes")

    assert "Import or fork in progress" in page
    assert ("/jobs/" in page) == (view == "mine")


def test_a_fork_is_one_press_away_and_forks_are_counted(world):
    build(world, "lab/notes", FILES, visibility=Visibility.INTERNAL)
    original = world.one(sa.select(Repository).where(Repository.name == "notes"))
    world.repository("lab/seen", visibility=Visibility.INTERNAL, forked_from_id=original.id)
    world.repository("lab/hidden", forked_from_id=original.id)
    page = reader(world, on="lab/notes").page("/lab/notes")

    assert 'href="/lab/notes/fork"' in page
    assert re.search(r"Fork <span[^>]*>1</span>", page)


def test_a_stranger_is_offered_no_fork(world):
    world.configure(CODARA_ACCESS__PUBLIC_REPOSITORIES="true")
    build(world, "lab/notes", FILES, visibility=Visibility.PUBLIC)
    page = Browser(world.app.test_client()).page("/lab/notes")

    assert "<h2>About</h2>" in page
    assert "/lab/notes/fork" not in page
