"""Why something in a file is taken for a secret, or is not: by the rules that come with us."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from appliance.access.gate import open_to_everyone
from appliance.scanning.secrets import masking, rules
from appliance.scanning.secrets.deep import DeepScanner
from appliance.scanning.secrets.reasons import SENTENCES, Note, Reason
from appliance.scanning.secrets.scanner import SecretScanner

LARGEST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Why:
    """A reason or a remark, by the code that lists and histories name, and what it means."""

    code: str
    meaning: str


@dataclass(frozen=True)
class Candidate:
    """Something that looks like a secret. Its value is masked."""

    rule: str
    line: int
    """From 1; of what was decoded or unpacked the line in that."""
    preview: str
    lane: str
    """`block`, `review`, or empty where it was turned down."""
    confidence: str
    """`high`, `medium`, `low`, or empty."""
    why: tuple[Why, ...]
    layers: tuple[str, ...] = ()
    """Through which decodings it was found, from the outside in."""


@dataclass(frozen=True)
class Explanation:
    """All that looked like a secret, by line, and what was not looked at."""

    candidates: tuple[Candidate, ...]
    skipped: tuple[str, ...]


@open_to_everyone(because="it looks at nothing but what it is given")
def explain(data: bytes, path: str) -> Explanation:
    """What the rules make of a file; its name says what kind of file it is."""
    found = DeepScanner(SecretScanner(rules.shipped())).scan(data, path)
    breaks = [at for at, each in enumerate(data) if each == ord("\n")]

    def line(start: int) -> int:
        return bisect_right(breaks, start - 1) + 1

    candidates = [
        Candidate(
            rule=each.rule.id,
            line=line(each.start),
            preview=masking.masked(each.secret),
            lane=str(each.lane),
            confidence=each.confidence.name.lower(),
            why=tuple(map(_why, each.notes)),
            layers=each.layers,
        )
        for each in found.findings
    ]
    candidates += [
        Candidate(
            rule=each.rule.id,
            line=line(each.start),
            preview=masking.masked(data[each.start : each.end].decode("utf-8", "replace")),
            lane="",
            confidence="",
            why=(_why(each.reason),),
        )
        for each in found.rejections
    ]
    return Explanation(
        tuple(sorted(candidates, key=lambda each: (each.line, not each.lane, each.rule))),
        found.skipped,
    )


@open_to_everyone(because="it only says what codes mean")
def codes() -> list[Why]:
    """Every code there is, and what it means."""
    return [_why(each) for each in SENTENCES]


def _why(code: Reason | Note) -> Why:
    return Why(str(code), SENTENCES[code])
