"""Clones and pushes under way end soon after whoever began them may no longer enter."""

from __future__ import annotations

import os
import socket
import struct
import time
import zlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests as http
import sqlalchemy as sa

from appliance.db.credentials import AccessToken
from appliance.domain.credentials import Approval, ApprovalState
from appliance.domain.identity import Method, Origin, stranger
from appliance.domain.permissions import OrganisationRole, Role, Visibility
from appliance.security import tokens
from appliance.services import (
    credentials,
    fetches,
    identify,
    pushes,
    token_approvals,
    token_rules,
    users,
)
from appliance.services.token_rules import Rule
from appliance.web.transfer_watch import TransferWatch
from tests.peers.appliance import serve
from tests.web.git_client import GitClient
from tests.world import NOON

MIB = 1024 * 1024
SIZE = 48 * MIB
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


class SlowPush:
    """A push by hand of one large blob. Its state is the connection, and what was not sent yet."""

    def __init__(self, served, token: str) -> None:
        line = f"{'0' * 40} {'1' * 40} refs/heads/new\0report-status"
        kind_and_size = bytes([0xB0 | SIZE & 0xF, *_sevens(SIZE >> 4)])  # 0x30: a blob.
        pack = b"PACK" + struct.pack(">II", 2, 1) + kind_and_size
        packed = zlib.compress(os.urandom(SIZE), 0)
        self._left = f"{len(line) + 4:04x}{line}0000".encode() + pack + packed
        address = urlsplit(served.url)
        self._connection = socket.create_connection((address.hostname, address.port), timeout=60)
        self._connection.sendall(
            b"POST /lab/notes.git/git-receive-pack HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/x-git-receive-pack-request\r\n"
            b"Transfer-Encoding: chunked\r\nAuthorization: Basic "
            + b64encode(f"git:{token}".encode())
            + b"\r\n\r\n"
        )

    def send(self, size: int) -> None:
        """Send some more."""
        some, self._left = self._left[:size], self._left[size:]
        self._connection.sendall(b"%x\r\n%s\r\n" % (len(some), some))

    def finish(self) -> bytes:
        """Send the rest, as far as it is taken; gives what is answered."""
        found = b""
        try:
            while self._left:
                self.send(MIB)
            self._connection.sendall(b"0\r\n\r\n")
            while chunk := self._connection.recv(4096):
                found += chunk
        except ConnectionError:
            return found
        finally:
            self._connection.close()
        return found


def _sevens(number: int) -> list[int]:
    """A number in pieces of seven bits, the lowest first. Source: gitformat-pack(5)."""
    found = []
    while number > 0x7F:
        found.append(0x80 | number & 0x7F)
        number >>= 7
    return [*found, number]


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


def approve(world, token: str):
    """Let the organisation ask for approvals, and approve the token; gives what takes that back."""
    begins = tokens.shown_part(token)
    token_id = world.one(sa.select(AccessToken.id).where(AccessToken.shown_prefix == begins))
    boss = world.user("boss", member=OrganisationRole.OWNER, of="lab")
    with world.begin(boss) as work:
        token_rules.change(work, "lab", Rule(Approval.ALL), now=NOON)
    with world.begin(world.actor("writer")) as work:
        approval_id = token_approvals.ask(work, token_id, "lab", now=NOON).id

    def say(state: ApprovalState) -> None:
        with world.begin(boss) as work:
            token_approvals.decide(work, "lab", approval_id, state, now=NOON)

    say(ApprovalState.APPROVED)
    return lambda: say(ApprovalState.REVOKED)


def until_ended(world, name: str) -> float:
    """Wait until no git of the appliance runs for this; gives for how long."""
    began = time.monotonic()
    while any(name in line for line in running_git()):
        assert time.monotonic() - began < 60, "git still runs"
        time.sleep(0.05)
    return time.monotonic() - began


def running_git() -> list[str]:
    """Where every git of this machine runs that gives away or takes."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
            if b"upload-pack" in words or b"receive-pack" in words:
                found.append(str((process / "cwd").readlink()))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("how", ["its person is suspended", "its token is approved no more"])
def test_a_clone_under_way_ends_when(world, writer, tmp_path, how):
    with serve(world) as served:
        large = push_large(served, tmp_path)
        home, token = str(world.home), world.token("writer")
        take_back = approve(world, token)
        answer = begin_clone(served, token, large)
        start = next(answer)
        assert any(home in place for place in running_git())

        take_back() if "token" in how else suspend(world)

        until_ended(world, home)
        assert len(start) + rest_of(answer) < SIZE


@pytest.mark.promise("P59")
def test_a_push_under_way_ends_when_its_token_is_approved_no_more(world, writer):
    with serve(world) as served:
        home, token = str(world.home), world.token("writer")
        take_back = approve(world, token)
        push = SlowPush(served, token)
        push.send(4 * MIB)
        began = time.monotonic()
        while not any(home in place for place in running_git()):
            assert time.monotonic() - began < 60, "no git runs"
            time.sleep(0.05)

        take_back()

        until_ended(world, home)
        assert b"unpack ok" not in push.finish()


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


def entering(world, token: str):
    key = world.wiring.sign_in.fingerprint_key
    with world.reading(stranger()) as work:
        return identify.by_token(work, token, origin=Origin(), fingerprint_key=key, now=NOON)


@pytest.mark.parametrize("how", ["suspended", "revoked", "approved no more"])
def test_the_watch_ends_what_a_credential_no_longer_opens(world, writer, how):
    token = world.token("writer")
    take_back = approve(world, token)
    actor = entering(world, token)
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
    elif how == "approved no more":
        take_back()
    else:
        with world.begin(world.actor("writer")) as work:
            credentials.revoke_token(work, actor.origin.credential_id, now=NOON)
    watch.look()

    assert sorted(ended) == (["password", "token"] if how == "suspended" else ["token"])


@pytest.mark.promise("P59")
def test_where_reading_is_left_a_push_ends_and_a_clone_goes_on(world, writer):
    world.repository("lab/open", visibility=Visibility.INTERNAL)
    world.grant("writer", Role.WRITER, "lab/open")
    token = world.token("writer")
    take_back = approve(world, token)
    watch, ended = TransferWatch(world.wiring.database, every_seconds=3600), []
    actor, here = entering(world, token), world._repository("lab/open").id
    watch.begin(actor, here, lambda: ended.append("clone"), insist=fetches.again)
    watch.begin(actor, here, lambda: ended.append("push"), insist=pushes.again)

    take_back()
    watch.look()

    assert ended == ["push"]
