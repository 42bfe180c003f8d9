"""Rules about pull requests: who must have approved, and what must have been checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from appliance.domain.checks import by_name
from appliance.domain.codeowners import any_fits
from appliance.domain.merge_facts import CheckOutcome
from appliance.domain.protection import Movement
from appliance.domain.ruleset_words import (
    SENSITIVE,
    SENSITIVE_APPROVALS,
    Rule,
    Subject,
    SubjectKind,
)
from appliance.errors import sentence

if TYPE_CHECKING:
    from appliance.domain.checks import Report
    from appliance.domain.merge_facts import MergeFacts, OwnedFact, ReviewFact
    from appliance.domain.ruleset_facts import ChangeFacts

NAMED = 5
Reasons = tuple[str, ...]


def reviewed(rule: Rule, facts: ChangeFacts) -> Reasons:
    """Why a pull request, or a better approved one, is needed."""
    if facts.merge is None:
        return _pull_request_needed(facts)
    counted = counting(rule, facts.merge)
    reasons = [*_objections(facts.merge), *_too_few(rule.approvals, counted)]
    reasons += _without_owners(facts.merge, counted) if rule.code_owners else ()
    reasons += _without_reviewers(rule.reviewers, counted)
    if rule.resolved_threads and facts.merge.open_threads:
        reasons.append(
            sentence(
                "Unresolved conversations: %(number)s. Resolve them first.",
                number=facts.merge.open_threads,
            )
        )
    return tuple(reasons)


def sensitive(rule: Rule, facts: ChangeFacts) -> Reasons:
    """Why files that say who approves and what runs need more approvals."""
    merge = facts.merge
    changed = merge.paths if merge else _changed(facts)
    found = sorted(any_fits(rule.patterns or SENSITIVE, changed))
    if not found:
        return ()
    shown = ", ".join(path.decode("utf-8", "replace")[:200] for path in found[:NAMED])
    if merge is None:
        return (
            sentence(
                "Changes to %(paths)s must be made through a pull request. "
                "Push to another branch and open one.",
                paths=shown,
            ),
        )
    wanted = rule.approvals or SENSITIVE_APPROVALS
    lacking = _too_few(wanted, counting(Rule(rule.kind, dismiss_stale=True), merge))
    said = sentence("%(paths)s needs more approvals than other files.", paths=shown)
    return (*lacking, said) if lacking else ()


def checked(rule: Rule, facts: ChangeFacts) -> Reasons:
    """Which checks have not passed."""
    if facts.movement is Movement.DELETE or facts.is_first_of_known:
        return ()
    reasons = list(_unpassed(rule.checks, _outcomes(rule, facts.merge or facts)))
    if rule.up_to_date and facts.merge is not None and not facts.merge.is_up_to_date:
        reasons.append(
            sentence(
                "The branch to be merged is out of date. Update it, and let the checks run again."
            )
        )
    return tuple(reasons)


def reported(rule: Rule, reports: Iterable[Report]) -> Mapping[str, CheckOutcome]:
    """What came of checks, by those whose reports count."""
    if not rule.reporters:
        return by_name(reports)
    wanted = {each.id for each in rule.reporters if each.id is not None}
    return by_name(each for each in reports if each.reporter_id in wanted)


def queued(_rule: Rule, facts: ChangeFacts) -> Reasons:
    """What comes in past the merge queue."""
    is_queue = facts.merge is not None and facts.merge.by_queue
    if is_queue or facts.movement is Movement.DELETE or facts.is_first_of_known:
        return ()
    return (
        sentence(
            "%(name)s accepts only changes that its merge queue has tested. Open a pull "
            "request and add it to the merge queue.",
            name=facts.ref.decode("utf-8", "replace"),
        ),
    )


def counting(rule: Rule, merge: MergeFacts) -> tuple[ReviewFact, ...]:
    """The approvals that count: never the author's, and not those that the rule leaves out."""
    return tuple(
        each
        for each in merge.reviews
        if each.approves
        and each.may_write
        and each.reviewer_id != merge.author_id
        and not (rule.not_last_pusher and each.reviewer_id == merge.last_pusher_id)
        and (each.is_current or not rule.dismiss_stale)
    )


def _pull_request_needed(facts: ChangeFacts) -> Reasons:
    if facts.movement is Movement.DELETE or facts.is_first_of_known:
        return ()
    return (
        sentence(
            "Changes to %(name)s must be made through a pull request. "
            "Push to another branch and open one.",
            name=facts.ref.decode("utf-8", "replace"),
        ),
    )


def _changed(facts: ChangeFacts) -> set[bytes]:
    return {each.path for each in facts.contents.files} if facts.contents else set()


def _objections(merge: MergeFacts) -> Iterable[str]:
    asking = [each for each in merge.reviews if not each.approves and each.may_write]
    if asking:
        yield sentence(
            "Reviewers requesting changes: %(number)s. Make the changes and request another "
            "review.",
            number=len(asking),
        )


def _too_few(wanted: int, counted: tuple[ReviewFact, ...]) -> Reasons:
    if len(counted) >= wanted:
        return ()
    return (
        sentence(
            "Required approvals: %(there)s of %(wanted)s. Request a review from somebody "
            "with write access other than the author.",
            wanted=wanted,
            there=len(counted),
        ),
    )


def _without_owners(merge: MergeFacts, counted: tuple[ReviewFact, ...]) -> Iterable[str]:
    approving = {each.reviewer_id for each in counted}
    for owned in merge.owned:
        if owned.owner_ids & approving:
            continue
        yield _owner_needed(owned, merge)


def _owner_needed(owned: OwnedFact, merge: MergeFacts) -> str:
    said = {"pattern": owned.pattern, "owners": ", ".join(owned.owners[:NAMED])}
    if owned.owner_ids - {merge.author_id}:
        return sentence(
            "The CODEOWNERS entry %(pattern)s needs an approval by one of %(owners)s.", **said
        )
    return sentence(
        "The CODEOWNERS entry %(pattern)s leaves nobody who could approve: %(owners)s. Name "
        "another owner there, or ask somebody who can bypass the rule.",
        **said,
    )


def _without_reviewers(
    wanted: tuple[Subject, ...], counted: tuple[ReviewFact, ...]
) -> Iterable[str]:
    lacking = [each for each in wanted if not any(_is(each, review) for review in counted)]
    if lacking:
        yield sentence(
            "Approvals by required teams or users are missing: %(number)s. Request reviews "
            "from them.",
            number=len(lacking),
        )


def _is(subject: Subject, review: ReviewFact) -> bool:
    if subject.kind is SubjectKind.TEAM:
        return subject.id in review.team_ids
    return subject.kind is SubjectKind.USER and subject.id == review.reviewer_id


def _outcomes(rule: Rule, known: MergeFacts | ChangeFacts) -> Mapping[str, CheckOutcome]:
    return reported(rule, known.reports) if rule.reporters else known.checks


def _unpassed(names: tuple[str, ...], outcomes: Mapping[str, CheckOutcome]) -> Iterable[str]:
    failed = [name for name in names if outcomes.get(name) is CheckOutcome.FAILED]
    waiting = [
        name
        for name in names
        if outcomes.get(name) not in {CheckOutcome.FAILED, CheckOutcome.PASSED}
    ]
    if failed:
        yield sentence(
            "Required checks have failed: %(names)s. Fix the problems and push again.",
            names=", ".join(failed),
        )
    if waiting:
        yield sentence(
            "Required checks have not passed yet: %(names)s. Wait for them.",
            names=", ".join(waiting),
        )
