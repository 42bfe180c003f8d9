"""What archives of other systems are built of; each system has a file of its own beside this."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

DAY = "2024-03-0{}T10:00:00Z"
LONG = "x" * 70_000


GONE, NEVER = "c" * 40, "d" * 40
"""A commit that was pushed over, and one of a fork that is gone."""
HUNK = "@@ -1,3 +1,3 @@\n one\n-two\n+zwei"
"""Its last line is the second one of what was new."""


@dataclass(frozen=True)
class Built:
    """A bare repository, and its commits by what they did."""

    bare: Path
    first: str
    mended: str
    merged: str
    red: str
    blue: str


def repository(folder: Path, kept_as: str = "refs/pull/2/head") -> Built:
    """A bare repository in which `mend` was merged and deleted, and `paint` is still there."""
    work = folder / "work"
    work.mkdir()

    def git(*words: str) -> str:
        named = ("-c", "user.name=Person", "-c", "user.email=person@lab.example")
        done = subprocess.run(
            ["git", "-C", str(work), *named, *words], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(name: str, content: str) -> str:
        (work / name).write_text(content)
        git("add", name)
        git("commit", "-q", "-m", f"Write {name}")
        return git("rev-parse", "HEAD")

    git("init", "-q", "-b", "main")
    first = commit("roof", "one\ntwo\nthree\n")
    git("checkout", "-q", "-b", "mend")
    mended = commit("roof", "one\nzwei\nthree\n")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "-m", "Merge mend", "mend")
    merged = git("rev-parse", "HEAD")
    git("checkout", "-q", "-b", "paint")
    red, blue = commit("paint", "red\n"), commit("paint", "red\nblue\n")
    git("update-ref", kept_as, mended)
    git("branch", "-q", "-D", "mend")
    git("checkout", "-q", "main")
    subprocess.run(
        ["git", "clone", "-q", "--mirror", str(work), str(folder / "bare")],
        check=True,
        capture_output=True,
    )
    return Built(folder / "bare", first, mended, merged, red, blue)


def packed(folder: Path, name: str) -> Path:
    """A folder as a tar or zip file."""
    archive = folder.parent / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(archive, "w") as opened:
            for file in folder.rglob("*"):
                opened.write(file, file.relative_to(folder))
        return archive
    with tarfile.open(archive, "w:gz") as made:
        made.add(folder, ".")
    return archive
