"""When the audit log takes no event, nothing is done: by no door, and not by half."""

from __future__ import annotations

import pytest

from appliance.db.unit_of_work import UNRECORDABLE
from appliance.domain.permissions import Role
from tests.git.builder import Builder
from tests.peers.appliance import serve
from tests.peers.deaf_log import audited_rows, deaf_log
from tests.web.git_client import GitClient, token


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def writer(world):
    world.repository("lab/notes")
    return world.user("writer", role=Role.WRITER, on="lab/notes")


@pytest.fixture
def remote(served, writer):
    return served.remote("lab/notes", token(served.world, writer))


@pytest.fixture
def copy(git, tmp_path):
    return git.working_copy(tmp_path / "copy")


def done(world):
    """What was recorded of what the tests do."""
    return [each for each in world.events() if each.startswith(("git.", "org."))]


def refs(world):
    """The refs on disk."""
    folder = world.folder(world._repository("lab/notes"))
    packed = folder / "packed-refs"
    loose = [
        str(each.relative_to(folder)) for each in (folder / "refs").rglob("*") if each.is_file()
    ]
    return sorted(loose), packed.read_text() if packed.exists() else ""


def test_the_api_says_503_and_has_changed_nothing(world):
    client = world.client(world.user("writer").label)
    engine = world.wiring.database.engine
    before = audited_rows(engine)

    with deaf_log(engine):
        refused = client.post("/api/v1/orgs", json={"name": "works"})
        kept = audited_rows(engine)
    made = client.post("/api/v1/orgs", json={"name": "works"})

    assert (refused.status_code, refused.json["code"]) == (503, "unavailable")
    assert refused.json["detail"] == str(UNRECORDABLE)
    assert refused.headers["Retry-After"]
    assert kept == before
    assert made.status_code == 201
    assert done(world) == ["org.created"]


def test_the_portal_says_so_on_a_page(world):
    world.user("writer")
    browser, engine = world.browser("writer"), world.wiring.database.engine
    before = audited_rows(engine)

    with deaf_log(engine):
        page = browser.post("/organisations/new", data={"name": "works"})

    assert page.status_code == 503
    assert "audit log" in page.text
    assert audited_rows(engine) == before


def test_a_push_is_refused_before_any_ref_moves(world, served, remote, git, copy):
    engine = world.wiring.database.engine
    before, present = audited_rows(engine), refs(world)

    with deaf_log(engine):
        refused = git.try_("push", remote, "main", at=copy)
        kept, found = audited_rows(engine), refs(world)
    git("push", remote, "main", at=copy)

    assert refused.status != 0
    assert "audit log" in refused.said
    assert (kept, found) == (before, present)
    assert done(world) == ["git.pushed"]


def test_nobody_is_given_what_cannot_be_recorded(world, served, remote, git, copy, tmp_path):
    git("push", remote, "main", at=copy)

    with deaf_log(world.wiring.database.engine):
        refused = git.try_("clone", remote, "taken", at=tmp_path)

    assert refused.status != 0
    assert not (tmp_path / "taken" / ".git").exists()
    assert done(world) == ["git.pushed"]


def test_where_reading_may_go_unrecorded_it_goes_on(world, writer, git, copy, tmp_path):
    world.configure(CODARA_AUDIT__READS="best_effort")
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        git("push", remote, "main", at=copy)
        with deaf_log(world.wiring.database.engine):
            git("clone", remote, "taken", at=tmp_path)
            refused = git.try_("push", remote, "main:other", at=copy)
        git("clone", remote, "again", at=tmp_path)

    assert (tmp_path / "taken" / ".git").exists()
    assert refused.status != 0
    assert done(world) == ["git.pushed", "git.fetched"]


def test_no_door_gives_away_what_cannot_be_recorded(world, writer):
    folder = world.folder(world._repository("lab/notes"))
    Builder(folder).commit({b"a.txt": b"1"}, branch=b"main")
    doors = [
        (world.client("writer"), "/api/v1/repos/lab/notes/read/a.txt"),
        (world.client("writer"), "/api/v1/repos/lab/notes/archive/main.zip"),
        (world.client("writer"), "/api/v1/repos/lab/notes/export"),
        (world.browser("writer"), "/lab/notes/raw/main/a.txt"),
        (world.browser("writer"), "/lab/notes/archive/main.zip"),
        (world.browser("writer"), "/lab/notes/branches?format=csv"),
    ]

    with deaf_log(world.wiring.database.engine):
        refused = [client.get(address).status_code for client, address in doors]
    given = [client.get(address).status_code for client, address in doors]

    assert refused == [503] * len(doors)
    assert given == [200] * len(doors)
    assert world.events() == [
        *("git.raw_downloaded", "git.archive_downloaded", "repo.exported"),
        *("git.raw_downloaded", "git.archive_downloaded", "admin.list_exported"),
    ]
