"""What the rules of a repository say of a push, and whether somebody may push past them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.access.gate import open_to_everyone
from appliance.db.repositories import Repository
from appliance.db.rulesets import RulesetFinding
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.checks import by_name
from appliance.domain.events.parts import in_parts
from appliance.domain.identity import ActorKind
from appliance.domain.policies import Moment
from appliance.domain.ruleset_facts import ChangeFacts
from appliance.domain.ruleset_words import Enforcement, Layer, RuleKind
from appliance.domain.rulesets import Refusal, Ruleset, judge
from appliance.domain.signatures import Finding
from appliance.domain.sizes import size
from appliance.errors import sentence
from appliance.services import push_certificates, rule_facts
from appliance.services.push_names import show

if TYPE_CHECKING:
    from appliance.git.inspect import Inspection
    from appliance.services.pushes import Proposal, Terms
    from appliance.services.rule_looks import Examined
    from appliance.settings import Settings

BYPASS = "bypass-protection"
"""The push option with which who may says: I know that this ref is protected."""
WITHOUT_GIT = "api"
"""The protocol of what is changed in the portal or by the API."""
MIB = 1024 * 1024
LAYERS = tuple(Layer)
ASKED = "`pushes` has asked whether the actor may push"
NO_WAY_PAST = sentence(
    "Only who is on the bypass list of every ruleset in the way can bypass this with a reason."
)


def over_limits(found: Inspection, rules: Settings) -> tuple[str, ...]:
    """Which files are too large, and which paths too long or too deep."""
    limits = rules.limits
    large = [
        sentence(
            "%(path)s has %(size)s; the limit for files is %(most)s. Store larger "
            "ones with Git LFS.",
            path=show(each.path) or each.oid,
            size=size(each.size_bytes),
            most=size(limits.file_size_bytes),
        )
        for each in found.large_files
    ]
    deep = [
        sentence(
            "%(path)s is too long or too deep; a path may have %(bytes)s bytes "
            "and %(folders)s folders.",
            path=show(path)[:200],
            bytes=limits.path_bytes,
            folders=limits.path_depth,
        )
        for path in found.deep_paths
    ]
    return (*large, *deep)


def moment_of(terms: Terms) -> Moment:
    """When policies are asked: what is done without git is committed here, all else is pushed."""
    return Moment.PRE_COMMIT if terms.protocol == WITHOUT_GIT else Moment.PRE_PUSH


@open_to_everyone(because=ASKED)
def judged(
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    proposal: Proposal,
    rulesets: Sequence[Ruleset],
    *,
    now: datetime,
) -> list[Refusal]:
    """Which rules the push breaks, those on trial too."""
    if not rulesets:
        return []
    actor = rule_facts.of_actor(work, repository, wholly=any(each.id for each in rulesets))
    pairs = zip(proposal.updates, proposal.movements, strict=True)
    moves = [(update, movement) for update, movement in pairs if _is_meant(rulesets, update.ref)]
    unsigned = _unsigned(work, repository, terms, proposal, rulesets, now=now)
    reports = rule_facts.checks(work, repository, moves) if _wants_checks(rulesets) else {}
    found: list[Refusal] = []
    for update, movement in moves:
        facts = ChangeFacts(
            ref=update.ref,
            movement=movement,
            at=now,
            actor=actor,
            unsigned=unsigned,
            checks=by_name(reports.get(update.new_oid, ())),
            reports=reports.get(update.new_oid, ()),
            moment=moment_of(terms),
            merge=proposal.merge,
        )
        for each in rulesets:
            found += judge([each], _seen_by(each, facts, proposal.examined))
    return sorted(found, key=lambda each: LAYERS.index(each.ruleset.layer))


def _is_meant(rulesets: Iterable[Ruleset], ref: bytes) -> bool:
    return any(each.is_about(ref) for each in rulesets)


def _wants_checks(rulesets: Iterable[Ruleset]) -> bool:
    return any(rule.kind is RuleKind.REQUIRED_CHECKS for each in rulesets for rule in each.rules)


def _seen_by(ruleset: Ruleset, facts: ChangeFacts, examined: Examined | None) -> ChangeFacts:
    """The facts as one ruleset sees them: what is new to it, and which signatures it asks for."""
    if examined is None:
        return facts
    is_dry = ruleset.enforcement is Enforcement.DRY_RUN
    lacking = examined.lacking_on_trial if is_dry else examined.lacking
    contents = examined.contents.get((facts.ref, ruleset.id)) if ruleset.id is not None else None
    return replace(facts, lacking=lacking.get(facts.ref, ()), contents=contents)


def _unsigned(
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    proposal: Proposal,
    rulesets: Iterable[Ruleset],
    *,
    now: datetime,
) -> tuple[str, ...]:
    """Why the push itself must be signed. What is changed without git is no push."""
    asking = [
        each for each in rulesets if any(rule.kind is RuleKind.SIGNED_PUSH for rule in each.rules)
    ]
    named = next((each.ref for each in proposal.updates if _is_meant(asking, each.ref)), None)
    if terms.protocol == WITHOUT_GIT or named is None:
        return ()
    judged = push_certificates.judged(work, repository, proposal.certificate, now=now)
    finding = judged["certificate_finding"]
    if finding == Finding.VERIFIED:
        return ()
    if finding is None:
        return (
            sentence(
                "%(name)s accepts only signed pushes. Push with “git push --signed”, or for "
                "always “git config push.gpgSign if-asked”.",
                name=show(named),
            ),
        )
    return (
        sentence(
            "%(name)s accepts only signed pushes, and the signature of this one cannot be "
            "verified as yours (%(finding)s).",
            name=show(named),
            finding=finding,
        ),
    )


@open_to_everyone(because=ASKED)
def messages(refusals: Iterable[Refusal]) -> list[str]:
    """What is said of refusals, each sentence once."""
    return list(dict.fromkeys(word for refusal in refusals for word in refusal.said))


@open_to_everyone(because=ASKED)
def ways_past(proposal: Proposal, refusals: Sequence[Refusal]) -> list[str]:
    """How to go past rulesets, for who may and has not said why; or that a reason is not enough."""
    named = [each for each in refusals if each.ruleset.id is not None]
    if named and proposal.bypass_reason and not all(each.may_bypass for each in refusals):
        return [NO_WAY_PAST]
    if not named or not all(each.may_bypass for each in refusals) or proposal.bypass_reason:
        return []
    if proposal.merge is not None:
        return [sentence("You can bypass this when merging, with a reason.")]
    return [
        sentence(
            'You can bypass this with a reason: git push -o "%(option)s=REASON"', option=BYPASS
        )
    ]


@open_to_everyone(because=ASKED)
def bypasses(proposal: Proposal, refusals: Sequence[Refusal]) -> bool:
    """Whether the actor may go past all of the refusals, and says so; past rulesets, also why."""
    is_said = proposal.bypass_reason or BYPASS in proposal.options
    needs_reason = any(each.ruleset.id is not None for each in refusals)
    if not is_said or not all(each.may_bypass for each in refusals):
        return False
    return bool(proposal.bypass_reason) or not needs_reason


@open_to_everyone(because=ASKED)
def record_bypass(
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    proposal: Proposal,
    refusals: Sequence[Refusal],
) -> None:
    """Say that somebody has gone past rules, and why."""
    names = sorted({each.ruleset.name for each in refusals if each.ruleset.id is not None})
    for part in in_parts(messages(refusals)):
        work.record(
            events.ProtectionBypassed(
                about=repository.id,
                organisation_id=repository.organisation_id,
                push_id=str(terms.push_id),
                reasons=part.items,
                part=part.number,
                parts=part.of,
                rulesets=names or None,
                reason=proposal.bypass_reason or None,
            )
        )


@open_to_everyone(because=ASKED)
def keep_findings(
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    refusals: Iterable[Refusal],
    *,
    now: datetime,
) -> None:
    """Keep what rulesets on trial would have refused."""
    for each in refusals:
        if each.ruleset.id is None:
            continue
        work.session.add(
            RulesetFinding(
                ruleset_id=each.ruleset.id,
                repository_id=repository.id,
                user_id=work.actor.id if work.actor.kind is ActorKind.USER else None,
                push_id=terms.push_id,
                ref=each.ref,
                kind=each.kind.value,
                reasons=list(each.said),
                found_at=now,
            )
        )
