"""Reads what semgrep and OpenGrep say, and makes sightings of it.

Without a login both say "requires login" where a fingerprint and the lines should be, so identity
and preview are made here, from the file itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.domain import alert_identity
from appliance.domain.alerts import LONGEST_PREVIEW, AlertKind, Lane, Sighting
from appliance.scanning.code.files import Skipped, SourceFile
from appliance.scanning.code.rules import CodeRule

MOST_FOUND_IN_A_FILE = 500
_WHY = (
    ("timeout", Skipped.TOOK_TOO_LONG),
    ("fixpoint", Skipped.TOOK_TOO_LONG),
    ("memory", Skipped.TOO_MUCH_MEMORY),
    ("stack overflow", Skipped.TOO_DEEP),
    ("pars", Skipped.NOT_READ),
    ("lexical", Skipped.NOT_READ),
    ("syntax", Skipped.NOT_READ),
)


class UnreadableError(ValueError):
    """The program has said nothing that can be read."""


@dataclass(frozen=True)
class Found:
    """A weakness: which, and in which lines of which file. Lines count from 1."""

    rule: str
    file: SourceFile
    line: int
    end_line: int


@dataclass(frozen=True)
class Result:
    """What the program found, and which files it has not looked at, or not whole."""

    found: tuple[Found, ...] = ()
    skipped: Mapping[bytes, Skipped] = field(default_factory=dict)


def read(said: bytes, placed: Mapping[str, SourceFile]) -> Result:
    """What the program said of the files that were laid out.

    Errors:
        UnreadableError: it is not what it says when it has done its work.
    """
    try:
        answer = json.loads(said)
        found = tuple(dict.fromkeys(_found(answer["results"], placed)))
        skipped = dict(_skipped(answer, placed))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnreadableError from error
    return Result(found, skipped)


def _found(
    results: Iterable[Mapping[str, Any]], placed: Mapping[str, SourceFile]
) -> Iterator[Found]:
    counts: Counter[bytes] = Counter()
    for each in results:
        file = placed.get(_name(each["path"]))
        # Before the rule's id stands the path of its file.
        rule = str(each["check_id"]).rpartition(".")[2]
        if file is None or counts[file.path] >= MOST_FOUND_IN_A_FILE:
            continue
        counts[file.path] += 1
        line, end = int(each["start"]["line"]), int(each["end"]["line"])
        yield Found(rule, file, line, max(line, end))


def _skipped(
    answer: Mapping[str, Any], placed: Mapping[str, SourceFile]
) -> Iterator[tuple[bytes, Skipped]]:
    scanned = {_name(each) for each in answer["paths"]["scanned"]}
    for name, file in placed.items():
        if name not in scanned:
            yield file.path, Skipped.NOT_READ
    for error in answer["errors"]:
        name = _name(error.get("path") or "")
        if name in placed:
            yield placed[name].path, _why(error)


def _why(error: Mapping[str, Any]) -> Skipped:
    words = f"{error.get('type')} {error.get('message')}".lower()
    return next((why for word, why in _WHY if word in words), Skipped.PROGRAM_FAILED)


def _name(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def sightings(
    found: Iterable[Found], rules: Mapping[str, CodeRule], *, category: str = ""
) -> list[Sighting]:
    """What was found, as alerts are made of it.

    It goes by lines, so that ordinals are the same whatever order the program has.
    """
    counts: Counter[tuple[bytes, str, bytes]] = Counter()
    lines: dict[bytes, Sequence[str]] = {}
    seen = []
    for each in sorted(found, key=lambda one: (one.file.path, one.line, one.end_line, one.rule)):
        rule = rules.get(each.rule)
        if rule is None:
            continue
        path = each.file.path
        if path not in lines:
            lines[path] = each.file.content.decode("utf-8", "replace").split("\n")
        matched = "\n".join(lines[path][each.line - 1 : each.end_line])
        key = path, rule.id, alert_identity.normalised(matched)
        seen.append(_sighting(each, rule, matched, counts[key], category))
        counts[key] += 1
    return seen


def _sighting(found: Found, rule: CodeRule, matched: str, ordinal: int, category: str) -> Sighting:
    title, _, cure = rule.message.partition(". ")
    return Sighting(
        kind=AlertKind.CODE,
        rule=rule.id,
        title=title.rstrip("."),
        identity=alert_identity.of_code(found.file.path, rule.id, matched, ordinal),
        identity_version=alert_identity.VERSION,
        severity=rule.severity,
        confidence=rule.confidence,
        lane=Lane.REVIEW,
        cure=cure,
        preview=" ".join(matched.split())[:LONGEST_PREVIEW],
        object_id=found.file.object_id,
        path=found.file.path,
        line=found.line,
        end_line=found.end_line,
        detail={"cwe": rule.cwe, "owasp": rule.owasp, "category": category},
    )
