"""What a kind of secret looks like: rules as data, read from `config/rules/secrets/*.toml`.

A file has a provider, a cure and any number of rules. A rule says what the secret looks like in
one of two ways: `pattern`, where the secret shows by itself, or `assigned`, where only the name it
is given to tells. Both are regular expressions that RE2 and Hyperscan understand, so that no rule
takes longer than the text is long. In examples a `¦` stands where the loader joins two halves, so
that the rules themselves hold nothing that looks like a secret, to us or to another scanner.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

from appliance.places import beside_package
from appliance.scanning.secrets import checksums, rule_shapes

SEAM = "¦"
IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ANY_KEYWORD = "*"
"""Where no word stands in every match: RE2 alone then looks for the rule in everything."""
LONGEST_ID = 64
MOST_RULES = 2000
MOST_REACH_BYTES = 16_384

Choice = TypeVar("Choice", bound=StrEnum)


class RulesetError(ValueError):
    """A file of rules says something that cannot be used; the message says where and why."""


class Lane(StrEnum):
    """Where a rule works: it may stop a push, or somebody looks at it later."""

    BLOCK = "block"
    REVIEW = "review"


class Severity(StrEnum):
    """How bad it is that this secret is known."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Shape(StrEnum):
    """What kind of check the secret itself goes through, beside its pattern."""

    TOKEN = "token"  # noqa: S105 - the name of a shape.
    ARMOUR = "armour"
    URI = "uri"
    PASSWORD = "password"  # noqa: S105 - the name of a shape.
    JWT = "jwt"
    BASIC = "basic"


@dataclass(frozen=True)
class Rule:
    """One kind of secret: how it looks, where it may stop a push, what to do about it."""

    id: str
    title: str
    provider: str
    cure: str
    lane: Lane
    severity: Severity
    pattern: str
    keywords: tuple[str, ...]
    reach_bytes: int
    trigger: str
    shape: Shape = Shape.TOKEN
    checksum: str = ""
    entropy: float | None = None
    partner: str = ""
    whole: bool = True
    named: bool = False
    matches: tuple[str, ...] = field(default=(), repr=False)
    refuses: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_certain(self) -> bool:
        """Whether a failed checksum means that it is no secret: providers document it for that."""
        return self.checksum in checksums.CERTAIN


@dataclass(frozen=True)
class Ruleset:
    """All rules that a scan uses, in one order."""

    rules: tuple[Rule, ...]

    @cached_property
    def digest(self) -> str:
        """What tells this ruleset from others: SHA-256 over all that decides, 64 hex digits."""
        said = hashlib.sha256()
        for rule in self.rules:
            decides = (
                *(rule.id, rule.lane, rule.severity, rule.pattern, rule.trigger, rule.shape),
                *(rule.checksum, rule.entropy, rule.partner, rule.whole, rule.reach_bytes),
                *rule.keywords,
            )
            said.update(repr(decides).encode())
        return said.hexdigest()

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """Each rule by its id."""
        return {rule.id: rule for rule in self.rules}

    def only(self, lane: Lane) -> Ruleset:
        """Those of one lane."""
        return Ruleset(tuple(rule for rule in self.rules if rule.lane is lane))

    def with_more(self, more: Iterable[Rule]) -> Ruleset:
        """These and an organisation's own."""
        return Ruleset((*self.rules, *more))


@cache
def shipped() -> Ruleset:
    """The rules that come with the appliance."""
    return load(beside_package("config") / "rules" / "secrets")


def load(folder: Path) -> Ruleset:
    """Every rule in the files of a folder.

    Errors:
        RulesetError: a file cannot be read, or says something that is no rule.
    """
    rules: list[Rule] = []
    for file in sorted(folder.glob("*.toml")):
        rules += _rules_of(file)
    if not rules:
        raise RulesetError(f"{folder}: there are no rules.")
    if len(rules) > MOST_RULES:
        raise RulesetError(f"{folder}: {len(rules)} rules are more than {MOST_RULES}.")
    _insist_on_each_once(rules)
    return Ruleset(tuple(rules))


def _rules_of(file: Path) -> list[Rule]:
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesetError(f"{file.name}: {error}") from error
    unknown = sorted(set(content) - {"provider", "cure", "rule"})
    if unknown:
        raise RulesetError(f"{file.name}: nobody knows {', '.join(unknown)}.")
    shared = {name: _text(file.name, content, name) for name in ("provider", "cure")}
    tables = content.get("rule")
    if not isinstance(tables, list) or not tables:
        raise RulesetError(f"{file.name}: it has no [[rule]].")
    return [parse(table, shared, where=file.name) for table in tables]


