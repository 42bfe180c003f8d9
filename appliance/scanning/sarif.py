"""Reports of other tools: SARIF 2.1.0, read without trust. Bytes in, results out.

What a report calls the identity of a result is not believed: some tools say the same of all.

Source: SARIF 2.1.0 (OASIS), sections 3.14 runs, 3.27 results, 3.49 rules.
"""

from __future__ import annotations

import base64
import binascii
import json
import posixpath
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from appliance.domain.alerts import Confidence, Severity
from appliance.errors import InvalidError, Sentence, sentence
from appliance.scanning import records
from appliance.scanning.records import RecordError

MOST_PACKED_BYTES = 10 * 1024 * 1024
MOST_BYTES = 64 * 1024 * 1024
MOST_PARTS = 4_000_000
"""Values in a report, as brackets and commas count them: memory follows their number."""
MOST_RUNS = 20
MOST_RESULTS = MOST_RULES = 25_000
MOST_LOCATIONS = 1000
MOST_FLOW_LOCATIONS = 10_000
MOST_TAGS = 20
LARGEST_LINE = 2**31 - 1
GZIP = b"\x1f\x8b"
NOT_TOLD = "requires login"
"""What one tool says instead of the code, unless it may ask its maker."""
PRECISIONS = {
    "very-high": Confidence.HIGH,
    "high": Confidence.HIGH,
    "medium": Confidence.MEDIUM,
    "low": Confidence.LOW,
}
LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW}
SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Lines of a file; without a line the file as a whole."""

    path: bytes
    line: int | None = None
    end_line: int | None = None
    snippet: str = ""


@dataclass(frozen=True)
class Rule:
    """What a tool looks for."""

    id: str
    title: str = ""
    cure: str = ""
    url: str = ""
    level: str = "warning"
    score: float | None = None
    confidence: Confidence = Confidence.MEDIUM
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """Something that a tool found. The first place is where it is."""

    rule: Rule
    message: str
    severity: Severity
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Run:
    """What one tool said of one part of the code."""

    tool: str
    version: str
    category: str
    results: tuple[Result, ...]
    skipped: tuple[dict[str, str], ...] = field(default=())
    """Results without a place in the repository, and why."""


def from_base64(text: str) -> bytes:
    """A report as it comes to GitHub's address: gzip, then base64.

    Errors:
        InvalidError: it is not that.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong(sentence("The report is not base64.")) from error


def read(data: bytes) -> tuple[Run, ...]:
    """The runs of a report, packed with gzip or not.

    Errors:
        InvalidError: it is no SARIF 2.1.0, or over a limit.
    """
    text = _unpacked(data) if data.startswith(GZIP) else data
    if len(text) > MOST_BYTES:
        raise _too_large()
    if sum(map(text.count, (b",", b"[", b"{"))) > MOST_PARTS:
        raise _wrong(sentence("The report has too many values. Split it."))
    try:
        report = records.mapping(json.loads(text), "report")
    except (ValueError, RecursionError, RecordError) as error:
        raise _wrong(sentence("The report is not JSON, or nested too deep.")) from error
    if report.get("version") != "2.1.0":
        raise _wrong(sentence("The report is not SARIF 2.1.0: its `version` says otherwise."))
    try:
        return tuple(_run(each) for each in _some(report, "runs", MOST_RUNS))
    except (RecordError, RecursionError) as error:
        name = error.field if isinstance(error, RecordError) else "result"
        said = sentence("The report is wrong at `%(field)s`.", field=name)
        raise _wrong(said) from error


def _unpacked(data: bytes) -> bytes:
    if len(data) > MOST_PACKED_BYTES:
        raise _too_large()
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        text = stream.decompress(data, MOST_BYTES + 1)
    except zlib.error as error:
        raise _wrong(sentence("The report cannot be unpacked.")) from error
    if len(text) > MOST_BYTES:
        raise _too_large()
    if not stream.eof:
        raise _wrong(sentence("The report cannot be unpacked."))
    return text


def _run(run: Row) -> Run:
    driver = _mapping(_mapping(run, "tool"), "driver")
    rules = _rules(run)
    results: list[Result] = []
    skipped: list[dict[str, str]] = []
    for each in _some(run, "results", MOST_RESULTS):
        if each.get("kind", "fail") != "fail" or each.get("baselineState") == "absent":
            continue
        rule = _rule_of(each, rules)
        level = _word(each, "level") or rule.level
        if level == "none" and rule.score is None:
            continue
        places = tuple(_places(run, each))
        if not places:
            skipped.append({"path": "", "why": "no-place", "rule": rule.id[:255]})
            continue
        message = _word(_mapping(each, "message"), "text") or rule.title or rule.id
        results.append(Result(rule, message, _severity(rule, level), places))
    return Run(
        _word(driver, "name"),
        _word(driver, "semanticVersion") or _word(driver, "version"),
        _word(_mapping(run, "automationDetails"), "id").rstrip("/"),
        tuple(results),
        tuple(skipped),
    )


Rules = Mapping[tuple[int, int | str], Rule]
"""By component (-1 is the driver), and index or id."""


