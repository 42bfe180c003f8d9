"""A disk that is really full: everyone is told, nothing is lost or half done, room is enough."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import secrets
import subprocess
import sys
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.errors import QuotaError, UnavailableError
from appliance.git.lfs import LfsStore
from tests.faults.test_kills import every_ref_is_recorded, recorded, refs
from tests.journeys.running import give_key, whole
from tests.web.git_client import GitClient
from tests.world import World, copy_sqlite

pytestmark = [pytest.mark.promise("P17"), pytest.mark.promise("P26")]
MIB = 1024 * 1024
MANY = 1000
DISK_BYTES = 64 * MIB
NO_ROOM_FOR_FILE = "The disk has no room for this file. Tell an administrator."
FULL = "The disk of the appliance is full."
NAMESPACE = ("unshare", "--map-root-user", "--mount")


def on_a_small_disk(test):
    """Run a test where it may mount a disk: here as root, else in a namespace of its own."""

    @functools.wraps(test)
    def run(request, **arguments: Any):
        if os.geteuid() == 0:
            return test(request=request, **arguments)
        words = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            request.node.nodeid,
        ]
        again = subprocess.run(
            [*NAMESPACE, *words],
            cwd=request.config.rootpath,
            capture_output=True,
            text=True,
            check=False,
        )
        assert again.returncode == 0, again.stdout + again.stderr
        return None

    return run


class Disk:
    """A small disk, and a file that takes all of its room."""

    def __init__(self, place) -> None:
        self.place = place
        self._filler = place / "filler"

    def fill(self):
        """Leave not a byte."""
        with self._filler.open("ab", buffering=0) as file:
            while True:
                try:
                    file.write(bytes(4096))
                except OSError:
                    return

    def make_room(self):
        """Leave enough."""
        self._filler.unlink()


@contextmanager
def small_disk(place):
    """A disk of some megabytes at a place, for the length of the block."""
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", place]
    subprocess.run(words, check=True, capture_output=True)
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def lasting(running):
    """The processes that run all the time; the others come and go with what there is to do."""
    parts = running.processes()
    return {pid: part for pid, part in parts.items() if part not in {"worker-all", "events"}}


@pytest.mark.slow
@on_a_small_disk
def test_a_full_disk_is_told_to_everyone_and_room_is_all_it_takes(request, tmp_path):
    git = GitClient(tmp_path / "person")
    copy = git.working_copy(tmp_path / "copy")
    with small_disk(tmp_path / "disk") as disk, whole(disk.place / "home") as running:
        running.codara("repo", "create", "admin/notes")
        git.environment["GIT_SSH_COMMAND"] = give_key(running, "admin", tmp_path / "keys")
        token = running.token("admin", "repo:write", "--scope", "repo:admin")
        remotes = [running.https("admin/notes", token), running.ssh("admin/notes")]
        git("push", "-q", remotes[0], "main", at=copy)
        parts = lasting(running)
        there = refs(git, copy, remotes[0])
        told = len(recorded(running))

        disk.fill()
        (copy / "large").write_bytes(secrets.token_bytes(2 * MIB))
        git.commit(copy, "more", "more")
        for remote in remotes:
            no_room_is_told(git.try_("push", remote, "main", at=copy))
            no_room_is_told(git.try_("clone", remote, "again", at=tmp_path))
        unmade = running.api(token, "POST", "/repos", {"name": "unmade"})
        assert (unmade.status_code, FULL in unmade.json()["detail"]) == (503, True)
        assert "Retry-After" in unmade.headers
        assert running.codara("repo", "import", copy, "admin/arriving", fails=True) is None
        assert upload(running, token) == (507, NO_ROOM_FOR_FILE)
        # What only reads goes on.
        assert refs(git, copy, remotes[0]) == there
        assert running.api(token, "GET", "/repos/admin/notes").status_code == 200
        assert len(recorded(running)) == told

        disk.make_room()
        all_is_possible(running, git, copy, remotes, token)
        assert lasting(running) == parts
        assert every_ref_is_recorded(running)
        assert not list(running.home.glob("repositories/**/tmp_*"))


def all_is_possible(running, git, copy, remotes, token):
    """Do what there was no room for, and find nothing of the first attempt."""
    assert running.api(token, "GET", "/repos/admin/unmade").status_code == 404
    for number, remote in enumerate(remotes):
        git("push", "-q", remote, f"main:branch-{number}", at=copy)
    assert running.api(token, "POST", "/repos", {"name": "unmade"}).status_code == 201
    running.codara("repo", "import", copy, "admin/arriving")
    answer = running.api(token, "GET", "/repos/admin/arriving")
    assert answer.json()["content"] == "ready"


def no_room_is_told(refused):
    """Whether git failed with a sentence that says why."""
    assert refused.status != 0
    assert FULL in refused.said or "No space left on device" in refused.said


def upload(running, token):
    """What somebody is told who uploads a large file."""
    content = b"large"
    wanted = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
    batch = requests.post(
        f"{running.url}/admin/notes.git/info/lfs/objects/batch",
        json={"operation": "upload", "transfers": ["basic"], "objects": [wanted]},
        auth=("git", token),
        timeout=60,
    )
    action = batch.json()["objects"][0]["actions"]["upload"]
    answer = requests.put(action["href"], content, headers=action["header"], timeout=60)
    return answer.status_code, answer.json()["message"]


class FillingBody:
    """An upload during which the disk gets full."""

    def __init__(self, content, disk) -> None:
        self._content = content
        self._disk = disk

    def read(self, size):
        chunk, self._content = self._content[:size], self._content[size:]
        if len(self._content) < 4 * MIB:
            self._disk.fill()
        return chunk


@on_a_small_disk
def test_a_large_file_that_finds_no_room_goes_on_when_there_is_some(request, tmp_path):
    content = secrets.token_bytes(8 * MIB)
    oid = hashlib.sha256(content).hexdigest()
    with small_disk(tmp_path / "disk") as disk:
        store = LfsStore(disk.place, reserve_bytes=0)
        upload = {"size_bytes": len(content), "upload": "one"}
        with pytest.raises(QuotaError, match="no room"):
            store.receive(oid, FillingBody(content, disk), **upload)
        arrived = store.received_bytes(oid, upload="one")
        assert 0 < arrived < len(content)
        assert store.size_bytes(oid) is None

        disk.make_room()
        store.receive(oid, io.BytesIO(content[arrived:]), offset=arrived, **upload)
        assert b"".join(store.read(oid)) == content


@on_a_small_disk
def test_a_transaction_without_room_is_undone_with_its_events(request, tmp_path, migrated_sqlite):
    with small_disk(tmp_path / "disk") as disk:
        home = disk.place / "home"
        world = World(home, copy_sqlite(migrated_sqlite, home))
        assert world.events() == []
        disk.fill()
        with pytest.raises(UnavailableError, match=FULL):
            record_many(world)
        assert world.events() == []

        disk.make_room()
        record_many(world)
        assert len(world.events()) == MANY
        world.close()


def record_many(world):
    """One transaction with many events."""
    with world.begin(appliance()) as work:
        for _ in range(MANY):
            work.record(events.AccessRefused(reason="refused", attempt="something long " * 64))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_full_disk_of_the_database_server_is_told_as_well(world):
    with (
        pytest.raises(UnavailableError, match=FULL),
        world.begin(appliance()) as work,
    ):
        work.session.execute(sa.text("DO $$BEGIN RAISE SQLSTATE '53100'; END$$"))
