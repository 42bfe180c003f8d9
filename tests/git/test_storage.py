"""Creating, forking and removing repositories on disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from uuid import UUID

import pytest

from appliance.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from appliance.git import storage

ONE = UUID("0199aaaa-0000-7000-8000-00000000beef")
TWO = UUID("0199aaaa-0000-7000-8000-00000000cafe")


def seeded(store, git, working_copy) -> Path:
    folder = store.create(ONE)
    git("push", "-q", folder, "main", "v1", at=working_copy, CODARA_INTERNAL="1")
    return folder


def test_a_new_repository_lies_under_its_id_and_is_empty(store, git, tmp_path):
    folder = store.create(ONE, default_branch=b"trunk")

    assert folder == store.home / "repositories/ef/be" / f"{ONE.hex}.git"
    assert (folder / "HEAD").read_bytes() == b"ref: refs/heads/trunk\n"
    git("clone", "-q", folder, tmp_path / "clone", at=tmp_path)
    git("fsck", at=folder)


def test_git_reads_the_configuration_as_we_wrote_it(store, git):
    folder = store.create(ONE)

    def value(key: str) -> str:
        return git("config", "--get", key, at=folder).strip()

    assert value("receive.fsckObjects") == "true"
    assert value("uploadpack.allowAnySHA1InWant") == "false"
    assert value("transfer.hideRefs") == "refs/internal"
    assert value("core.hooksPath") == str(store.home / "hooks")


def test_the_same_id_cannot_be_created_twice(store):
    store.create(ONE)

    with pytest.raises(ConflictError):
        store.create(ONE)
    assert not any((store.home / "repositories/unfinished").iterdir())


@pytest.mark.parametrize("name", [b"", b"-x", b"a..b", b"with space", b"a\0b", b"HEAD", b"x.lock"])
def test_a_branch_with_an_impossible_name_is_refused(store, name):
    folder = store.create(ONE)

    with pytest.raises(InvalidError):
        storage.set_default_branch(folder, name)
    with pytest.raises(InvalidError):
        store.create(TWO, default_branch=name)
    assert not store.folder(TWO).exists()


def test_the_default_branch_can_be_changed_to_one_with_any_bytes(store):
    folder = store.create(ONE)

    storage.set_default_branch(folder, b"caf\xe9/\xf0\x9f\x8c\xb1")

    assert (folder / "HEAD").read_bytes() == b"ref: refs/heads/caf\xe9/\xf0\x9f\x8c\xb1\n"


def test_a_fork_shares_the_bytes_and_outlives_its_parent(store, git, working_copy, tmp_path):
    parent = seeded(store, git, working_copy)
    git("update-ref", "refs/internal/secret", "main", at=parent, CODARA_INTERNAL="1")

    fork = store.fork(ONE, TWO)
    shared = [f for f in (fork / "objects").rglob("*") if f.is_file() and f.stat().st_nlink > 1]
    store.remove(ONE)

    assert shared
    assert not parent.exists()
    git("fsck", "--strict", at=fork)
    refs = git("for-each-ref", "--format=%(refname)", at=fork).split()
    assert refs == ["refs/heads/main", "refs/tags/v1"]
    assert "remote" not in (fork / "config").read_text()
    git("clone", "-q", fork, tmp_path / "clone", at=tmp_path)


def test_a_fork_of_nothing_is_not_found(store):
    with pytest.raises(NotFoundError):
        store.fork(ONE, TWO)


def test_maintenance_and_a_fork_do_not_meet(store, git, working_copy):
    parent = seeded(store, git, working_copy)

    with storage.alone(parent), pytest.raises(UnavailableError):
        store.fork(ONE, TWO)
    with storage.unmoved(parent):
        store.fork(ONE, TWO)


def test_what_is_removed_leaves_nothing_behind_and_may_be_removed_again(store):
    folder = store.create(ONE)
    store.remove(ONE)
    store.remove(ONE)

    assert not folder.exists()
    assert [each for each in store.home.rglob("*") if each.is_file()] == []


def test_the_size_counts_every_file_once(store):
    folder = store.create(ONE)
    before = storage.size_bytes(folder)
    (folder / "objects/pack/some").write_bytes(b"x" * 1000)

    assert storage.size_bytes(folder) == before + 1000


def test_a_sweep_removes_what_a_crash_left_and_nothing_younger(store):
    unfinished = store.home / "repositories/unfinished"
    unfinished.mkdir(parents=True)
    old, young = unfinished / "old", unfinished / "young"
    old.mkdir()
    young.mkdir()
    os.utime(old, (1000, 1000))
    os.utime(young, (4000, 4000))

    assert store.sweep(older_than_seconds=3600, now_seconds=5000) == 1
    assert [path.name for path in unfinished.iterdir()] == ["young"]


def test_a_home_that_moved_serves_on_once_configured(store, tmp_path):
    folder = store.create(ONE)
    moved = storage.RepositoryStore(tmp_path / "elsewhere")
    shutil.move(store.home, moved.home)

    moved.configure(moved.folder(ONE))

    assert not folder.exists()
    assert str(moved.hooks) in (moved.folder(ONE) / "config").read_text()
