"""From its first push to its return from the bin, with real clients over HTTPS."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from appliance.domain.permissions import OrganisationRole, Visibility
from appliance.services import (
    exports,
    forks,
    repositories,
    repository_bin,
    repository_moves,
)
from appliance.services.repositories import NewRepository
from tests.web.git_client import GitClient, token

CONTENT = os.urandom(200_000)


@pytest.fixture
def git(tmp_path):
    client = GitClient(tmp_path / "person")
    client("lfs", "install", at=tmp_path)
    return client


def test_a_repository_lives(world, served, git, tmp_path):  # noqa: PLR0915 - it is one story.
    for name in ("lab", "works"):
        world.organisation(name)
    boss = world.user("boss", member=OrganisationRole.OWNER, of="lab")
    world.join("boss", "works", OrganisationRole.OWNER)
    guest = world.user("guest")
    store, now = world.wiring.repositories, datetime.now(UTC)
    secret = token(world, boss, "repo:write")
    wanted = NewRepository(visibility=Visibility.INTERNAL)

    def clone(path, name, who=secret):
        git("clone", "-q", served.remote(path, who), name, at=tmp_path)
        assert (tmp_path / name / "large.bin").read_bytes() == CONTENT
        return tmp_path / name

    with world.begin(boss) as work:
        repositories.create(work, "lab/notes", wanted, repositories=store, now=now)
    copy = git.working_copy(tmp_path / "copy")
    git("lfs", "track", "*.bin", at=copy)
    (copy / "large.bin").write_bytes(CONTENT)
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "Large", at=copy)
    git("push", "-q", served.remote("lab/notes", secret), "main", "v1", at=copy)
    first = clone("lab/notes", "first")

    with world.begin(boss) as work:
        repository_moves.rename(work, "lab/notes", "papers")
        repository_moves.transfer(work, "lab/papers", to="works")
    git("pull", "-q", at=first)
    git.commit(first, "more.txt", "more\n")
    git("push", "-q", at=first)

    with world.begin(guest) as work:
        forks.fork(work, "works/papers", into="guest/papers", repositories=store, now=now)
    with world.begin(boss) as work:
        repository_moves.archive(work, "works/papers", now=now)
    git.commit(first, "too-late.txt", "late\n")
    assert "is archived" in git.try_("push", at=first).said

    with world.begin(boss) as work:
        repository_bin.delete(work, "works/papers", now=now)
    assert "not found" in git.try_("fetch", at=first).said
    clone("guest/papers", "fork", token(world, guest))
    with world.begin(boss) as work:
        repository_bin.restore(work, "works/papers")
        repository_moves.unarchive(work, "works/papers")
    git("push", "-q", at=first)
    clone("works/papers", "last")

    with world.begin(boss) as work:
        folder = exports.start(work, "works/papers", repositories=store)
    (tmp_path / "all.bundle").write_bytes(b"".join(exports.chunks(folder)))
    assert "refs/heads/main" in git("bundle", "list-heads", "all.bundle", at=tmp_path)
    git("fsck", "--strict", at=folder)
