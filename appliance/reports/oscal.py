"""A report as OSCAL assessment results (NIST, 1.2.1): valid, whole, and the same every time.

OSCAL knows two states of a finding. A control that does not apply, or was not evaluated, has no
finding: the result names it as a property in our namespace, with why in its remarks. Both kinds of
findings are there, not the failures only. Ids are UUIDs of version 5 from the report's id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from appliance.domain.reports import Report, ReportError, Result, State, Table
from appliance.reports.canonical import canonical, moment, report_bytes
from appliance.reports.tables import csv_lines

VERSION = "1.2.1"
NAMESPACE = "urn:codara:report"
FOUND = frozenset({State.SATISFIED, State.NOT_SATISFIED})
Value = dict[str, Any]


def oscal_bytes(report: Report) -> bytes:
    """The assessment results of a report about a framework, as canonical JSON.

    Errors:
        ReportError: the report contradicts itself, has no results, or refers to what is not there.
    """
    report.insist_on_sense()
    if not report.results:
        raise ReportError("A report without controls has no assessment results.")
    document = _document(report)
    insist_on_references(document)
    return canonical(document)


def insist_on_references(document: Mapping[str, Any]) -> None:
    """Insist on what no schema checks: ids that are there, once, and times in order.

    Errors:
        ReportError: something is missing, there twice, or ends before it begins.
    """
    body = document["assessment-results"]
    ids = list(_ids(body))
    if len(set(ids)) < len(ids):
        raise ReportError("An id is there twice.")
    resources = {resource["uuid"] for resource in body["back-matter"]["resources"]}
    dangling = [link for link in _links(body) if link.removeprefix("#") not in resources]
    for result in body["results"]:
        known = {each["uuid"] for each in result.get("observations", ())}
        dangling += [each for each in _observed(result) if each not in known]
        if result["start"] >= result["end"]:
            raise ReportError("The assessment ends before it begins.")
    if dangling:
        raise ReportError(f"{dangling[0]} is referred to and not there.")


def _document(report: Report) -> Value:
    made = moment(report.request.asked_at)
    return {
        "assessment-results": {
            "uuid": _id(report, "document"),
            "metadata": {
                "title": report.title,
                "last-modified": made,
                "version": str(report.period.end.size),
                "oscal-version": VERSION,
                "props": [_property("generator", report.generator)],
            },
            "import-ap": {"href": f"#{_id(report, 'resource', 'request')}"},
            "results": [_assessment(report)],
            "back-matter": {"resources": list(_resources(report))},
        }
    }


def _assessment(report: Report) -> Value:
    found = [result for result in report.results if result.state in FOUND]
    left = [result for result in report.results if result.state not in FOUND]
    value: Value = {
        "uuid": _id(report, "result"),
        "title": report.title,
        "description": "What the appliance found by itself, up to a checkpoint of its log.",
        "start": moment(report.period.from_at),
        "end": moment(report.period.until_at),
        "props": [_property("log-size", str(report.period.end.size))]
        + [_property("log-root", report.period.end.root_hex)]
        + [_property(each.state.value, each.control.token, each.why) for each in left],
        "reviewed-controls": {
            "control-selections": [
                {
                    "include-controls": [
                        {"control-id": each.control.token} for each in report.results
                    ]
                }
            ]
        },
    }
    if found:
        value["observations"] = [_observation(report, each) for each in found]
        value["findings"] = [_finding(report, each) for each in found]
    if report.limits:
        value["remarks"] = "\n".join(report.limits)
    return value


def _observation(report: Report, result: Result) -> Value:
    value: Value = {
        "uuid": _id(report, "observation", result.control.token),
        "title": result.control.id,
        "description": result.procedure,
        "methods": ["TEST" if result.query else "EXAMINE"],
        "collected": moment(report.request.asked_at),
    }
    if facts := [*_facts(result)]:
        value["props"] = facts
    evidence = [
        {"href": f"#{_id(report, 'resource', name)}", "description": f"{name}.csv"}
        for name in result.tables
    ]
    return {**value, "relevant-evidence": evidence} if evidence else value


def _facts(result: Result) -> Iterator[Value]:
    if result.count is not None:
        yield _property("population", str(result.count.population), result.count.source)
        if result.count.second is not None:
            second = result.count.second_source or None
            yield _property("second-source-count", str(result.count.second), second)
    if result.sample is not None:
        yield _property("sample-seed", result.sample.seed_hex)
        yield _property("sample-size", str(len(result.sample.indices)))


def _finding(report: Report, result: Result) -> Value:
    token = result.control.token
    return {
        "uuid": _id(report, "finding", token),
        "title": result.control.id,
        "description": result.why,
        "target": {
            "type": "objective-id",
            "target-id": token,
            "description": result.control.says,
            "status": {"state": result.state.value},
        },
        "related-observations": [{"observation-uuid": _id(report, "observation", token)}],
    }


def _resources(report: Report) -> Iterator[Value]:
    yield {
        "uuid": _id(report, "resource", "request"),
        "title": "What was asked",
        "description": f"{report.request.type}, report {report.request.id}",
        "rlinks": [_file("report.json", [report_bytes(report)])],
    }
    for table in report.tables:
        yield _table(report, table)


def _table(report: Report, table: Table) -> Value:
    return {
        "uuid": _id(report, "resource", table.name),
        "title": table.title,
        "rlinks": [_file(f"{table.name}.csv", csv_lines(table))],
    }


def _file(path: str, content: Iterable[bytes]) -> Value:
    digest = hashlib.sha256()
    for part in content:
        digest.update(part)
    return {"href": path, "hashes": [{"algorithm": "SHA-256", "value": digest.hexdigest()}]}


def _property(name: str, value: str, remarks: str | None = None) -> Value:
    stated: Value = {"name": name, "ns": NAMESPACE, "value": value}
    return {**stated, "remarks": remarks} if remarks else stated


def _id(report: Report, *words: str) -> str:
    root: UUID = uuid5(NAMESPACE_URL, f"{NAMESPACE}:{report.request.id}")
    return str(uuid5(root, "/".join(words)))


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "uuid" in value:
            yield value["uuid"]
        for each in value.values():
            yield from _ids(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ids(each)


def _links(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        href = value.get("href", "")
        if href.startswith("#"):
            yield href
        for each in value.values():
            yield from _links(each)
    elif isinstance(value, list):
        for each in value:
            yield from _links(each)


def _observed(result: Mapping[str, Any]) -> Iterator[str]:
    for finding in result.get("findings", ()):
        for related in finding["related-observations"]:
            yield related["observation-uuid"]
