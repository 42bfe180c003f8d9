"""Reports of other tools are read without trust, and limits are said."""

from __future__ import annotations

import gzip
import json

import pytest

from appliance.domain.alerts import AlertKind, Confidence, Severity
from appliance.errors import InvalidError
from appliance.scanning import sarif, sarif_writing
from appliance.scanning.sarif_writing import Told

RULE = {"id": "sql", "shortDescription": {"text": "SQL from strings"}}


def place(uri="src/a.py", line=3, **more: object):
    where = {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}
    return {"physicalLocation": where | more}


def result(**more: object):
    return {"ruleId": "sql", "message": {"text": "Bad."}, "locations": [place()]} | more


def report(*results: object, rules=(RULE,), **run: object):
    driver = {"name": "tool", "rules": list(rules)}
    one = {"tool": {"driver": driver}, "results": list(results)} | run
    return json.dumps({"version": "2.1.0", "runs": [one]}).encode()


def read(*results: object, **more: object):
    return sarif.read(report(*results, **more))[0]


def refused(data, *words: str):
    with pytest.raises(InvalidError) as found:
        sarif.read(data)
    said = str(found.value.problems[0].message if hasattr(found.value, "problems") else found.value)
    assert all(each in said for each in words)


def test_a_report_is_read_packed_or_not():
    data = report(result(), automationDetails={"id": "nightly/"})

    (run,) = sarif.read(gzip.compress(data))
    assert sarif.read(data) == (run,)
    assert (run.tool, run.category, len(run.results)) == ("tool", "nightly", 1)
    assert run.results[0].rule.title == "SQL from strings"
    assert (run.results[0].places[0].path, run.results[0].places[0].line) == (b"src/a.py", 3)


@pytest.mark.parametrize(
    ("properties", "level", "severity", "confidence"),
    [
        ({"security-severity": "9.8"}, "note", Severity.CRITICAL, Confidence.MEDIUM),
        ({"security-severity": 7}, "note", Severity.HIGH, Confidence.MEDIUM),
        ({"security-severity": "NaN"}, "error", Severity.HIGH, Confidence.MEDIUM),
        ({"precision": "very-high"}, "warning", Severity.MEDIUM, Confidence.HIGH),
        ({"precision": "low"}, "note", Severity.LOW, Confidence.LOW),
    ],
)
def test_how_bad_and_how_sure(properties, level, severity, confidence):
    found = read(result(level=level), rules=[RULE | {"properties": properties}]).results[0]

    assert (found.severity, found.rule.confidence) == (severity, confidence)


@pytest.mark.parametrize("more", [{"kind": "pass"}, {"level": "none"}, {"baselineState": "absent"}])
def test_what_is_no_finding_is_left_out(more):
    assert read(result(**more)).results == ()


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("./src/a%20b.py", b"src/a b.py"),
        ("file:///src/a.py", b"src/a.py"),
        ("src\\a.py", b"src/a.py"),
        ("src/../../etc/passwd", None),
        ("..", None),
        ("%00", None),
        ("https://elsewhere.example/a.py", None),
        ("", None),
    ],
)
def test_places_are_within_the_repository(uri, path):
    run = read(result(locations=[place(uri)]))

    assert [each.places[0].path for each in run.results] == ([] if path is None else [path])
    assert len(run.skipped) == (path is None)


def test_places_may_be_named_by_index_and_base():
    artifacts = [{"location": {"uri": "file:///builds/notes/b.py", "uriBaseId": "ROOT"}}]
    where = {"physicalLocation": {"artifactLocation": {"index": 0}}}
    bases = {"ROOT": {"uri": "file:///builds/notes/"}}
    run = read(result(locations=[where]), artifacts=artifacts, originalUriBaseIds=bases)

    assert run.results[0].places[0].path == b"b.py"


def test_what_a_tool_does_not_tell_is_no_snippet():
    region = {"startLine": 1, "snippet": {"text": "requires login"}}
    run = read(result(locations=[place(region=region)]))

    assert run.results[0].places[0].snippet == ""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"[]", "not JSON"),
        (b"[" * 100_000, "nested"),
        (b'{"a":' * 50_000, "nested"),
        (b'{"version": "2.0.0", "runs": []}', "2.1.0"),
        (b'{"version": "2.1.0", "runs": [1]}', "runs"),
        (b'{"version": "2.1.0", "runs": {"a": 1}}', "runs"),
        (b'{"version": "2.1.0", "runs": [' + b"{}," * 20 + b"{}]}", "more than 20"),
        (b"[" + b"0," * sarif.MOST_PARTS + b"0]", "too many values"),
        (gzip.compress(b"{}")[:-4], "unpacked"),
        (sarif.GZIP + b"nothing", "unpacked"),
        (report(result(ruleId=3)), "ruleId"),
        (report(result(), rules=[RULE | {"properties": {"tags": ["t"] * 21}}]), "more than 20"),
        (report(result(locations=[{}] * 1001)), "more than 1000"),
        (report(*[{}] * 25_001), "more than 25000"),
        (report(rules=[{}] * 25_001), "more than 25000"),
        (
            report(result(codeFlows=[{"threadFlows": [{"locations": [{}] * 6000}] * 2}])),
            "more than 10000",
        ),
    ],
    ids=range(17),
)
def test_what_is_hostile_or_too_much_is_refused(data, words):
    refused(data, words)


def test_a_bomb_is_never_unpacked_whole():
    refused(gzip.compress(b" " * (sarif.MOST_BYTES + 1), 1), "unpacked")


def test_a_report_of_ours_is_read_again():
    told = Told(
        *(AlertKind.SECRET, 7, "token", "Token", "Revoke it.", Severity.HIGH, Confidence.LOW),
        *("f" * 64, "src/ä b.py".encode(), 3, None, "wont_fix"),
    )
    data = json.dumps(sarif_writing.report([told], version="1")).encode()

    (run,) = sarif.read(data)
    (found,) = run.results
    assert run.category == "codara/secret"
    assert (found.rule.id, found.severity, found.rule.confidence) == (
        *("token", Severity.HIGH, Confidence.LOW),
    )
    assert (found.places[0].path, found.places[0].line) == ("src/ä b.py".encode(), 3)
