"""Patterns of paths inside a repository, as gitignore(5) writes them.

A path is met part by part, in time that grows with path and pattern, whoever wrote the pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate

ANY_DEPTH = b"**"
ESCAPED = re.compile(r"\\(.)")
Segment = re.Pattern[str] | None
"""One part of a path; None stands for any number of parts."""


@dataclass(frozen=True)
class PathPattern:
    """A pattern made ready."""

    segments: tuple[Segment, ...]

    def fits(self, path: bytes) -> bool:
        """Whether the whole path is met."""
        reached = self._open({0})
        for part in path.decode("latin-1").split("/"):
            reached = self._open({state for at in reached for state in self._next(at, part)})
        return len(self.segments) in reached

    def _next(self, at: int, part: str) -> tuple[int, ...]:
        """Where in the pattern one part of a path leads."""
        if at == len(self.segments):
            return ()
        segment = self.segments[at]
        if segment is None:
            return (at,)
        return (at + 1,) if segment.match(part) else ()

    def _open(self, states: set[int]) -> set[int]:
        """The same, with what any number of parts leads to where that number is none."""
        for at, segment in enumerate(self.segments):
            if at in states and segment is None:
                states.add(at + 1)
        return states


def below(folder: bytes, glob: bytes) -> PathPattern:
    """A pattern as git reads it in a folder: one without a slash is about names at any depth."""
    start: list[Segment] = [_literal(part) for part in folder.split(b"/") if part]
    if b"/" not in glob:
        start.append(None)
    parts = glob.removeprefix(b"/").split(b"/")
    if parts[-1] == ANY_DEPTH:
        parts.append(b"*")  # What is inside, and not the folder itself.
    return PathPattern((*start, *(None if part == ANY_DEPTH else _segment(part) for part in parts)))


def _literal(part: bytes) -> re.Pattern[str]:
    return re.compile(re.escape(part.decode("latin-1")) + r"\Z")


def _segment(part: bytes) -> re.Pattern[str]:
    """One part with wildcards; the bytes are letters to it."""
    glob = ESCAPED.sub(lambda found: f"[{found[1]}]", part.decode("latin-1"))
    return re.compile(translate(glob))
