"""What nobody asks for happens: refs are compared with the record, the bin is emptied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.db.repositories import Repository
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Role
from appliance.jobs.performer import Performer
from appliance.jobs.schedule import AGENDA
from appliance.services import health, regular, repository_bin
from appliance.services.health import Condition
from tests.peers.appliance import serve
from tests.web.git_client import GitClient, token

PRESENT = datetime.now(UTC)


class NoMemory:
    """A memory of earlier looks that does not answer."""

    def recall(self):
        return None

    def keep(self, observed):
        """Forget it."""


@pytest.fixture
def go_by(world):
    """Let the scheduler look at its agenda at a time, and a worker do what is due then."""

    def go_by(now, job):
        for entry in AGENDA:
            with world.begin(appliance()) as work:
                if regular.take_turn(work, entry.regular, now=now):
                    entry.promise(work, now)
        due = sa.select(JobRecord.id).where(
            JobRecord.job == job,
            JobRecord.state == JobState.QUEUED,
            sa.or_(JobRecord.not_before.is_(None), JobRecord.not_before <= now),
        )
        with world.reading(appliance()) as work:
            found = list(work.session.scalars(due))
        for job_id in found:
            Performer(world.wiring).perform(job_id)
        return len(found)

    return go_by


def refs(world):
    """What the health page says about refs."""
    with world.reading(world.actor("chief")) as work:
        parts = health.parts(work, probes={}, memory=NoMemory(), now=PRESENT)
    return next(part for part in parts if part.name == "refs")


@pytest.mark.promise("P14")
def test_a_ref_that_was_moved_behind_our_back_is_found_and_told_once(world, go_by, tmp_path):
    world.administrator("chief")
    notes = world.repository("lab/notes")
    writer = world.user("writer")
    world.grant("writer", Role.WRITER, "lab/notes")
    git = GitClient(tmp_path / "person")
    copy = git.working_copy(tmp_path / "copy")
    with serve(world) as served:
        git("push", "-q", served.remote("lab/notes", token(world, writer)), "main", at=copy)
    assert go_by(PRESENT, Job.CHECK_REPOSITORY) == 1
    assert refs(world).condition is Condition.WELL

    heads = world.folder(notes) / "refs/heads"
    (heads / "moved").write_bytes((heads / "main").read_bytes())
    assert go_by(PRESENT + timedelta(days=6), Job.CHECK_REPOSITORY) == 0
    assert go_by(PRESENT + timedelta(days=8), Job.CHECK_REPOSITORY) == 1

    assert world.events().count("git.ref_drifted") == 1
    told = refs(world)
    assert (told.condition, told.since is not None, told.cure != "") == (
        Condition.ATTENTION,
        True,
        True,
    )
    assert told.detail.endswith(": 1")
    # The record now has it as it is; the next check tells nothing, and all is well again.
    assert go_by(PRESENT + timedelta(days=16), Job.CHECK_REPOSITORY) == 1
    assert world.events().count("git.ref_drifted") == 1
    assert refs(world).condition is Condition.WELL


@pytest.fixture
def deleted(world):
    """A repository in the bin for which the rule said 30 days."""
    owner = world.administrator("chief")
    repository = world.repository("lab/notes")
    with world.begin(owner) as work:
        repository_bin.delete(work, "lab/notes", now=PRESENT)
    return repository


def is_there(world, repository):
    """Whether the repository has a row; it has a folder as long as it has one."""
    row = world.one(sa.select(Repository.id).where(Repository.id == repository.id))
    assert world.folder(repository).exists() is (row is not None)
    return row is not None


def age(world, repository, days):
    """Let a repository have been in the bin for so long, and its promise as well."""
    moved = {"deleted_at": PRESENT - timedelta(days=days)}
    due = PRESENT + timedelta(days=30 - days)
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(Repository).values(moved))
        session.execute(sa.update(JobRecord).values(not_before=due))


def test_a_longer_time_in_the_bin_holds_for_what_is_in_it(world, go_by, deleted):
    world.configure(CODARA_STORAGE__BIN_DAYS="60")
    age(world, deleted, days=31)
    assert go_by(PRESENT, Job.PURGE_REPOSITORY) == 1  # As it was promised.
    assert is_there(world, deleted)

    age(world, deleted, days=59)
    assert go_by(PRESENT + timedelta(hours=1), Job.PURGE_REPOSITORY) == 0
    age(world, deleted, days=61)
    assert go_by(PRESENT + timedelta(hours=2), Job.PURGE_REPOSITORY) == 1
    assert not is_there(world, deleted)


def test_a_shorter_time_in_the_bin_holds_for_what_is_in_it(world, go_by, deleted):
    age(world, deleted, days=6)
    world.configure(CODARA_STORAGE__BIN_DAYS="7")
    assert go_by(PRESENT, Job.PURGE_REPOSITORY) == 0
    assert is_there(world, deleted)

    age(world, deleted, days=8)
    assert go_by(PRESENT + timedelta(hours=1), Job.PURGE_REPOSITORY) == 1
    assert not is_there(world, deleted)
    # What was promised when it was deleted finds nothing left to do.
    assert go_by(PRESENT + timedelta(days=30), Job.PURGE_REPOSITORY) == 1
    assert world.events().count("repo.purged") == 1
