"""Clones and pushes through a real web server with a real git client."""

from __future__ import annotations

import gzip
import http.client
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from appliance.errors import DamagedError, InvalidError, UnavailableError
from appliance.git import duplex, hooks, packets, process, transport
from tests.peers.server import free_port, running
from tests.ssh.peer import Peer

ONE = UUID("0199aaaa-0000-7000-8000-00000000beef")
LIMITS = transport.TransferLimits()


@pytest.fixture
def peer(tmp_path):
    peer = Peer(tmp_path / "web.sock")
    peer.answers = {"/internal/pushes/accept": {"accept": True}}
    yield peer
    peer.close()


@pytest.fixture
def folder(store) -> Path:
    hooks.install(store.home)
    return store.create(ONE)


@pytest.fixture
def door(store, folder, peer) -> Callable[..., AbstractContextManager[str]]:
    """Start the door; gives the repository's address."""

    @contextmanager
    def start(**settings: str) -> Iterator[str]:
        port = free_port()
        environment = dict(os.environ) | settings
        environment |= {"DOOR_HOME": str(store.home), "DOOR_FOLDER": str(folder)}
        environment |= {"DOOR_SOCKET": str(peer.socket_path)}
        words = ["-k", "gthread", "--threads", "6", "--no-control-socket", "--timeout", "0"]
        command = [sys.executable, "-m", "gunicorn", *words, "-b", f"127.0.0.1:{port}"]
        with running(
            [*command, "tests.git.door:application"],
            ready="Booting worker",
            environment=environment,
            folder=Path(__file__).parents[2],
        ):
            yield f"http://127.0.0.1:{port}/lab/notes.git"

    return start


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_push_clone_and_fetch_in_every_version(git, door, folder, working_copy, tmp_path, version):
    protocol = ["-c", f"protocol.version={version}"]
    with door() as address:
        git(*protocol, "push", "-q", address, "main", "v1", at=working_copy)
        git(*protocol, "clone", "-q", address, "clone", at=tmp_path)
        (working_copy / "more.txt").write_text("more\n")
        git("add", ".", at=working_copy)
        git("commit", "-q", "-m", "More", at=working_copy)
        git(*protocol, "push", "-q", address, "main", at=working_copy)
        git(*protocol, "pull", "-q", at=tmp_path / "clone")

    assert (tmp_path / "clone/more.txt").read_text() == "more\n"
    git("fsck", "--strict", at=folder)


def test_shallow_partial_and_atomic_work(git, door, folder, working_copy, tmp_path):
    with door() as address:
        git("push", "-q", "--atomic", address, "main", "v1", at=working_copy)
        git("clone", "-q", "--depth=1", address, "shallow", at=tmp_path)
        git("clone", "-q", "--filter=blob:none", "--sparse", address, "partial", at=tmp_path)
        git("fetch", "-q", "--unshallow", at=tmp_path / "shallow")
        said = git("rev-list", "--objects", "--missing=print", "--all", at=tmp_path / "partial")
        git("checkout", "-q", "HEAD~1", at=tmp_path / "partial")

    assert "?" in said
    assert git("rev-list", "--count", "HEAD", at=tmp_path / "shallow").strip() == "3"


def test_a_large_push_goes_through_chunked_and_waits_for_100_continue(
    git, door, folder, working_copy, tmp_path
):
    (working_copy / "noise.bin").write_bytes(os.urandom(9_000_000))
    git("add", ".", at=working_copy)
    git("commit", "-q", "-m", "Noise", at=working_copy)
    with door() as address:
        expecting = ["-c", "http.extraHeader=Expect: 100-continue"]
        git(*expecting, "push", "-q", address, "main", at=working_copy)
        git("clone", "-q", address, "clone", at=tmp_path)

    noise = (tmp_path / "clone/noise.bin").read_bytes()
    assert noise == (working_copy / "noise.bin").read_bytes()


