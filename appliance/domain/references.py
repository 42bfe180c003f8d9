"""What a text speaks of: `@name`, `@org/team`, `#12`, `owner/repo#12`, commit ids, `fixes #12`.

What stands in code speaks of nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST = 50
"""More of one kind in one text are words like any others."""
OWNER = r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}"
NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
NUMBER = r"[1-9][0-9]{0,8}"
START = r"(?<![\w/@#&.-])"
END = r"(?![\w-])"
SPOKEN = re.compile(
    rf"{START}(?:"
    rf"@(?P<mention>{OWNER}(?:/{OWNER})?)"
    rf"|(?P<path>{OWNER}/{NAME})?#(?P<number>{NUMBER})"
    rf"|(?P<commit>[0-9a-f]{{7,40}})"
    rf"){END}"
)
CLOSES = re.compile(
    rf"(?<![\w-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+#(?P<number>{NUMBER}){END}",
    re.IGNORECASE,
)
CODE = re.compile(
    r"(?ms)^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)"
    r"|(?<!`)(`+)(?!`).+?(?<!`)\2(?!`)"
)
"""Fenced blocks, and spans between equally many backticks."""


@dataclass(frozen=True)
class Spoken:
    """What a text speaks of, each thing once."""

    people: tuple[str, ...] = ()
    """As written, without the sign before it."""
    teams: tuple[str, ...] = ()
    """`ORG/TEAM`."""
    numbers: tuple[int, ...] = ()
    """Conversations of the same repository."""
    elsewhere: tuple[tuple[str, int], ...] = ()
    """`OWNER/NAME` and a number."""
    commits: tuple[str, ...] = ()


@dataclass
class _Found:
    people: dict[str, None] = field(default_factory=dict)
    teams: dict[str, None] = field(default_factory=dict)
    numbers: dict[int, None] = field(default_factory=dict)
    elsewhere: dict[tuple[str, int], None] = field(default_factory=dict)
    commits: dict[str, None] = field(default_factory=dict)


def spoken_of(*texts: str) -> Spoken:
    """What texts in Markdown speak of together."""
    found = _Found()
    for text in texts:
        for match in SPOKEN.finditer(without_code(text)):
            _note(found, match)
    return Spoken(
        tuple(found.people)[:MOST],
        tuple(found.teams)[:MOST],
        tuple(found.numbers)[:MOST],
        tuple(found.elsewhere)[:MOST],
        tuple(found.commits)[:MOST],
    )


def closed_by(message: str) -> tuple[int, ...]:
    """The conversations that a commit message says it closes."""
    found = dict.fromkeys(int(each["number"]) for each in CLOSES.finditer(message))
    return tuple(found)[:MOST]


def without_code(text: str) -> str:
    """A text in which code is left out."""
    return CODE.sub(" ", text)


def _note(found: _Found, match: re.Match[str]) -> None:
    if match["mention"]:
        kind = found.teams if "/" in match["mention"] else found.people
        kind.setdefault(match["mention"])
    elif match["commit"]:
        if not match["commit"].isdigit():
            found.commits.setdefault(match["commit"])
    elif match["path"]:
        found.elsewhere.setdefault((match["path"], int(match["number"])))
    else:
        found.numbers.setdefault(int(match["number"]))
