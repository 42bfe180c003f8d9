"""Tests that failed beside others are run once more, alone; see script/second_look.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BESIDE = """
import pytest

others = []

def test_first():
    others.append(1)
"""
MORE = """
@pytest.mark.parametrize("number", range({}))
def test_{}(number):
    assert {}
"""


@pytest.fixture
def run(tmp_path):
    """Runs tests of this text; gives how that ended, what was said, and what was written down."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    def run(text: str) -> tuple[int, str, list[str]]:
        (tmp_path / "test_it.py").write_text(BESIDE + text)
        ended = subprocess.run(
            [sys.executable, "-m", "script.second_look"],
            cwd=tmp_path,
            env={**kept, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        written = tmp_path / ".cache" / "unsteady-tests"
        lines = written.read_text().splitlines() if written.exists() else []
        return ended.returncode, ended.stdout, [line.partition(" ")[2] for line in lines]

    return run


def test_what_passes_is_looked_at_once(run):
    ended, said, written = run("")

    assert (ended, written) == (0, [])
    assert "second look" not in said


def test_a_few_that_pass_alone_let_the_run_pass_and_are_named(run):
    ended, said, written = run(MORE.format(5, "shy", "not others"))

    names = [f"test_it.py::test_shy[{number}]" for number in range(5)]
    assert (ended, written) == (0, names), said
    loud = said.rpartition(" UNSTEADY TESTS: failed beside others, passed alone ")[2]
    assert all(name in loud for name in names)


def test_one_that_fails_alone_as_well_fails_the_run(run):
    text = MORE.format(1, "shy", "not others") + MORE.format(1, "wrong", "False")

    ended, said, written = run(text)

    assert (ended, written) == (1, [])
    assert "UNSTEADY" not in said
    assert said.count("test_it.py::test_wrong[0] - assert") == 2


def test_more_than_a_few_fail_the_run_at_once(run):
    ended, said, written = run(MORE.format(6, "shy", "not others"))

    assert (ended, written) == (1, [])
    assert "second look" not in said


def test_what_cannot_be_read_fails_the_run(run):
    assert run("what is this\n")[0] == 2