def test_a_push_over_the_limit_is_refused_and_told_why(git, door, folder, working_copy):
    (working_copy / "noise.bin").write_bytes(os.urandom(9_000_000))
    git("add", ".", at=working_copy)
    git("commit", "-q", "-m", "Noise", at=working_copy)
    with door(DOOR_PUSH_BYTES="1000000") as address:
        said = git("push", address, "main", at=working_copy, succeeds=False)

    assert "pack exceeds maximum allowed size" in said
    assert git("for-each-ref", at=folder) == ""


def test_a_refusal_reaches_the_person_over_http(git, door, folder, working_copy, peer):
    peer.answers["/internal/pushes/accept"] = {"accept": False, "messages": ["Not today."]}
    with door() as address:
        said = git("push", address, "main", at=working_copy, succeeds=False)

    assert "remote: Not today." in said
    assert git("for-each-ref", at=folder) == ""


@pytest.mark.promise("P30")
def test_hidden_refs_are_neither_seen_nor_moved(git, door, folder, working_copy):
    with door() as address:
        git("push", "-q", address, "main", at=working_copy)
        git("update-ref", "refs/internal/keep/1", "main", at=folder, CODARA_INTERNAL="1")
        seen = git("ls-remote", address, at=working_copy)
        said = git("push", address, "main:refs/internal/x", at=working_copy, succeeds=False)

    assert "refs/internal" not in seen
    assert "deny updating a hidden ref" in said


@pytest.mark.promise("P17")
def test_a_push_of_broken_objects_is_refused(git, door, folder, working_copy):
    tree = git("rev-parse", "main^{tree}", at=working_copy).strip()
    text = f"tree {tree}\nauthor nobody\ncommitter nobody\n\nbad\n"
    (working_copy / "commit").write_text(text)
    oid = git("hash-object", "--literally", "-t", "commit", "-w", "commit", at=working_copy)
    with door() as address:
        said = git("push", address, f"{oid.strip()}:refs/heads/x", at=working_copy, succeeds=False)

    assert "missingEmail" in said or "missingSpaceBeforeEmail" in said
    assert git("for-each-ref", at=folder) == ""


def test_a_gzipped_request_is_understood(git, door, folder, working_copy):
    with door() as address:
        git("push", "-q", address, "main", at=working_copy)
        request = packets.packet(b"command=ls-refs\n") + b"0001" + packets.FLUSH
        answer = post(address, "git-upload-pack", gzip.compress(request), encoding="gzip")

    assert b"refs/heads/main" in answer


def test_a_damaged_repository_answers_with_a_sentence(git, door, folder, working_copy):
    with door() as address:
        git("push", "-q", address, "main", at=working_copy)
        (folder / "config").write_text("[core")
        old = ["-c", "protocol.version=0"]
        said = git(*old, "ls-remote", address, at=working_copy, succeeds=False)

    assert "An administrator can repair it" in said


def post(address: str, service: str, body: bytes, *, encoding: str) -> bytes:
    host, _, path = address.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=20)
    headers = {"Git-Protocol": "version=2", "Content-Encoding": encoding}
    connection.request("POST", f"/{path}/{service}", body, headers)
    answer = connection.getresponse().read()
    connection.close()
    return answer


