"""The Git door with real clients: what they may, what flows, and what is recorded."""

from __future__ import annotations

import gzip
import os

import dulwich.porcelain
import pygit2
import pytest
import requests as http
import sqlalchemy as sa

from appliance.db.pushes import Push, PushedRef, PushState
from appliance.db.repositories import Repository
from appliance.domain.identity import appliance
from appliance.domain.permissions import Role
from appliance.services import push_settlement, repository_moves
from tests.peers.appliance import serve
from tests.web.git_client import GitClient, token
from tests.world import NOON


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def writer(world):
    world.repository("lab/notes")
    return world.user("writer", role=Role.WRITER, on="lab/notes")


@pytest.fixture
def remote(served, writer):
    return served.remote("lab/notes", token(served.world, writer))


@pytest.fixture
def copy(git, tmp_path):
    return git.working_copy(tmp_path / "copy")


def last_event(world):
    return world.recorded()[-1]


def assert_ledger_agrees(world, path="lab/notes"):
    owner, name = path.split("/")
    query = sa.select(Repository).where(Repository.owner_name == owner, Repository.name == name)
    repository = world.one(query)
    with world.begin(appliance()) as work:
        differences = push_settlement.drift(work, repository.id, tools=world.wiring.git, now=NOON)
    assert differences == 0


def test_a_push_is_one_event_with_every_ref(world, served, remote, git, copy, writer, tmp_path):
    head = git("rev-parse", "HEAD", at=copy).strip()

    git("push", remote, "main", "v1", at=copy)
    event = last_event(world)
    git("clone", remote, "again", at=tmp_path)

    body = event.body
    push = world.one(sa.select(Push))
    assert git("rev-parse", "HEAD", at=tmp_path / "again").strip() == head
    assert event.action == "git.pushed"
    assert event.header["actor"]["ref"] == writer.pseudonym
    assert event.header["auth"]["method"] == "token"
    assert ["refs/heads/main", "0" * 40, head, "moved"] in body["refs"]
    assert len(body["refs"]) == 2
    assert body["settled_by"] == "hook"
    assert (push.state, push.address) == (PushState.SETTLED, "127.0.0.1")
    assert world.events()[-1] == "git.fetched"
    assert_ledger_agrees(world)


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_every_protocol_version_clones_fetches_and_pushes(
    world, served, remote, git, copy, tmp_path, version
):
    git.environment["GIT_CONFIG_PARAMETERS"] = f"'protocol.version={version}'"
    git("push", remote, "main", at=copy)
    git("clone", "-q", remote, "again", at=tmp_path)
    before = world.events().count("git.fetched")
    head = git.commit(copy, "more.txt", "more\n")
    git("push", remote, "main", at=copy)
    git("fetch", "-q", "origin", at=tmp_path / "again")
    git("ls-remote", remote, at=tmp_path)
    git("fetch", "-q", "origin", at=tmp_path / "again")

    assert git("rev-parse", "origin/main", at=tmp_path / "again").strip() == head
    # A clone and one fetch that brought something; looking at refs alone is no fetch.
    assert (before, world.events().count("git.fetched")) == (1, 2)


def test_clones_may_be_shallow_partial_and_sparse(served, remote, git, copy, tmp_path):
    git("push", remote, "main", at=copy)

    git("clone", "-q", "--depth=1", remote, "shallow", at=tmp_path)
    git("clone", "-q", "--filter=blob:none", "--no-checkout", remote, "partial", at=tmp_path)
    git("clone", "-q", "--filter=tree:0", "--sparse", remote, "sparse", at=tmp_path)
    git("fetch", "-q", "--unshallow", at=tmp_path / "shallow")

    assert git("rev-list", "--count", "HEAD", at=tmp_path / "shallow").strip() == "3"
    assert git("show", "HEAD:file-0.txt", at=tmp_path / "partial").startswith("0\n")
    assert git("status", "--porcelain", at=tmp_path / "sparse") == ""


def test_other_clients_clone_and_push(world, served, remote, git, copy, tmp_path):
    git("push", remote, "main", at=copy)

    made = dulwich.porcelain.clone(remote, str(tmp_path / "dulwich"))
    (tmp_path / "dulwich" / "new.txt").write_text("new\n")
    dulwich.porcelain.add(made, [str(tmp_path / "dulwich" / "new.txt")])
    dulwich.porcelain.commit(made, message=b"New", author=b"W <w@codara.test>")
    dulwich.porcelain.push(made, remote, "refs/heads/main")
    made.close()
    cloned = pygit2.clone_repository(remote, str(tmp_path / "pygit2"))

    assert cloned.head.peel().message == "New"
    assert world.events().count("git.pushed") == 2


