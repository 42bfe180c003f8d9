"""Repositories come in from addresses, folders and bundles, and nothing else is reached."""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from appliance.errors import (
    ConflictError,
    InvalidError,
    TimeoutExceededError,
    TooLargeError,
    UnavailableError,
)
from appliance.git import bundle, mirroring
from appliance.git.imports import ImportLimits, fetch_all
from appliance.git.lfs import LfsStore
from appliance.git.lfs_imports import LfsSource, fetch_objects
from appliance.git.lfs_pointers import Pointer
from appliance.git.remote_source import Credentials
from appliance.security import outgoing
from tests.peers.git_source import CONTENT, POINTER, Source

ONE = UUID("0199aaaa-0000-7000-8000-00000000beef")
TWO = UUID("0199aaaa-0000-7000-8000-00000000cafe")
OPEN = partial(outgoing.judge, schemes=("https", "http"), private_allowed=True)
LIMITS = ImportLimits(seconds=60)
CREDENTIALS = Credentials("writer", "a: long word")


@pytest.fixture
def full(store, git, working_copy) -> Path:
    """A repository with branches, a tag, notes, a hidden ref, and a default branch of its own."""
    folder = store.create(ONE, default_branch=b"trunk")
    git("notes", "add", "-m", "Well done", "main", at=working_copy)
    (working_copy / "noise").write_bytes(os.urandom(3_000_000))
    git("add", ".", at=working_copy)
    git("commit", "-q", "-m", "Noise", at=working_copy)
    refs = ["main:refs/heads/trunk", "main~1:refs/heads/other", "v1", "refs/notes/commits"]
    refs.append("main:refs/internal/x")
    git("config", "transfer.hideRefs", "none", at=folder)
    git("push", "-q", folder, *refs, at=working_copy, CODARA_INTERNAL="1")
    store.configure(folder)
    return folder


@pytest.fixture
def source(full):
    source = Source(full)
    yield source
    source.close()


@pytest.fixture
def target(store) -> Path:
    return store.create(TWO)


def visible(git, folder) -> list[str]:
    names = git("for-each-ref", "--format=%(objectname) %(refname)", at=folder).splitlines()
    return [name for name in names if "refs/internal" not in name]


