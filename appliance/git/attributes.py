"""What .gitattributes files of a commit say: which files count, as which language, how they merge.

Source: gitattributes(5), "DESCRIPTION"; gitignore(5), "PATTERN FORMAT"; the names of the
attributes are those that forges have agreed on (linguist-vendored and the like).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate

from appliance.git.quoting import unquote

NAME = b".gitattributes"
BYTES = 64 * 1024  # Longer files are somebody's mistake.
RULES = 500
PREFIX = b"linguist-"
LANGUAGE = b"linguist-language"
MERGE = b"merge"
BINARY = b"binary"
"""Short for several attributes, of which the one that matters here is `-merge`."""
LEAVING_OUT = (b"linguist-vendored", b"linguist-generated", b"linguist-documentation")
LINE = re.compile(rb'("(?:[^"\\]|\\.)*"|[^\s"#]\S*)\s+(.*)', re.DOTALL)
"""A line without the space around it; to look for that in here takes seconds where it is long."""
ESCAPED = re.compile(r"\\(.)")
ANY_DEPTH = b"**"
Segment = re.Pattern[str] | None
"""One part of a path; None stands for any number of parts."""


@dataclass(frozen=True)
class Rule:
    """One line: the paths it is about, and what it says of them."""

    pattern: tuple[Segment, ...]
    values: dict[bytes, bytes]

    def fits(self, path: bytes) -> bool:
        """Whether it is about a path; in time that grows with both, whoever wrote the pattern."""
        reached = self._open({0})
        for part in path.decode("latin-1").split("/"):
            reached = self._open({state for at in reached for state in self._next(at, part)})
        return len(self.pattern) in reached

    def _next(self, at: int, part: str) -> tuple[int, ...]:
        """Where in the pattern one part of a path leads."""
        if at == len(self.pattern):
            return ()
        segment = self.pattern[at]
        if segment is None:
            return (at,)
        return (at + 1,) if segment.match(part) else ()

    def _open(self, states: set[int]) -> set[int]:
        """The same, with what any number of parts leads to where that number is none."""
        for at, segment in enumerate(self.pattern):
            if at in states and segment is None:
                states.add(at + 1)
        return states


@dataclass(frozen=True)
class Attributes:
    """All that is said, the last word first."""

    rules: tuple[Rule, ...] = ()

    def below(self, folder: bytes, content: bytes) -> Attributes:
        """The same with what another .gitattributes says of the paths below its folder."""
        found = [rule for line in content[:BYTES].split(b"\n") if (rule := _rule(folder, line))]
        return Attributes((*reversed(found), *self.rules)[:RULES])

    def of(self, path: bytes, name: bytes) -> bytes | None:
        """What an attribute of a path is set to; empty where it is unset, None if nobody says."""
        said = (rule.values[name] for rule in self.rules if name in rule.values and rule.fits(path))
        return next(said, None)

    def is_left_out(self, path: bytes) -> bool | None:
        """Whether a path is said to count for nothing, or to count; None if nobody says."""
        said = [self.of(path, name) for name in LEAVING_OUT]
        if any(said):
            return True
        return None if all(value is None for value in said) else False

    @property
    def brings_back(self) -> bool:
        """Whether some path counts that would not by its name."""
        return any(rule.values.get(name) == b"" for rule in self.rules for name in LEAVING_OUT)


def _rule(folder: bytes, line: bytes) -> Rule | None:
    found = LINE.fullmatch(line.strip())
    if found is None:
        return None
    said = dict(_value(word) for word in found[2].split())
    values = {name: said[name] for name in said if name == MERGE or name.startswith(PREFIX)}
    if said.get(BINARY):
        values[MERGE] = b""
    return Rule(_pattern(folder, unquote(found[1])), values) if values else None


def _value(word: bytes) -> tuple[bytes, bytes]:
    """`name`, `-name`, `!name` or `name=value`; `false` is what forges take for unset."""
    name, equals, value = word.partition(b"=")
    if word == b"!" + MERGE:
        return MERGE, b"text"  # Unspecified, which is not unset: the lines are merged.
    if equals:
        return name, b"" if value == b"false" else value
    is_unset = name[:1] in (b"-", b"!")
    return name.lstrip(b"-!"), b"" if is_unset else b"true"


def _pattern(folder: bytes, glob: bytes) -> tuple[Segment, ...]:
    """A pattern as git reads it: one without a slash is about names at any depth."""
    start: list[Segment] = [_literal(part) for part in folder.split(b"/") if part]
    if b"/" not in glob:
        start.append(None)
    parts = glob.removeprefix(b"/").split(b"/")
    if parts[-1] == ANY_DEPTH:
        parts.append(b"*")  # What is inside, and not the folder itself.
    return (*start, *(None if part == ANY_DEPTH else _segment(part) for part in parts))


def _literal(part: bytes) -> re.Pattern[str]:
    return re.compile(re.escape(part.decode("latin-1")) + r"\Z")


def _segment(part: bytes) -> re.Pattern[str]:
    """One part with wildcards; the bytes are letters to it."""
    glob = ESCAPED.sub(lambda found: f"[{found[1]}]", part.decode("latin-1"))
    return re.compile(translate(glob))
