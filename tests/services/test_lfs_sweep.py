"""Large files that nothing reaches go, after their grace, and nothing else does."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest

from appliance.domain.identity import appliance
from appliance.git.commits import Person
from appliance.git.write import Put, commit_files
from appliance.services import lfs, lfs_sweep, repository_bin
from appliance.services.lfs import Leave, Operation, Wanted
from tests.world import NOON

CONTENTS = {name: name.encode() * 1000 for name in ("reached", "unreached")}
OIDS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}


@pytest.fixture
def tools(world):
    return world.wiring.git


@pytest.fixture
def repository(world, tools):
    writer = world.user("writer")
    repository = world.repository("writer/notes")
    for name, content in CONTENTS.items():
        store(world, writer, repository, OIDS[name], content)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OIDS['reached']}\n"
    pointer += f"size {len(CONTENTS['reached'])}\n"
    somebody = Person(b"Writer", b"writer@codara.test", NOON, 0)
    change = Put(b"large.bin", pointer.encode())
    commit_files(world.folder(repository), b"main", [change], message=b"Large", author=somebody)
    return repository


def store(world, actor, repository, oid, content):
    tools = world.wiring.git
    tools.lfs.receive(oid, io.BytesIO(content), size_bytes=len(content), upload="test")
    leave = Leave(actor, repository.id, Operation.UPLOAD, Wanted(oid, len(content)))
    with world.begin(actor) as work:
        lfs.note_stored(work, leave, tools=tools, now=NOON)


def sweep(world, *, days):
    tools = world.wiring.git
    now = NOON + timedelta(days=days)
    with world.reading(appliance()) as work:
        repositories = lfs_sweep.repositories(work)
    for repository_id in repositories:
        reached = lfs_sweep.reached(repository_id, tools=tools)
        with world.begin(appliance()) as work:
            lfs_sweep.mark(work, repository_id, reached, now=now)
    with world.reading(appliance()) as work:
        unlinked = lfs_sweep.unlinked(work)
    removed = 0
    for oid in unlinked:
        with world.begin(appliance()) as work:
            removed += lfs_sweep.remove(work, oid, tools=tools)
    return removed


def test_what_is_reached_stays_and_the_rest_goes_after_its_grace(world, tools, repository):
    removed = [sweep(world, days=days) for days in (0, 13, 14, 15)]

    assert removed == [0, 0, 1, 0]
    assert tools.lfs.size_bytes(OIDS["reached"]) is not None
    assert tools.lfs.size_bytes(OIDS["unreached"]) is None
    assert world.events()[-2:] == ["lfs.swept", "lfs.swept"]


def test_what_another_repository_hands_out_stays(world, tools, repository):
    other = world.repository("writer/other")
    store(world, world.actor("writer"), other, OIDS["unreached"], CONTENTS["unreached"])
    administrator = world.administrator()
    with world.begin(administrator) as work:
        repository_bin.delete(work, "writer/other", now=NOON)

    sweep(world, days=0)
    with world.begin(appliance()) as work:
        assert repository_bin.purge(work, other.id, now=NOON + timedelta(days=30))
    removed = sweep(world, days=1)

    assert removed == 0
    assert tools.lfs.size_bytes(OIDS["unreached"]) is not None


def test_what_was_sent_again_is_not_removed(world, tools, repository):
    assert sweep(world, days=0) == 0
    with world.begin(appliance()) as work:
        assert not lfs_sweep.remove(work, OIDS["unreached"], tools=tools)
        assert not lfs_sweep.remove(work, "0" * 64, tools=tools)