class Gone:
    """A client that sends the start of a push and goes."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = list(chunks)

    def read(self, _size: int, /) -> bytes:
        if self.chunks:
            return self.chunks.pop(0)
        raise ConnectionResetError("the client has gone")


def push_of(store, peer) -> transport.Push:
    return transport.Push("capability", peer.socket_path, store.home, "seed")


def test_a_client_that_goes_leaves_no_process_and_no_ref(store, folder, peer, working_copy):
    oid = process.run(["rev-parse", "main"], at=working_copy / ".git").strip()
    command = packets.packet(b"%s %s refs/heads/main\0report-status" % (b"0" * 40, oid))
    transfer = transport.receive(
        folder,
        Gone(command + packets.FLUSH, b"PACK\0\0\0\2"),
        protocol="",
        push=push_of(store, peer),
        limits=LIMITS,
    )

    assert list(transfer) == []
    assert transfer.status != 0
    assert b"broke off" in transfer.complaint
    assert process.run(["for-each-ref"], at=folder) == b""
    assert not [path for path in (folder / "objects").iterdir() if "incoming" in path.name]


@pytest.mark.promise("P15")
@pytest.mark.parametrize("name", ["pre-receive", "post-receive"])
def test_without_its_hooks_nothing_is_received(store, folder, peer, name):
    (hooks.push_hooks(store.home) / name).chmod(0o600)

    with pytest.raises(UnavailableError):
        transport.push_environment(protocol="", push=push_of(store, peer), limits=LIMITS)


@pytest.mark.parametrize(("is_tiny", "method"), [(True, "fsync"), (False, "batch")])
def test_every_push_is_brought_to_the_disk(store, folder, peer, is_tiny, method):
    push = push_of(store, peer)
    found = transport.push_environment(protocol="", push=push, limits=LIMITS, is_tiny=is_tiny)

    count = int(found["GIT_CONFIG_COUNT"])
    settings = {found[f"GIT_CONFIG_KEY_{n}"]: found[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}
    assert settings["core.fsync"] == "committed,loose-object,reference"
    assert settings["core.fsyncMethod"] == method


def test_closing_a_clone_early_ends_git(git, folder, working_copy, store):
    request = packets.packet(b"command=fetch\n") + b"0001" + packets.FLUSH

    transfer = transport.fetch(folder, io.BytesIO(request), protocol="version=2", limits=LIMITS)
    transfer.close()
    transfer.close()

    assert transfer.status is not None
    with pytest.raises(StopIteration):
        next(transfer)


class Endless:
    """A client that never comes to the end of its request."""

    def __init__(self) -> None:
        self.start = packets.packet(b"command=ls-refs\n") + b"0001"

    def read(self, _size: int, /) -> bytes:
        start, self.start = self.start, b""
        return start or packets.packet(b"ref-prefix refs/heads/\n")


def test_a_transfer_ends_when_its_time_is_up(folder):
    limits = transport.TransferLimits(transfer_seconds=0.2)

    slow = transport.fetch(folder, Endless(), protocol="version=2", limits=limits)

    assert list(slow) == []
    assert slow.status != 0


def test_the_answer_of_version_2_starts_no_program(folder, monkeypatch):
    first = b"".join(
        transport.advertise(folder, transport.Service.UPLOAD_PACK, protocol="version=2")
    )
    monkeypatch.setattr(subprocess, "Popen", None)

    again = transport.advertise(folder, transport.Service.UPLOAD_PACK, protocol="x:version=2")

    assert first.startswith(b"000eversion 2\n")
    assert b"filter" in first
    assert b"".join(again) == first


def test_a_repository_without_its_head_is_damaged(folder):
    (folder / "HEAD").unlink()

    with pytest.raises(DamagedError):
        transport.advertise(folder, transport.Service.UPLOAD_PACK, protocol="version=2")


@pytest.mark.parametrize(
    ("said", "version"),
    [("", 0), ("version=2", 2), ("version=1:x", 1), ("version=9", 0), ("version=1:version=2", 2)],
)
def test_the_newest_version_that_both_know_is_spoken(said, version):
    assert transport.protocol_version(said) == version


def read_all(body: duplex.Body) -> None:
    while body.read(64 * 1024):
        pass


def test_a_body_that_unfolds_to_more_than_allowed_breaks_off():
    bomb = io.BytesIO(gzip.compress(b"0" * 10_000_000))
    body = transport.plain_body(
        bomb, encoding="gzip", limits=transport.TransferLimits(push_size_bytes=1_000_000)
    )

    with pytest.raises(OSError, match="too long"):
        read_all(body)


@pytest.mark.parametrize("packed", [b"no gzip at all", gzip.compress(b"0" * 1000, mtime=0)[:-9]])
def test_a_body_that_is_no_whole_gzip_breaks_off(packed):
    body = transport.plain_body(io.BytesIO(packed), encoding="gzip", limits=LIMITS)

    with pytest.raises(OSError, match=r"no gzip|too soon"):
        read_all(body)


def test_an_unknown_encoding_is_invalid():
    with pytest.raises(InvalidError):
        transport.plain_body(io.BytesIO(b""), encoding="br", limits=LIMITS)
