"""The page of locked files: who holds which, and who may unlock what."""

from __future__ import annotations

import pytest

from appliance.db.lfs import LfsLock
from appliance.domain.ids import new_id
from appliance.domain.permissions import Role
from tests.web.code_pages import TEXT, build, links, reader
from tests.world import NOON, copy_sqlite


@pytest.fixture
def database_url(migrated_sqlite, tmp_path):
    """What is tried here is the door's; both databases are tried with the verbs."""
    return copy_sqlite(migrated_sqlite, tmp_path / "home")


@pytest.fixture
def writer(world):
    build(world, "lab/odd", {b"a.txt": TEXT})
    return reader(world, role=Role.WRITER)


def lock(world, path: str, by: str) -> str:
    row = LfsLock(
        id=new_id(),
        repository_id=world._repository("lab/odd").id,
        path=path,
        user_id=world.actor(by).id,
        locked_at=NOON,
    )
    world.add(row)
    return str(row.id)


def test_without_locks_it_says_what_would_be_here(writer):
    assert "/lab/odd/locks" in links(writer.page("/lab/odd"))
    page = writer.page("/lab/odd/locks")
    assert "No file is locked" in page
    assert "git lfs lock" in page


def test_locks_are_sorted_filtered_and_a_file(world, writer):
    world.user("painter", role=Role.WRITER, on="lab/odd")
    lock(world, "art/door.psd", "painter")
    lock(world, "art/attic.psd", "writer-lab-odd")
    page = writer.page("/lab/odd/locks?sort=name")
    assert page.index("attic.psd") < page.index("door.psd")
    assert 'aria-sort="ascending"' in page
    assert "attic" not in writer.page("/lab/odd/locks?q=Paint")
    assert "No matching locks" in writer.page("/lab/odd/locks?q=nothing")
    found = writer.get("/lab/odd/locks?sort=-owner&format=json").json
    assert [each["locked_by"] for each in found] == ["writer-lab-odd", "painter"]


def test_own_locks_end_and_others_are_refused(world, writer):
    world.user("painter", role=Role.WRITER, on="lab/odd")
    own, other = lock(world, "a.psd", "writer-lab-odd"), lock(world, "b.psd", "painter")
    assert other not in writer.page("/lab/odd/locks")
    done = writer.post("/lab/odd/locks", act="unlock", chosen=own, confirmed="yes")
    assert done.status_code == 303
    refused = writer.post("/lab/odd/locks", act="unlock", chosen=other, confirmed="yes")
    assert refused.status_code == 403
    assert world.events() == ["lfs.unlocked", "access.refused"]


def test_maintainers_unlock_for_others_after_a_question(world, writer):
    held = [lock(world, path, "writer-lab-odd") for path in ("a.psd", "b.psd")]
    browser = reader(world, role=Role.MAINTAINER)
    asked = browser.post("/lab/odd/locks", act="unlock", chosen=held)
    assert "a.psd (writer-lab-odd)" in asked.text
    assert "stay on their machine" in asked.text
    assert world.events() == []
    browser.post("/lab/odd/locks", act="unlock", chosen=held, confirmed="yes")
    assert world.events() == ["lfs.unlocked", "lfs.unlocked"]
    assert "No file is locked" in browser.page("/lab/odd/locks")


@pytest.mark.parametrize("confirmed", ["", "yes"])
def test_readers_see_locks_and_end_none(world, writer, confirmed):
    held = lock(world, "a.psd", "writer-lab-odd")
    browser = reader(world)
    page = browser.page("/lab/odd/locks")
    assert "a.psd" in page
    assert 'name="chosen"' not in page
    browser.post("/lab/odd/locks", act="unlock", chosen=held, confirmed=confirmed)
    assert "a.psd" in browser.page("/lab/odd/locks")
    assert "lfs.unlocked" not in world.events()
