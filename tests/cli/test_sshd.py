"""The lines for the host's own OpenSSH name this appliance, its account and its Python."""

import getpass
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def sshd(*words: object):
    return subprocess.run(
        [sys.executable, "-m", "appliance.cli", "sshd", *words],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_owner_of_the_home_folder_is_the_account(tmp_path):
    said = sshd("--home", tmp_path)

    assert said.returncode == 0, said.stderr
    assert f"Match User {getpass.getuser()}\n" in said.stdout
    assert f"/bin/sh {ROOT}/appliance/ssh/keys.sh {sys.executable} " in said.stdout
    assert f"{tmp_path}/run/web.sock %f %t %k\n" in said.stdout


def test_another_account_may_be_named_before_there_is_a_home_folder(tmp_path):
    said = sshd("--home", tmp_path / "later", "--account", "git", "--json")

    assert "Match User git\n" in json.loads(said.stdout)["configuration"]


def test_without_a_home_folder_an_account_is_asked_for(tmp_path):
    said = sshd("--home", tmp_path / "later")

    assert said.returncode == 4
    assert "--account" in said.stderr
