"""Maintenance and migrations are killed in the middle: nothing is half done, the next one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db import schema
from appliance.db.engine import make_engine, sqlite_url
from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Role
from appliance.git import maintenance
from appliance.git.maintenance import QUIET_SECONDS, Step
from appliance.jobs.performer import Performer
from tests.peers.appliance import serve
from tests.web.git_client import GitClient, token

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
MAINTAIN = """
import sys
from pathlib import Path
from appliance.git.maintenance import Plan, Step, maintain
maintain(Path(sys.argv[1]), Step(sys.argv[2]), Plan(prune_seconds=0, reflog_seconds=0))
"""
MIGRATE = """
import os, signal, sys
import sqlalchemy as sa
from appliance.db import schema
from appliance.db.engine import make_engine

def migrate(left):
    engine = make_engine(sys.argv[1])

    @sa.event.listens_for(engine, "after_cursor_execute")
    def look(connection, cursor, statement, *_):
        nonlocal left
        left -= statement.startswith(("INSERT INTO alembic_version", "UPDATE alembic_version"))
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    schema.bring_up_to_date(engine)

# For each step a process that is a copy of this one: what is imported once serves all of them.
for step in sys.stdin:
    if (pid := os.fork()) == 0:
        try:
            migrate(int(step))
        finally:
            os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


def python(program, *words: object, **pipes: Any):
    """Start a program of ours in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        **pipes,
    )


def files(folder):
    """Every file below a folder, and when it was written."""
    found = {}
    for path in folder.rglob("*"):
        try:
            found[path] = path.lstat().st_mtime_ns
        except FileNotFoundError:
            continue
    return found


def kill_at_work(folder, step):
    """Kill maintenance and all it started as soon as it has written something."""
    before = files(folder)
    working = python(MAINTAIN, folder, step)
    while working.poll() is None and files(folder) == before:
        pass
    for pid in descendants(working.pid):
        with suppress(ProcessLookupError):  # What it started may end by itself.
            os.kill(pid, signal.SIGKILL)
    working.wait()


def descendants(pid):
    """A process and all below it, which may be in sessions of their own."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = task.read_text().split()
        except OSError:
            continue
        for each in below:
            found += descendants(int(each))
    return [each for each in found if Path(f"/proc/{each}").exists()]


def rubbish(folder):
    """What a killed program may have left."""
    names = ("**/tmp_*", "**/.tmp-*", "**/*.lock", "packed-refs.new")
    ours = folder / "maintenance.lock"
    return [path for name in names for path in folder.glob(name) if path != ours]


@pytest.mark.promise("P14")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_maintenance_that_is_killed_at_any_step_harms_nothing(world, tmp_path):
    notes = world.repository("lab/notes")
    writer = world.user("writer", role=Role.WRITER, on="lab/notes")
    git = GitClient(tmp_path / "person")
    copy = git.working_copy(tmp_path / "copy")
    folder = world.folder(notes)
    with serve(world) as served:
        remote = served.remote("lab/notes", token(world, writer))
        for number, step in enumerate(Step):
            for part in range(3):
                (copy / f"{number}-{part}").write_bytes(os.urandom(2**20))
                git.commit(copy, f"{number}-{part}.txt", step)
                git("push", "-q", remote, "main", at=copy)
            kill_at_work(folder, step)

            git.commit(copy, f"after-{number}.txt", step)
            # A ref that was being packed is free again when no program could still have locked it.
            if ".lock" in git.try_("push", "-q", remote, "main", at=copy).said:
                grow_old(folder)
            git("push", "-q", remote, "main", at=copy)
            git("clone", "-q", remote, tmp_path / f"clone-{number}", at=copy)
            assert maintenance.check(folder).is_sound, step

    assert take_up_again(world, notes) is JobState.DONE
    assert rubbish(folder) == []
    assert maintenance.check(folder).is_sound


def take_up_again(world, repository):
    """What becomes of the job when it is done again; a worker's death is noticed by then."""
    grow_old(world.folder(repository))  # Its lease is longer than this.
    return maintained(world, repository.id)


def grow_old(folder):
    """Let what was left lie for a while."""
    past = time.time() - QUIET_SECONDS - 1
    for path in rubbish(folder):
        os.utime(path, (past, past))


def maintained(world, repository_id):
    """What became of the job that maintains a repository."""
    with world.begin(appliance()) as work:
        words = {"about": repository_id, "repository_id": str(repository_id)}
        job_id = work.later(Job.MAINTAIN_REPOSITORY, **words)
    Performer(world.wiring).perform(job_id)
    return world.one(sa.select(JobRecord.state).where(JobRecord.id == job_id))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request, tmp_path):
    """The address of a database with nothing in it."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "codara.db")
    name = "killed_migrations"
    server = request.getfixturevalue("postgresql")
    return server.create(f"{name}_{new_id().hex}")


@pytest.mark.parametrize("start", [None, "0004"])
def test_a_migration_that_is_killed_at_any_step_is_none(empty_database, start):
    engine = make_engine(empty_database)
    if start is not None:
        schema.upgrade(engine, start)
    before = tables(engine)
    steps = len(schema.known()) - int(start or 0)
    with python(MIGRATE, empty_database, stdin=PIPE, stdout=PIPE, text=True) as migrating:
        for step in moments(steps):
            print(step, file=migrating.stdin, flush=True)
            assert int(migrating.stdout.readline()) == -signal.SIGKILL
            assert schema.present(engine) == start
            assert tables(engine) == before

    schema.bring_up_to_date(engine)
    assert schema.present(engine) == schema.newest()
    schema.insist_on_newest(engine)
    engine.dispose()


def moments(steps):
    """Early, late, and the very last. What any step had kept for itself would still be there after
    a kill at a later one, so that not each of them needs one of its own.
    """
    return [*(2**power for power in range(steps.bit_length()) if 2**power < steps), steps]


def tables(engine):
    """Every table and its columns."""
    with engine.connect() as connection:
        columns = sa.inspect(connection).get_multi_columns()
        return {name: [each["name"] for each in found] for (_, name), found in columns.items()}
