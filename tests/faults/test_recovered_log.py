"""A log whose database was put back to an earlier state, as an auditor sees it who kept a head."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa

from appliance.cli.__main__ import main
from appliance.db.audit_log import AuditCheckpoint
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.errors import UnavailableError
from appliance.jobs import sequencing
from appliance.services.audit_log.growth import RolledBackError
from appliance.wiring_heartbeats import Heart
from audit.verdict import Verdict
from tests.faults.test_full_disk import MANY, on_a_small_disk, record_many, small_disk
from tests.services.test_audit_recovery import put_back, record
from tests.whole_logs import insist_on_whole_logs
from tests.world import World, copy_sqlite


@pytest.fixture
def console(world, monkeypatch):
    """Say a command at the console, which must end well."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    world.administrator("admin")

    def say(*words: object):
        assert main(["audit", *map(str, words), "--home", str(world.home)]) == 0

    return say


def verified(folder, root, *more: object):
    """The exit status of the offline verifier, and what it said."""
    words = ["verify", folder / "export", "--trust", folder / "keys", *more]
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-m", "audit", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def exported(console, folder):
    folder.mkdir()
    console("export", "--out", folder / "export")
    console("trust", "--out", folder / "keys")
    return folder


def test_a_rollback_and_its_recovery_show_in_exports(world, console, tmp_path, request):
    root, heart = request.config.rootpath, Heart(world.wiring.database, world.wiring.logs.signer)
    record(world, 6)
    world.keep_log()
    record(world, 3)
    heart.beat()
    world.keep_log()
    head = tmp_path / "head"
    query = sa.select(AuditCheckpoint.note).order_by(AuditCheckpoint.size.desc()).limit(1)
    head.write_text(world.one(query))
    before = exported(console, tmp_path / "before")
    assert verified(before, root, "--known", head)[0] == Verdict.GOOD

    put_back(world, 6)
    record(world, 2)
    with pytest.raises(RolledBackError):
        world.keep_log()
    rolled_back = exported(console, tmp_path / "rolled-back")
    assert verified(rolled_back, root, "--known", head)[0] == Verdict.FORKED

    console("recover", "--yes")
    heart.beat()
    world.keep_log()
    recovered = exported(console, tmp_path / "recovered")
    code, said = verified(recovered, root)
    assert code == Verdict.GOOD, said
    assert "continues" in said
    # The auditor's head is of the log that ended; what became of it is said, not passed over.
    assert "signed by a key you trust" in said


def test_a_key_that_was_exchanged_verifies_before_and_after(world, console, tmp_path, request):
    record(world, 3)
    world.keep_log()
    query = sa.select(AuditCheckpoint.note).order_by(AuditCheckpoint.size.desc()).limit(1)
    head = tmp_path / "head"
    head.write_text(world.one(query))
    console("rotate-key", "--yes")
    record(world, 3)
    world.keep_log()
    code, said = verified(
        exported(console, tmp_path / "after"), request.config.rootpath, "--known", head
    )
    assert code == Verdict.GOOD, said
    assert "changed the log's key" in said


@on_a_small_disk
def test_a_full_disk_stops_the_log_and_room_lets_it_go_on(request, tmp_path, migrated_sqlite):
    with small_disk(tmp_path / "disk") as disk:
        home = disk.place / "home"
        world = World(home, copy_sqlite(migrated_sqlite, home))
        record_many(world)
        disk.fill()
        with pytest.raises(UnavailableError):
            world.keep_log()
        disk.make_room()
        sequencing.check(world.wiring.database, world.wiring.logs)
        world.keep_log()
        with world.begin(appliance()) as work:
            work.record(events.LeftoversSwept(rows=1))
        world.keep_log()
        assert len(insist_on_whole_logs(world)) == MANY + 1
        world.close()
