"""A report as JSON: keys in order, no blanks, UTF-8, one line feed at the end.

Tables stand in files of their own, and here with their columns, number of rows and SHA-256 of their
CSV, so that a report of any size can be read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from appliance.domain.reports import Checkpoint, Report, Result, Table
from appliance.reports.tables import csv_lines

FORMAT = "codara-report-1"


def report_bytes(report: Report) -> bytes:
    """The JSON of a report.

    Errors:
        ReportError: the report contradicts itself.
    """
    report.insist_on_sense()
    return canonical(report_value(report))


def canonical(value: object) -> bytes:
    """A value of dictionaries, lists and plain cells as canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def report_value(report: Report) -> dict[str, Any]:
    """A report as dictionaries and lists."""
    framework = report.framework
    return {
        "format": FORMAT,
        "title": report.title,
        "generator": report.generator,
        "request": _plain(asdict(report.request)),
        "framework": framework
        and {
            "name": framework.name,
            "title": framework.title,
            "edition": framework.edition,
            "source": framework.source,
        },
        "period": {
            "from": moment(report.period.from_at),
            "until": moment(report.period.until_at),
            "start": _checkpoint(report.period.start),
            "end": _checkpoint(report.period.end),
        },
        "results": [_result(result) for result in report.results],
        "tables": [_table(table) for table in report.tables],
        "limits": list(report.limits),
    }


def moment(at: datetime) -> str:
    """A time as RFC 3339 in UTC, to the second.

    Errors:
        ValueError: it has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("A time in a report has a zone.")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _result(result: Result) -> dict[str, Any]:
    value: dict[str, Any] = _plain(asdict(result))
    value["control"] = {"id": result.control.id, "says": result.control.says}
    value["evidence"] = [kind.value for kind in result.control.evidence]
    return value


def _table(table: Table) -> dict[str, Any]:
    digest = hashlib.sha256()
    for line in csv_lines(table):
        digest.update(line)
    return {
        "name": table.name,
        "title": table.title,
        "columns": list(table.columns),
        "rows": len(table.rows),
        "sha256": digest.hexdigest(),
    }


def _checkpoint(checkpoint: Checkpoint | None) -> dict[str, Any] | None:
    return asdict(checkpoint) if checkpoint else None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return moment(value) if isinstance(value, datetime) else value
