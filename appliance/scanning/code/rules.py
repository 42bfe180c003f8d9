"""What a weakness in code looks like: rules as data, from `config/rules/code/<language>/*.yaml`.

The rules are semgrep's own, with two additions. A list of sources, propagators or sanitizers may
name one of the folder's `shared.yaml`, and `metadata.examples` holds code that a rule must find and
code that it must not. `Ruleset.document` is what semgrep and OpenGrep read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.domain.alerts import Confidence, Severity
from appliance.late import Late
from appliance.places import beside_package

if TYPE_CHECKING:
    import yaml
else:
    yaml = Late("yaml")

SHARED_FILE = "shared.yaml"
SHARING = ("pattern-sources", "pattern-propagators", "pattern-sanitizers")
IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
CWE = re.compile(r"CWE-[1-9][0-9]{0,4}")
OWASP = re.compile(r"A(0[1-9]|10):20[0-9]{2}")
LONGEST_MESSAGE = 500
NEEDED = ("id", "message", "severity", "languages", "metadata")


class CodeRulesError(ValueError):
    """A file of rules says something that cannot be used; the message says where and why."""


@dataclass(frozen=True)
class CodeRule:
    """One kind of weakness: how bad it is, and what to do about it."""

    id: str
    message: str
    severity: Severity
    confidence: Confidence
    cwe: str
    owasp: str
    languages: tuple[str, ...]
    body: Mapping[str, Any] = field(repr=False)
    """What semgrep reads."""
    bad: tuple[str, ...] = field(default=(), repr=False)
    good: tuple[str, ...] = field(default=(), repr=False)
    file_name: str = ""
    """Of the examples, where the name decides."""


@dataclass(frozen=True)
class CodeRuleset:
    """All rules that a scan uses, in one order."""

    rules: tuple[CodeRule, ...]

    @cached_property
    def document(self) -> bytes:
        """The configuration that semgrep reads: JSON, which is YAML and read much faster."""
        rules = [dict(rule.body) for rule in self.rules]
        return json.dumps({"rules": rules}, sort_keys=True).encode()

    @cached_property
    def digest(self) -> str:
        """What tells this ruleset from others: SHA-256, 64 hex digits."""
        return hashlib.sha256(self.document).hexdigest()

    @cached_property
    def by_id(self) -> Mapping[str, CodeRule]:
        """Each rule by its id."""
        return {rule.id: rule for rule in self.rules}


@cache
def built_in() -> CodeRuleset:
    """The rules that come with the appliance."""
    return load(beside_package("config") / "rules" / "code")


def load(folder: Path) -> CodeRuleset:
    """The rules of a folder of folders.

    Errors:
        CodeRulesError: one of them cannot be used.
    """
    rules: dict[str, CodeRule] = {}
    for language in sorted(each for each in folder.iterdir() if each.is_dir()):
        for rule in _of_language(language):
            if rule.id in rules:
                raise CodeRulesError(f"{rule.id} stands twice")
            rules[rule.id] = rule
    return CodeRuleset(tuple(rules.values()))


def _of_language(folder: Path) -> Iterator[CodeRule]:
    shared_file = folder / SHARED_FILE
    shared = _read(shared_file, "shared") if shared_file.exists() else {}
    for path in sorted(folder.glob("*.yaml")):
        if path != shared_file:
            for said in _read(path, "rules"):
                try:
                    yield _rule(said, shared)
                except CodeRulesError as error:
                    raise CodeRulesError(f"{path.name}: {error}") from error


def _read(path: Path, key: str) -> Any:
    try:
        return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)[key]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise CodeRulesError(f"{path.name}: {error}") from error


def _rule(said: Mapping[str, Any], shared: Mapping[str, Sequence[Any]]) -> CodeRule:
    name = said.get("id", "a rule")
    if missing := [each for each in NEEDED if each not in said]:
        raise CodeRulesError(f"{name} lacks {', '.join(missing)}")
    metadata = dict(said["metadata"])
    examples = metadata.pop("examples", {})
    body = {**said, "metadata": metadata}
    for key in SHARING:
        if key in body:
            body[key] = list(_shared(body[key], shared, name))
    try:
        rule = CodeRule(
            id=name,
            message=said["message"],
            severity=Severity(said["severity"].lower()),
            confidence=Confidence(metadata["confidence"].lower()),
            cwe=metadata["cwe"],
            owasp=metadata["owasp"],
            languages=tuple(said["languages"]),
            body=body,
            bad=tuple(examples["bad"]),
            good=tuple(examples["good"]),
            file_name=examples.get("file_name", ""),
        )
    except (KeyError, ValueError) as error:
        raise CodeRulesError(f"{name}: {error}") from error
    _checked(rule)
    return rule


def _shared(items: Sequence[Any], shared: Mapping[str, Sequence[Any]], rule: str) -> Iterator[Any]:
    for each in items:
        if not isinstance(each, str):
            yield each
        elif each in shared:
            yield from shared[each]
        else:
            raise CodeRulesError(f"{rule} names {each}, which {SHARED_FILE} does not know")


def _checked(rule: CodeRule) -> None:
    for fits, what in (
        (IDENTIFIER.fullmatch(rule.id), "id"),
        (CWE.fullmatch(rule.cwe), "cwe"),
        (OWASP.fullmatch(rule.owasp), "owasp"),
        (0 < len(rule.message) <= LONGEST_MESSAGE, "message"),
        (rule.bad and rule.good, "examples"),
    ):
        if not fits:
            raise CodeRulesError(f"{rule.id} has no {what} that can be used")
