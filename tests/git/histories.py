"""Histories made at random, with what makes merges hard: renames, modes, links, odd names."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.git.builder import Builder

FILE, EXECUTABLE, LINK = 0o100644, 0o100755, 0o120000
NAMES = (b"a", b"b", b"dir/a", b"dir/b", b"dir/sub/c", b"lib/x\xff.txt", b"lib/y", b"z", b"k")
Files = dict[bytes, tuple[int, bytes]]
ACTS = ("edit",) * 5 + ("add", "remove", "rename", "rename and edit", "mode", "link", "folder")


@dataclass
class Author:
    """Somebody who changes files at random. The state is that of the dice."""

    seed: int
    renames: bool = True
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 — no secrets.

    def first(self) -> Files:
        """Some files to begin with."""
        chosen = [name for name in NAMES if name == b"a" or self.dice.random() < 0.8]
        return {name: (FILE, self.text()) for name in chosen}

    def changed(self, files: Mapping[bytes, tuple[int, bytes]], *, times: int) -> Files:
        """The files after some changes."""
        now = dict(files)
        for _ in range(times):
            act = self.dice.choice(ACTS)
            path = self.dice.choice(sorted(now))
            if act == "add":
                self._add(now)
            elif act == "remove" and len(now) > 1:
                del now[path]
            elif act.startswith("rename") and self.renames:
                self._rename(now, path, edits=act.endswith("edit"))
            elif act in {"link", "folder"} and self.dice.random() < 0.3:
                mode, _content = now.pop(path)
                now |= self._other_kind(path, act, mode)
            elif now[path][0] != LINK:
                mode, content = now[path]
                other = EXECUTABLE if mode == FILE else FILE
                now[path] = (other, content) if act == "mode" else (mode, self._edited(content))
        return now

    def text(self) -> bytes:
        """Lines that nobody else writes, ended in one of the two usual ways."""
        end = self.dice.choice([b"\n", b"\n", b"\r\n"])
        return b"".join(self._line(end) for _ in range(self.dice.randint(3, 14)))

    def _line(self, end: bytes) -> bytes:
        return b"line %d" % self.dice.randrange(10**9) + end

    def _edited(self, content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        end = b"\r\n" if b"\r" in content else b"\n"
        for _ in range(self.dice.randint(1, 2)):
            place = self.dice.randrange(len(lines) + 1)
            act = self.dice.choice(("replace", "insert", "delete"))
            if act == "insert" or place == len(lines):
                lines.insert(place, self._line(end))
            elif act == "replace":
                lines[place] = self._line(end)
            elif len(lines) > 2:
                del lines[place]
        return b"".join(lines)

    def _add(self, now: Files) -> None:
        path = self.dice.choice((*NAMES, b"new/%d" % self.dice.randrange(99)))
        if not any(_in_the_way(path, other) for other in now):
            now[path] = (FILE, self.text())

    def _rename(self, now: Files, path: bytes, *, edits: bool) -> None:
        mode, content = now.pop(path)
        to = self.dice.choice((b"renamed%d" % self.dice.randrange(99), b"moved"))
        long = content.count(b"\n") > 8 and mode != LINK
        now[to if to not in now else path] = (
            mode,
            self._edited(content) if edits and long else content,
        )

    def _other_kind(self, path: bytes, act: str, mode: int) -> Files:
        if act == "link":
            return {path: (LINK, b"to-%d" % self.dice.randrange(9))}
        return {path + b"/inside": (mode if mode != LINK else FILE, self.text())}


def two_sides(built: Builder, author: Author) -> tuple[str, str]:
    """Two commits that come from the same one."""
    files = author.first()
    base = built.commit(files)
    ours, theirs = (author.changed(files, times=author.dice.randint(1, 4)) for _ in range(2))
    return (
        built.commit(ours, parents=[base], branch=b"main"),
        built.commit(theirs, parents=[base], branch=b"side"),
    )


def crossed(built: Builder, author: Author) -> tuple[str, str]:
    """Two commits whose branches have merged one another, each in its own way."""
    files = author.first()
    base = built.commit(files)
    ours, theirs = (author.changed(files, times=author.dice.randint(1, 4)) for _ in range(2))
    left = built.commit(ours, parents=[base], branch=None)
    right = built.commit(theirs, parents=[base], branch=None)
    merged = [_consistent({**theirs, **ours}), _consistent({**ours, **theirs})]
    return (
        built.commit(author.changed(merged[0], times=1), parents=[left, right], branch=b"main"),
        built.commit(author.changed(merged[1], times=1), parents=[right, left], branch=b"side"),
    )


def line(built: Builder, author: Author, files: Files, base: str, *, length: int) -> list[str]:
    """Commits one after the other."""
    made: list[str] = []
    for number in range(length):
        files = author.changed(files, times=1)
        parent = made[-1] if made else base
        made.append(
            built.commit(files, parents=[parent], branch=None, message=b"Step %d\n" % number)
        )
    return made


def _in_the_way(path: bytes, other: bytes) -> bool:
    return path == other or path.startswith(other + b"/") or other.startswith(path + b"/")


def _consistent(files: Files) -> Files:
    folders = {path[:place] for path in files for place in range(len(path)) if path[place] == 47}
    return {path: file for path, file in files.items() if path not in folders}
