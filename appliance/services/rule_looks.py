"""What rules want to know of a change before they can be asked, and what came of looking.

A push asks thrice: `pushes` says what is `Wanted`, `collect` reads it while no transaction is open,
and `examine` checks signatures. A push that no such rule is about asks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from appliance.access.gate import open_to_everyone
from appliance.domain.names import fold
from appliance.domain.policies import Moment
from appliance.domain.protection import NO_OBJECT, Demand, RefUpdate
from appliance.domain.ruleset_facts import CommitFacts, Contents, FileFacts
from appliance.domain.ruleset_words import Enforcement, Layer, RuleKind
from appliance.git import inspect, push_contents, refs
from appliance.git.ref_names import BRANCHES, TAGS
from appliance.services import policies, signature_rules

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.policies import Policy
    from appliance.domain.rulesets import Ruleset
    from appliance.git.push_contents import PushContents
    from appliance.git.refs import Head

Which = tuple[bytes, "UUID"]
"""A ref, and a ruleset about it."""


@dataclass(frozen=True)
class Wanted:
    """What must be looked at."""

    demands: tuple[Demand, ...] = ()
    """What signatures must be of."""
    on_trial: tuple[Demand, ...] = ()
    """The same with what rulesets on trial demand; empty where they demand nothing."""
    rulesets: tuple[Ruleset, ...] = ()
    """Those that look inside."""
    moment: Moment = Moment.PRE_PUSH
    organisation_id: UUID | None = None
    """Whose authorities count beside the appliance's."""

    @property
    def is_anything(self) -> bool:
        """Whether somebody must look at all."""
        return bool(self.demands or self.on_trial or self.rulesets)


@dataclass(frozen=True)
class Brought:
    """What a push would bring, as read from its objects."""

    signed: tuple[signature_rules.Brought, ...] = ()
    on_trial: tuple[signature_rules.Brought, ...] = ()
    contents: Mapping[Which, Contents] = field(default_factory=dict)


@dataclass(frozen=True)
class Examined:
    """What came of looking, and at what."""

    wanted: Wanted
    lacking: Mapping[bytes, tuple[str, ...]] = field(default_factory=dict)
    """By ref, what signatures lack, in sentences."""
    lacking_on_trial: Mapping[bytes, tuple[str, ...]] = field(default_factory=dict)
    contents: Mapping[Which, Contents] = field(default_factory=dict)


def wanted(
    rulesets: Sequence[Ruleset],
    updates: Iterable[RefUpdate],
    organisation_id: UUID | None,
    moment: Moment,
) -> Wanted:
    """What must be looked at so that these rulesets can be asked."""
    gaining = [each for each in updates if each.new_oid != NO_OBJECT]
    active = [each for each in rulesets if each.enforcement is Enforcement.ACTIVE]
    return Wanted(
        signature_rules.demanded(_demands(active), gaining),
        _trial_demands(rulesets, gaining),
        tuple(
            each
            for each in rulesets
            if each.id is not None
            and each.looks_inside
            and any(each.is_about(update.ref) for update in gaining)
        ),
        moment,
        organisation_id,
    )


def collect(
    folder: Path,
    updates: Sequence[RefUpdate],
    wanted: Wanted,
    *,
    quarantine: Mapping[str, str],
) -> Brought:
    """What a push would bring. Reads objects and may take a while.

    Errors:
        InvalidError: what is told of the quarantine is not of this repository.
        DamagedError, TimeoutExceededError: the objects cannot be read, or not in time.
    """
    return Brought(
        signature_rules.collect(folder, updates, wanted.demands, quarantine=quarantine),
        signature_rules.collect(folder, updates, wanted.on_trial, quarantine=quarantine),
        _contents(folder, updates, wanted, quarantine) if wanted.rulesets else {},
    )


@open_to_everyone(because="`pushes` has asked whether the actor may push")
def examine(work: UnitOfWork, wanted: Wanted, brought: Brought) -> Examined:
    """What came of looking."""
    whose = wanted.organisation_id
    return Examined(
        wanted,
        signature_rules.examine(work, brought.signed, organisation_id=whose),
        signature_rules.examine(work, brought.on_trial, organisation_id=whose),
        brought.contents,
    )