def _rules(run: Row) -> Rules:
    tool = _mapping(run, "tool")
    found: dict[tuple[int, int | str], Rule] = {}
    components = [(-1, _mapping(tool, "driver")), *enumerate(_some(tool, "extensions", 1000))]
    count = 0
    for component, row in components:
        for index, each in enumerate(_some(row, "rules", MOST_RULES)):
            count += 1
            rule = _rule(each)
            found[component, index] = rule
            found.setdefault((component, rule.id), rule)
    if count > MOST_RULES:
        raise _too_many("rules", MOST_RULES)
    return found


def _rule(row: Row) -> Rule:
    more = _mapping(row, "properties")
    tags = tuple(str(each)[:255] for each in _list(more, "tags", MOST_TAGS))
    short = _word(_mapping(row, "shortDescription"), "text")
    full = _word(_mapping(row, "fullDescription"), "text")
    return Rule(
        id=_word(row, "id"),
        title=short or full or _word(row, "name"),
        cure=_word(_mapping(row, "help"), "text") or full,
        url=_word(row, "helpUri"),
        level=_word(_mapping(row, "defaultConfiguration"), "level") or "warning",
        score=_score(more.get("security-severity")),
        confidence=PRECISIONS.get(_word(more, "precision"), Confidence.MEDIUM),
        tags=tags,
    )


def _rule_of(result: Row, rules: Rules) -> Rule:
    said = _mapping(result, "rule")
    component = _number(_mapping(said, "toolComponent").get("index"))
    component = -1 if component is None else component
    index = _number(result.get("ruleIndex", said.get("index")))
    name = _word(result, "ruleId") or _word(said, "id")
    if index is not None and (component, index) in rules:
        return rules[component, index]
    short = name.rpartition("/")[0]  # A result may name a part of its rule.
    for each in (name, short):
        if (component, each) in rules:
            return rules[component, each]
    if not name:
        raise RecordError("ruleId")
    return Rule(name)


def _severity(rule: Rule, level: str) -> Severity:
    if rule.score is None:
        return LEVELS.get(level, Severity.UNKNOWN)
    for least, severity in SCORES:
        if rule.score >= least:
            return severity
    return Severity.LOW if rule.score > 0 else Severity.UNKNOWN


def _score(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found <= 10 else None  # noqa: PLR2004 - what CVSS goes to.


def _places(run: Row, result: Row) -> Iterator[Place]:
    _count_flows(result)
    for each in _some(result, "locations", MOST_LOCATIONS):
        place = _mapping(each, "physicalLocation")
        path = _path(run, _mapping(place, "artifactLocation"))
        if path is None:
            continue
        region = _mapping(place, "region")
        line = _line(region.get("startLine"))
        end = _line(region.get("endLine"))
        snippet = _word(_mapping(region, "snippet"), "text")
        if snippet.strip() == NOT_TOLD:
            snippet = ""
        yield Place(path, line, max(end or 0, line or 0) or None, snippet)


def _count_flows(result: Row) -> None:
    count = 0
    for flow in _some(result, "codeFlows", MOST_FLOW_LOCATIONS):
        for thread in _some(flow, "threadFlows", MOST_FLOW_LOCATIONS):
            count += len(_list(thread, "locations", MOST_FLOW_LOCATIONS))
    if count > MOST_FLOW_LOCATIONS:
        raise _too_many("threadFlows", MOST_FLOW_LOCATIONS)


def _path(run: Row, artifact: Row) -> bytes | None:
    """Within the repository; None where it is outside of it, or nowhere."""
    if "uri" not in artifact and (index := _number(artifact.get("index"))) is not None:
        artifacts = _list(run, "artifacts", 1_000_000)
        row = artifacts[index] if 0 <= index < len(artifacts) else {}
        artifact = _mapping(records.mapping(row, "artifacts"), "location")
    uri = _word(artifact, "uri")
    base = _mapping(_mapping(run, "originalUriBaseIds"), _word(artifact, "uriBaseId"))
    for start in (_word(base, "uri"), "file://"):
        uri = uri.removeprefix(start) if start else uri
    if not uri or "://" in uri:
        return None
    path = posixpath.normpath(unquote_to_bytes(uri.replace("\\", "/")).lstrip(b"/"))
    is_outside = path in {b".", b".."} or path.startswith(b"../") or b"\0" in path
    return None if is_outside or len(path) > records.LONGEST_TEXT else path


def _line(value: object) -> int | None:
    found = _number(value)
    return found if found is not None and 0 < found <= LARGEST_LINE else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _word(row: Row, name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RecordError(name)
    return value


def _mapping(row: Row, name: str) -> Row:
    value = row.get(name)
    return {} if value is None else records.mapping(value, name)


def _list(row: Row, name: str, most: int) -> list[Any]:
    value = row.get(name)
    if isinstance(value, list) and len(value) > most:
        raise _too_many(name, most)
    return records.items(row, name, most)


def _some(row: Row, name: str, most: int) -> Iterator[Row]:
    for each in _list(row, name, most):
        yield records.mapping(each, name)


def _too_many(name: str, most: int) -> InvalidError:
    return _wrong(sentence("The report has more than %(most)s `%(field)s`.", most=most, field=name))


def _too_large() -> InvalidError:
    return _wrong(
        sentence(
            "The report is over %(packed)s MB packed or %(plain)s MB unpacked.",
            packed=MOST_PACKED_BYTES // 2**20,
            plain=MOST_BYTES // 2**20,
        )
    )


def _wrong(said: Sentence) -> InvalidError:
    return InvalidError.of("sarif", said)
