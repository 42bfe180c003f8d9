"""Secrets in some bytes: matches of rules, less what is none, each with how sure we are.

The chain: Hyperscan, RE2 in a window, boundary, checksum, entropy and token class, filters,
context. What is turned down keeps its reason, so that one can ask why something was not reported.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from appliance.scanning.secrets import checksums, filters, passwords, places
from appliance.scanning.secrets.filters import Surroundings
from appliance.scanning.secrets.matching import Matcher, Span, Triggers
from appliance.scanning.secrets.reasons import Note, Reason
from appliance.scanning.secrets.rules import Lane, Rule, Ruleset, Severity, Shape

PARTNER_WITHIN_BYTES = 600
BINARY_LOOKED_AT_BYTES = 8000
TOO_MANY_CANDIDATES = "too-many-candidates"


class Confidence(IntEnum):
    """How sure it is that this is a secret that somebody uses."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True)
class Finding:
    """One secret, where it is. Its value is never printed."""

    rule: Rule
    secret: str = field(repr=False)
    start: int
    end: int
    lane: Lane
    severity: Severity
    confidence: Confidence
    notes: tuple[Note, ...] = ()
    layers: tuple[str, ...] = ()
    """Through which decodings it was found, from the outside in; offsets count in the innermost."""


@dataclass(frozen=True)
class Rejection:
    """A match that is no finding, and why."""

    rule: Rule
    start: int
    end: int
    reason: Reason


