"""Git over SSH with real clients, through the host's OpenSSH and through the embedded server."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from appliance.ssh import authorized_keys
from tests.journeys.running import until
from tests.ssh.conftest import KEY_ID

PROTOCOLS = ["0", "1", "2"]
MIB = 1024 * 1024


def peak_memory(pid):
    """The most bytes of memory that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.parametrize("version", PROTOCOLS)
def test_push_clone_and_fetch_in_every_version(client, repository, working_copy, tmp_path, version):
    protocol = ["-c", f"protocol.version={version}"]
    client.git(*protocol, "push", "-q", client.address, "main", "v1", at=working_copy)
    client.git(*protocol, "clone", "-q", client.address, "clone", at=tmp_path)
    (working_copy / "more.txt").write_text("more\n")
    client.git("add", ".", at=working_copy)
    client.git("commit", "-q", "-m", "More", at=working_copy)
    client.git(*protocol, "push", "-q", client.address, "main", at=working_copy)
    client.git(*protocol, "pull", "-q", at=tmp_path / "clone")

    assert (tmp_path / "clone/more.txt").read_text() == "more\n"


def test_the_appliance_learns_who_asks_for_what(client, repository, peer):
    client.git("-c", "protocol.version=2", "ls-remote", client.address, at=client.folder)

    fingerprint = peer.asked("/internal/ssh/keys")[0]["fingerprint"]
    assert fingerprint.startswith("SHA256:")
    assert peer.asked("/internal/ssh/session") == [
        {
            "key_id": KEY_ID,
            "command": "git-upload-pack",
            "path": "lab/notes",
            "address": "127.0.0.1",
            "protocol": "version=2",
        }
    ]


def test_a_push_that_is_refused_says_why(client, repository, working_copy, peer):
    peer.answers["/internal/pushes/accept"] = {"accept": False, "messages": ["Not today."]}

    said = client.git("push", client.address, "main", at=working_copy, succeeds=False)

    assert "remote: Not today." in said
    assert client.git("for-each-ref", at=repository) == ""


def test_a_push_faster_than_git_takes_it_waits_outside_of_memory(embedded, repository, tmp_path):
    folder = tmp_path / "copy"
    embedded.git("init", "-q", "-b", "main", folder, at=tmp_path)
    for number in range(64):
        (folder / f"{number}.bin").write_bytes(os.urandom(MIB))
    for words in (["add", "."], ["commit", "-q", "-m", "Large"]):
        embedded.git("-c", "core.compression=0", *words, at=folder)
    before = peak_memory(embedded.server_pid)

    embedded.git("-c", "core.compression=0", "push", "-q", embedded.address, "main", at=folder)

    assert peak_memory(embedded.server_pid) - before < 24 * MIB


def test_an_archive_comes_over_ssh(client, repository, working_copy, tmp_path):
    client.git("push", "-q", client.address, "main", at=working_copy)
    words = ["archive", f"--remote={client.address}", "-o", tmp_path / "out.tar", "main"]

    client.git(*words, at=tmp_path)

    names = subprocess.run(
        ["tar", "tf", tmp_path / "out.tar"], check=True, stdout=subprocess.PIPE
    ).stdout
    assert names == b"notes.txt\n"


def test_a_repository_under_its_old_name_works_and_says_its_new_one(client, repository, peer):
    known = peer.answers["/internal/ssh/session"]
    news = "lab/notes is lab/papers now."
    peer.answers["/internal/ssh/session"] = lambda question: {**known(question), "message": news}

    assert client.git("ls-remote", client.address, at=client.folder) == f"{news}\n"


def test_an_unknown_repository_is_said_to_be_missing(client, repository):
    said = client.git("ls-remote", f"{client.address}x", at=client.folder, succeeds=False)

    assert "There is no repository lab/notes.gitx." in said


def test_without_a_command_the_server_greets(client, repository):
    assert client.ssh("", "-T").startswith("Hi writer! Your key works. Only Git works here")


@pytest.mark.promise("P28")
def test_nothing_but_git_runs(client, repository, peer):
    for command in ["id", "git-upload-pack 'lab/notes'; id", "git-shell -c id", "x" * 5000]:
        said = client.ssh(command, succeeds=False)
        assert said.startswith(("Only Git works here", "No repository can have this name"))

    assert peer.asked("/internal/ssh/session") == []


@pytest.mark.promise("P28")
def test_there_is_no_forwarding_no_terminal_and_no_file_transfer(client, repository):
    client.ssh("", "-W", f"127.0.0.1:{client.port}", succeeds=False)
    assert "PTY allocation request failed" in client.ssh("", "-tt", succeeds=False)
    client.ssh("", "-s", "sftp", succeeds=False)


def test_a_key_that_nobody_has_opens_nothing(client, repository, peer):
    peer.answers["/internal/ssh/keys"] = {"keys": []}

    said = client.git("ls-remote", client.address, at=client.folder, succeeds=False)

    assert "Permission denied (publickey" in said


def test_openssh_starts_python_for_one_of_its_two_questions(sshd, repository, peer):
    for logins in (1, 2):
        sshd.git("ls-remote", sshd.address, at=sshd.folder)
        assert len(peer.asked("/internal/ssh/keys")) == logins