def parse(table: object, shared: Mapping[str, str], *, where: str) -> Rule:
    """One rule from its table; `shared` is what its file says for all.

    Errors:
        RulesetError: something is missing, unknown or cannot be.
    """
    if not isinstance(table, dict):
        raise RulesetError(f"{where}: a rule is a table.")
    name = _text(where, table, "id")
    where = f"{where}, {name}"
    if not IDENTIFIER.fullmatch(name) or len(name) > LONGEST_ID:
        raise RulesetError(f"{where}: an id is lower-case words with hyphens between.")
    unknown = sorted(set(table) - rule_shapes.KNOWN)
    if unknown:
        raise RulesetError(f"{where}: nobody knows {', '.join(unknown)}.")
    checksum = table.get("checksum", "")
    if checksum and checksum not in checksums.KINDS:
        raise RulesetError(f"{where}: there is no checksum {checksum!r}.")
    pattern, trigger, reach = _expressions(where, table)
    return Rule(
        id=name,
        title=_text(where, table, "title"),
        provider=table.get("provider", shared["provider"]),
        cure=table.get("cure", shared["cure"]),
        lane=_choice(where, table, "lane", Lane),
        severity=_choice(where, table, "severity", Severity),
        pattern=pattern,
        keywords=_keywords(where, table),
        reach_bytes=reach,
        trigger=trigger,
        shape=_choice(where, table, "shape", Shape, Shape.TOKEN),
        checksum=checksum,
        entropy=_entropy(where, table),
        partner=table.get("partner", ""),
        whole=_flag(where, table, "whole"),
        named="assigned" in table or _flag(where, table, "named", default=False),
        matches=_examples(where, table, "matches"),
        refuses=_examples(where, table, "refuses"),
    )


def _expressions(where: str, table: Mapping[str, Any]) -> tuple[str, str, int]:
    if ("pattern" in table) == ("assigned" in table):
        raise RulesetError(f"{where}: say either `pattern` or `assigned`.")
    try:
        if "pattern" in table:
            pattern = rule_shapes.expression(_text(where, table, "pattern"))
        else:
            pattern = rule_shapes.assigned(table["assigned"], _keywords(where, table))
        reach = table.get("reach") or rule_shapes.longest(pattern)
        trigger = rule_shapes.expression(table.get("trigger") or rule_shapes.trigger(pattern))
    except rule_shapes.ShapeError as error:
        raise RulesetError(f"{where}: {error}") from error
    if not isinstance(reach, int) or not 0 < reach <= MOST_REACH_BYTES:
        raise RulesetError(f"{where}: it may reach up to {MOST_REACH_BYTES} bytes; say `reach`.")
    return pattern, trigger, reach


def _text(where: str, table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RulesetError(f"{where}: `{name}` is missing or no text.")
    return value


def _choice(
    where: str, table: Mapping[str, Any], name: str, kind: type[Choice], default: str = ""
) -> Choice:
    value = table.get(name, default)
    if value not in set(kind):
        raise RulesetError(f"{where}: `{name}` is one of {', '.join(kind)}.")
    return kind(value)


def _keywords(where: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    words = _texts(where, table, "keywords")
    if list(words) == [ANY_KEYWORD]:
        return (ANY_KEYWORD,)
    if not words or any(len(word) < rule_shapes.SHORTEST_KEYWORD for word in words):
        raise RulesetError(f"{where}: `keywords` are words that stand in or beside every match.")
    return tuple(word.lower() for word in words)


def _entropy(where: str, table: Mapping[str, Any]) -> float | None:
    value = table.get("entropy")
    if value is not None and not (isinstance(value, int | float) and 0 <= value <= 8):  # noqa: PLR2004 - bits in a byte.
        raise RulesetError(f"{where}: `entropy` is bits per character, 0 to 8.")
    return value


def _flag(where: str, table: Mapping[str, Any], name: str, *, default: bool = True) -> bool:
    value = table.get(name, default)
    if not isinstance(value, bool):
        raise RulesetError(f"{where}: `{name}` is true or false.")
    return value


def _examples(where: str, table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = _texts(where, table, name)
    if not found:
        raise RulesetError(f"{where}: `{name}` has no example.")
    return tuple(each.replace(SEAM, "") for each in found)


def _texts(where: str, table: Mapping[str, Any], name: str) -> Sequence[str]:
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise RulesetError(f"{where}: `{name}` is a list of texts.")
    return found


def _insist_on_each_once(rules: Sequence[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise RulesetError(f"There are two rules {rule.id}.")
        seen.add(rule.id)
    lost = sorted(rule.id for rule in rules if rule.partner and rule.partner not in seen)
    if lost:
        raise RulesetError(f"There is no partner for {', '.join(lost)}.")