@dataclass(frozen=True)
class Scanned:
    """What a scan found, turned down, and did not look at."""

    findings: tuple[Finding, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether everything was looked at."""
        return not self.skipped


class SecretScanner:
    """Looks for secrets with one ruleset. Keeps what is compiled of it, and no state of a scan."""

    def __init__(self, ruleset: Ruleset, triggers: Triggers | None = None) -> None:
        self.ruleset = ruleset
        self._matcher = Matcher(ruleset.rules, triggers)

    def compile_all(self) -> None:
        """Compile every rule now: for who parts into processes that would each do it again."""
        self._matcher.compile_all()

    def scan(self, data: bytes, path: str = "") -> Scanned:
        """Everything in some bytes as they are; `path` only says what kind of file they are."""
        matches = self._matcher.find(data)
        if not matches.spans:
            return Scanned(skipped=() if matches.is_complete else (TOO_MANY_CANDIDATES,))
        judge = _Judge(self.ruleset, data, path)
        for span in matches.spans:
            judge.look_at(span)
        return judge.verdict(is_complete=matches.is_complete)


class _Judge:
    """Looks at the matches in one file. Keeps what it found so far, of that file alone."""

    def __init__(self, ruleset: Ruleset, data: bytes, path: str) -> None:
        self._rules = ruleset.rules
        self._data = data
        self._path = path
        self._is_test, self._is_document = places.is_test(path), places.is_document(path)
        self._is_binary = b"\0" in data[:BINARY_LOOKED_AT_BYTES]
        self._seen: set[tuple[int, int, int]] = set()
        self._findings: list[Finding] = []
        self._rejections: list[Rejection] = []

    def look_at(self, span: Span) -> None:
        """Judge one match; the same one comes again where two windows meet."""
        where = (span.rule, span.secret_start, span.secret_end)
        if where in self._seen:
            return
        self._seen.add(where)
        rule = self._rules[span.rule]
        secret = self._data[span.secret_start : span.secret_end].decode("latin-1")
        around = Surroundings(
            path=self._path,
            before=places.before(self._data, span.secret_start),
            after=places.after(self._data, span.secret_end),
            whole=self._data[span.start : span.end].decode("latin-1"),
        )
        reason = self._refused(rule, span, secret, around)
        if reason is not None:
            self._rejections.append(Rejection(rule, span.secret_start, span.secret_end, reason))
            return
        self._findings.append(self._finding(rule, span, secret, around))

    def verdict(self, *, is_complete: bool) -> Scanned:
        """All of it: pairs are joined, and of several rules the most exact one speaks."""
        self._pair_up()
        kept: list[Finding] = []  # In order of place, and none over another.
        for finding in sorted(self._findings, key=_exactness):
            place = bisect(kept, finding.start, key=_start)
            near = kept[max(0, place - 1) : place + 1]
            if any(finding.start < other.end and other.start < finding.end for other in near):
                self._reject(finding, Reason.COVERED)
            else:
                kept.insert(place, finding)
        skipped = () if is_complete else (TOO_MANY_CANDIDATES,)
        return Scanned(tuple(kept), tuple(self._rejections), skipped)

    def _refused(self, rule: Rule, span: Span, secret: str, around: Surroundings) -> Reason | None:
        if self._is_binary and rule.shape is Shape.PASSWORD:
            return Reason.STRUCTURE
        if rule.whole and not places.is_whole(self._data, span.secret_start, span.secret_end):
            return Reason.INSIDE_WORD
        return filters.refuse(rule, secret, around)

    def _finding(self, rule: Rule, span: Span, secret: str, around: Surroundings) -> Finding:
        notes = self._notes(rule, secret, around)
        lane, confidence = _weighed(rule, notes)
        return Finding(
            rule=rule,
            secret=secret,
            start=span.secret_start,
            end=span.secret_end,
            lane=lane,
            severity=rule.severity,
            confidence=confidence,
            notes=tuple(notes),
        )

    def _notes(self, rule: Rule, secret: str, around: Surroundings) -> list[Note]:
        notes = []
        if rule.checksum:
            fits = checksums.KINDS[rule.checksum](secret)
            notes.append(Note.CHECKSUM_FITS if fits else Note.CHECKSUM_DIFFERS)
        if self._is_test:
            notes.append(Note.TEST_PATH)
        elif self._is_document:
            notes.append(Note.DOCUMENT)
        if places.is_comment(around.before):
            notes.append(Note.COMMENT)
        if rule.shape is Shape.URI and passwords.LOCAL_HOST.search(around.whole.rpartition("@")[2]):
            notes.append(Note.LOCAL_HOST)
        return notes

    def _pair_up(self) -> None:
        places_of: dict[str, list[int]] = {}
        for finding in sorted(self._findings, key=_start):
            places_of.setdefault(finding.rule.id, []).append(finding.start)
        paired = []
        for finding in self._findings:
            partners = places_of.get(finding.rule.partner, ())
            if not finding.rule.partner:
                paired.append(finding)
            elif _is_near(finding.start, partners):
                paired.append(replace(finding, notes=(*finding.notes, Note.PARTNER)))
            else:
                self._reject(finding, Reason.NO_PARTNER)
        self._findings = paired

    def _reject(self, finding: Finding, reason: Reason) -> None:
        self._rejections.append(Rejection(finding.rule, finding.start, finding.end, reason))


def _weighed(rule: Rule, notes: Sequence[Note]) -> tuple[Lane, Confidence]:
    """In which lane a match belongs, and how sure it is."""
    if Note.CHECKSUM_FITS in notes:
        return rule.lane, Confidence.HIGH
    if Note.CHECKSUM_DIFFERS in notes and rule.is_certain:
        return Lane.REVIEW, Confidence.LOW
    level = Confidence.MEDIUM if rule.named or rule.shape in OPEN_TO_DOUBT else Confidence.HIGH
    doubts = sum(note in DOUBTS for note in notes)
    if rule.shape is Shape.ARMOUR and Note.TEST_PATH in notes:
        return Lane.REVIEW, Confidence.MEDIUM
    return rule.lane, Confidence(max(Confidence.LOW, level - doubts))


OPEN_TO_DOUBT = frozenset({Shape.PASSWORD, Shape.URI, Shape.JWT})
DOUBTS = frozenset(
    {Note.CHECKSUM_DIFFERS, Note.TEST_PATH, Note.DOCUMENT, Note.COMMENT, Note.LOCAL_HOST}
)


def _start(finding: Finding) -> int:
    return finding.start


def _is_near(start: int, partners: Sequence[int]) -> bool:
    """Whether one of these places, which are in order, is near."""
    first = bisect(partners, start - PARTNER_WITHIN_BYTES - 1)
    return first < len(partners) and partners[first] <= start + PARTNER_WITHIN_BYTES


def _exactness(finding: Finding) -> tuple[object, ...]:
    """The most exact one first."""
    rule = finding.rule
    return (
        rule.shape is Shape.PASSWORD,
        rule.named,
        finding.lane is not Lane.BLOCK,
        Note.PARTNER not in finding.notes and bool(rule.partner),
        finding.start - finding.end,
        rule.id,
    )