@pytest.mark.promise("P28")
def test_an_answer_that_was_left_lets_nobody_in_whose_key_is_gone(sshd, repository, peer, key):
    sshd.git("ls-remote", sshd.address, at=sshd.folder)
    fingerprint = peer.asked("/internal/ssh/keys")[0]["fingerprint"]
    socket_path = str(peer.socket_path)
    known = {"id": KEY_ID, "type": key[0], "blob": key[1]}
    authorized_keys.leave(socket_path, fingerprint, authorized_keys.line(socket_path, known))
    peer.answers["/internal/ssh/keys"] = {"keys": []}

    said = sshd.git("ls-remote", sshd.address, at=sshd.folder, succeeds=False)

    assert "Permission denied (publickey" in said
    (left,) = peer.socket_path.parent.glob("ssh-key-*")
    assert left.read_text() == ""


def test_another_key_with_the_same_fingerprint_opens_nothing(client, repository, peer, tmp_path):
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"]
    subprocess.run(words, check=True)
    kind, blob = (tmp_path / "other.pub").read_text().split()[:2]
    peer.answers["/internal/ssh/keys"] = {"keys": [{"id": KEY_ID, "type": kind, "blob": blob}]}

    said = client.git("ls-remote", client.address, at=client.folder, succeeds=False)

    assert "Permission denied (publickey" in said


def test_without_an_appliance_nobody_gets_in(client, repository, peer):
    peer.socket_path.unlink()

    client.git("ls-remote", client.address, at=client.folder, succeeds=False)


def test_lfs_is_told_where_to_go(client, repository, peer):
    answer = {"ok": True, "href": "https://x/lab/notes.git/info/lfs", "expires_in": 600}
    peer.answers["/internal/lfs/authenticate"] = answer | {
        "header": {"Authorization": "Bearer \u00e9"}
    }

    said = client.ssh("git-lfs-authenticate 'lab/notes.git' upload")

    assert said == (
        '{"href":"https://x/lab/notes.git/info/lfs",'
        '"header":{"Authorization":"Bearer \\u00e9"},"expires_in":600}\n'
    )
    question = peer.asked("/internal/lfs/authenticate")[0]
    assert (question["path"], question["operation"]) == ("lab/notes", "upload")


def test_lfs_without_permission_gets_the_reason(client, repository, peer):
    peer.answers["/internal/lfs/authenticate"] = {"ok": False, "message": "You may only read."}

    said = client.ssh("git-lfs-authenticate lab/notes.git upload", succeeds=False)

    assert said == "You may only read.\n"


def test_eight_large_clones_at_once_arrive_whole(client, repository, working_copy, tmp_path):
    (working_copy / "noise.bin").write_bytes(os.urandom(12_000_000))
    client.git("add", ".", at=working_copy)
    client.git("commit", "-q", "-m", "Noise", at=working_copy)
    client.git("push", "-q", client.address, "main", at=working_copy)
    words = ["git", "clone", "-q", client.address]

    clones = [client.start(*words, f"clone-{n}", at=tmp_path) for n in range(8)]
    said = [clone.communicate()[0] for clone in clones]

    assert [clone.returncode for clone in clones] == [0] * 8, said
    noise = (working_copy / "noise.bin").read_bytes()
    assert all((tmp_path / f"clone-{n}/noise.bin").read_bytes() == noise for n in range(8))


def test_the_embedded_server_keeps_its_keys_and_to_its_room(embedded, repository, tmp_path):
    keys = sorted(path.name for path in (tmp_path / "home/keys").iterdir())

    assert "ssh_host_ed25519_key" in keys
    mode = (tmp_path / "home/keys/ssh_host_ed25519_key").stat().st_mode
    assert mode & 0o777 == 0o600
    embedded.ssh("", "-T")
    assert "ed25519" in (tmp_path / "person/known").read_text()


def test_the_embedded_server_lets_only_git_sign_in(embedded, repository):
    embedded.account = "root"

    assert "Permission denied" in embedded.ssh("", "-T", succeeds=False)


def open_sessions(client, count: int) -> list[subprocess.Popen[bytes]]:
    """Sessions whose git has said what it can do and waits for an answer."""
    line = [*client.environment["GIT_SSH_COMMAND"].split(), "-p", str(client.port), "git@127.0.0.1"]
    sessions = []
    for _ in range(count):
        pipe = subprocess.PIPE
        words = [*line, "git-upload-pack 'lab/notes.git'"]
        sessions.append(subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe))
        assert sessions[-1].stdout.read(4)
    return sessions


def finish(sessions: list[subprocess.Popen[bytes]]) -> None:
    for session in sessions:
        session.kill()
        session.communicate()


def test_the_embedded_server_ends_at_once_with_all_it_started(embedded, repository):
    sessions = open_sessions(embedded, 2)
    children = Path(f"/proc/{embedded.server_pid}/task/{embedded.server_pid}/children")
    pids = [int(pid) for pid in children.read_text().split()]

    os.kill(embedded.server_pid, signal.SIGTERM)
    for session in sessions:
        session.wait(60)

    assert len(pids) == 2
    finish(sessions)
    until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids))


def test_the_embedded_server_says_when_it_has_no_more_room(embedded, repository):
    sessions = open_sessions(embedded, 12)

    said = embedded.ssh("", "-T", succeeds=False)
    finish(sessions)

    assert said == "Too many are connected just now. Try again in a minute.\n"
