"""The world goes wrong: no room, no database, two at once, a clock that is set back."""

from __future__ import annotations

import resource
import secrets
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import requests
import sqlalchemy as sa

from appliance.db.pushes import Push, PushState, RefLedger
from appliance.domain.identity import Origin, appliance, stranger
from appliance.domain.permissions import Role
from appliance.services import identify, push_settlement, sessions
from tests.peers.appliance import serve
from tests.web.git_client import GitClient, token

MIB = 1024 * 1024
ROOM_BYTES = 4 * MIB


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def copy(git, tmp_path):
    return git.working_copy(tmp_path / "copy")


def people(world):
    """A repository and somebody who may write to it."""
    world.notes = world.repository("lab/notes")
    return world.user("writer", role=Role.WRITER, on="lab/notes")


def workers_of(pid):
    """The processes below a server."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(each) for task in tasks for each in task.read_text().split()]


def on_disk(git, world):
    """Every ref of the repository and where it is."""
    folder = world.folder(world.notes)
    words = ["for-each-ref", "--format=%(refname) %(objectname)"]
    lines = git("-c", "safe.directory=*", *words, at=folder).splitlines()
    return dict(line.split() for line in lines)


def in_ledger(world):
    """The same, as the record has it."""
    with world.wiring.database.engine.connect() as connection:
        rows = connection.execute(sa.select(RefLedger.ref, RefLedger.oid)).all()
    return {ref.decode(): oid for ref, oid in rows}


@pytest.mark.promise("P17")
@pytest.mark.promise("P26")
def test_a_push_without_room_for_it_leaves_nothing_behind(world, git, copy):
    writer = people(world)
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        git("push", "-q", remote, "main", at=copy)
        before = sorted(world.folder(world.notes).rglob("*"))
        # A limit of files' sizes fails the same system call as a full disk does.
        for pid in workers_of(served.process.pid):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (ROOM_BYTES, resource.RLIM_INFINITY))
        (copy / "large").write_bytes(secrets.token_bytes(2 * ROOM_BYTES))
        git.commit(copy, "more", "more")
        refused = git.try_("push", remote, "main", at=copy)
        assert refused.status != 0
        assert sorted(world.folder(world.notes).rglob("*")) == before
        assert on_disk(git, world) == in_ledger(world)
        for pid in workers_of(served.process.pid):
            limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
        git("push", "-q", remote, "main", at=copy)

    assert on_disk(git, world) == in_ledger(world)


@contextmanager
def database_away(world, postgresql):
    """Nobody can connect to the world's database, and whoever was connected is not any more."""
    name = world.wiring.database.engine.url.database
    world.wiring.database.engine.dispose()
    address = f"host={postgresql.socket_folder} user=codara dbname=postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@pytest.mark.promise("P25")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_while_the_database_is_away_nothing_is_allowed(world, postgresql, git, copy):
    writer = people(world)
    secret = token(world, writer)
    with serve(world) as served:
        remote = served.remote("lab/notes", secret)
        git("push", "-q", remote, "main", at=copy)
        before = on_disk(git, world)
        git.commit(copy, "later", "later")
        with database_away(world, postgresql):
            asked = requests.get(
                f"{served.url}/api/v1/user",
                headers={"Authorization": f"Bearer {secret}"},
                timeout=60,
            )
            refused = git.try_("push", remote, "main", at=copy)
        assert asked.status_code == 503
        assert "Retry-After" in asked.headers
        assert refused.status != 0
        assert on_disk(git, world) == before
        git("push", "-q", remote, "main", at=copy)

    assert on_disk(git, world) == in_ledger(world)


@pytest.mark.promise("P14")
def test_two_pushes_for_one_ref_have_one_winner(world, git, copy):
    writer = people(world)
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        git("push", "-q", remote, "main", at=copy)
        for number in range(4):
            git("checkout", "-q", "-B", f"side-{number}", "main", at=copy)
            git.commit(copy, f"side-{number}", str(number))
        racing = [git.start("push", remote, f"side-{n}:main", at=copy) for n in range(4)]
        for each in racing:
            each.communicate()
        won = [number for number, each in enumerate(racing) if each.returncode == 0]

    assert len(won) == 1
    head = git("rev-parse", f"side-{won[0]}", at=copy).strip()
    assert on_disk(git, world)["refs/heads/main"] == head
    settle(world)
    assert on_disk(git, world) == in_ledger(world)
    assert world.events().count("git.pushed") >= 2


def settle(world):
    """What the appliance does with pushes that were left open."""
    now = datetime.now(UTC)
    with world.reading(appliance()) as work:
        found = push_settlement.unsettled(work, now=now, grace_seconds=0)
    for push_id in found:
        with world.begin(appliance()) as work:
            push_settlement.reconcile(work, push_id, tools=world.wiring.git, now=now)
    assert world.one(sa.select(Push).where(Push.state == PushState.ACCEPTED)) is None


@pytest.mark.promise("P5")
def test_a_clock_that_is_set_back_opens_nothing_that_was_closed(world):
    writer = world.user("writer")
    secret = world.browser("writer").get_cookie("codara_session").value
    key, origin = world.wiring.sign_in.fingerprint_key, Origin(address="127.0.0.1")

    def known(now):
        with world.reading(stranger()) as work:
            return identify.by_session(work, secret, origin=origin, fingerprint_key=key, now=now)

    present = datetime.now(UTC)
    session = known(present)
    assert session is not None
    with world.begin(writer) as work:
        sessions.revoke_session(work, session.session_id, now=present)

    assert known(present) is None
    assert known(present - timedelta(days=1)) is None
