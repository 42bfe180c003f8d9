"""A person's git, as the tests of the Git door use it: a home of its own, and no questions."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.domain.identity import Actor
from appliance.services import credentials
from tests.world import World

CONFIGURATION = """[user]
    name = Writer
    email = writer@codara.test
[init]
    defaultBranch = main
[advice]
    detachedHead = false
[lfs]
    locksverify = false
"""


@dataclass(frozen=True)
class Done:
    """How a git command ended."""

    status: int
    said: str


@dataclass
class GitClient:
    """Git as one person runs it. Its state is their home folder and extra environment."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / ".gitconfig").write_text(CONFIGURATION)

    @property
    def whole_environment(self) -> dict[str, str]:
        """Everything git is started with."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            **self.environment,
        }

    def start(self, *words: str | Path, at: Path) -> subprocess.Popen[bytes]:
        """Git, running."""
        return subprocess.Popen(
            ["git", *map(str, words)],
            cwd=at,
            env=self.whole_environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def try_(self, *words: str | Path, at: Path) -> Done:
        """How git ends."""
        process = self.start(*words, at=at)
        said, _ = process.communicate()
        return Done(process.returncode, said.decode("utf-8", "replace"))

    def __call__(self, *words: str | Path, at: Path) -> str:
        """What git says; it must end well."""
        done = self.try_(*words, at=at)
        assert done.status == 0, done.said
        return done.said

    def working_copy(self, folder: Path, commits: int = 3) -> Path:
        """A working copy with some commits on main and a tag."""
        folder.mkdir(parents=True)
        self("init", "-q", at=folder)
        for number in range(commits):
            self.commit(folder, f"file-{number}.txt", f"{number}\n" * 20)
        self("tag", "-a", "-m", "First", "v1", at=folder)
        return folder

    def commit(self, folder: Path, name: str, content: str) -> str:
        """A commit that writes one file; gives its id."""
        (folder / name).write_text(content)
        self("add", ".", at=folder)
        self("commit", "-q", "-m", f"Write {name}", at=folder)
        return self("rev-parse", "HEAD", at=folder).strip()


def token(world: World, actor: Actor, *scopes: str, repositories: list[str] | None = None) -> str:
    """A new access token of a user."""
    with world.begin(actor) as work:
        made = credentials.create_token(
            work,
            name="git",
            scopes=scopes or ("repo:write",),
            repositories=repositories,
            expires_at=datetime.now(UTC) + timedelta(days=1),
            tools=world.wiring.sign_in,
            now=datetime.now(UTC),
        )
    return made.secret
