"""What an SSH client may write, and what it means."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from appliance.ssh import authorized_keys, openssh, protocol, session_program

PROGRAMS = Path(session_program.__file__).parent


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("git-upload-pack 'lab/notes.git'", ("git-upload-pack", "lab/notes", "")),
        ("git-upload-pack '/lab/notes.git'", ("git-upload-pack", "lab/notes", "")),
        ("git-receive-pack 'lab/notes'", ("git-receive-pack", "lab/notes", "")),
        ("git-receive-pack lab/notes.git/", ("git-receive-pack", "lab/notes", "")),
        ("git-upload-archive 'a/b.c_d-e.git'", ("git-upload-archive", "a/b.c_d-e", "")),
        (
            "git-lfs-authenticate 'lab/notes.git' download",
            ("git-lfs-authenticate", "lab/notes", "download"),
        ),
        (
            "git-lfs-authenticate lab/notes.git upload",
            ("git-lfs-authenticate", "lab/notes", "upload"),
        ),
    ],
)
def test_a_command_of_ours_with_one_path_is_understood(written, understood):
    assert session_program.parse(written) == understood


@pytest.mark.promise("P30")
@pytest.mark.parametrize(
    "written",
    [
        "id",
        "sh -c id",
        "git-upload-pack",
        "git-upload-pack ",
        "git-upload-pack ''",
        "git-upload-pack 'lab/notes'; id",
        "git-upload-pack 'lab/notes' 'lab/other'",
        "git-upload-pack --help",
        "git-upload-pack lab/--help",
        "git-upload-pack '../../etc'",
        "git-upload-pack 'lab/..'",
        "git-upload-pack 'lab'",
        "git-upload-pack 'lab/notes/more'",
        "git-upload-pack 'lab/no tes'",
        "git-upload-pack 'lab/n\u00f6tes'",
        "git-upload-pack $(id)",
        "git-upload-pack  'lab/notes'",
        "git-upload-pack\t'lab/notes'",
        "git upload-pack 'lab/notes.git'",
        "git-lfs-transfer lab/notes.git download",
        "git-lfs-authenticate lab/notes.git",
        "git-lfs-authenticate lab/notes.git delete",
        "git-lfs-authenticate download",
        "git-shell -c id",
        "git-upload-pack " + "x" * 5000,
    ],
)
def test_everything_else_is_refused(written):
    with pytest.raises(session_program.RefusedCommandError):
        session_program.parse(written)


def test_a_key_is_tied_to_its_session():
    line = authorized_keys.line(
        "/a home/web.sock", {"id": "1-a", "type": "ssh-ed25519", "blob": "AAAA+/="}
    )

    assert line.startswith(f'restrict,command="{sys.executable} -I -S -E ')
    assert line.endswith("session.py '/a home/web.sock' 1-a\" ssh-ed25519 AAAA+/=\n")


@pytest.mark.parametrize("field", ["id", "type", "blob"])
@pytest.mark.parametrize("value", ["", "a b", "a\nssh-ed25519 AAAA", 'a"', "a'b", "\u00e9"])
def test_a_key_that_could_be_read_as_something_else_gets_no_line(field, value):
    known = {"id": "1-a", "type": "ssh-ed25519", "blob": "AAAA"} | {field: value}

    assert authorized_keys.line("/run/web.sock", known) == ""


def test_the_lines_for_sshd_name_what_it_needs():
    socket = Path("/var/opt/codara 100%/web.sock")
    text = openssh.configuration(python=Path("/usr/bin/python3"), socket=socket, account="git")

    assert "Match User git\n" in text
    words = f'/bin/sh {PROGRAMS}/keys.sh /usr/bin/python3 "/var/opt/codara 100%%/web.sock" %f %t %k'
    assert f"AuthorizedKeysCommand {words}\n" in text


@pytest.mark.parametrize("program", ["keys.py", "session.py", "git_hook.py"])
def test_the_small_programs_load_no_heavy_module(program):
    bare = subprocess.run(
        [sys.executable, "-I", "-S", "-E", "-X", "importtime", PROGRAMS / program, "none", "none"],
        check=False,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )

    loaded = {line.rpartition(b"|")[2].strip() for line in bare.stderr.splitlines()}
    assert b"appliance.ssh.protocol" in loaded
    assert not loaded & {
        b"os",
        b"re",
        b"json",
        b"socket",
        b"typing",
        b"enum",
        b"pathlib",
        b"asyncssh",
    }


@pytest.mark.parametrize(
    "value",
    [{}, {"a": [1, None, True, False, 'x"\n\\', {"b": "\u00e9\U0001f331"}], "c": -3}, [[]]],
)
def test_json_is_read_back_as_it_was_written(value):
    assert protocol.from_json(f" {protocol.to_json(value)}\n") == value


@pytest.mark.parametrize("text", ["", "{", "{} x", "nul", '{"a": "', "[1,]"])
def test_what_is_no_json_is_not_read(text):
    with pytest.raises(ValueError):  # noqa: PT011 — its words are those of the json module.
        protocol.from_json(text)


def test_a_terminal_obeys_nothing_that_we_print():
    assert protocol.plain("a\x1b[2J\u202eb\tc\n") == "a\ufffd[2J\ufffdb\tc\n"
