"""What the pages for people say is true of the files: links, commands, scripts."""

import os
import re
import shutil
import subprocess

import pytest

from tests.architecture.sources import ROOT, files, name, read, top_level_files

SCRIPTS = ("run", "test", "lint", "lock", "bench", "docs")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def pages():
    folders = (
        "appliance",
        "audit",
        "clients",
        "config",
        "docs",
        "migrations",
        "requirements",
        "script",
        "witness",
    )
    everywhere = (*files(*folders, suffix=".md"), *top_level_files(), ROOT / "tests" / "README.md")
    return [path for path in everywhere if path.suffix == ".md"]


@pytest.mark.parametrize("page", pages(), ids=name)
def test_links_lead_somewhere(page):
    broken = [
        target
        for target in LINK.findall(read(page))
        if "://" not in target
        and not target.startswith("mailto:")
        and not (page.parent / target).exists()
    ]

    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=name)
def test_scripts_that_pages_name_exist(page):
    named = set(re.findall(r"(?:^|[\s`./])script/([a-z_]+(?:\.\w+)?)\b(?!/)", read(page)))

    assert sorted(each for each in named if not (ROOT / "script" / each).exists()) == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_there_and_can_be_run(script):
    assert os.access(ROOT / "script" / script, os.X_OK)


def test_continuous_integration_calls_the_same_two():
    run = read(ROOT / ".ci" / "run")

    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "script/lint" in run
    assert "script/test" in run


@pytest.mark.parametrize("script", [*(f"script/{each}" for each in SCRIPTS), ".ci/run"])
def test_shell_scripts_are_sound(script):
    """By ShellCheck where it is installed, as by script/test; by the shell itself elsewhere."""
    sound = ["shellcheck", "--external-sources", "--exclude=SC1091"]
    checker = sound if shutil.which("shellcheck") else ["sh", "-n"]
    finished = subprocess.run(
        [*checker, ROOT / script], capture_output=True, text=True, check=False, cwd=ROOT
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
