"""One judge for pushes and merges: which rules a change of a ref breaks, and what to do about it.

`judge` is pure. Who calls it has found the rulesets over the repository, in all layers, and the
facts; protections of a repository and what an organisation demands of signatures come as rulesets,
too. Where several rules are about a ref each of them must agree, so the strictest wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.policies import BEFORE
from appliance.domain.protection import FirmRule, Protection, matches
from appliance.domain.ruleset_checks import CHECKS
from appliance.domain.ruleset_words import (
    LOOKS_INSIDE,
    Bypass,
    Enforcement,
    Layer,
    Rule,
    RuleKind,
    Subject,
    SubjectKind,
)
from appliance.errors import sentence

if TYPE_CHECKING:
    from appliance.domain.policies import Moment, Policy
    from appliance.domain.ruleset_facts import ChangeFacts

DEFAULT_BRANCH = "~DEFAULT_BRANCH"
ALL = "~ALL"
HEADS = "refs/heads/"
FIT_WIKIS = frozenset(
    {
        *(RuleKind.DELETION, RuleKind.NON_FAST_FORWARD, RuleKind.SIGNED_COMMITS),
        *(RuleKind.SIGNED_PUSH, RuleKind.AUTHOR_ADDRESS, RuleKind.VERIFIED_AUTHOR),
        *(RuleKind.FILE_PATHS, RuleKind.FILE_EXTENSIONS, RuleKind.FILE_SIZE, RuleKind.POLICIES),
    }
)
"""Kinds of rules that make sense of pages: what comes in and from whom, not how it is merged."""
PERMITTED = (Bypass(Subject(SubjectKind.PERMITTED)),)
OWNERS = (Bypass(Subject(SubjectKind.ORGANISATION_OWNERS)),)


@dataclass(frozen=True)
class RepositoryFacts:
    """What rulesets choose repositories by."""

    name: str
    default_branch: str
    visibility: str
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """Which repositories and which of their refs rules are about."""

    includes: tuple[str, ...] = (ALL,)
    """Patterns of full ref names, `~ALL`, or `~DEFAULT_BRANCH`."""
    excludes: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    """Patterns of names; empty: all."""
    visibilities: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    """What properties of the repository must be set to; a value of `*` takes any."""

    def is_about(self, repository: RepositoryFacts) -> bool:
        """Whether a repository is meant."""
        named = not self.repositories or any(
            matches(pattern.lower(), repository.name.lower().encode())
            for pattern in self.repositories
        )
        seen = not self.visibilities or repository.visibility in self.visibilities
        return (
            named
            and seen
            and all(
                _fits(wanted, repository.properties.get(key))
                for key, wanted in self.properties.items()
            )
        )

    def patterns(self, repository: RepositoryFacts) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The refs that are meant and those that are not, as patterns of full names."""
        return (
            tuple(_pattern(each, repository) for each in self.includes),
            tuple(_pattern(each, repository) for each in self.excludes),
        )


@dataclass(frozen=True)
class Ruleset:
    """Rules with a name, as they stand over one repository."""

    name: str
    layer: Layer
    includes: tuple[str, ...]
    """Patterns of full ref names."""
    rules: tuple[Rule, ...]
    excludes: tuple[str, ...] = ()
    enforcement: Enforcement = Enforcement.ACTIVE
    bypass: tuple[Bypass, ...] = ()
    id: UUID | None = None
    """None: a protection of the repository, or what its organisation demands of signatures."""
    last_word: str = ""
    """Said after all reasons, where there is no id."""

    def is_about(self, ref: bytes) -> bool:
        """Whether its rules are about a ref."""
        return any(matches(each, ref) for each in self.includes) and not any(
            matches(each, ref) for each in self.excludes
        )

    @property
    def looks_inside(self) -> bool:
        """Whether commits and files must be read for it."""
        return any(rule.kind in LOOKS_INSIDE for rule in self.rules)

    def policies_at(self, moment: Moment) -> frozenset[Policy]:
        """The policies that its rules ask then."""
        asked = [each.policies for each in self.rules if moment in (each.moments or BEFORE)]
        return frozenset().union(*asked)


@dataclass(frozen=True)
class Refusal:
    """One rule that a change breaks."""

    ref: bytes
    kind: RuleKind
    ruleset: Ruleset
    reasons: tuple[str, ...]
    """What is wrong and the way out, in sentences."""
    may_bypass: bool = False

    @property
    def said(self) -> tuple[str, ...]:
        """The reasons, and where the rule comes from."""
        return (*self.reasons, *(word for word in (source(self.ruleset, self.kind),) if word))

    @property
    def is_dry(self) -> bool:
        """Whether nothing is refused for it, and it is only kept."""
        return self.ruleset.enforcement is Enforcement.DRY_RUN


