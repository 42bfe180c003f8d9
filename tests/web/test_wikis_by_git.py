"""Wikis with a real git: cloned, pushed to and refused over HTTPS, for whom the repository is."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.repositories import Repository
from appliance.domain.ruleset_words import Enforcement
from appliance.domain.rulesets import Target
from appliance.services import repository_moves, rulesets
from appliance.services.ruleset_drafts import Draft
from appliance.services.rulesets import Place
from tests.web.git_client import GitClient, token
from tests.web.test_wikis import PAGES, people, switch, wiki_of, write
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WIKI = "lab/notes.wiki"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def notes(world):
    people(world)
    write(world, "Home", "one\n")
    return world


def remote(served, who):
    return served.remote(WIKI, token(served.world, served.world.actor(who)))


def test_a_wiki_is_cloned_and_pushed_to(notes, served, git, tmp_path):
    before = notes.events_so_far()
    git("clone", "-q", remote(served, "writer"), "copy", at=tmp_path)
    copy = tmp_path / "copy"
    assert (copy / "Home.md").read_text() == "one\n"
    (copy / "By-git.md").write_text("from afar\n")
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "By git", at=copy)
    git("push", "-q", "origin", "main", at=copy)

    assert notes.client("reader").get(f"{PAGES}/By-git").json["content"] == "from afar\n"
    said = notes.events_since(before)
    assert [each for each in said if each != "token.created"][-2:] == [
        "git.pushed",
        "repo.wiki_changed",
    ]
    about = [each for each in notes.recorded() if each.action == "git.pushed"][-1]
    assert about.header["target"]["ref"] == str(wiki_of(notes).id)


@pytest.mark.promise("P88")
@pytest.mark.parametrize("who", ["reader", "outsider"])
def test_a_wiki_is_pushed_to_by_writers_alone(notes, served, git, tmp_path, who):
    git("clone", "-q", remote(served, "writer"), "copy", at=tmp_path)
    copy = tmp_path / "copy"
    git("commit", "-q", "--allow-empty", "-m", "No", at=copy)

    assert git.try_("push", remote(served, who), "main", at=copy).status != 0
    clones = git.try_("clone", "-q", remote(served, who), "second", at=tmp_path).status == 0
    assert clones is (who == "reader")


def test_the_history_of_a_wiki_is_rewritten_by_owners_who_say_so(notes, served, git, tmp_path):
    write(notes, "Home", "two\n")
    git("clone", "-q", remote(served, "writer"), "copy", at=tmp_path)
    copy = tmp_path / "copy"
    git("reset", "-q", "--hard", "HEAD~1", at=copy)
    git("commit", "-q", "--allow-empty", "-m", "Another", at=copy)
    rewrite, drop = ("--force", "main"), ("--delete", "main")

    for who, option, works in (
        ("writer", (), False),
        ("writer", ("-o", "bypass-protection"), False),
        ("owner", (), False),
        ("owner", ("-o", "bypass-protection"), True),
    ):
        bearer = token(notes, notes.actor(who), "repo:admin")
        said = git.try_("push", *option, served.remote(WIKI, bearer), *rewrite, at=copy)
        assert (said.status == 0) is works, said.said
        if not works:
            assert "its history may not be rewritten" in said.said
    assert "may not be deleted" in git.try_("push", remote(served, "writer"), *drop, at=copy).said


def test_rules_of_the_appliance_about_what_comes_in_hold_and_others_do_not(
    notes, served, git, tmp_path
):
    notes.administrator("administrator")
    rules = (
        {"kind": "pull_request", "approvals": 1},
        {"kind": "file_extensions", "patterns": ["exe"]},
    )
    draft = Draft("All", Enforcement.ACTIVE, Target(), rules)
    with notes.begin(notes.actor("administrator")) as work:
        rulesets.create(work, Place(), draft, now=NOON)
    git("clone", "-q", remote(served, "writer"), "copy", at=tmp_path)
    copy = tmp_path / "copy"
    (copy / "tool.exe").write_text("x\n")
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "A tool", at=copy)

    assert "exe" in git.try_("push", "origin", "main", at=copy).said
    git("reset", "-q", "--hard", "HEAD~1", at=copy)
    git("commit", "-q", "--allow-empty", "-m", "Straight to main", at=copy)
    git("push", "-q", "origin", "main", at=copy)


def test_rules_of_the_repository_hold_as_far_as_they_fit_pages(notes, served, git, tmp_path):
    maintainer = notes.administrator("administrator")
    rules = (
        {"kind": "pull_request", "approvals": 1},
        {"kind": "file_extensions", "patterns": ["exe"]},
    )
    draft = Draft("Ours", Enforcement.ACTIVE, Target(includes=("~DEFAULT_BRANCH",)), rules)
    with notes.begin(maintainer) as work:
        rulesets.create(work, Place(repository="lab/notes"), draft, now=NOON)
    notes.protect("lab/notes", "refs/heads/draft*")
    git("clone", "-q", remote(served, "writer"), "copy", at=tmp_path)
    copy = tmp_path / "copy"
    git("push", "-q", "origin", "main:draft", at=copy)
    assert "draft" in git.try_("push", "origin", ":draft", at=copy).said
    (copy / "tool.exe").write_text("x\n")
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "A tool", at=copy)
    assert "this repository's ruleset" in git.try_("push", "origin", "main", at=copy).said
    git("reset", "-q", "--hard", "HEAD~1", at=copy)
    git("commit", "-q", "--allow-empty", "-m", "Straight to main", at=copy)
    git("push", "-q", "origin", "main", at=copy)


def test_a_repository_that_was_called_like_a_wiki_before_keeps_its_address(
    notes, served, git, tmp_path
):
    notes.repository("lab/old")
    with notes.wiring.database._writing() as session, session.begin():
        named = {"name": "old.wiki", "name_key": "old.wiki"}
        session.execute(sa.update(Repository).where(Repository.name == "old").values(**named))
    notes.repository("lab/old")
    notes.administrator("administrator")
    remote_of = served.remote("lab/old.wiki", token(notes, notes.actor("administrator")))
    git("clone", "-q", remote_of, "copy", at=tmp_path)
    copy = tmp_path / "copy"
    git("commit", "-q", "--allow-empty", "-m", "So", at=copy)
    git("push", "-q", "origin", "HEAD:refs/heads/main", at=copy)
    refused = notes.client("administrator").patch("/api/v1/repos/lab/old", json={"has_wiki": True})
    assert (refused.status_code, "old.wiki already exists" in refused.text) == (409, True)


def test_large_files_of_a_wiki_are_kept_locked_and_shown(notes, served, git, tmp_path):
    git("lfs", "install", at=tmp_path)
    git("clone", "-q", remote(served, "writer"), "copy", at=tmp_path)
    copy = tmp_path / "copy"
    git("lfs", "track", "*.bin", "*.png", at=copy)
    (copy / "plan.png").write_bytes(PICTURE)
    (copy / "plan.bin").write_bytes(b"large" * 100)
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "Large", at=copy)
    git("push", "-q", "origin", "main", at=copy)
    git("lfs", "lock", "plan.bin", at=copy)

    git("clone", "-q", remote(served, "reader"), "second", at=tmp_path)
    assert (tmp_path / "second" / "plan.bin").read_bytes() == b"large" * 100
    assert "plan.bin" in git("lfs", "locks", at=copy)
    shown = notes.browser("reader").get("/lab/notes/wiki/_raw/plan.bin?large=1")
    assert shown.data == b"large" * 100
    assert shown.mimetype == "application/octet-stream"
    picture = notes.browser("reader").get("/lab/notes/wiki/_raw/plan.png")
    assert (picture.data, picture.mimetype) == (PICTURE, "image/png")
    assert b"git-lfs" in notes.browser("reader").get("/lab/notes/wiki/_raw/plan.bin").data
    assert git.try_("clone", remote(served, "outsider"), "third", at=tmp_path).status != 0


def test_a_wiki_that_is_off_or_archived_takes_nothing(notes, served, git, tmp_path):
    git("clone", "-q", remote(served, "writer"), "copy", at=tmp_path)
    copy = tmp_path / "copy"
    git("commit", "-q", "--allow-empty", "-m", "No", at=copy)
    with notes.begin(notes.actor("owner")) as work:
        repository_moves.archive(work, "lab/notes", now=NOON)
    assert "archived" in git.try_("push", "origin", "main", at=copy).said
    with notes.begin(notes.actor("owner")) as work:
        repository_moves.unarchive(work, "lab/notes")
        repository_moves.rename(work, "lab/notes", "book")
    git("push", "-q", "origin", "main", at=copy)
    switch(notes, on=False, path="lab/book")

    assert git.try_("push", "origin", "main", at=copy).status != 0
    assert git.try_("fetch", "origin", at=copy).status != 0
