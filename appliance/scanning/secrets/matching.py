"""Where in some bytes a rule matches: Hyperscan over all rules at once, then RE2 in a window.

Hyperscan says where a match ends and RE2 where it begins. On processors that Hyperscan does not
know, RE2 alone finds the same, more slowly: a set of all keywords says which rules to try.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import re2

from appliance.scanning.secrets.rule_shapes import MOST_MEMORY_BYTES, compile_bytes
from appliance.scanning.secrets.rules import ANY_KEYWORD, Rule

CANDIDATES_PER_KIB = 64
LEAST_CANDIDATES = 4096
"""More candidates than this in so many bytes are an attack on our time, or no text at all."""


@dataclass(frozen=True)
class Span:
    """A match of a rule, and the secret within it; offsets in bytes."""

    rule: int
    start: int
    end: int
    secret_start: int
    secret_end: int


@dataclass(frozen=True)
class Matches:
    """What was found, and whether it is all there is."""

    spans: Sequence[Span]
    is_complete: bool = True


class Triggers(Protocol):
    """What says, cheaply, where a rule may match."""

    def windows(self, data: bytes) -> tuple[dict[int, list[tuple[int, int]]], bool]:
        """For each rule the stretches worth a look, in order, and whether these are all."""


class Matcher:
    """Finds the matches of some rules. Keeps what is compiled of them, and no state of a scan."""

    def __init__(self, rules: Sequence[Rule], triggers: Triggers | None = None) -> None:
        self.rules = rules
        self._patterns: dict[int, tuple[Any, int]] = {}
        self._triggers = triggers or best_triggers(rules)

    def find(self, data: bytes) -> Matches:
        """Every match of every rule."""
        windows, is_complete = self._triggers.windows(data)
        most = most_candidates(data)
        spans: list[Span] = []
        for rule, stretches in sorted(windows.items()):
            for start, end in stretches:
                spans += islice(self._spans(rule, data, start, end), most - len(spans))
        return Matches(spans, is_complete and len(spans) < most)

    def _spans(self, rule: int, data: bytes, start: int, end: int) -> Iterator[Span]:
        pattern, group = self._pattern(rule)
        while start < end:
            match = pattern.search(data, start, end)
            if match is None:
                return
            yield Span(rule, *match.span(), *match.span(group))
            # What is assigned may hold the next assignment: go on behind the name, not the value.
            start = match.start(group) if group else match.end()

    def compile_all(self) -> None:
        """Compile now what would be compiled when it is first needed."""
        for rule in range(len(self.rules)):
            self._pattern(rule)

    def _pattern(self, rule: int) -> tuple[Any, int]:
        """What a rule finds, and in which group; compiled when it is first needed, as few are."""
        if rule not in self._patterns:
            pattern = compile_bytes(self.rules[rule].pattern)
            self._patterns[rule] = pattern, _secret_group(pattern)
        return self._patterns[rule]


def _secret_group(pattern: Any) -> int:
    """Which group is the secret: all of it, where none is named."""
    for name, number in pattern.groupindex.items():
        if name in ("secret", b"secret"):
            return int(number)
    return 0


def most_candidates(data: bytes) -> int:
    """How many candidates are looked at in some bytes."""
    return LEAST_CANDIDATES + len(data) * CANDIDATES_PER_KIB // 1024


def best_triggers(rules: Sequence[Rule]) -> Triggers:
    """Hyperscan where it is installed, else the set of keywords."""
    try:
        hyperscan = importlib.import_module("hyperscan")
    except ImportError:
        return KeywordTriggers(rules)
    return HyperscanTriggers(rules, hyperscan)


class HyperscanTriggers:
    """All rules in one automaton."""

    def __init__(self, rules: Sequence[Rule], hyperscan: Any, database: Any = None) -> None:
        self._reach = [rule.reach_bytes for rule in rules]
        self._stopped = hyperscan.ScanTerminated
        if database is None:
            database = compiled(hyperscan, [rule.trigger for rule in rules], [0] * len(rules))
        self._database = database
        self._scratch = hyperscan.Scratch(self._database)

    def windows(self, data: bytes) -> tuple[dict[int, list[tuple[int, int]]], bool]:
        """Around every end that the automaton reports."""
        ends: list[tuple[int, int]] = []
        add, most = ends.append, most_candidates(data)

        def note(rule: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            add((rule, end))
            return True if len(ends) > most else None

        is_complete = True
        try:
            self._database.scan(data, match_event_handler=note, scratch=self._scratch)
        except self._stopped:
            is_complete = False
        found: dict[int, list[tuple[int, int]]] = {}
        for rule, end in ends:
            reach = self._reach[rule]
            _widen(found.setdefault(rule, []), max(0, end - reach), min(len(data), end + reach))
        return found, is_complete


class KeywordTriggers:
    """All keywords in one set; a rule of which one is there looks at everything."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        options = re2.Options()
        options.max_mem, options.case_sensitive = MOST_MEMORY_BYTES * 8, False
        options.literal, options.encoding = True, re2.Options.Encoding.LATIN1
        self._set = re2.Set.SearchSet(options)
        self._rules: list[list[int]] = []
        self._always = {n for n, rule in enumerate(rules) if ANY_KEYWORD in rule.keywords}
        places: dict[str, int] = {}
        for number, rule in enumerate(rules):
            for word in rule.keywords:
                if word not in places:
                    places[word] = self._set.Add(word.encode("latin-1", "backslashreplace"))
                    self._rules.append([])
                self._rules[places[word]].append(number)
        self._set.Compile()

    def windows(self, data: bytes) -> tuple[dict[int, list[tuple[int, int]]], bool]:
        """All of it, for each rule of which a keyword is there."""
        wanted = self._always | {
            rule for place in self._set.Match(data) or () for rule in self._rules[place]
        }
        return {rule: [(0, len(data))] for rule in sorted(wanted)}, True