def test_two_thousand_tags_go_in_one_push(world, served, remote, git, copy):
    commands = "".join(f"create refs/tags/t{number} HEAD\n" for number in range(2000))
    (copy / "tags").write_text(commands)
    git("config", "alias.many", "!git update-ref --stdin < tags", at=copy)
    git("many", at=copy)

    git("push", "-q", "--tags", remote, "main", at=copy)

    assert git("ls-remote", remote, "refs/tags/t*", at=copy).count("\n") == 2000
    assert sum(len(each.body["refs"]) for each in world.recorded("git.pushed")) == 2002
    assert_ledger_agrees(world)


def test_bodies_may_be_chunked_or_compressed(served, remote, git, copy, tmp_path):
    git("config", "http.postBuffer", "1000", at=copy)  # Larger bodies go in chunks.
    for number in range(20):
        git.commit(copy, f"big-{number}.txt", f"{number} line\n" * 5000)
    git("push", "-q", remote, "main", at=copy)
    git("clone", "-q", remote, "again", at=tmp_path)
    # Many haves make git compress what it sends.
    for number in range(60):
        git.commit(tmp_path / "again", f"own-{number}.txt", "x\n")
    git.commit(copy, "later.txt", "later\n")
    git("push", "-q", remote, "main", at=copy)
    git("fetch", "-q", at=tmp_path / "again")

    body = gzip.compress(b"0014command=ls-refs\n0000")
    headers = {
        "Content-Type": "application/x-git-upload-pack-request",
        "Content-Encoding": "gzip",
        "Git-Protocol": "version=2",
    }
    answer = http.post(f"{remote}/git-upload-pack", data=body, headers=headers, timeout=20)
    assert (answer.status_code, b"refs/heads/main" in answer.content) == (200, True)


def test_atomic_pushes_move_all_or_nothing(world, served, remote, git, copy):
    git("push", "-q", remote, "main", at=copy)
    git("branch", "other", at=copy)
    git("commit", "-q", "--amend", "-m", "Rewritten", at=copy)

    done = git.try_("push", "--atomic", "-o", "note=1", remote, "main", "other", at=copy)

    assert done.status != 0
    assert "refs/heads/other" not in git("ls-remote", remote, at=copy)
    assert world.events().count("git.pushed") == 1


def test_two_pushes_race_for_one_ref_and_one_wins(world, served, remote, git, copy, tmp_path):
    git("push", "-q", remote, "main", at=copy)
    git("clone", "-q", remote, "other", at=tmp_path)
    heads = [git.commit(copy, "a", "a\n"), git.commit(tmp_path / "other", "b", "b\n")]

    running = [git.start("push", remote, "main", at=at) for at in (copy, tmp_path / "other")]
    statuses = sorted(process.communicate() and process.returncode for process in running)

    assert statuses == [0, 1]
    present = git("ls-remote", remote, "refs/heads/main", at=copy).split()[0]
    assert present in heads
    unsettled = world.one(sa.select(Push).where(Push.state == PushState.ACCEPTED))
    moved = world.one(sa.select(PushedRef).where(PushedRef.new_oid == present))
    assert unsettled is None
    assert moved.moved
    assert_ledger_agrees(world)


def test_protected_branches_are_refused_with_a_sentence(world, served, git, copy):
    repository = world.repository("lab/notes")
    owner = world.user("owner", role=Role.OWNER, on="lab/notes")
    writer = world.user("writer", role=Role.WRITER, on="lab/notes")
    world.protect("lab/notes", "refs/heads/main", push_role=Role.WRITER)
    world.protect("lab/notes", "refs/tags/v*", push_role=Role.MAINTAINER)
    remote = served.remote("lab/notes", token(world, writer))
    as_owner = served.remote("lab/notes", token(world, owner, "repo:admin"))
    git("push", "-q", remote, "main", "main:side", at=copy)
    git("commit", "-q", "--amend", "-m", "Rewritten", at=copy)

    forced = git.try_("push", "-f", remote, "main", at=copy)
    deleted = git.try_("push", remote, ":main", at=copy)
    tagged = git.try_("push", remote, "v1", at=copy)
    by_owner = git.try_("push", "-f", as_owner, "main", at=copy)
    git("push", "-q", "-f", remote, "main:side", at=copy)
    git("push", "-q", "-f", "-o", "bypass-protection", as_owner, "main", at=copy)

    assert "remote: refs/heads/main is protected: " in forced.said
    assert "its history may not be rewritten" in by_owner.said
    assert "may not be deleted" in deleted.said
    assert "only a maintainer may push to it" in tagged.said
    assert world.events().count("git.push_refused") == 4
    assert world.events()[-2:] == ["branch_rule.bypassed", "git.pushed"]
    assert world.folder(repository).is_dir()


def test_the_default_branch_stays_and_git_says_so_in_a_word(remote, git, copy):
    git("push", "-q", remote, "main", at=copy)
    done = git.try_("push", remote, ":main", at=copy)
    assert "refusing to delete the current branch: refs/heads/main" in done.said
    assert "receive.denyDeleteCurrent" not in done.said


