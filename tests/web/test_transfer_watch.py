"""Clones and downloads under way end soon after whoever began them may no longer enter."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests as http

from appliance.domain.identity import Method, Origin, stranger
from appliance.domain.permissions import Role
from appliance.services import credentials, identify, users
from appliance.web.transfer_watch import TransferWatch
from tests.peers.appliance import serve
from tests.web.git_client import GitClient
from tests.world import NOON

SIZE = 48 * 1024 * 1024
"""More than all that is kept on the way between git and a client that does not read."""


@pytest.fixture
def writer(world):
    world.administrator()
    world.repository("lab/notes")
    return world.user("writer", role=Role.WRITER, on="lab/notes")


def push_large(served, tmp_path) -> str:
    """The id of a commit whose pack is large, in the repository."""
    git = GitClient(tmp_path / "person")
    copy = git.working_copy(tmp_path / "copy")
    (copy / "large").write_bytes(os.urandom(SIZE))
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "Large", at=copy)
    remote = served.remote("lab/notes", served.world.token("writer"))
    git("push", "-q", remote, "main", at=copy)
    return git("rev-parse", "HEAD", at=copy).strip()


def begin_clone(served, token: str, oid: str) -> Iterator[bytes]:
    """A clone by hand, of which nothing is read yet. Who lets go of it closes the connection."""
    line = f"want {oid} side-band-64k ofs-delta\n"
    body = f"{len(line) + 4:04x}{line}00000009done\n"
    answer = http.post(
        f"{served.url}/lab/notes.git/git-upload-pack",
        data=body,
        headers={"Content-Type": "application/x-git-upload-pack-request"},
        auth=("git", token),
        stream=True,
        timeout=60,
    )
    return answer.iter_content(1024)


def rest_of(answer: Iterator[bytes]) -> int:
    """How many bytes still come, whether the connection ends well or not."""
    count = 0
    try:
        for chunk in answer:
            count += len(chunk)
    except http.exceptions.RequestException:
        return count
    return count


def suspend(world) -> None:
    with world.begin(world.actor("administrator")) as work:
        users.suspend(work, "writer", now=NOON)


def until_ended(world, name: str) -> float:
    """Wait until no git of the appliance runs for this; gives for how long."""
    began = time.monotonic()
    while any(name in line for line in running_git()):
        assert time.monotonic() - began < 60, "git still runs"
        time.sleep(0.05)
    return time.monotonic() - began


def running_git() -> list[str]:
    """Where every upload-pack of this machine runs."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
            if b"upload-pack" in words:
                found.append(str((process / "cwd").readlink()))
        except OSError:
            continue
    return found


def test_a_clone_under_way_ends_when_its_person_is_suspended(world, writer, tmp_path):
    with serve(world) as served:
        large = push_large(served, tmp_path)
        home, token = str(world.home), world.token("writer")
        answer = begin_clone(served, token, large)
        start = next(answer)
        assert any(home in place for place in running_git())

        suspend(world)

        until_ended(world, home)
        assert len(start) + rest_of(answer) < SIZE


def test_a_clone_of_somebody_else_goes_on(world, writer, tmp_path):
    world.user("reader", role=Role.READER, on="lab/notes")
    with serve(world) as served:
        large = push_large(served, tmp_path)
        theirs = begin_clone(served, world.token("writer"), large)
        answer = begin_clone(served, world.token("reader"), large)
        next(theirs)

        suspend(world)
        rest_of(theirs)

        assert rest_of(answer) > SIZE


@pytest.mark.parametrize("how", ["suspended", "revoked"])
def test_the_watch_ends_what_a_credential_no_longer_opens(world, writer, how):
    token = world.token("writer")
    with world.reading(stranger()) as work:
        key = world.wiring.sign_in.fingerprint_key
        actor = identify.by_token(work, token, origin=Origin(), fingerprint_key=key, now=NOON)
    watch, ended = TransferWatch(world.wiring.database, every_seconds=3600), []
    here = world._repository("lab/notes").id
    watch.begin(actor, here, lambda: ended.append("token"))
    other = world.actor("writer", method=Method.PASSWORD)
    watch.begin(other, here, lambda: ended.append("password"))
    over = watch.begin(actor, here, lambda: ended.append("over"))
    over()
    watch.look()
    assert ended == []

    if how == "suspended":
        suspend(world)
    else:
        with world.begin(world.actor("writer")) as work:
            credentials.revoke_token(work, actor.origin.credential_id, now=NOON)
    watch.look()

    assert sorted(ended) == (["password", "token"] if how == "suspended" else ["token"])
