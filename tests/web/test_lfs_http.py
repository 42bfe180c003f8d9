"""Large files with the real git-lfs, and what its questions may not reveal."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime

import pytest
import requests as http
import sqlalchemy as sa

from appliance.db.repositories import Repository
from appliance.db.users import User, UserState
from appliance.domain.permissions import Role
from appliance.services import lfs
from tests.web.git_client import GitClient, token

CONTENT = os.urandom(3_000_000)
OID = hashlib.sha256(CONTENT).hexdigest()
MEDIA_TYPE = "application/vnd.git-lfs+json"


@pytest.fixture
def git(tmp_path):
    client = GitClient(tmp_path / "person")
    client("lfs", "install", at=tmp_path)
    return client


@pytest.fixture
def writer(world):
    world.repository("lab/notes")
    return world.user("writer", role=Role.WRITER, on="lab/notes")


@pytest.fixture
def remote(served, writer):
    return served.remote("lab/notes", token(served.world, writer))


@pytest.fixture
def copy(git, tmp_path):
    folder = git.working_copy(tmp_path / "copy")
    git("lfs", "track", "*.bin", at=folder)
    (folder / "large.bin").write_bytes(CONTENT)
    git("add", ".", at=folder)
    git("commit", "-q", "-m", "Large", at=folder)
    return folder


def ask(remote, operation, *objects: tuple[str, int]):
    question = {
        "operation": operation,
        "transfers": ["basic"],
        "objects": [{"oid": oid, "size": size} for oid, size in objects],
    }
    headers = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
    return http.post(f"{remote}/info/lfs/objects/batch", json=question, headers=headers, timeout=30)


def action(remote, operation):
    """The action for one object; its header must not meet the credentials of the address."""
    (entry,) = ask(remote, operation, (OID, len(CONTENT))).json()["objects"]
    return entry["actions"][operation]


def put(action, content, **headers: str):
    return http.put(action["href"], data=content, headers=action["header"] | headers, timeout=30)


def get(action, **headers: str):
    return http.get(action["href"], headers=action["header"] | headers, timeout=30)


def repository(world):
    return world.one(sa.select(Repository).where(Repository.name == "notes"))


def test_git_lfs_pushes_clones_and_counts(world, served, remote, git, copy, tmp_path):
    git("push", "-q", remote, "main", at=copy)
    git("clone", "-q", remote, "again", at=tmp_path)

    assert (tmp_path / "again" / "large.bin").read_bytes() == CONTENT
    assert world.wiring.git.lfs.size_bytes(OID) == len(CONTENT)
    assert repository(world).lfs_bytes == len(CONTENT)
    assert {"lfs.stored", "lfs.fetched"} <= set(world.events())


def test_git_lfs_locks_lists_and_unlocks(world, served, remote, git, copy):
    git("push", "-q", remote, "main", at=copy)
    other = world.user("other", role=Role.WRITER, on="lab/notes")
    maintainer = world.user("maintainer", role=Role.MAINTAINER, on="lab/notes")
    git("remote", "add", "origin", remote, at=copy)
    git("remote", "add", "other", served.remote("lab/notes", token(world, other)), at=copy)
    as_maintainer = served.remote("lab/notes", token(world, maintainer, "repo:admin"))
    git("remote", "add", "maintainer", as_maintainer, at=copy)

    git("lfs", "lock", "large.bin", at=copy)
    listed = git("lfs", "locks", at=copy)
    again = git.try_("lfs", "lock", "--remote=other", "large.bin", at=copy)
    by_other = git.try_("lfs", "unlock", "--remote=other", "--force", "large.bin", at=copy)
    git("lfs", "unlock", "--remote=maintainer", "--force", "large.bin", at=copy)
    git("lfs", "lock", "large.bin", at=copy)
    git("lfs", "unlock", "large.bin", at=copy)

    assert "large.bin" in listed
    assert "writer" in listed
    assert "locked by writer" in again.said
    assert by_other.status != 0
    assert git("lfs", "locks", at=copy) == ""
    assert world.events().count("lfs.unlocked") == 2


@pytest.mark.promise("P31")
def test_an_upload_is_checked_resumed_and_done_once(served, remote):
    wanted = action(remote, "upload")

    wrong = put(wanted, b"x" * len(CONTENT))
    long = put(wanted, CONTENT + b"more")
    begun = put(wanted, CONTENT[:1_000_000])
    received = http.get(f"{wanted['href']}/progress", headers=wanted["header"], timeout=30).json()[
        "received"
    ]
    rest = f"bytes {received}-{len(CONTENT) - 1}/{len(CONTENT)}"
    resumed = put(wanted, CONTENT[received:], **{"Content-Range": rest})
    (again,) = ask(remote, "upload", (OID, len(CONTENT))).json()["objects"]

    assert (wrong.status_code, long.status_code, begun.status_code) == (422, 413, 422)
    assert received == 1_000_000
    assert resumed.status_code == 200
    assert "actions" not in again


def test_a_download_may_ask_for_a_part(world, served, remote):
    put(action(remote, "upload"), CONTENT)
    wanted = action(remote, "download")

    whole = get(wanted)
    part = get(wanted, Range="bytes=100-199")
    rest = get(wanted, Range="bytes=2999990-")
    behind = get(wanted, Range="bytes=3000000-")

    assert whole.content == CONTENT
    assert (part.status_code, part.content) == (206, CONTENT[100:200])
    assert part.headers["Content-Range"] == "bytes 100-199/3000000"
    assert rest.content == CONTENT[-10:]
    assert behind.status_code == 416


@pytest.mark.promise("P31")
def test_knowing_an_id_is_not_enough(world, served, writer, remote):
    world.repository("lab/other")
    world.grant("writer", Role.WRITER, "lab/other")
    other = served.remote("lab/other", token(world, writer))
    put(action(remote, "upload"), CONTENT)

    (download,) = ask(other, "download", (OID, len(CONTENT))).json()["objects"]
    (upload,) = ask(other, "upload", (OID, len(CONTENT))).json()["objects"]
    claimed = put(upload["actions"]["upload"], b"x" * len(CONTENT))
    question = {"oid": OID, "size": len(CONTENT)}
    verified = [
        http.post(f"{at}/info/lfs/verify", json=question, timeout=30).status_code
        for at in (remote, other)
    ]
    direct = http.get(f"{remote}/info/lfs/objects/{OID}", timeout=30)

    assert download["error"]["code"] == 404
    assert claimed.status_code == 422
    assert verified == [200, 404]
    assert direct.status_code == 401


def test_what_is_handed_out_is_recorded_before(world, served, remote):
    put(action(remote, "upload"), CONTENT)
    action(remote, "download")

    event = world.recorded()[-1]

    assert event.action == "lfs.fetched"
    assert OID in event.text


def test_readers_strangers_and_quotas(world, served, remote, writer):
    reader = world.user("reader", role=Role.READER, on="lab/notes")
    as_reader = served.remote("lab/notes", token(world, reader))

    refused = ask(as_reader, "upload", (OID, 10))
    stranger = ask(served.remote("lab/notes"), "download", (OID, 10))
    too_many = ask(remote, "download", *[(OID, 1)] * 1001)
    bad = ask(remote, "upload", ("../../etc/passwd", 10)).json()["objects"][0]
    odd = ask(remote, "sideways")

    assert refused.status_code == 403
    assert "needs the role writer" in refused.json()["message"]
    assert (stranger.status_code, stranger.headers["LFS-Authenticate"][:5]) == (401, "Basic")
    assert (too_many.status_code, odd.status_code) == (413, 422)
    assert bad["error"]["code"] == 422


def test_a_capability_is_for_one_object_one_way_and_one_person(world, served, writer, remote):
    put(action(remote, "upload"), CONTENT)
    wanted = action(remote, "download")

    as_upload = put(wanted, CONTENT)
    elsewhere = wanted["href"].replace(OID, "0" * 64)
    for_other = http.get(elsewhere, headers=wanted["header"], timeout=30)
    with world.wiring.database._writing() as session, session.begin():
        session.get(User, writer.id).state = UserState.SUSPENDED
    suspended = get(wanted)

    assert (as_upload.status_code, for_other.status_code) == (403, 403)
    assert suspended.status_code == 401


def test_git_lfs_authenticate_opens_the_same_doors(world, served, writer, remote):
    with world.reading(writer) as work:
        capability = lfs.session_capability(
            work,
            "lab/notes",
            lfs.Operation.DOWNLOAD,
            tools=world.wiring.git,
            now=datetime.now(UTC),
        )
    headers = {"Authorization": f"Codara-LFS {capability}", "Content-Type": MEDIA_TYPE}
    base = served.remote("lab/notes")
    question = {"objects": [{"oid": OID, "size": 1}]}

    answers = [
        http.post(
            f"{base}/info/lfs/objects/batch",
            json=question | {"operation": operation},
            headers=headers,
            timeout=30,
        ).status_code
        for operation in ("download", "upload")
    ]

    assert answers == [200, 403]
