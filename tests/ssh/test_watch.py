"""Over SSH, too, a clone under way ends soon after its key is let in no more."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

from tests.ssh.conftest import KEY_ID, REPOSITORY_ID

SIZE = 48 * 1024 * 1024
"""More than all that is kept on the way between git and a client that does not read."""


def push_large(client, working_copy: Path) -> None:
    (working_copy / "large").write_bytes(os.urandom(SIZE))
    client.git("add", ".", at=working_copy)
    client.git("commit", "-q", "-m", "Large", at=working_copy)
    client.git("push", "-q", client.address, "main", at=working_copy)


def held_back(client) -> subprocess.Popen[bytes]:
    """A client that asks for everything and reads nothing of it."""
    words = [*client.environment["GIT_SSH_COMMAND"].split(), "-p", str(client.port)]
    words += [f"{client.account}@127.0.0.1", "git-upload-pack 'lab/notes.git'"]
    return subprocess.Popen(
        words, env=client.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def ask_for_all(running: subprocess.Popen[bytes]) -> None:
    """Read what there is, and ask for it."""
    line = running.stdout.read(4)
    first = running.stdout.read(int(line, 16) - 4)
    oid = first[:40].decode()
    while (length := int(running.stdout.read(4), 16)) > 0:
        running.stdout.read(length - 4)
    wanted = f"want {oid} side-band-64k ofs-delta\n"
    running.stdin.write(f"{len(wanted) + 4:04x}{wanted}00000009done\n".encode())
    running.stdin.flush()


def test_a_clone_under_way_ends_when_its_key_is_let_in_no_more(
    client, repository, working_copy, peer
):
    push_large(client, working_copy)
    asked = threading.Event()

    def refuse(_question):
        asked.set()
        return {"ok": False}

    with held_back(client) as running:
        ask_for_all(running)
        peer.answers["/internal/ssh/still"] = refuse
        assert asked.wait(60)
        rest = running.stdout.read()

    assert len(rest) < SIZE
    assert peer.asked("/internal/ssh/still")[0] == {
        "key_id": KEY_ID,
        "address": "127.0.0.1",
        "repository": REPOSITORY_ID,
    }


def test_an_appliance_that_does_not_answer_ends_no_clone(client, repository, working_copy, peer):
    push_large(client, working_copy)
    asked = threading.Event()

    def fail(_question):
        asked.set()
        raise ConnectionAbortedError

    peer.answers["/internal/ssh/still"] = fail
    with held_back(client) as running:
        ask_for_all(running)
        assert asked.wait(60)
        rest = running.stdout.read()

    assert len(rest) > SIZE


def test_no_watch_outlives_its_clone(client, repository, working_copy, peer, tmp_path):
    client.git("push", "-q", client.address, "main", at=working_copy)
    client.git("clone", "-q", client.address, "clone", at=tmp_path)

    socket = os.fsencode(peer.socket_path)
    left = threading.Event()
    for _ in range(600):
        if not any(socket in words for words in session_programs()):
            return
        left.wait(0.05)
    raise AssertionError("a watch is left")


def session_programs() -> list[bytes]:
    """The words of every session program of this machine."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
        except OSError:
            continue
        if b"session.py" in words:
            found.append(words)
    return found
