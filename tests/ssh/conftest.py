"""Two SSH servers with one repository behind them, and a client that behaves like a person's."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from appliance.git import hooks, transport
from appliance.git.storage import RepositoryStore
from appliance.ssh import openssh
from tests.peers.server import free_port, running
from tests.peers.sshd import start_sshd
from tests.ssh.peer import Peer

ONE = UUID("0199aaaa-0000-7000-8000-00000000beef")
REPOSITORY_ID = "018f0000-0000-7000-8000-000000000001"
KEY_ID = "0199aaaa-0000-7000-8000-0000000000aa"


@dataclass
class Client:
    """A person with a key. Its state is their folder and the server they talk to."""

    folder: Path
    account: str
    port: int
    server_pid: int = 0

    @property
    def address(self) -> str:
        return f"ssh://{self.account}@127.0.0.1:{self.port}/lab/notes.git"

    @property
    def environment(self) -> dict[str, str]:
        options = [
            f"-i {self.folder}/key",
            "-F /dev/null -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no",
            f"-o UserKnownHostsFile={self.folder}/known -o LogLevel=ERROR",
        ]
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_SSH_COMMAND": f"ssh {' '.join(options)}",
            "GIT_AUTHOR_NAME": "Writer",
            "GIT_AUTHOR_EMAIL": "writer@example.org",
            "GIT_COMMITTER_NAME": "Writer",
            "GIT_COMMITTER_EMAIL": "writer@example.org",
        }

    def start(self, *words: str | Path, at: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            words,
            cwd=at,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def git(self, *words: str | Path, at: Path, succeeds: bool = True) -> str:
        return self._finish(self.start("git", *words, at=at), succeeds=succeeds)

    def ssh(self, command: str, *options: str, succeeds: bool = True) -> str:
        line = self.environment["GIT_SSH_COMMAND"].split()
        where = ["-p", str(self.port), *options, f"{self.account}@127.0.0.1"]
        words = [*line, *where, *([command] if command else [])]
        return self._finish(self.start(*words, at=self.folder), succeeds=succeeds)

    @staticmethod
    def _finish(process: subprocess.Popen[bytes], *, succeeds: bool) -> str:
        output, _ = process.communicate()
        said = output.decode("utf-8", "replace")
        assert (process.returncode == 0) is succeeds, said
        return said


@pytest.fixture
def store(tmp_path: Path) -> RepositoryStore:
    home = tmp_path / "home"
    home.mkdir()
    hooks.install(home)
    return RepositoryStore(home)


@pytest.fixture
def repository(store: RepositoryStore) -> Path:
    return store.create(ONE)


@pytest.fixture
def key(tmp_path: Path) -> list[str]:
    """The type and the blob of the person's key."""
    person = tmp_path / "person"
    person.mkdir()
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", person / "key"]
    subprocess.run(words, check=True)
    return (person / "key.pub").read_text().split()[:2]


@pytest.fixture
def peer(
    tmp_path: Path, store: RepositoryStore, repository: Path, key: list[str]
) -> Iterator[Peer]:
    peer = Peer(tmp_path / "web.sock")
    limits = transport.TransferLimits()

    def session(question: dict[str, Any]) -> dict[str, Any]:
        if question["command"] and question["path"] != "lab/notes":
            return {"ok": False, "message": f"There is no repository {question['path']}."}
        push = transport.Push("capability", peer.socket_path, store.home, "seed")
        protocol = question["protocol"]
        environment = transport.fetch_environment(protocol=protocol)
        if question["command"] == "git-receive-pack":
            environment = transport.push_environment(protocol=protocol, push=push, limits=limits)
        return {
            "ok": True,
            "user": "writer",
            "repository": REPOSITORY_ID,
            "folder": str(repository),
            "environment": environment,
        }

    peer.answers = {
        "/internal/ssh/keys": {"keys": [{"id": KEY_ID, "type": key[0], "blob": key[1]}]},
        "/internal/ssh/session": session,
        "/internal/pushes/accept": {"accept": True},
    }
    yield peer
    peer.close()


@pytest.fixture
def embedded(tmp_path: Path, peer: Peer) -> Iterator[Client]:
    port = free_port()
    words = [str(port), tmp_path / "home/keys", peer.socket_path, "12"]
    command = [sys.executable, "-u", "-m", "tests.ssh.embedded", *words]
    with running(command, ready="listening", folder=Path(__file__).parents[2]) as server:
        yield Client(tmp_path / "person", "git", port, server.pid)


@pytest.fixture
def sshd(tmp_path: Path, peer: Peer) -> Iterator[Client]:
    account = getpass.getuser()
    python = Path(sys.executable).resolve()
    text = openssh.configuration(python=python, socket=peer.socket_path, account=account)
    lines = ["PermitRootLogin yes", "MaxStartups 100", *text.splitlines()]
    with start_sshd(tmp_path, *lines) as server:
        yield Client(tmp_path / "person", account, server.port)


@pytest.fixture(params=["sshd", "embedded"])
def client(request: pytest.FixtureRequest) -> Client:
    """The same person at either server."""
    found: Client = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def working_copy(tmp_path: Path, client: Client) -> Path:
    """A working copy with three commits on main and one tag."""
    folder = tmp_path / "copy"
    folder.mkdir()
    client.git("init", "-q", "-b", "main", at=folder)
    for number in range(3):
        (folder / "notes.txt").write_text(f"line {number}\n" * 50)
        client.git("add", ".", at=folder)
        client.git("commit", "-q", "-m", f"Change {number}", at=folder)
    client.git("tag", "-a", "-m", "First", "v1", at=folder)
    return folder
