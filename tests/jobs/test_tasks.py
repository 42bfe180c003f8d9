"""Each kind of job does its work, and does no harm when it is run twice."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.db.repositories import Repository, RepositoryHealth
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job, JobState
from appliance.errors import ConflictError
from appliance.jobs.performer import Performer
from appliance.services import forks, imports, jobs, maintenance, regular, repository_bin
from appliance.services.imports import Source
from appliance.services.repositories import NewRepository
from tests.world import NOON


@pytest.fixture
def perform(world, office):
    """Do every job that waits, twice if it does not refuse; gives what became of them."""

    def all_of_them():
        performer = Performer(world.wiring)
        with world.begin(appliance()) as work:
            work.session.execute(sa.update(JobRecord).values(not_before=None))
            waiting = list(
                work.session.scalars(
                    sa.select(JobRecord.id).where(JobRecord.state == JobState.QUEUED)
                )
            )
        for job_id in waiting:
            performer.perform(job_id)
            performer.perform(job_id)
        return [office.row(job_id).state for job_id in waiting]

    return all_of_them


@pytest.fixture
def history(tmp_path):
    """A folder with a repository of one commit."""
    folder = tmp_path / "history"
    identity = ("-c", "user.name=writer", "-c", "user.email=writer@codara.test")
    for words in (
        ("init", "-q", "-b", "main", folder),
        ("-C", folder, *identity, "commit", "-q", "--allow-empty", "-m", "First"),
    ):
        subprocess.run(["git", *words], check=True)
    return folder


def request_import(world, source):
    chief = world.administrator()
    with world.begin(chief) as work:
        imports.request(
            work,
            "administrator/notes",
            Source(local=str(source)),
            NewRepository(),
            sealer=world.wiring.sealer,
            now=NOON,
        )


def content(world, path):
    repository = world.one(sa.select(Repository).where(Repository.name == path))
    return repository.content


def test_an_import_brings_everything(world, perform, history):
    request_import(world, history)

    assert perform() == [JobState.DONE]
    assert content(world, "notes") == "ready"
    assert set(perform()) == {JobState.DONE}  # It is measured then, and looked at.
    assert world.one(sa.select(Repository.size_bytes)) > 0


def test_an_import_of_nothing_says_so_and_is_not_taken_up_again(world, perform, tmp_path, office):
    request_import(world, tmp_path / "nowhere")
    while content(world, "notes") == "importing":
        perform()

    assert content(world, "notes") == "failed"
    job_id = world.one(sa.select(JobRecord.id))
    assert office.row(job_id).state is JobState.DEAD
    with (
        pytest.raises(ConflictError, match="Import again"),
        world.begin(world.administrator("other")) as work,
    ):
        jobs.retry(work, job_id)


def test_a_large_fork_is_made_by_a_job(world, perform, history):
    request_import(world, history)
    perform()
    perform()
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(Repository).values(size_bytes=forks.AT_ONCE_BYTES + 1))
    chief = world.actor("administrator")
    with world.begin(chief) as work:
        forks.fork(
            work,
            "administrator/notes",
            into="administrator/fork",
            repositories=world.wiring.repositories,
            now=NOON,
        )

    assert content(world, "fork") == "forking"
    perform()
    assert content(world, "fork") == "ready"


def test_a_repository_leaves_the_disk_when_its_time_in_the_bin_is_over(world, perform):
    repository = world.repository()
    long_ago = NOON - timedelta(days=60)
    with world.begin(world.administrator()) as work:
        repository_bin.delete(work, "lab/notes", now=long_ago)

    assert perform() == [JobState.DONE]
    assert not world.folder(repository).exists()


def test_the_sweeps_and_the_settling_do_no_harm(world, office, perform):
    world.repository()
    for job in (Job.SWEEP, Job.SWEEP_LFS, Job.RECONCILE_PUSHES):
        office.promise(job)

    assert perform() == [JobState.DONE] * 3


def test_maintenance_packs_and_measures(world, perform, office, history):
    request_import(world, history)
    perform()
    perform()
    repository = world.one(sa.select(Repository))
    with world.begin(appliance()) as work:
        regular.promise_for_repositories(
            work, Job.MAINTAIN_REPOSITORY, older_than=timedelta(days=1), limit=5, now=NOON
        )

    assert perform() == [JobState.DONE]
    assert world.one(sa.select(RepositoryHealth.maintained_at)) is not None
    assert list((world.folder(repository) / "objects" / "pack").glob("*.pack"))
    assert (world.folder(repository) / "codara" / "languages.json").exists()


def test_a_check_finds_damage_once_and_says_when_it_is_mended(world, perform, history):
    request_import(world, history)
    perform()
    perform()
    folder = world.folder(world.one(sa.select(Repository)))
    oid = subprocess.run(
        ["git", "-C", folder, "-c", "safe.directory=*", "rev-parse", "refs/heads/main"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    packs = list((folder / "objects").rglob("*.pack")) + list(
        (folder / "objects" / oid[:2]).glob(oid[2:])
    )

    for damage in (lambda file: file.rename(f"{file}.away"), None, None):
        if damage:
            for file in packs:
                damage(file)
        with world.begin(world.actor("administrator")) as work:
            maintenance.request_check(work, "administrator/notes")
        assert perform() == [JobState.DONE]
    assert world.one(sa.select(RepositoryHealth.damaged_since)) is not None
    for file in packs:
        Path(f"{file}.away").rename(file)
    with world.begin(world.actor("administrator")) as work:
        maintenance.request_check(work, "administrator/notes")
    assert perform() == [JobState.DONE]

    found = [kind for kind in world.events() if kind.startswith("repo.found")]
    assert found == ["repo.found_damaged", "repo.found_sound"]


def test_a_repository_that_went_away_meanwhile_is_no_failure(world, perform):
    repository = world.repository()
    with world.begin(appliance()) as work:
        for job in (Job.MAINTAIN_REPOSITORY, Job.CHECK_REPOSITORY):
            work.later(job, about=repository.id, repository_id=str(repository.id))
    with world.begin(world.administrator()) as work:
        repository_bin.delete(work, "lab/notes", now=NOON)

    assert set(perform()) == {JobState.DONE}
