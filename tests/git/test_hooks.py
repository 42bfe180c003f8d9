"""The hooks, driven by real pushes of a real git client into a real repository."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from uuid import UUID

import pytest

from appliance.git import hooks, process
from tests.ssh.peer import Peer

ONE = UUID("0199aaaa-0000-7000-8000-00000000beef")
ACCEPT, CONFIRM = "/internal/pushes/accept", "/internal/pushes/confirm"


@pytest.fixture
def peer(tmp_path):
    peer = Peer(tmp_path / "web.sock")
    peer.answers = {ACCEPT: {"accept": True, "messages": []}, CONFIRM: {"messages": []}}
    yield peer
    peer.close()


@pytest.fixture
def folder(store) -> Path:
    hooks.install(store.home)
    return store.create(ONE)


@pytest.fixture
def door(peer) -> dict[str, str]:
    """What the appliance adds to the environment of a push."""
    return {
        "CODARA_PUSH": "capability",
        "CODARA_SOCKET": str(peer.socket_path),
    }


def test_an_accepted_push_moves_the_refs_and_is_confirmed(git, folder, working_copy, peer, door):
    peer.answers[ACCEPT] = {"accept": True, "messages": ["Welcome to lab/notes."]}

    said = git("push", "-o", "ci.skip", folder, "main", "v1", at=working_copy, **door)

    main = git("rev-parse", "main", at=working_copy).strip()
    question = peer.asked(ACCEPT)[0]
    assert "remote: Welcome to lab/notes." in said
    assert git("rev-parse", "main", at=folder).strip() == main
    assert question["capability"] == "capability"
    assert question["options"] == ["ci.skip"]
    assert ["0" * 40, main, base64.b64encode(b"refs/heads/main").decode()] in question["updates"]
    assert "tmp_objdir-incoming" in question["quarantine"]["GIT_QUARANTINE_PATH"]
    assert peer.asked(CONFIRM) == [{"capability": "capability", "updates": question["updates"]}]


def test_a_refused_push_changes_nothing_and_says_why(git, folder, working_copy, peer, door):
    peer.answers[ACCEPT] = {"accept": False, "messages": ["main is protected.\x1b[2J"]}

    said = git("push", folder, "main", at=working_copy, succeeds=False, **door)

    assert "remote: main is protected.\N{REPLACEMENT CHARACTER}[2J" in said
    assert git("for-each-ref", at=folder) == ""
    assert peer.asked(CONFIRM) == []


@pytest.mark.parametrize("answer", [{}, {"accept": "yes"}, {"accept": None}, {"messages": ["ok"]}])
def test_anything_but_a_clear_yes_is_a_refusal(git, folder, working_copy, peer, door, answer):
    peer.answers[ACCEPT] = answer

    git("push", folder, "main", at=working_copy, succeeds=False, **door)

    assert git("for-each-ref", at=folder) == ""


def test_without_an_appliance_nothing_is_accepted(git, folder, working_copy, peer, door):
    door["CODARA_SOCKET"] = str(peer.socket_path) + ".gone"

    said = git("push", folder, "main", at=working_copy, succeeds=False, **door)

    assert "The appliance does not answer now. Try again shortly." in said
    assert "Nothing was changed." in said
    assert git("for-each-ref", at=folder) == ""


def test_an_answer_with_an_error_status_is_a_refusal_with_its_detail(
    git, folder, working_copy, peer, door
):
    peer.status = 403
    peer.answers[ACCEPT] = {"accept": True, "detail": "The capability has expired."}

    said = git("push", folder, "main", at=working_copy, succeeds=False, **door)

    assert "remote: The capability has expired." in said


@pytest.mark.parametrize("name", [None, "CODARA_PUSH", "CODARA_SOCKET"])
def test_a_push_past_the_doors_is_refused(git, folder, working_copy, peer, door, name):
    environment = {} if name is None else {k: v for k, v in door.items() if k != name}

    said = git("push", folder, "main", at=working_copy, succeeds=False, **environment)

    assert "only through the appliance" in said
    assert git("for-each-ref", at=folder) == ""


def test_a_push_stands_when_its_confirmation_fails(git, folder, working_copy, peer, door):
    def accept_and_leave(_question: object) -> dict[str, bool]:
        peer.socket_path.unlink()
        return {"accept": True}

    peer.answers[ACCEPT] = accept_and_leave

    said = git("push", folder, "main", at=working_copy, **door)

    assert "Your push is stored." in said
    assert git("rev-parse", "main", at=folder) == git("rev-parse", "main", at=working_copy)


def test_2500_refs_with_bytes_of_any_kind_go_through(git, store, folder, working_copy, peer, door):
    git("config", "core.hooksPath", hooks.push_hooks(store.home), at=folder)
    git("config", "core.fsync", "none", at=folder)  # Each ref is a file; the disk is not tested.
    refs = [b"refs/tags/t%d" % n for n in range(2499)] + [
        b"refs/heads/\xff\xc3\xa9\xf0\x9f\x8c\xb1"
    ]
    head = git("rev-parse", "main", at=working_copy).strip().encode()
    process.run(
        ["update-ref", "--stdin", "-z"],
        at=working_copy / ".git",
        input=b"".join(b"create %s\0%s\0" % (ref, head) for ref in refs),
        timeout_seconds=100,
    )

    git("push", "-q", folder, "refs/*:refs/*", at=working_copy, **door)

    sent = {base64.b64decode(update[2]) for update in peer.asked(ACCEPT)[0]["updates"]}
    assert sent >= set(refs)
    assert len(process.run(["for-each-ref"], at=folder).splitlines()) == len(sent)


def test_nobody_moves_refs_by_hand(git, folder, working_copy, door):
    git("push", folder, "main", at=working_copy, **door)

    said = git("update-ref", "refs/heads/other", "main", at=folder, succeeds=False)
    git("update-ref", "-d", "refs/heads/main", at=folder, succeeds=False)
    git("update-ref", "refs/heads/ours", "main", at=folder, CODARA_INTERNAL="1")

    assert "only through the appliance" in said
    refs = git("for-each-ref", "--format=%(refname)", at=folder).split()
    assert refs == ["refs/heads/main", "refs/heads/ours"]


def test_installing_again_mends_what_was_changed_and_touches_nothing_else(store):
    hooks.install(store.home)
    paths = [path for path in (store.home / "hooks").rglob("*") if path.is_file()]
    before = {path: path.stat().st_mtime_ns for path in paths}
    changed = store.home / "hooks/pre-receive"
    changed.write_text("#!/bin/sh\nexit 0\n")
    unusable = store.home / "hooks/push/post-receive"
    unusable.chmod(0o600)

    hooks.install(store.home)

    assert len(paths) == 7
    assert "git_hook.py" in changed.read_text()
    assert os.access(unusable, os.X_OK)
    same = {path: path.stat().st_mtime_ns for path in paths if path not in {changed, unusable}}
    assert same == {path: before[path] for path in same}


def test_what_stands_for_ssh_keygen_reads_what_is_for_it_and_nothing_else(store, tmp_path):
    hooks.install(store.home)
    program = hooks.silent_program(store.home)
    received = tmp_path / "received"
    received.write_bytes(b"pack")

    with subprocess.Popen([program, "-Y", "check-novalidate"], stdin=subprocess.PIPE) as checking:
        checking.stdin.write(b"x" * 1024 * 1024)  # More than a pipe holds: somebody reads it.
        checking.stdin.close()
    with (
        received.open("rb") as pack,
        subprocess.Popen([program, "-Y", "find-principals"], stdin=pack) as finding,
    ):
        finding.wait()
        left = pack.read()

    assert (checking.returncode, finding.returncode) == (1, 1)
    assert left == b"pack"
