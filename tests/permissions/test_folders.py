"""What the tables put back is as it was, whatever happened to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.permissions.folders import KeptFolder


def looks(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def rewritten(folder: Path) -> None:
    (folder / "one" / "HEAD").write_bytes(b"else")


def other_mode(folder: Path) -> None:
    (folder / "one" / "HEAD").chmod(0o600)


def removed(folder: Path) -> None:
    shutil.rmtree(folder / "one")


def added(folder: Path) -> None:
    (folder / "three" / "objects").mkdir(parents=True)
    (folder / "three" / "objects" / "x").write_bytes(b"x")


def renamed(folder: Path) -> None:
    (folder / "one").rename(folder / "three")


def exchanged(folder: Path) -> None:
    shutil.rmtree(folder / "one")
    (folder / "one").write_bytes(b"a file")
    (folder / "two" / "HEAD").unlink()
    (folder / "two" / "HEAD").mkdir()


CHANGES = [rewritten, other_mode, removed, added, renamed, exchanged]


@pytest.mark.parametrize("change", CHANGES, ids=[each.__name__ for each in CHANGES])
def test_what_was_changed_is_put_back_each_time(tmp_path, change):
    folder = tmp_path / "folder"
    for name in ("one", "two"):
        (folder / name / "refs").mkdir(parents=True)
        (folder / name / "HEAD").write_bytes(name.encode())
    kept = KeptFolder(folder, tmp_path / "spare")
    before = looks(folder)

    for _ in range(2):
        change(folder)
        assert looks(folder) != before
        kept.put_back()
        assert looks(folder) == before


def test_what_nobody_touched_stays_the_same_file(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / name).write_bytes(b"1")
    kept = KeptFolder(folder, tmp_path / "spare")
    numbers = {name: (folder / name).stat().st_ino for name in ("one", "two")}

    (folder / "two").write_bytes(b"2")
    kept.put_back()

    assert (folder / "one").stat().st_ino == numbers["one"]
    assert (folder / "two").read_bytes() == b"1"
