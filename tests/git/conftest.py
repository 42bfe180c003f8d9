"""What the tests of this room share: a home folder, and a git client like a person's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.git.storage import RepositoryStore


@pytest.fixture
def store(tmp_path: Path) -> RepositoryStore:
    home = tmp_path / "home"
    home.mkdir()
    return RepositoryStore(home)


@pytest.fixture
def client_environment(tmp_path: Path) -> dict[str, str]:
    person = tmp_path / "person"
    person.mkdir(exist_ok=True)
    (person / ".gitconfig").write_text(
        "[user]\n\tname = Writer\n\temail = writer@example.org\n"
        '[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n'
        "[safe]\n\tdirectory = *\n"
    )
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(person),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
        "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
    }


@pytest.fixture
def git(client_environment: dict[str, str]) -> Callable[..., str]:
    """Run a client's git; gives stdout and stderr together, and insists on success."""

    def run(*words: str | Path, at: Path, succeeds: bool = True, **extra: str) -> str:
        done = subprocess.run(
            ["git", *map(str, words)],
            cwd=at,
            env=client_environment | extra,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        said = done.stdout.decode("utf-8", "replace")
        assert (done.returncode == 0) is succeeds, said
        return said

    return run


@pytest.fixture
def working_copy(tmp_path: Path, git: Callable[..., str]) -> Path:
    """A working copy with three commits on main and one tag."""
    folder = tmp_path / "copy"
    folder.mkdir()
    git("init", "-q", at=folder)
    for number in range(3):
        (folder / "notes.txt").write_text(f"line {number}\n" * 50)
        (folder / f"file-{number}.txt").write_text(f"{number}\n")
        git("add", ".", at=folder)
        git("commit", "-q", "-m", f"Change {number}", at=folder)
    git("tag", "-a", "-m", "First", "v1", at=folder)
    return folder
