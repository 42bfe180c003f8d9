"""`.codara/scanning.toml`: what people who work on a repository want no alerts of, and why.

What nobody can make sense of suppresses nothing at all: half of a file would surprise
more than none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import translate
from functools import cached_property
from typing import Any

from appliance.domain.alerts import AlertKind, DismissalReason, Lane
from appliance.domain.path_patterns import PathPattern, below
from appliance.errors import InvalidError, sentence

PLACE = b".codara/scanning.toml"
MOST_BYTES = 64 * 1024
MOST_ENTRIES = 200
MOST_PATTERNS = 50
LONGEST_PATTERN = 255
LONGEST_COMMENT = 500
_KEYS = frozenset({"kinds", "paths", "rules", "reason", "comment", "until"})


@dataclass(frozen=True)
class Suppression:
    """What is set aside. Without paths it holds everywhere, without rules for all of them."""

    kinds: tuple[AlertKind, ...]
    paths: tuple[str, ...]
    rules: tuple[str, ...]
    reason: DismissalReason
    comment: str
    until: date | None = None
    """The last day on which it counts."""

    def fits(self, kind: AlertKind, lane: Lane, rule: str, path: bytes) -> bool:
        """Whether an alert is meant. A secret that would stop a push never is."""
        if kind not in self.kinds or (kind is AlertKind.SECRET and lane is Lane.BLOCK):
            return False
        return self._fits_rule(rule) and self._fits_path(path)

    def counts(self, today: date) -> bool:
        """Whether it still holds."""
        return self.until is None or today <= self.until

    def plain(self) -> dict[str, Any]:
        """As databases keep it, and answers have it."""
        return {
            "kinds": [str(each) for each in self.kinds],
            "paths": list(self.paths),
            "rules": list(self.rules),
            "reason": str(self.reason),
            "comment": self.comment,
            "until": self.until.isoformat() if self.until else None,
        }

    def _fits_rule(self, rule: str) -> bool:
        return not self._rules or any(each.match(rule) for each in self._rules)

    def _fits_path(self, path: bytes) -> bool:
        return not self._paths or any(each.fits(path) for each in self._paths)

    @cached_property
    def _rules(self) -> list[re.Pattern[str]]:
        return [re.compile(translate(each)) for each in self.rules]

    @cached_property
    def _paths(self) -> list[PathPattern]:
        return [below(b"", each.encode()) for each in self.paths]


def of_plain(said: Mapping[str, Any]) -> Suppression:
    """One as databases keep it."""
    return Suppression(
        kinds=tuple(map(AlertKind, said["kinds"])),
        paths=tuple(said["paths"]),
        rules=tuple(said["rules"]),
        reason=DismissalReason(said["reason"]),
        comment=said["comment"],
        until=date.fromisoformat(said["until"]) if said["until"] else None,
    )


def read(content: bytes) -> tuple[Suppression, ...]:
    """What a file says.

    Errors:
        InvalidError: nobody can make sense of it; the message says where.
    """
    if len(content) > MOST_BYTES:
        raise _bad(sentence("It is larger than %(most)s bytes.", most=MOST_BYTES))
    try:
        said = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _bad(sentence("It is no TOML: %(error)s", error=str(error)[:200])) from error
    entries = said.pop("suppress", [])
    if said or not isinstance(entries, list):
        raise _bad(sentence("It has entries called [[suppress]], and nothing else."))
    if len(entries) > MOST_ENTRIES:
        raise _bad(sentence("It has more than %(most)s entries.", most=MOST_ENTRIES))
    return tuple(_entry(number, each) for number, each in enumerate(entries, 1))


def _entry(number: int, said: Any) -> Suppression:
    if not isinstance(said, dict) or (said.keys() - _KEYS):
        raise _bad(
            sentence(
                "Entry %(number)s has kinds, paths, rules, reason, comment and until, and nothing "
                "else.",
                number=number,
            )
        )
    found = Suppression(
        kinds=_words(number, said, AlertKind),
        paths=_patterns(number, said, "paths"),
        rules=_patterns(number, said, "rules"),
        reason=_reason(number, said.get("reason")),
        comment=_comment(number, said.get("comment")),
        until=_until(number, said.get("until")),
    )
    if not (found.paths or found.rules):
        raise _bad(sentence("Entry %(number)s needs paths or rules.", number=number))
    return found


def _words(number: int, said: Mapping[str, Any], words: type[AlertKind]) -> tuple[AlertKind, ...]:
    named = said.get("kinds", [str(each) for each in words])
    if not isinstance(named, list) or not named or not set(map(str, named)) <= set(words):
        raise _bad(
            sentence(
                "Entry %(number)s: kinds are some of %(words)s.",
                number=number,
                words=", ".join(words),
            )
        )
    return tuple(each for each in words if each in named)


def _patterns(number: int, said: Mapping[str, Any], key: str) -> tuple[str, ...]:
    named = said.get(key, [])
    if (
        not isinstance(named, list)
        or len(named) > MOST_PATTERNS
        or not all(isinstance(each, str) and 0 < len(each) <= LONGEST_PATTERN for each in named)
    ):
        raise _bad(
            sentence(
                "Entry %(number)s: %(key)s is a list of at most %(most)s patterns.",
                number=number,
                key=key,
                most=MOST_PATTERNS,
            )
        )
    return tuple(named)


def _reason(number: int, said: Any) -> DismissalReason:
    if not isinstance(said, str) or said not in tuple(DismissalReason):
        raise _bad(
            sentence(
                "Entry %(number)s: the reason is one of %(words)s.",
                number=number,
                words=", ".join(DismissalReason),
            )
        )
    return DismissalReason(said)


def _comment(number: int, said: Any) -> str:
    text = " ".join(said.split()) if isinstance(said, str) else ""
    if not 0 < len(text) <= LONGEST_COMMENT:
        raise _bad(
            sentence(
                "Entry %(number)s: say in a comment of 1 to %(most)s characters why.",
                number=number,
                most=LONGEST_COMMENT,
            )
        )
    return text.replace("\0", "")


def _until(number: int, said: Any) -> date | None:
    if said is None:
        return None
    if not isinstance(said, date) or isinstance(said, datetime):
        raise _bad(sentence("Entry %(number)s: until is a day, as 2027-03-31.", number=number))
    return said


def _bad(message: str) -> InvalidError:
    return InvalidError.of("file", message)
