"""What .gitattributes files of a commit say: which files count, as which language, how they merge.

Source: gitattributes(5), "DESCRIPTION"; gitignore(5), "PATTERN FORMAT"; the names of the
attributes are those that forges have agreed on (linguist-vendored and the like).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.domain.path_patterns import PathPattern, below
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


@dataclass(frozen=True)
class Rule:
    """One line: the paths it is about, and what it says of them."""

    pattern: PathPattern
    values: dict[bytes, bytes]


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
        said = (
            rule.values[name]
            for rule in self.rules
            if name in rule.values and rule.pattern.fits(path)
        )
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
    return Rule(below(folder, unquote(found[1])), values) if values else None


def _value(word: bytes) -> tuple[bytes, bytes]:
    """`name`, `-name`, `!name` or `name=value`; `false` is what forges take for unset."""
    name, equals, value = word.partition(b"=")
    if word == b"!" + MERGE:
        return MERGE, b"text"  # Unspecified, which is not unset: the lines are merged.
    if equals:
        return name, b"" if value == b"false" else value
    is_unset = name[:1] in (b"-", b"!")
    return name.lstrip(b"-!"), b"" if is_unset else b"true"
