"""Bringing repositories in and taking them out."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from appliance.db.credentials import SealedSecret
from appliance.db.repositories import Origin, Repository
from appliance.domain.identity import Method, appliance
from appliance.domain.permissions import Role
from appliance.errors import InvalidError, QuotaError, RefusedError, TooLargeError
from appliance.git.refs import head, names
from appliance.services import exports, imports, push_settlement
from appliance.services.imports import Source
from appliance.services.repositories import NewRepository
from tests.web.git_client import GitClient, token
from tests.world import NOON

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def git(tmp_path):
    client = GitClient(tmp_path / "person")
    client("lfs", "install", at=tmp_path)
    return client


@pytest.fixture
def copy(git, tmp_path):
    folder = git.working_copy(tmp_path / "copy")
    git("branch", "-m", "main", "trunk", at=folder)
    git("lfs", "track", "*.bin", at=folder)
    (folder / "large.bin").write_bytes(os.urandom(100_000))
    git("add", ".", at=folder)
    git("commit", "-q", "-m", "Large", at=folder)
    git("update-ref", "refs/notes/commits", "HEAD", at=folder)
    return folder


def request(world, actor, source, path="writer/brought"):
    with world.begin(actor) as work:
        return imports.request(
            work, path, source, NewRepository(), sealer=world.wiring.sealer, now=NOON
        )


def run(world, repository):
    """What the job does; gives the progress it reported."""
    tools, steps = world.wiring.git, []
    with world.reading(appliance()) as work:
        plan = imports.plan(work, repository.id, sealer=world.wiring.sealer)
    if plan is None:
        return steps
    brought = imports.bring(
        plan, tools=tools, rules=world.settings, progress=lambda *step: steps.append(step)
    )
    with world.begin(appliance()) as work:
        imports.finish(work, plan, brought, tools=tools, now=NOON)
    return steps


def assert_brought(world, repository, *, lfs_objects):
    folder = world.folder(repository)
    now = world.one(sa.select(Repository).where(Repository.id == repository.id))
    refs = {name for name, _ in names(folder, b"refs/")}
    assert {b"refs/heads/trunk", b"refs/tags/v1", b"refs/notes/commits"} <= refs
    assert head(folder).short == b"trunk"
    assert (now.content, now.default_branch) == (Origin.READY, "trunk")
    assert world.one(sa.select(SealedSecret)) is None
    with world.begin(appliance()) as work:
        assert not push_settlement.drift(
            work, repository.id, tools=world.wiring.git, now=datetime.now(UTC)
        )
    kept = list(world.wiring.git.lfs.objects())
    assert len(kept) == lfs_objects


def test_a_folder_comes_in_with_all_refs_and_large_files(world, copy):
    writer = world.administrator("writer")

    repository = request(world, writer, Source(local=str(copy)))
    steps = run(world, repository)
    again = run(world, repository)

    assert_brought(world, repository, lfs_objects=1)
    assert steps
    assert again == []
    assert world.events()[:3] == ["repo.created", "repo.import_requested", "repo.imported"]


def test_a_bundle_comes_in_and_goes_out(world, copy, git, tmp_path):
    writer = world.administrator("writer")
    git("bundle", "create", tmp_path / "all.bundle", "--all", "HEAD", at=copy)

    repository = request(world, writer, Source(local=str(tmp_path / "all.bundle")))
    run(world, repository)
    with world.begin(writer) as work:
        folder = exports.start(work, "writer/brought", repositories=world.wiring.repositories)
    (tmp_path / "out.bundle").write_bytes(b"".join(exports.chunks(folder)))

    assert_brought(world, repository, lfs_objects=0)
    said = git("bundle", "list-heads", tmp_path / "out.bundle", at=tmp_path)
    assert "refs/heads/trunk" in said
    assert world.events()[-1] == "repo.exported"


def test_an_address_comes_in_with_credentials_that_are_forgotten(world, served, git, copy):
    world.repository("lab/notes")
    writer = world.user("writer", role=Role.WRITER, on="lab/notes")
    secret = token(world, writer)
    git(
        "push",
        "-q",
        served.remote("lab/notes", secret),
        "trunk",
        "v1",
        "refs/notes/commits",
        at=copy,
    )
    world.configure(CODARA_IMPORTS__SCHEMES="http", CODARA_IMPORTS__PRIVATE_ADDRESSES="true")
    source = Source(url=f"{served.url}/lab/notes.git", username="git", password=secret)

    repository = request(world, writer, source)
    sealed = world.one(sa.select(SealedSecret)).sealed
    run(world, repository)

    now = world.one(sa.select(Repository).where(Repository.id == repository.id))
    assert secret.encode() not in sealed
    assert now.content is Origin.READY
    assert {name for name, _ in names(world.folder(repository), b"refs/")} >= {
        b"refs/heads/trunk",
        b"refs/tags/v1",
        b"refs/notes/commits",
    }
    assert world.one(sa.select(SealedSecret)) is None
    assert "repo.imported" in world.events()


def test_local_sources_are_for_the_console_alone(world, copy):
    administrator = world.administrator()
    in_browser = world.actor("administrator", method=Method.TOKEN)
    world.user("writer")

    for actor in (world.actor("writer"), in_browser):
        with pytest.raises(RefusedError):
            request(world, actor, Source(local=str(copy)), path=f"{actor.label}/brought")
    request(world, administrator, Source(local=str(copy)), path="administrator/brought")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x.git",
        "https://[::1]/x.git",
        "https://169.254.169.254/latest",
        "file:///etc",
        "ssh://git@127.0.0.1/x",
        "ext::sh -c id",
        "https://user:word@example.org/x",
        "/etc",
    ],
)
def test_addresses_inside_are_not_reached(world, url):
    with pytest.raises(InvalidError):
        imports.check_source(Source(url=url), rules=world.settings)


def test_a_failure_leaves_a_repository_that_says_so(world, tmp_path):
    writer = world.administrator("writer")
    repository = request(world, writer, Source(local=str(tmp_path / "nothing")))

    with pytest.raises(InvalidError) as failure:
        run(world, repository)
    with world.begin(appliance()) as work:
        imports.give_up(work, repository.id, reason=str(failure.value))

    now = world.one(sa.select(Repository).where(Repository.id == repository.id))
    assert now.content is Origin.FAILED
    assert world.one(sa.select(SealedSecret)) is None
    assert world.events()[-1] == "repo.import_failed"
    assert not world.folder(repository).exists()


@ON_ONE
def test_the_room_of_an_organisation_bounds_what_is_brought_in(world, copy):
    owner = world.administrator("writer")
    world.organisation("lab")
    source = Source(local=str(copy))
    first = request(world, owner, source, "lab/first")
    run(world, first)
    used = world.one(sa.select(Repository.size_bytes + Repository.lfs_bytes))
    assert used > 100_000

    for room, error in ((used, QuotaError), (used + 5_000, TooLargeError)):
        world.configure(CODARA_LIMITS__ORGANISATION_QUOTA_BYTES=str(room))
        with pytest.raises(error):
            run(world, request(world, owner, source, f"lab/over-{room}"))
    folders = [each.name for each in world.wiring.repositories.home.glob("repositories/*/*/*")]
    assert len(folders) == 1, folders
    assert world.one(sa.select(Repository.id).where(Repository.name == f"over-{used}")) is None


@ON_ONE
def test_what_came_at_the_same_time_takes_room_from_what_comes(world, copy):
    owner = world.administrator("writer")
    world.organisation("lab")
    tools, plans = world.wiring.git, []
    world.configure(CODARA_LIMITS__ORGANISATION_QUOTA_BYTES="200000")
    for name in ("lab/first", "lab/second"):
        repository = request(world, owner, Source(local=str(copy)), name)
        with world.reading(appliance()) as work:
            plans.append(imports.plan(work, repository.id, sealer=world.wiring.sealer))
    came = [
        imports.bring(each, tools=tools, rules=world.settings, progress=lambda *_: None)
        for each in plans
    ]

    with world.begin(appliance()) as work:
        imports.finish(work, plans[0], came[0], tools=tools, now=NOON)
    with pytest.raises(QuotaError, match="lab has room"), world.begin(appliance()) as work:
        imports.finish(work, plans[1], came[1], tools=tools, now=NOON)
    assert not tools.repositories.folder(plans[1].repository_id).exists()


def test_a_bring_that_was_killed_starts_anew(world, copy):
    writer = world.administrator("writer")
    repository = request(world, writer, Source(local=str(copy)))
    store = world.wiring.repositories
    left = store.home / "repositories" / "unfinished" / f"{repository.id.hex}-left"
    left.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "--bare", left], check=True)

    run(world, repository)
    swept = store.sweep(older_than_seconds=-1, now_seconds=datetime.now(UTC).timestamp())

    assert_brought(world, repository, lfs_objects=1)
    assert swept == 1