def judge(rulesets: Iterable[Ruleset], facts: ChangeFacts) -> tuple[Refusal, ...]:
    """All rules that the change breaks, those of the outermost layer first."""
    layers = tuple(Layer)
    found = [
        Refusal(facts.ref, rule.kind, each, reasons, _may_bypass(each, facts))
        for each in rulesets
        if each.enforcement is not Enforcement.OFF and each.is_about(facts.ref)
        for seen in (replace(facts, named=_named(each, facts.ref)),)
        for rule in each.rules
        if (reasons := CHECKS[rule.kind](rule, seen))
    ]
    return tuple(sorted(found, key=lambda refusal: layers.index(refusal.ruleset.layer)))


def of_protection(rule: Protection) -> Ruleset:
    """A protection of a repository as rules."""
    rules = [] if rule.allow_delete else [Rule(RuleKind.DELETION)]
    rules += [] if rule.allow_force else [Rule(RuleKind.NON_FAST_FORWARD)]
    role = Subject(SubjectKind.ROLE, role=rule.push_role)
    rules += [Rule(RuleKind.UPDATE, allowed=(role,)), *_signing(rule)]
    return Ruleset(rule.pattern, Layer.REPOSITORY, (rule.pattern,), tuple(rules), bypass=PERMITTED)


def of_firm_rule(rule: FirmRule) -> Ruleset:
    """What an organisation demands of signatures as rules."""
    said = sentence("The organisation requires this in all its repositories.")
    return Ruleset(
        rule.pattern,
        Layer.ORGANISATION,
        (rule.pattern,),
        tuple(_signing(rule)),
        bypass=OWNERS,
        last_word=said,
    )


def of_wiki(branch: str) -> Ruleset:
    """What holds for the branch of every wiki: what pages said is not lost by a push."""
    ref = HEADS + branch
    rules = (Rule(RuleKind.DELETION), Rule(RuleKind.NON_FAST_FORWARD))
    return Ruleset(ref, Layer.REPOSITORY, (ref,), rules, bypass=PERMITTED)


def for_wiki(rulesets: Iterable[Ruleset], *, code: str, pages: str) -> list[Ruleset]:
    """Of rulesets over a repository, the rules that hold for its wiki, too.

    What the repository itself says of its branch `code` counts for the wiki's branch `pages`.
    """
    fitting = [replace(each, rules=tuple(_fitting(each.rules))) for each in rulesets]
    return [_about_pages(each, HEADS + code, HEADS + pages) for each in fitting if each.rules]


def _about_pages(ruleset: Ruleset, code: str, pages: str) -> Ruleset:
    if ruleset.layer is not Layer.REPOSITORY:
        return ruleset
    if not ruleset.is_about(code.encode()):
        return replace(ruleset, excludes=(*ruleset.excludes, _escaped(pages)))
    kept = tuple(each for each in ruleset.excludes if not matches(each, pages.encode()))
    return replace(ruleset, includes=(*ruleset.includes, _escaped(pages)), excludes=kept)


def _fitting(rules: Iterable[Rule]) -> Iterator[Rule]:
    for rule in rules:
        before = (rule.moments or BEFORE) & BEFORE  # Nobody sees a check run of a page.
        if rule.kind in FIT_WIKIS and before:
            yield rule if rule.kind is not RuleKind.POLICIES else replace(rule, moments=before)


def source(ruleset: Ruleset, kind: RuleKind) -> str:
    """Where a rule comes from, as a sentence; a protection names itself."""
    if ruleset.id is None:
        return ruleset.last_word
    names = {"rule": kind.value, "name": ruleset.name}
    if ruleset.layer is Layer.INSTANCE:
        return sentence("The rule %(rule)s comes from the appliance's ruleset “%(name)s”.", **names)
    if ruleset.layer is Layer.ORGANISATION:
        return sentence(
            "The rule %(rule)s comes from the organisation's ruleset “%(name)s”.", **names
        )
    return sentence("The rule %(rule)s comes from this repository's ruleset “%(name)s”.", **names)


def _signing(rule: Protection | FirmRule) -> list[Rule]:
    rules = []
    if rule.signed_by:
        rules.append(Rule(RuleKind.SIGNED_COMMITS, signed_by=rule.signed_by))
    if rule.signed_push:
        rules.append(Rule(RuleKind.SIGNED_PUSH))
    return rules


def _may_bypass(ruleset: Ruleset, facts: ChangeFacts) -> bool:
    return any(each.subject.includes(facts.actor) for each in ruleset.bypass)


def _named(ruleset: Ruleset, ref: bytes) -> str:
    """What stands behind a ref's name, where a protection is for several."""
    shown = ref.decode("utf-8", "replace")
    return "" if ruleset.id is not None or ruleset.name == shown else f" ({ruleset.name})"


def _pattern(pattern: str, repository: RepositoryFacts) -> str:
    if pattern == ALL:
        return "refs/*"
    if pattern == DEFAULT_BRANCH:
        return HEADS + _escaped(repository.default_branch)
    return pattern


def _escaped(name: str) -> str:
    """A name as a pattern of itself alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _fits(wanted: str, value: str | None) -> bool:
    return value is not None and wanted in {"*", value}
