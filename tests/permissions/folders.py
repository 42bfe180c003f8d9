"""A folder that tests change, and what it takes to put back only what they changed."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

State = dict[str, tuple[int, ...]]


class KeptFolder:
    """A folder and a copy of it. Its state is how every file looked when it was as it should be."""

    def __init__(self, folder: Path, spare: Path) -> None:
        self._folder, self._spare = folder, spare
        shutil.copytree(folder, spare, symlinks=True)
        self._before = _state(folder)

    def put_back(self) -> None:
        """Everything as it was: what came is gone, and what was changed or lost is copied anew."""
        now = _state(self._folder)
        if now == self._before:
            return
        for name in sorted(now.keys() - self._before.keys(), reverse=True):
            _remove(self._folder / name)  # What is inside a folder comes before it.
        for name in sorted(self._before):
            if now.get(name) != self._before[name]:
                self._copy(name)
        self._before = _state(self._folder)

    def _copy(self, name: str) -> None:
        kept, here = self._spare / name, self._folder / name
        if kept.is_dir() and not kept.is_symlink():
            if not here.is_dir():
                here.unlink(missing_ok=True)
                here.mkdir()
            shutil.copystat(kept, here)
            return
        if here.is_dir() and not here.is_symlink():
            shutil.rmtree(here)
        here.unlink(missing_ok=True)
        shutil.copy2(kept, here, follow_symlinks=False)


def _state(folder: Path) -> State:
    """What no change leaves as it is, of everything in a folder.

    The kernel sets the change time and nobody else can: stat(2).
    """
    found: State = {}
    waiting = [""]
    while waiting:
        above = waiting.pop()
        with os.scandir(folder / above) as entries:
            for entry in entries:
                name = f"{above}{entry.name}"
                said = entry.stat(follow_symlinks=False)
                found[name] = (said.st_ino, said.st_mode, said.st_size, said.st_ctime_ns)
                if stat.S_ISDIR(said.st_mode):
                    waiting.append(f"{name}/")
    return found


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
