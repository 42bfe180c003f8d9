"""Alerts as a report for other tools: SARIF 2.1.0, one run for each kind.

Source: SARIF 2.1.0 (OASIS), sections 3.14 runs, 3.27 results, 3.35 suppressions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

from appliance.domain.alerts import AlertKind, Confidence, Severity

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "codaraAlert/v1"
LEVELS = {
    Severity.CRITICAL: ("error", "9.5"),
    Severity.HIGH: ("error", "8.0"),
    Severity.MEDIUM: ("warning", "5.5"),
    Severity.LOW: ("note", "2.0"),
    Severity.UNKNOWN: ("warning", ""),
}


@dataclass(frozen=True)
class Told:
    """What a report says of an alert. Of a secret it has no more than lists show."""

    kind: AlertKind
    number: int
    rule: str
    title: str
    cure: str
    severity: Severity
    confidence: Confidence
    identity: str
    path: bytes
    line: int | None
    end_line: int | None
    dismissed_as: str = ""
    """Why somebody lives with it; empty: nobody does."""


def report(alerts: Iterable[Told], *, version: str) -> dict[str, Any]:
    """The report of some alerts."""
    kinds: dict[AlertKind, list[Told]] = {}
    for each in alerts:
        kinds.setdefault(each.kind, []).append(each)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [_run(kind, some, version) for kind, some in sorted(kinds.items())],
    }


def _run(kind: AlertKind, some: list[Told], version: str) -> dict[str, Any]:
    firsts: dict[str, Told] = {}
    for each in some:
        firsts.setdefault(each.rule, each)
    places = {rule: index for index, rule in enumerate(firsts)}
    driver = {
        "name": "Codara",
        "version": version,
        "rules": [_rule(each) for each in firsts.values()],
    }
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"codara/{kind}/"},
        "results": [_result(each, places[each.rule]) for each in some],
    }


def _rule(first: Told) -> dict[str, Any]:
    level, score = LEVELS[first.severity]
    properties = {"tags": ["security"], "precision": str(first.confidence)}
    rule = {
        "id": first.rule,
        "shortDescription": {"text": first.title or first.rule},
        "defaultConfiguration": {"level": level},
        "properties": properties | ({"security-severity": score} if score else {}),
    }
    return rule | ({"help": {"text": first.cure}} if first.cure else {})


def _result(alert: Told, rule_index: int) -> dict[str, Any]:
    result = {
        "ruleId": alert.rule,
        "ruleIndex": rule_index,
        "level": LEVELS[alert.severity][0],
        "message": {"text": alert.title or alert.rule},
        "locations": [_location(alert)] if alert.path else [],
        "partialFingerprints": {FINGERPRINT: alert.identity},
        "properties": {"alert": alert.number},
    }
    if alert.dismissed_as:
        suppression = {"kind": "external", "justification": alert.dismissed_as}
        result["suppressions"] = [suppression]
    return result


def _location(alert: Told) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote_from_bytes(alert.path)}}
    if alert.line:
        region = {"startLine": alert.line, "endLine": max(alert.end_line or 0, alert.line)}
        place["region"] = region
    return {"physicalLocation": place}
