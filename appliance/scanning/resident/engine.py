"""All rules, ready: those that may stop a push apart from those that are for looking at later."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from appliance.scanning.resident import compiled, objects, wire
from appliance.scanning.resident.objects import BrokenStreamError, Stretch
from appliance.scanning.resident.wire import Answer, Hit, Question, Skipped
from appliance.scanning.secrets import masking, rule_shapes, rules
from appliance.scanning.secrets.deep import DeepScanner
from appliance.scanning.secrets.matching import Triggers, best_triggers
from appliance.scanning.secrets.rules import Lane, Rule, Ruleset, Severity
from appliance.scanning.secrets.scanner import Finding, Scanned, SecretScanner

OWN_TOKEN = "codara-token"  # noqa: S105 - the name of a rule.
TOO_LARGE = "too-large-to-decode"
TOO_MUCH = "too-many-secrets"
BROKEN = "cannot-be-read"
DEEP_BYTES = 32 * 1024 * 1024
MESSAGE = {"commit": "commit message", "tag": "tag message"}
"""Where something is that is in no file."""


class JoinedTriggers:
    """Several sets of rules as one, in their order. Keeps no state of a scan."""

    def __init__(self, *parts: tuple[Triggers, int]) -> None:
        self._parts = parts

    def windows(self, data: bytes) -> tuple[dict[int, list[tuple[int, int]]], bool]:
        """Those of each, numbered on."""
        found: dict[int, list[tuple[int, int]]] = {}
        first, is_complete = 0, True
        for triggers, count in self._parts:
            some, is_all = triggers.windows(data)
            found |= {first + number: stretches for number, stretches in some.items()}
            first += count
            is_complete = is_complete and is_all
        return found, is_complete


@dataclass(frozen=True)
class Engine:
    """The rules and what is compiled of them."""

    blocking: Ruleset
    reviewing: Ruleset
    blocks: Triggers
    reviews: Triggers
    usual: SecretScanner
    """For rules that may stop a push, which nearly every question is about."""

    @classmethod
    def load(cls, folder: Path) -> Engine:
        """From the rules that come with the appliance; what is compiled of them is in a folder."""
        shipped = rules.shipped()
        blocking, reviewing = shipped.only(Lane.BLOCK), shipped.only(Lane.REVIEW)
        blocks = compiled.triggers(blocking.rules, folder)
        usual = SecretScanner(blocking, blocks)
        usual.compile_all()
        reviews = compiled.triggers(reviewing.rules, folder)
        return cls(blocking, reviewing, blocks, reviews, usual)

    @property
    def digest(self) -> str:
        """Of all rules."""
        return hashlib.sha256(
            f"{self.blocking.digest} {self.reviewing.digest}".encode()
        ).hexdigest()

    def scanner(self, question: Question) -> SecretScanner:
        """For the rules that a question is about."""
        if question.lane == wire.BLOCK and not question.own:
            return self.usual
        own = [own_rule(each) for each in question.own]
        parts = [(self.blocks, len(self.blocking.rules))]
        ruleset = self.blocking
        if question.lane == wire.ALL:
            ruleset = ruleset.with_more(self.reviewing.rules)
            parts.append((self.reviews, len(self.reviewing.rules)))
        else:
            own = [each for each in own if each.lane is Lane.BLOCK]
        if own:
            ruleset = ruleset.with_more(own)
            parts.append((best_triggers(own), len(own)))
        return SecretScanner(ruleset, JoinedTriggers(*parts))

    def answer(self, question: Question, said: IO[bytes]) -> Answer:
        """Look at everything that git says."""
        look = _Look(question, self.scanner(question))
        digest = wire.digest_with(self.digest, question.own)
        try:
            for stretch in objects.read(said):
                look.at(stretch)
        except BrokenStreamError:
            look.break_off()
        return look.answer(digest)


def own_rule(said: Mapping[str, Any]) -> Rule:
    """A rule that was tried and written down before; see `own_patterns`."""
    return Rule(
        id=said["id"],
        title=said["title"],
        provider=said["provider"],
        cure=said["cure"],
        lane=Lane(said["lane"]),
        severity=Severity(said["severity"]),
        pattern=said["pattern"],
        keywords=(rules.ANY_KEYWORD,),
        reach_bytes=said["reach_bytes"],
        trigger=rule_shapes.trigger(said["pattern"]),
        entropy=said["entropy"],
    )


class _Look:
    """One question. Its state is what was found so far."""

    def __init__(self, question: Question, scanner: SecretScanner) -> None:
        self._question = question
        self._key = bytes.fromhex(question.key)
        self._plain = scanner
        self._deep = DeepScanner(scanner) if question.is_deep else None
        self._names: set[bytes] = set()
        self._at: set[tuple[str, str, int]] = set()
        self._seen: list[tuple[str, int]] = []
        self._untold: set[str] = set()
        self._is_complete = True
        self._count = self._size = 0
        self.hits: list[Hit] = []
        self.skipped: list[Skipped] = []

    def at(self, stretch: Stretch) -> None:
        """Look at an object, or a stretch of it."""
        if stretch.start == 0:
            self._count += 1
            self._size += stretch.size_bytes
            if stretch.kind == "blob" and self._question.lane == wire.ALL:
                self._seen.append((stretch.oid, stretch.size_bytes))
        if len(self.hits) >= wire.MOST_HITS:
            self._skip(stretch.oid, TOO_MUCH)
        elif stretch.kind == "tree":
            self._look_at_names(stretch)
        else:
            path = self._question.paths.get(stretch.oid, MESSAGE.get(stretch.kind, ""))
            self._note(stretch, path, self._scanned(stretch, path))
        if len(self.hits) > wire.MOST_HITS:
            self._skip(stretch.oid, TOO_MUCH)
            del self.hits[wire.MOST_HITS :]

    def break_off(self) -> None:
        """Git says no more than this."""
        self.skipped.insert(0, Skipped("", BROKEN))
        self._is_complete = False

    def answer(self, digest: str) -> Answer:
        """All of it."""
        return Answer(
            hits=tuple(self.hits[: wire.MOST_HITS]),
            skipped=tuple(self.skipped[: wire.MOST_SKIPPED]),
            objects=tuple(each for each in self._seen if each[0] not in self._untold),
            object_count=self._count,
            size_bytes=self._size,
            is_complete=self._is_complete,
            digest=digest,
        )

    def _scanned(self, stretch: Stretch, path: str) -> Scanned:
        if self._deep is None:
            return self._plain.scan(stretch.data, path)
        if stretch.is_whole and stretch.size_bytes <= DEEP_BYTES:
            return self._deep.scan(stretch.data, path)
        if stretch.start == 0:
            self._skip(stretch.oid, TOO_LARGE)
        return self._plain.scan(stretch.data, path)

    def _look_at_names(self, stretch: Stretch) -> None:
        if not stretch.is_whole:
            self._skip(stretch.oid, TOO_LARGE)
            return
        found = objects.names(stretch.data, oid_bytes=len(stretch.oid) // 2)
        fresh = [each for each in found if each not in self._names]
        self._names.update(fresh)
        text = b"\n".join(fresh)
        called: dict[int, list[Finding]] = {}
        for finding in self._plain.scan(text).findings:
            called.setdefault(text.rfind(b"\n", 0, finding.start) + 1, []).append(finding)
        for begin, findings in called.items():
            name = text[begin : (text.find(b"\n", begin) + 1 or len(text) + 1) - 1]
            shown = _shown(name, begin, findings)
            for finding in findings:
                self._add(stretch, finding, shown, 0, 0, name=name.decode("utf-8", "replace"))

    def _note(self, stretch: Stretch, path: str, scanned: Scanned) -> None:
        for why in scanned.skipped:
            self._skip(stretch.oid, why)
        before = 0
        if stretch.kind in MESSAGE:
            before = stretch.data.count(b"\n", 0, max(0, stretch.data.find(b"\n\n")) + 2)
        for finding in scanned.findings:
            line = stretch.data.count(b"\n", 0, finding.start) + 1
            end_line = line + stretch.data.count(b"\n", finding.start, finding.end)
            self._add(stretch, finding, path, max(1, line - before), max(1, end_line - before))

    def _add(  # All that is known of it.
        self,
        stretch: Stretch,
        finding: Finding,
        path: str,
        line: int,
        end_line: int,
        name: str = "",
    ) -> None:
        where = stretch.oid, finding.rule.id, stretch.start + finding.start
        if where in self._at:
            return
        self._at.add(where)
        rule, value = finding.rule, finding.secret.encode("latin-1")
        is_ours = rule.id == OWN_TOKEN and self._question.with_tokens
        fingerprint = hmac.digest(self._key, rule.id.encode() + b"\0" + value, "sha256")
        self.hits.append(
            Hit(
                rule=rule.id,
                title=rule.title,
                provider=rule.provider,
                cure=rule.cure,
                lane=finding.lane.value,
                severity=finding.severity.value,
                confidence=finding.confidence.name.lower(),
                oid=stretch.oid,
                kind=stretch.kind,
                path=path,
                line=line,
                end_line=end_line,
                start=stretch.start + finding.start,
                end=stretch.start + finding.end,
                masked=masking.masked(finding.secret),
                fingerprint=fingerprint.hex(),
                notes=tuple(each.value for each in finding.notes),
                layers=finding.layers,
                name=name,
                token=finding.secret if is_ours else "",
            )
        )

    def _skip(self, oid: str, why: str) -> None:
        self._is_complete = self._is_complete and why != TOO_MUCH
        if len(self.skipped) < wire.MOST_SKIPPED:
            self.skipped.append(Skipped(oid, why[:300]))
        else:
            self._untold.add(oid)  # Nobody may take it for looked at.


def _shown(name: bytes, begin: int, findings: Sequence[Finding]) -> str:
    """A name that has secrets in it, without them; they are at their places from `begin` on."""
    pieces, end = list[str](), 0
    for each in sorted(findings, key=lambda finding: finding.start):
        start, stop = each.start - begin, each.end - begin
        if start >= end:
            pieces.append(name[end:start].decode("utf-8", "replace"))
            pieces.append(masking.masked(each.secret))
        end = max(end, stop)
    return "".join([*pieces, name[end:].decode("utf-8", "replace")])
