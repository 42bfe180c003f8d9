"""Pushes whose machinery is killed at each step: nothing acknowledged is lost, nothing is unseen.

Git runs its hooks in front of ours here, so that a test can stop the push at one exact moment.
"""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.pushes import Push, PushState
from appliance.domain.identity import appliance
from appliance.domain.permissions import Role
from appliance.git.maintenance import UNDER_WAY, Step
from appliance.services import push_settlement
from tests.peers.appliance import serve
from tests.web.git_client import GitClient, token

PATIENCE_SECONDS = 60
PLAIN, LONG = "reported", "push"
"""The hooks of a push whose outcome git's report tells, and of one that a hook tells."""
MANY = 60  # More refs than a plain push has.


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def writer(world):
    world.notes = world.repository("lab/notes")
    return world.user("writer", role=Role.WRITER, on="lab/notes")


@pytest.fixture
def copy(git, tmp_path):
    return git.working_copy(tmp_path / "copy")


def stop_at(world, hook, *, before, way=PLAIN):
    """Make a hook say that it was reached and wait for ever, before or after ours."""
    path = world.home / "hooks" / way / hook
    reached, ours = world.home / f"{hook}.reached", path.with_name(f"{hook}.ours")
    if path.exists():
        path.rename(ours)
    wait = f"echo $$ > {reached}.new; mv {reached}.new {reached}; exec sleep 600\n"
    lines = wait if before else f"{ours} || exit 1\n{wait}"
    path.write_text(f"#!/bin/sh\n{lines}")
    path.chmod(0o755)
    return reached


def wait_for(path):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} was never reached"
        os.sched_yield()
    return int(path.read_text())


def parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel.
        return int(file.read().rpartition(")")[2].split()[1])


def kill(*pids: int):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def settle(world, *, seconds=0.0):
    """What the appliance does at its next start."""
    now = datetime.now(UTC) + timedelta(seconds=seconds)
    with world.reading(appliance()) as work:
        found = push_settlement.unsettled(work, now=now, grace_seconds=0)
    for push_id in found:
        with world.begin(appliance()) as work:
            push_settlement.reconcile(work, push_id, tools=world.wiring.git, now=now)
    with world.begin(appliance()) as work:
        drifted = push_settlement.drift(work, world.notes.id, tools=world.wiring.git, now=now)
    assert drifted == 0
    return len(found)


def refs_of(world, kind="git.pushed"):
    found = world.recorded(kind)
    return found[0].body if found else None


def restore_hooks(world):
    from appliance.git import hooks  # noqa: PLC0415 - what the appliance does at its start.

    (world.home / "hooks" / PLAIN / "post-receive").unlink(missing_ok=True)
    hooks.install(world.home)


@pytest.mark.parametrize(
    ("way", "hook", "before", "moved"),
    [
        pytest.param(PLAIN, "pre-receive", True, None, id="before we were asked"),
        pytest.param(PLAIN, "pre-receive", False, "not moved", id="after we have accepted"),
        pytest.param(PLAIN, "post-receive", True, "moved", id="after refs have moved"),
        pytest.param(LONG, "post-receive", True, "moved", id="after many refs have moved"),
        pytest.param(LONG, "post-receive", False, "moved", id="after we were told of many"),
    ],
)
def test_everything_is_killed(world, writer, git, copy, way, hook, before, moved):
    words = ["main", *(f"main:refs/tags/t{n}" for n in range(MANY))] if way == LONG else ["main"]
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        folder = _hooked(world, copy, hook, before=before, way=way)
        pushing = git.start("push", remote, *words, at=folder)
        stopped = wait_for(world.home / f"{hook}.reached")
        receiver = parent_of(stopped)
        os.killpg(served.process.pid, signal.SIGKILL)
        kill(receiver, stopped)
        pushing.communicate()
    settled = settle(world)
    restore_hooks(world)

    assert settled == (
        1 if (hook, before) in {("pre-receive", False), ("post-receive", True)} else 0
    )
    body = refs_of(world)
    assert {ref[3] for ref in body["refs"]} == {moved} if moved else body is None
    assert settle(world) == 0
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        git("push", "-q", remote, "main", at=copy)
        assert "refs/heads/main" in git("ls-remote", remote, at=copy)


def _hooked(world, copy, hook, *, before, way=PLAIN):
    restore_hooks(world)
    stop_at(world, hook, before=before, way=way)
    return copy


def test_a_killed_receiver_is_settled_at_once_by_the_door(world, writer, git, copy):
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        pushing = git.start(
            "push", remote, "main", at=_hooked(world, copy, "post-receive", before=True)
        )
        stopped = wait_for(world.home / "post-receive.reached")
        kill(parent_of(stopped), stopped)
        pushing.communicate()
        deadline = time.monotonic() + PATIENCE_SECONDS
        unsettled = sa.select(Push).where(Push.state == PushState.ACCEPTED)
        while world.one(unsettled) is not None and time.monotonic() < deadline:
            os.sched_yield()

    assert refs_of(world)["settled_by"] == "reconciled"
    assert settle(world) == 0


def test_a_socket_that_is_gone_refuses_pushes_that_need_it(world, writer, git, copy):
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        (world.home / "run" / "web.sock").unlink()
        refused = git.try_("push", "-o", "ci.skip", remote, "main", at=copy)

    assert "The appliance does not answer now" in refused.said
    assert refs_of(world) is None


def test_a_hook_that_reports_late_is_heard(world, writer, git, copy):
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        folder = _hooked(world, copy, "pre-receive", before=False)
        gate = world.home / "gate"
        path = world.home / "hooks" / PLAIN / "pre-receive"
        os.mkfifo(gate)
        path.write_text(path.read_text().replace("exec sleep 600", f"cat {gate}"))
        pushing = git.start("push", remote, "main", at=folder)
        wait_for(world.home / "pre-receive.reached")
        assert settle(world, seconds=1) == 1
        gate.write_text("go on\n")
        pushing.communicate()

    late = world.recorded("git.pushed")[-1].body
    assert pushing.returncode == 0
    assert (late["settled_by"], late["refs"][0][3]) == ("late", "moved")
    assert settle(world) == 0


def test_refs_moved_by_hand_are_told(world, writer, git, copy):
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        git("push", "-q", remote, "main", at=copy)
    ref = world.folder(world.notes) / "refs" / "heads" / "main"
    ref.unlink()
    (ref.parent / "other").write_text("0" * 39 + "1\n")

    with world.begin(appliance()) as work:
        differences = push_settlement.drift(
            work, world.notes.id, tools=world.wiring.git, now=datetime.now(UTC)
        )

    assert differences == 2
    assert world.events()[-2:] == ["git.ref_drifted", "git.ref_drifted"]
    assert settle(world) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_push_moves_a_ref_that_a_killed_maintenance_had_locked(world, git, copy, writer):
    folder = world.folder(world.notes)
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        git("push", "-q", remote, "main", at=copy)
        lock = folder / "refs/heads/main.lock"
        lock.touch()
        os.utime(lock, (0, 0))
        git.commit(copy, "more.txt", "more\n")
        assert "main.lock" in git.try_("push", "-q", remote, "main", at=copy).said

        (folder / UNDER_WAY).write_text(Step.PACK_REFS)
        git("push", "-q", remote, "main", at=copy)

    assert not lock.exists()
