"""Policies that are asked after a branch has moved: they refuse nothing, and say what they found.

promise  with the push's intent, where a ruleset asks so
plan     which branches the push has moved, and the rulesets over them; a job does it
look     reads what they got, while no transaction is open
note     a check run of the commit; of rulesets on trial a finding
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db.pushes import Push, PushedRef, PushState
from appliance.db.repositories import Repository
from appliance.db.rulesets import RulesetFinding, over
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import policies
from appliance.domain.checks import OF_POLICIES, AnnotationLevel, Conclusion
from appliance.domain.identity import ActorKind
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.domain.policies import Moment
from appliance.domain.protection import NO_OBJECT, Movement
from appliance.domain.ruleset_facts import ChangeFacts, Contents
from appliance.domain.ruleset_words import Enforcement, RuleKind
from appliance.domain.rulesets import Refusal, Ruleset, judge
from appliance.errors import ConflictError, sentence
from appliance.services import check_runs, rule_looks
from appliance.services.check_runs import Changes, NewAnnotation

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore
    from appliance.services.pushes import Proposal, Terms

ASKED_AFTER = timedelta(seconds=1)
"""A push that was accepted is settled by then, or nearly always."""
MOST_ANNOTATED = 50


@dataclass(frozen=True)
class Asked:
    """A branch that was moved, and one ruleset that wants to know of it."""

    push_id: UUID
    repository_id: UUID
    ref: bytes
    old_oid: str
    new_oid: str
    movement: Movement
    ruleset: Ruleset


@open_to_everyone(because="`pushes` has asked whether the actor may push")
def promise(
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    proposal: Proposal,
    rulesets: Sequence[Ruleset],
    *,
    now: datetime,
) -> None:
    """Let policies be asked once the push is settled, where a ruleset wants it."""
    asking = [each for each in rulesets if each.policies_at(Moment.POST_COMMIT)]
    gaining = [each.ref for each in proposal.updates if each.new_oid != NO_OBJECT]
    if any(each.is_about(ref) for each in asking for ref in gaining):
        work.later(
            Job.ASK_POLICIES,
            about=repository.id,
            not_before=now + ASKED_AFTER,
            push_id=str(terms.push_id),
        )


def plan(work: UnitOfWork, push_id: UUID) -> list[Asked]:
    """What is to be looked at.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone. ConflictError: the push is not settled yet.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    push = work.session.get(Push, push_id)
    if push is None:
        return []
    if push.state is not PushState.SETTLED:
        raise ConflictError(sentence("The push is not settled yet."))
    repository = fetch.repository_by_id(work, push.repository_id, Permission.REPOSITORY_READ)
    rulesets = [
        each for each in over(work.session, repository) if each.policies_at(Moment.POST_COMMIT)
    ]
    query = sa.select(PushedRef).where(PushedRef.push_id == push_id, PushedRef.moved.is_(True))
    return [
        Asked(
            *(push_id, repository.id, row.ref, row.old_oid, row.new_oid),
            Movement(row.movement),
            each,
        )
        for row in work.session.scalars(query.order_by(PushedRef.id))
        for each in rulesets
        if row.new_oid != NO_OBJECT and each.is_about(row.ref)
    ]


def look(asked: Asked, *, repositories: RepositoryStore) -> Contents:
    """What the branch got.

    Errors:
        NotFoundError, DamagedError, TimeoutExceededError: it cannot be read.
    """
    return rule_looks.contents_between(
        *(repositories.folder(asked.repository_id), asked.ref, asked.old_oid, asked.new_oid),
        asked=asked.ruleset.policies_at(Moment.POST_COMMIT),
    )


def note(work: UnitOfWork, asked: Asked, contents: Contents, *, now: datetime) -> None:
    """Say what was found. Safe to repeat.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, asked.repository_id, Permission.REPOSITORY_READ)
    facts = ChangeFacts(
        *(asked.ref, asked.movement, now), contents=contents, moment=Moment.POST_COMMIT
    )
    broken = [each for each in judge([asked.ruleset], facts) if each.kind is RuleKind.POLICIES]
    if asked.ruleset.enforcement is Enforcement.DRY_RUN:
        _keep(work, asked, broken, now=now)
        return
    said = _said(asked, contents, broken, now)
    check_runs.create_own(work, repository, asked.new_oid, said, now=now)


def _keep(work: UnitOfWork, asked: Asked, broken: Iterable[Refusal], *, now: datetime) -> None:
    push = work.session.get_one(Push, asked.push_id)
    known = sa.select(RulesetFinding.id).where(
        RulesetFinding.ruleset_id == asked.ruleset.id,
        RulesetFinding.push_id == asked.push_id,
        RulesetFinding.ref == asked.ref,
        RulesetFinding.kind == RuleKind.POLICIES.value,
    )
    if work.session.scalar(known.limit(1)) is not None:
        return  # Found already, by rules that are asked before or by this job.
    for each in broken:
        work.session.add(
            RulesetFinding(
                ruleset_id=asked.ruleset.id,
                repository_id=asked.repository_id,
                user_id=push.actor_id if push.actor_kind == ActorKind.USER else None,
                push_id=asked.push_id,
                ref=asked.ref,
                kind=each.kind.value,
                reasons=list(each.said),
                found_at=now,
            )
        )


def _conclusion(contents: Contents, broken: Sequence[Refusal]) -> Conclusion:
    if contents.is_too_much:
        return Conclusion.NEUTRAL
    return Conclusion.FAILURE if broken else Conclusion.SUCCESS


def _said(asked: Asked, contents: Contents, broken: Sequence[Refusal], now: datetime) -> Changes:
    reasons = [str(reason) for each in broken for reason in each.reasons]
    found = [
        each
        for rule in asked.ruleset.rules
        if Moment.POST_COMMIT in rule.moments
        for each in policies.counting(contents.findings, rule.policies, rule.exempt)
    ]
    return Changes(
        name=f"{OF_POLICIES}{asked.ruleset.name}",
        conclusion=_conclusion(contents, broken),
        title=reasons[0][:200] if reasons else "All policies are kept.",
        summary="\n".join(f"- {reason}" for reason in reasons),
        started_at=now,
        completed_at=now,
        annotations=[
            NewAnnotation(
                path=each.path.decode("utf-8", "replace"),
                start_line=each.line,
                end_line=each.line,
                level=AnnotationLevel.FAILURE,
                message=str(policies.said(each)),
                title=each.policy.value,
            )
            for each in found[:MOST_ANNOTATED]
        ],
    )