def silent(_step: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def test_everything_comes_from_an_address_with_progress(git, full, source, target):
    seen: list[tuple[str, int, int]] = []

    fetch_all(
        target,
        OPEN(source.url),
        limits=LIMITS,
        progress=lambda *what: seen.append(what),
    )

    assert visible(git, target) == visible(git, full)
    assert (target / "HEAD").read_bytes() == b"ref: refs/heads/trunk\n"
    git("fsck", "--strict", at=target)
    assert {step for step, _, _ in seen} & {"Receiving objects", "Unpacking objects"}
    assert all(0 <= done <= total for _, done, total in seen)
    assert not (target / "FETCH_HEAD").exists()


def test_git_goes_to_the_address_that_was_looked_up(git, full, source, target):
    looked_up = OPEN(source.url)
    named = replace(
        looked_up, url=looked_up.url.replace("127.0.0.1", "code.example"), host="code.example"
    )

    fetch_all(target, named, limits=LIMITS, progress=silent)

    assert visible(git, target) == visible(git, full)
    assert {host for _, host, _ in source.headers} == {f"code.example:{source.port}"}


def test_credentials_are_used_and_left_nowhere(git, source, target):
    source.credentials = CREDENTIALS.header
    remote = OPEN(source.url)

    with pytest.raises(InvalidError, match="user name and password"):
        fetch_all(target, remote, limits=LIMITS, progress=silent)
    fetch_all(target, remote, credentials=CREDENTIALS, limits=LIMITS, progress=silent)

    secret = CREDENTIALS.header.removeprefix("Basic ")
    assert base64.b64decode(secret) == b"writer:a: long word"
    for path in target.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()
    assert "a: long word" not in repr(CREDENTIALS)


def test_a_redirect_is_not_followed(source, target):
    source.redirect = f"http://127.0.0.1:{source.port}/elsewhere.git/info/refs"

    with pytest.raises(InvalidError, match="moved"):
        fetch_all(target, OPEN(source.url), limits=LIMITS, progress=silent)

    assert all("elsewhere" not in path for path, _, _ in source.headers)


def test_a_source_that_is_too_large_or_too_slow_is_given_up(source, target):
    remote = OPEN(source.url)

    with pytest.raises(TooLargeError):
        fetch_all(target, remote, limits=ImportLimits(60, size_bytes=100), progress=silent)
    with pytest.raises(TimeoutExceededError):
        fetch_all(target, remote, limits=ImportLimits(0), progress=silent)


def test_a_source_that_is_not_there_is_unavailable(source, target):
    remote = OPEN(source.url)
    source.close()

    with pytest.raises(UnavailableError, match="does not answer"):
        fetch_all(target, remote, limits=LIMITS, progress=silent)


def test_a_mirror_whose_source_dies_says_so_and_goes_on_when_it_is_back(git, full, source, target):
    def fetched():
        remote = OPEN(source.url)
        return mirroring.fetch(
            target, remote, "m", credentials=None, limits=LIMITS, progress=silent
        )

    source.breaks_off = True
    with pytest.raises(UnavailableError, match="broke off"):
        fetched()
    source.breaks_off, source.status = False, 503
    with pytest.raises(UnavailableError, match="an error of its own"):
        fetched()
    assert mirroring.present(target) == {}
    source.status = 200
    assert set(fetched()) == {b"refs/heads/trunk", b"refs/heads/other", b"refs/tags/v1"}
    git("fsck", "--strict", at=target)


def test_a_folder_comes_in_without_what_it_remembers_of_others(git, working_copy, target):
    git("update-ref", "refs/remotes/origin/main", "main", at=working_copy)

    fetch_all(target, working_copy, limits=LIMITS, progress=silent)

    names = [line.split()[1] for line in visible(git, target)]
    assert names == ["refs/heads/main", "refs/tags/v1"]
    assert (target / "HEAD").read_bytes() == b"ref: refs/heads/main\n"


def test_what_is_no_repository_is_invalid(target, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no bundle")

    for place in ("empty", "file", "nothing"):
        with pytest.raises(InvalidError):
            fetch_all(target, tmp_path / place, limits=LIMITS, progress=silent)


@pytest.mark.promise("P87")
def test_what_a_stranger_wrote_does_not_lead_to_another_repository(git, full, target, tmp_path):
    (tmp_path / "project.bundle").write_text(f"gitdir: {full}\n")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare.git").write_text(f"gitdir: {full}\n")

    for place in ("project.bundle", "bare"):
        with pytest.raises(InvalidError, match="no repository"):
            fetch_all(target, tmp_path / place, limits=LIMITS, progress=silent)

    assert visible(git, target) == []
    fetch_all(target, full, limits=LIMITS, progress=silent)
    assert visible(git, target) == visible(git, full)


@pytest.mark.promise("P87")
def test_a_bundle_with_unsafe_objects_is_refused(git, full, target, tmp_path):
    entry = b"100644 .git\0" + bytes.fromhex(git("rev-parse", "trunk^{tree}", at=full).strip())
    (tmp_path / "tree").write_bytes(entry)
    hashed = git("hash-object", "-w", "-t", "tree", "--literally", tmp_path / "tree", at=full)
    commit = git("commit-tree", hashed.strip(), "-m", "Take over", at=full).strip()
    git("update-ref", "refs/heads/evil", commit, at=full)
    git("bundle", "create", "-q", tmp_path / "evil.bundle", "evil", at=full)

    with pytest.raises(InvalidError, match="unsafe"):
        fetch_all(target, tmp_path / "evil.bundle", limits=LIMITS, progress=silent)


def test_a_bundle_goes_out_and_comes_in_whole(git, full, target, tmp_path):
    file = tmp_path / "notes.bundle"
    file.write_bytes(b"".join(bundle.export(full)))

    git("clone", "-q", file, tmp_path / "clone", at=tmp_path)
    fetch_all(target, file, limits=LIMITS, progress=silent)

    assert visible(git, target) == visible(git, full)
    assert "refs/internal" not in git("bundle", "list-heads", file, at=tmp_path)
    assert git("symbolic-ref", "--short", "HEAD", at=tmp_path / "clone").strip() == "trunk"


def test_an_empty_repository_has_no_bundle(target):
    with pytest.raises(ConflictError):
        bundle.export(target)


def test_large_files_come_with_their_checksums_checked(source, store, tmp_path):
    lfs = LfsStore(tmp_path / "home", reserve_bytes=0)
    lost = Pointer("ab" * 32, 5)
    false = Pointer("cd" * 32, 5)
    source.large[false.oid] = b"other"
    source.credentials = None
    seen: list[tuple[str, int, int]] = []

    fetched = fetch_objects(
        LfsSource(OPEN(source.url), OPEN, CREDENTIALS),
        [POINTER, lost, false, POINTER],
        lfs,
        lambda *what: seen.append(what),
    )

    assert (fetched.count, set(fetched.missing)) == (1, {lost.oid, false.oid})
    assert b"".join(lfs.read(POINTER.oid)) == CONTENT
    assert source.headers[0][0] == "/lab/notes.git/info/lfs/objects/batch"
    assert {sent for _, _, sent in source.headers} == {CREDENTIALS.header}
    assert seen == [("Fetching large files", 3, 3)]


def test_large_files_are_not_fetched_from_inside(source, tmp_path):
    lfs = LfsStore(tmp_path / "home", reserve_bytes=0)
    remote = LfsSource(OPEN(source.url), partial(outgoing.judge, schemes=("http",)))

    fetched = fetch_objects(remote, [POINTER], lfs, silent)

    assert fetched.missing == (POINTER.oid,)
    assert source.headers == []


def test_credentials_go_to_their_own_host_only(source, full, tmp_path):
    other = Source(full)
    source.large = {}
    action = {"href": f"{other.url.removesuffix('lab/notes.git')}large/{POINTER.oid}"}
    lfs = LfsStore(tmp_path / "home", reserve_bytes=0)

    LfsSource(OPEN(source.url), OPEN, CREDENTIALS).download(action, POINTER, lfs)

    assert [sent for _, _, sent in other.headers] == [None]
    assert lfs.size_bytes(POINTER.oid) == len(CONTENT)
    other.close()


def test_large_files_come_from_beside_a_folder(working_copy, tmp_path):
    lfs = LfsStore(tmp_path / "home", reserve_bytes=0)
    place = working_copy / ".git/lfs/objects" / POINTER.oid[:2] / POINTER.oid[2:4] / POINTER.oid
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)

    fetched = fetch_objects(working_copy, [POINTER, Pointer("ab" * 32, 5)], lfs, silent)

    assert fetched.missing == ("ab" * 32,)
    assert b"".join(lfs.read(POINTER.oid)) == CONTENT


def test_large_files_beside_a_bundle_come_along(full, tmp_path):
    (tmp_path / "lfs-objects").mkdir()
    (tmp_path / "lfs-objects" / POINTER.oid).write_bytes(CONTENT)
    (tmp_path / "project.bundle").write_bytes(b"".join(bundle.export(full)))
    lfs = LfsStore(tmp_path / "lfs", reserve_bytes=0)

    came = fetch_objects(tmp_path / "project.bundle", [POINTER], lfs, silent)

    assert (came.count, came.missing) == (1, ())
