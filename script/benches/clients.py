"""Clients to measure with: the git program, and requests of git's protocol without git's own work.

Also a program, `clients.py URL OID`: clones again and again, and throws away what it reads.
"""

from __future__ import annotations

import base64
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

V2 = {"Git-Protocol": "version=2"}
UPLOAD_TYPE = "application/x-git-upload-pack-request"
PIECE_BYTES = 256 * 1024
OK = 200


class Wire:
    """One connection that stays open, as git's own does within one command."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        self._path = parts.path
        self._headers: dict[str, str] = {}
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def get(self, tail: str, headers: dict[str, str] | None = None) -> int:
        """Read an answer to its end; gives its length in bytes."""
        return self._ask("GET", tail, None, headers or {})

    def upload_pack(self, body: bytes) -> int:
        """One request of protocol version 2; gives the answer's length in bytes."""
        return self._ask("POST", "/git-upload-pack", body, V2 | {"Content-Type": UPLOAD_TYPE})

    def _ask(self, method: str, tail: str, body: bytes | None, headers: dict[str, str]) -> int:
        self._connection.request(method, self._path + tail, body, self._headers | headers)
        answer = self._connection.getresponse()
        length = 0
        while piece := answer.read(PIECE_BYTES):
            length += len(piece)
        if answer.status != OK:
            raise RuntimeError(f"{method} {self._path}{tail} is answered with {answer.status}")
        return length


def packet(line: str) -> bytes:
    """One pkt-line. Source: gitprotocol-common(5)."""
    return f"{len(line) + 5:04x}{line}\n".encode()


def list_refs() -> bytes:
    """The question for all branches and tags. Source: gitprotocol-v2(5), ls-refs."""
    asked = [packet("peel"), packet("symrefs"), packet("ref-prefix refs/heads/")]
    return b"".join(
        [packet("command=ls-refs"), b"0001", *asked, packet("ref-prefix refs/tags/"), b"0000"]
    )


def everything(oid: str) -> bytes:
    """The question for all that a commit reaches. Source: gitprotocol-v2(5), fetch."""
    asked = [packet("ofs-delta"), packet("no-progress"), packet(f"want {oid}"), packet("done")]
    return b"".join([packet("command=fetch"), b"0001", *asked, b"0000"])


def git_environment(ssh: str = "") -> dict[str, str]:
    """What a person's git is started with."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Writer",
        "GIT_AUTHOR_EMAIL": "writer@codara.test",
        "GIT_COMMITTER_NAME": "Writer",
        "GIT_COMMITTER_EMAIL": "writer@codara.test",
        **({"GIT_SSH_COMMAND": ssh} if ssh else {}),
    }


def run_git(*words: str | Path, at: Path | None = None, ssh: str = "") -> str:
    """What a person's git says.

    Errors:
        RuntimeError: it failed; the message is what it said.
    """
    done = subprocess.run(
        ["git", *words],
        cwd=at,
        env=git_environment(ssh),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"git {words[0]}: {done.stderr}")
    return done.stdout.strip()


def clone(address: str, folder: Path) -> None:
    """Clone, and throw the clone away."""
    target = Path(tempfile.mkdtemp(dir=folder)) / "clone"
    try:
        run_git("clone", "-q", "--bare", address, target)
    finally:
        shutil.rmtree(target.parent)


class WorkingCopy:
    """A clone that makes one small commit after another. Its state is how many there are."""

    def __init__(self, folder: Path, remote: str) -> None:
        self._folder = folder
        self._number = 0
        run_git("clone", "-q", remote, folder)

    def commit(self) -> None:
        """Change one file."""
        self._number += 1
        (self._folder / "README.md").write_text(f"Change {self._number}\n", "utf-8")
        run_git("commit", "-qam", f"Change {self._number}", at=self._folder)

    def push(self) -> None:
        """Push what was committed."""
        run_git("push", "-q", "origin", "HEAD", at=self._folder)


def ssh_words(key: Path, folder: Path) -> str:
    """An ssh command line for git, with this key and no files of whoever measures."""
    return (
        f"ssh -i {key} -F /dev/null -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR "
        f"-o StrictHostKeyChecking=no -o UserKnownHostsFile={folder}/known_hosts"
    )


if __name__ == "__main__":
    while True:
        Wire(sys.argv[1]).upload_pack(everything(sys.argv[2]))