def contents_between(
    folder: Path,
    ref: bytes,
    old_oid: str,
    new_oid: str,
    asked: frozenset[Policy] = frozenset(),
) -> Contents:
    """What a ref got when it moved, as far as it is still there, and what policies find in it.

    Errors:
        NotFoundError, DamagedError, TimeoutExceededError: it cannot be read any more.
    """
    known = [old_oid] if old_oid != NO_OBJECT else []
    if not known:
        head = refs.head(folder)
        known = [head.oid] if head.oid is not None and head.name != ref else []
    brought = push_contents.read(folder, None, ref, new_oid, known=known)
    return _looked(folder, None, new_oid, brought, asked)


def _demands(rulesets: Iterable[Ruleset]) -> tuple[Demand, ...]:
    return tuple(
        Demand(pattern, rule.signed_by, each.layer is not Layer.REPOSITORY, each.excludes)
        for each in rulesets
        for rule in each.rules
        if rule.kind is RuleKind.SIGNED_COMMITS
        for pattern in each.includes
    )


def _trial_demands(rulesets: Iterable[Ruleset], updates: list[RefUpdate]) -> tuple[Demand, ...]:
    found = [each for each in rulesets if each.enforcement is not Enforcement.OFF]
    trials = _demands(each for each in found if each.enforcement is Enforcement.DRY_RUN)
    return _demands(found) if signature_rules.demanded(trials, updates) else ()


def _contents(
    folder: Path,
    updates: Sequence[RefUpdate],
    wanted: Wanted,
    quarantine: Mapping[str, str],
) -> dict[Which, Contents]:
    place = inspect.Quarantine.parse(folder, quarantine)
    there = [each for each in refs.names(folder, b"refs/") if each[0].startswith((BRANCHES, TAGS))]
    head = refs.head(folder)
    found: dict[Which, Contents] = {}
    read: dict[tuple[str, frozenset[str], frozenset[Policy]], Contents] = {}
    for update in updates:
        for each in wanted.rulesets:
            if update.new_oid == NO_OBJECT or each.id is None or not each.is_about(update.ref):
                continue
            known = _known(each, update, there, head)
            asked = each.policies_at(wanted.moment)
            key = update.new_oid, known, asked
            if key not in read:
                brought = push_contents.read(folder, place, update.ref, update.new_oid, known=known)
                read[key] = _looked(folder, place, update.new_oid, brought, asked)
            found[update.ref, each.id] = read[key]
    return found


def _known(
    ruleset: Ruleset, update: RefUpdate, there: Iterable[tuple[bytes, str]], head: Head
) -> frozenset[str]:
    """What is not new: what the same ruleset has let in elsewhere, and where the ref was. A new ref
    may also be made of what is on the default branch.
    """
    known = {oid for ref, oid in there if ruleset.is_about(ref)}
    if update.old_oid != NO_OBJECT:
        known.add(update.old_oid)
    elif head.oid is not None and head.name != update.ref:
        known.add(head.oid)
    return frozenset(known)


def _looked(
    folder: Path,
    place: inspect.Quarantine | None,
    new_oid: str,
    brought: PushContents,
    asked: frozenset[Policy],
) -> Contents:
    facts = _facts(brought)
    if not asked or facts.is_too_much:
        return facts
    found = policies.looked(folder, place, new_oid, brought.files, asked)
    return replace(facts, findings=found.findings, is_too_much=found.is_too_much)


def _facts(found: PushContents) -> Contents:
    commits = tuple(
        CommitFacts(
            each.oid,
            each.message.decode("utf-8", "replace"),
            fold(each.author.email.decode("utf-8", "replace")),
            len(each.parents),
        )
        for each in found.work.commits
    )
    files = tuple(FileFacts(each.path, each.commit, each.size_bytes) for each in found.files)
    return Contents(commits, files, is_too_much=found.is_too_much)
