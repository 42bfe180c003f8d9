"""A history such as people bring along: hundreds of commits, tags, odd names, large files."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.web.git_client import GitClient

ODD_NAMES = (
    "with space.txt",
    "per%cent.txt",
    "hash#mark?.txt",
    "-dash.txt",
    "emoji \N{SNOWMAN}.txt",
    "deep/er/and/deeper/still.txt",
    "<b>bold</b>.txt",
    'quote".txt',
)
WHO = "Writer <writer@codara.test>"
LARGE = bytes(range(256)) * 2000


def generated(git: GitClient, folder: Path, *, commits: int = 300) -> Path:
    """A working copy with branches, tags, odd names and a file in LFS."""
    folder.mkdir(parents=True)
    git("init", "-q", at=folder)
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=folder,
        env=git.whole_environment,
        input=_stream(commits),
        check=True,
    )
    git("reset", "-q", "--hard", at=folder)
    git("lfs", "install", "--local", at=folder)
    git("lfs", "track", "*.bin", at=folder)
    (folder / "large.bin").write_bytes(LARGE)
    git.commit(
        folder, "README.md", "# Notes\n\n- [x] imported\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    git("branch", "topic/with/slashes", "HEAD~5", at=folder)
    git("branch", "same", "HEAD~2", at=folder)
    git("tag", "same", "HEAD~3", at=folder)
    git("tag", "-a", "-m", "First release", "v1.0", "HEAD~4", at=folder)
    return folder


def _stream(commits: int) -> bytes:
    """What git-fast-import(1) reads: one commit after the other on main."""
    parts = []
    for number in range(commits):
        name = ODD_NAMES[number] if number < len(ODD_NAMES) else f"src/part-{number % 7}.py"
        words, content = f"Write number {number}".encode(), f"number = {number}\n".encode() * 3
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        parts += [
            b"commit refs/heads/main\n",
            f"committer {WHO} {1_700_000_000 + number * 600} +0100\n".encode(),
            f"data {len(words)}\n".encode() + words + b"\n",
            f'M 100644 inline "{quoted}"\ndata {len(content)}\n'.encode() + content + b"\n",
        ]
    return b"".join(parts)
