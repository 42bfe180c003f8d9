"""A repository's home: what is there, how to fill it, and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.db.repositories import Origin, RepositoryHealth
from appliance.domain.permissions import Role, Visibility
from tests.web.code_pages import TEXT, Browser, build, reader

README = b"# Notes\n\nSee [the plan](docs/plan.md) and ![a picture](pic.png), not [out](../../x).\n"


def test_home_shows_files_their_last_commits_and_the_readme(world):
    build(world, "lab/notes", {b"README.md": README, b"docs/plan.md": b"# Plan\n", b"a.py": TEXT})
    page = reader(world, on="lab/notes").page("/lab/notes")

    assert "<title>lab/notes" in page
    assert 'href="/lab/notes/tree/main/docs"' in page
    assert 'href="/lab/notes/blob/main/a.py"' in page
    assert 'href="/lab/notes/blob/main/docs/plan.md"' in page
    assert 'src="/lab/notes/raw/main/pic.png"' in page
    assert "/x" not in page.partition("not ")[2].partition("</p>")[0]
    assert ">Begin<" in page
    assert "http://127.0.0.1:8080/lab/notes.git" in page
    assert "1 commit" in page


def test_an_empty_repository_says_how_to_push(world):
    world.repository("lab/notes")
    page = reader(world, role=Role.WRITER, on="lab/notes").page("/lab/notes")

    assert "git remote add origin http://127.0.0.1:8080/lab/notes.git" in page
    assert "git init -b main notes" in page


def test_an_empty_repository_keeps_the_commands_from_who_may_not_push(world):
    world.repository("lab/notes")

    assert "git remote add" not in reader(world, on="lab/notes").page("/lab/notes")


@pytest.mark.parametrize(
    "view", ["tree", "commits", "search", "find", "compare", "branches", "tags"]
)
def test_every_page_of_an_empty_repository_answers(world, view):
    world.repository("lab/notes")

    reader(world, on="lab/notes").page(f"/lab/notes/{view}")


def test_another_branch_stands_in_for_a_default_that_has_no_commits(world):
    repository = world.repository("lab/notes", default_branch="main")
    builder, _first = build(world, "lab/other", {b"a.txt": TEXT})
    oid = builder.commit({b"a.txt": TEXT}, branch=b"trunk")
    (world.folder(repository) / "HEAD").write_bytes(b"ref: refs/heads/main\n")
    (builder.at / "HEAD").write_bytes(b"ref: refs/heads/nothing\n")
    builder.ref(b"refs/heads/trunk", oid)
    page = reader(world, on="lab/other").page("/lab/other")

    assert "has no commits yet" in page
    assert "a.txt" in page


def test_a_damaged_repository_is_shown_as_damaged_and_the_others_go_on(world):
    builder, _first = build(world, "lab/notes", {b"a.txt": TEXT})
    build(world, "lab/other", {b"a.txt": TEXT})
    for folder in (builder.at / "objects").iterdir():
        for file in folder.iterdir():
            file.chmod(0o600)
            file.write_bytes(b"no object")
    browser = reader(world, on="lab/notes")
    world.grant("reader-lab-notes", Role.READER, "lab/other")
    broken = browser.get("/lab/notes")

    assert broken.status_code == 500
    assert "damaged" in broken.get_data(as_text=True)
    assert broken.headers["X-Request-Id"] in broken.get_data(as_text=True)
    assert 'aria-label="Repository"' in broken.get_data(as_text=True)
    assert "a.txt" in browser.page("/lab/other")


def test_a_repository_that_a_check_found_damaged_says_so(world):
    build(world, "lab/notes", {b"a.txt": TEXT})
    repository = world._repository("lab/notes")
    world.add(RepositoryHealth(id=repository.id, damaged_since=datetime.now(UTC)))

    assert "A check found this repository damaged" in reader(world, on="lab/notes").page(
        "/lab/notes"
    )


def test_an_archived_repository_says_so(world):
    build(world, "lab/notes", {b"a.txt": TEXT}, archived_at=datetime.now(UTC))

    assert "This repository is archived" in reader(world, on="lab/notes").page("/lab/notes")


@pytest.mark.parametrize(
    ("content", "words"),
    [(Origin.IMPORTING, "in progress"), (Origin.FAILED, "The import or fork failed")],
)
def test_content_that_has_not_arrived_is_explained(world, content, words):
    world.repository("lab/notes", content=content)

    assert words in reader(world, on="lab/notes").page("/lab/notes")


def test_what_one_may_not_read_looks_like_what_does_not_exist(world):
    build(world, "lab/notes", {b"a.txt": TEXT})
    world.user("outsider")
    browser = Browser(world.browser("outsider"))
    hidden, missing = browser.get("/lab/notes"), browser.get("/lab/nothing")

    assert hidden.status_code == missing.status_code == 404
    assert "a.txt" not in hidden.get_data(as_text=True)
    for view in ("tree/main", "blob/main/a.txt", "raw/main/a.txt", "archive/main.zip", "commits"):
        assert browser.get(f"/lab/notes/{view}").status_code == 404


def test_a_stranger_reads_what_is_public(world):
    world.configure(CODARA_ACCESS__PUBLIC_REPOSITORIES="true")
    build(world, "lab/notes", {b"a.txt": TEXT}, visibility=Visibility.PUBLIC)

    assert "a.txt" in Browser(world.app.test_client()).page("/lab/notes")


def test_settings_are_offered_to_who_may_change_them(world):
    build(world, "lab/notes", {b"a.txt": TEXT})

    assert "/lab/notes/settings" not in reader(world, on="lab/notes").page("/lab/notes")
    maintainer = reader(world, role=Role.MAINTAINER, on="lab/notes")
    assert "/lab/notes/settings" in maintainer.page("/lab/notes")
