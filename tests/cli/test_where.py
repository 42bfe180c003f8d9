"""Which appliance a command is about, wherever in the line it is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def answer(*words: str, **environment: str):
    return subprocess.run(
        [sys.executable, "-m", "appliance.cli", *words],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("--home", "{home}", "whoami", "--json"),
        ("--json", "--home", "{home}", "whoami"),
        ("whoami", "--home", "{home}", "--json"),
    ],
)
def test_the_home_folder_counts_before_and_after_the_noun(tmp_path, words):
    said = [word.format(home=tmp_path / "here") for word in words]

    done = answer(*said, CODARA_HOME=str(tmp_path / "elsewhere"))

    assert str(tmp_path / "here") in done.stdout + done.stderr
    assert str(tmp_path / "elsewhere") not in done.stdout + done.stderr