def test_names_that_mislead_or_are_ours_are_refused(world, served, remote, git, copy):
    hidden = git.try_("push", remote, "main:refs/internal/x", at=copy)
    pulled = git.try_("push", remote, "main:refs/pull/1/head", at=copy)
    object_id = git.try_("push", remote, f"main:refs/heads/{'a' * 40}", at=copy)

    assert hidden.status != 0
    assert "remote: refs/pull/1/head belongs to the appliance." in pulled.said
    assert "could be taken for something else" in object_id.said
    assert last_event(world).body["reasons"] == [
        f"refs/heads/{'a' * 40} could be taken for something else. Choose another name."
    ]


def test_what_is_too_large_too_deep_or_too_much_is_refused(world, writer, git, copy):
    limits = {
        "CODARA_LIMITS__FILE_SIZE_BYTES": "2097152",
        "CODARA_LIMITS__PATH_DEPTH": "3",
        "CODARA_LIMITS__REFS_PER_PUSH": "5",
        "CODARA_LIMITS__PUSH_SIZE_BYTES": "8388608",
        "CODARA_LIMITS__REPOSITORY_QUOTA_BYTES": "4194304",
    }
    cases = {
        "large": ("large.bin", 3, "large.bin has 3 MiB; the limit for files is 2 MiB"),
        "deep": ("a/b/c/d/e", 0, "a/b/c/d/e is too long or too deep"),
        "push": ("huge.bin", 9, "exceeds maximum allowed size"),
    }
    with serve(world, **limits) as served:
        remote = served.remote("lab/notes", token(world, writer))
        git("push", "-q", remote, "main", at=copy)
        for branch, (name, mebibytes, sentence) in cases.items():
            git("checkout", "-q", "-b", branch, "main", at=copy)
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(os.urandom(mebibytes * 1024 * 1024))
            git("add", ".", at=copy)
            git("commit", "-q", "-m", name, at=copy)
            assert sentence in git.try_("push", remote, branch, at=copy).said
        many = [f"main:refs/heads/many-{number}" for number in range(6)]
        assert "at most 5 go in one" in git.try_("push", remote, *many, at=copy).said
        git("checkout", "-q", "-b", "several", "main", at=copy)
        for number in range(3):
            (copy / f"{number}.bin").write_bytes(os.urandom(1_900_000))
        git("add", ".", at=copy)
        git("commit", "-q", "-m", "Several", at=copy)
        assert "has room for 4 MiB" in git.try_("push", remote, "several", at=copy).said

    assert world.events().count("git.pushed") == 1


def test_git_follows_a_repository_to_its_new_path(world, served, remote, git, copy, tmp_path):
    git("push", "-q", remote, "main", at=copy)
    owner = world.user("owner", role=Role.OWNER, on="lab/notes")
    with world.begin(owner) as work:
        repository_moves.rename(work, "lab/notes", "papers")

    git("clone", "-q", remote, "again", at=tmp_path)
    git.commit(copy, "more.txt", "more\n")
    git("push", "-q", remote, "main", at=copy)

    assert world.events()[-1] == "git.pushed"


def test_an_archived_repository_is_read_and_not_pushed_to(world, served, remote, git, copy):
    git("push", "-q", remote, "main", at=copy)
    owner = world.user("owner", role=Role.OWNER, on="lab/notes")
    with world.begin(owner) as work:
        repository_moves.archive(work, "lab/notes", now=NOON)

    refused = git.try_("push", remote, "main:other", at=copy)

    assert "lab/notes is archived. Unarchive it first." in refused.said
    assert "refs/heads/main" in git("ls-remote", remote, at=copy)


def test_the_dumb_protocol_and_odd_bodies_are_refused(served, remote):
    dumb = http.get(f"{remote}/info/refs", timeout=20)
    odd = http.post(f"{remote}/git-upload-pack", data=b"0000", timeout=20)
    encoded = http.post(
        f"{remote}/git-upload-pack",
        data=b"0000",
        headers={
            "Content-Type": "application/x-git-upload-pack-request",
            "Content-Encoding": "br",
        },
        timeout=20,
    )

    assert (dumb.status_code, odd.status_code, encoded.status_code) == (422, 422, 422)
    assert "smart protocol" in dumb.text


def test_who_wants_an_archive_is_told_where_to_get_it(remote):
    answer = http.get(f"{remote}/info/refs?service=git-upload-archive", timeout=20)

    assert answer.status_code == 422
    assert answer.headers["Content-Type"].startswith("text/plain")  # Git shows nothing else.
    assert "over SSH" in answer.text


def test_expecting_100_continue_is_answered(served, remote):
    answer = http.post(
        f"{remote}/git-upload-pack",
        data=b"0014command=ls-refs\n0000",
        headers={
            "Content-Type": "application/x-git-upload-pack-request",
            "Expect": "100-continue",
            "Git-Protocol": "version=2",
        },
        timeout=20,
    )

    assert answer.status_code == 200