class Signs(Protocol):
    """What says where each of a few expressions ends."""

    def ends(self, data: bytes) -> list[list[int]]:
        """For each expression its ends, in order; those asked for once have one at most."""


def best_signs(expressions: Sequence[str], *, single: Sequence[int]) -> Signs:
    """By Hyperscan where it is installed, else by RE2; of `single` only one end is wanted."""
    try:
        hyperscan = importlib.import_module("hyperscan")
    except ImportError:
        return PlainSigns(expressions, single)
    return HyperscanSigns(expressions, single, hyperscan)


class HyperscanSigns:
    """All expressions in one automaton."""

    def __init__(self, expressions: Sequence[str], single: Sequence[int], hyperscan: Any) -> None:
        self._stopped = hyperscan.ScanTerminated
        self._count = len(expressions)
        once = hyperscan.HS_FLAG_SINGLEMATCH
        self._database = compiled(
            hyperscan, expressions, [once if n in single else 0 for n in range(self._count)]
        )
        self._scratch = hyperscan.Scratch(self._database)

    def ends(self, data: bytes) -> list[list[int]]:
        """For each expression its ends, in order; no more of them than text can have."""
        found: list[list[int]] = [[] for _ in range(self._count)]
        left = most_candidates(data)

        def note(sign: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            nonlocal left
            left -= 1
            found[sign].append(end)
            return True if left < 0 else None

        with contextlib.suppress(self._stopped):
            self._database.scan(data, match_event_handler=note, scratch=self._scratch)
        return found


class PlainSigns:
    """One expression after the other, by RE2."""

    def __init__(self, expressions: Sequence[str], single: Sequence[int]) -> None:
        self._patterns = [compile_bytes(each) for each in expressions]
        self._single = single

    def ends(self, data: bytes) -> list[list[int]]:
        """For each expression its ends, in order; no more of them than text can have."""
        return [
            [match.end() for match in islice(pattern.finditer(data), self._most(number, data))]
            for number, pattern in enumerate(self._patterns)
        ]

    def _most(self, number: int, data: bytes) -> int:
        return 1 if number in self._single else most_candidates(data)


def compiled(hyperscan: Any, expressions: Sequence[str], flags: Sequence[int]) -> Any:
    """The automaton of some expressions."""
    database = hyperscan.Database()
    database.compile(
        expressions=[each.encode("latin-1", "backslashreplace") for each in expressions],
        ids=list(range(len(expressions))),
        elements=len(expressions),
        flags=list(flags),
    )
    return database


def _widen(stretches: list[tuple[int, int]], start: int, end: int) -> None:
    """Add a stretch to those before it, which it may touch."""
    if stretches and start <= stretches[-1][1]:
        stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
    else:
        stretches.append((start, end))
