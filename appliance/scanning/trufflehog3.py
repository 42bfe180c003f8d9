"""Reports of trufflehog3, read without trust: JSON in, what it takes for secrets out.

Neither its lines nor its commits are believed: of a history it counts in patches, and compares
commits that are neighbours in the log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from appliance.domain.alerts import Confidence, Severity
from appliance.errors import InvalidError, Sentence, sentence
from appliance.scanning import records, sarif
from appliance.scanning.records import RecordError

TOOL = "trufflehog3"
MOST_ISSUES = 100_000
LONGEST_SECRET = 10_000
LONGEST_PATH = 4096
COMMIT_DIGITS = 40
BY_CHANCE = "high-entropy"
"""Its rule for whatever looks drawn by chance, which is nearly all that it reports."""
SEVERITIES = {"high": Severity.HIGH, "medium": Severity.MEDIUM, "low": Severity.LOW}


@dataclass(frozen=True)
class Issue:
    """What it takes for a secret. The value is never printed."""

    rule: str
    title: str
    severity: Severity
    confidence: Confidence
    path: bytes
    commit: str
    """As it says; empty for the files as they are now."""
    secret: str = field(repr=False)


def read(data: bytes) -> tuple[Issue, ...]:
    """What a report says, each once.

    Errors:
        InvalidError: it is no such report, or over a limit. No value is in the message.
    """
    if len(data) > sarif.MOST_BYTES or sum(map(data.count, (b",", b"["))) > sarif.MOST_PARTS:
        raise _wrong(sentence("The report is too large. Split it."))
    try:
        rows = records.items({"report": json.loads(data)}, "report", MOST_ISSUES)
        return tuple(dict.fromkeys(map(_issue, rows)))
    except RecordError as error:
        raise _wrong(sentence("The report is wrong at `%(field)s`.", field=error.field)) from None
    except (ValueError, RecursionError):
        raise _wrong(sentence("The report is not JSON, or nested too deep.")) from None


def _issue(value: Any) -> Issue:
    row = records.mapping(value, "report")
    rule = records.mapping(row.get("rule"), "rule")
    name, path = records.text(rule, "id")[:200], records.text(row, "path")
    secret, commit = records.text(row, "secret"), row.get("commit") or ""
    if not path or len(path) > LONGEST_PATH or "\0" in path:
        raise RecordError("path")
    if not secret or len(secret) > LONGEST_SECRET:
        raise RecordError("secret")
    if not isinstance(commit, str) or not _is_commit(commit):
        raise RecordError("commit")
    return Issue(
        rule=name,
        title=records.maybe(rule, "message")[:200] or name,
        severity=SEVERITIES.get(records.maybe(rule, "severity").lower(), Severity.LOW),
        confidence=Confidence.LOW if name == BY_CHANCE else Confidence.MEDIUM,
        path=path.encode("utf-8", "surrogatepass"),
        commit=commit,
        secret=secret,
    )


def _is_commit(text: str) -> bool:
    return not text or (len(text) == COMMIT_DIGITS and not set(text) - set("0123456789abcdef"))


def _wrong(message: Sentence) -> InvalidError:
    return InvalidError.of("report", message)
