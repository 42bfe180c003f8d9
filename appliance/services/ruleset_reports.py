"""What rulesets would have refused: what those on trial have found, and a replay of past pushes.

A replay judges the pushes of some days by a draft that nobody has set. It knows what stands in the
repository and who pushed, with the roles of today; whether a merge was approved then, whether
checks had passed, and what was signed it does not judge, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_rulesets, gate
from appliance.db.pushes import Push, PushedRef
from appliance.db.repositories import Repository
from appliance.db.rulesets import RulesetFinding, facts_of
from appliance.db.users import User
from appliance.domain.identity import ActorKind
from appliance.domain.permissions import Permission
from appliance.domain.policies import Moment
from appliance.domain.protection import NO_OBJECT, Movement
from appliance.domain.ruleset_facts import ActorFacts, ChangeFacts, Contents
from appliance.domain.ruleset_words import Layer, RuleKind
from appliance.domain.rulesets import Ruleset, judge
from appliance.errors import ApplianceError
from appliance.services import rule_facts, rule_looks, ruleset_drafts
from appliance.services.push_names import show
from appliance.services.push_rules import WITHOUT_GIT

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.access.fetch_rulesets import Place
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.rulesets import RepositoryFacts
    from appliance.git.storage import RepositoryStore
    from appliance.services.ruleset_drafts import Checked, Draft

USUAL_DAYS = 30
MOST_DAYS = 90
MOST_FINDINGS = 500
MOST_PUSHES = 300
"""Moves of refs that are looked at, in all repositories together."""
MOST_REPOSITORIES = 100
FORGOTTEN_AT_ONCE = 500
NOT_REPLAYED = frozenset({RuleKind.SIGNED_COMMITS, RuleKind.SIGNED_PUSH, RuleKind.REQUIRED_CHECKS})
BY_MERGE = "merge"
"""How operations begin that bring one branch into another."""


@dataclass(frozen=True)
class WouldRefuse:
    """One rule that one move of a ref has broken, or would have."""

    repository: str
    ref: str
    by: str
    """Empty where they are gone."""
    kind: RuleKind
    reasons: tuple[str, ...]
    at: datetime
    push_id: UUID | None


@dataclass(frozen=True)
class Report:
    """What a ruleset on trial has found."""

    since: datetime
    total: int
    by_kind: dict[str, int]
    items: tuple[WouldRefuse, ...]
    """The latest of them."""


@dataclass(frozen=True)
class Past:
    """One move of a ref, as it was recorded."""

    push_id: UUID
    ref: bytes
    old_oid: str
    new_oid: str
    movement: Movement
    at: datetime
    by: str
    actor: ActorFacts
    is_merge: bool
    moment: Moment


@dataclass(frozen=True)
class Trial:
    """What a replay looks at: the draft as a ruleset over the repository, and past moves."""

    repository: str
    folder: Path
    ruleset: Ruleset
    moves: tuple[Past, ...]
    is_cut: bool
    """There were more pushes than are looked at."""


@dataclass(frozen=True)
class Replayed:
    """What came of a replay."""

    repositories: int
    moves: int
    not_looked_at: int
    """Moves of which the objects are gone, or too many to look at."""
    is_cut: bool
    not_replayed: tuple[RuleKind, ...]
    items: tuple[WouldRefuse, ...]


def found(
    work: UnitOfWork, place: Place, ruleset_id: UUID, *, days: int = USUAL_DAYS, now: datetime
) -> Report:
    """What a ruleset on trial would have refused in some days; for who may change it.

    Errors:
        HiddenError, RefusedError: the actor may not know.
        NotFoundError: there is no such ruleset here.
    """
    where = fetch_rulesets.to_judge(work, place)
    row = fetch_rulesets.one(work, where, ruleset_id)
    since = now - timedelta(days=min(max(days, 1), MOST_DAYS))
    meant = (RulesetFinding.ruleset_id == row.id, RulesetFinding.found_at >= since)
    counts = sa.select(RulesetFinding.kind, sa.func.count()).where(*meant)
    rows = work.session.execute(counts.group_by(RulesetFinding.kind))
    by_kind = {row[0]: row[1] for row in rows}
    return Report(since, sum(by_kind.values()), by_kind, _items(work, meant))


def trials(
    work: UnitOfWork,
    place: Place,
    draft: Draft,
    *,
    days: int = USUAL_DAYS,
    repositories: RepositoryStore,
    now: datetime,
) -> list[Trial]:
    """What a replay of a draft looks at: in a repository, or in all those that it chooses of an
    organisation or the appliance; for who may set rules there.

    Errors:
        HiddenError, RefusedError: the actor may not.
        InvalidError: the draft cannot be meant.
    """
    where = fetch_rulesets.to_judge(work, place)
    checked = ruleset_drafts.checked(work, draft)
    since = now - timedelta(days=min(max(days, 1), MOST_DAYS))
    query = sa.select(Repository).where(
        Repository.deleted_at.is_(None), Repository.wiki_of_id.is_(None)
    )
    if where.repository_id is not None:
        query = query.where(Repository.id == where.repository_id)
    elif where.organisation_id is not None:
        query = query.where(Repository.organisation_id == where.organisation_id)
    latest = query.order_by(Repository.pushed_at.desc().nulls_last(), Repository.id)
    found: list[Trial] = []
    for repository in work.session.scalars(latest.limit(MOST_REPOSITORIES)):
        facts = facts_of(work.session, repository)
        if where.repository_id is not None or checked.target.is_about(facts):
            folder = repositories.folder(repository.id)
            left = MOST_PUSHES - sum(len(each.moves) for each in found)
            found.append(_trial(work, repository, facts, checked, folder, since, left))
    return found


def _trial(
    work: UnitOfWork,
    repository: Repository,
    facts: RepositoryFacts,
    checked: Checked,
    folder: Path,
    since: datetime,
    most: int,
) -> Trial:
    includes, excludes = checked.target.patterns(facts)
    ruleset = Ruleset(
        name=checked.name,
        layer=Layer.REPOSITORY,
        includes=includes,
        excludes=excludes,
        rules=tuple(each for each in checked.rules if each.kind not in NOT_REPLAYED),
        id=repository.id,
    )
    rows = _pushes(work, repository, since, most)
    kept = rows[:most]
    actors = _actors(work, repository, [push for push, _ref in kept])
    moves = tuple(_past(push, ref, actors) for push, ref in kept if ruleset.is_about(ref.ref))
    return Trial(repository.path, folder, ruleset, moves, len(rows) > most)


def replayed(trials: Sequence[Trial], draft: Draft) -> Replayed:
    """What the draft would have refused, the latest first. Reads objects; needs no transaction."""
    items: list[WouldRefuse] = []
    not_looked_at = 0
    for trial, move in ((one, move) for one in trials for move in one.moves):
        contents = _contents(trial, move)
        if contents is None:
            not_looked_at += 1
            continue
        items += _judged(trial, move, contents)
    kinds = {RuleKind(each["kind"]) for each in draft.rules}
    return Replayed(
        len(trials),
        sum(len(trial.moves) for trial in trials),
        not_looked_at,
        any(trial.is_cut for trial in trials) or len(trials) >= MOST_REPOSITORIES,
        tuple(sorted(kinds & NOT_REPLAYED)),
        tuple(sorted(items, key=lambda each: each.at, reverse=True)),
    )


def forget_old(work: UnitOfWork, *, before: datetime) -> int:
    """Let go of what rulesets on trial found before a moment; gives how much that was.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    old = sa.select(RulesetFinding.id).where(RulesetFinding.found_at < before)
    ids = work.session.scalars(old.limit(FORGOTTEN_AT_ONCE)).all()
    if ids:
        work.session.execute(sa.delete(RulesetFinding).where(RulesetFinding.id.in_(ids)))
    return len(ids)


def _judged(trial: Trial, move: Past, contents: Contents) -> list[WouldRefuse]:
    facts = ChangeFacts(
        *(move.ref, move.movement, move.at, move.actor, contents), moment=move.moment
    )
    broken = judge([trial.ruleset], facts)
    return [
        WouldRefuse(
            *(trial.repository, show(move.ref), move.by),
            each.kind,
            each.reasons,
            move.at,
            move.push_id,
        )
        for each in broken
        if not (move.is_merge and each.kind is RuleKind.PULL_REQUEST)
    ]


def _contents(trial: Trial, move: Past) -> Contents | None:
    if move.new_oid == NO_OBJECT or not trial.ruleset.looks_inside:
        return Contents()
    try:
        found = rule_looks.contents_between(
            *(trial.folder, move.ref, move.old_oid, move.new_oid),
            asked=trial.ruleset.policies_at(move.moment),
        )
    except ApplianceError:
        return None  # What was pushed then has been collected since.
    return None if found.is_too_much else found


def _items(work: UnitOfWork, meant: Iterable[sa.ColumnElement[bool]]) -> tuple[WouldRefuse, ...]:
    query = (
        sa.select(RulesetFinding, Repository, User.name)
        .join(Repository, Repository.id == RulesetFinding.repository_id)
        .outerjoin(User, User.id == RulesetFinding.user_id)
        .where(*meant)
        .order_by(RulesetFinding.found_at.desc(), RulesetFinding.id.desc())
        .limit(MOST_FINDINGS)
    )
    return tuple(
        WouldRefuse(
            repository.path,
            show(row.ref),
            name or "",
            RuleKind(row.kind),
            tuple(row.reasons),
            row.found_at,
            row.push_id,
        )
        for row, repository, name in work.session.execute(query)
    )


def _pushes(
    work: UnitOfWork, repository: Repository, since: datetime, most: int
) -> list[tuple[Push, PushedRef]]:
    query = (
        sa.select(Push, PushedRef)
        .join(PushedRef, PushedRef.push_id == Push.id)
        .where(
            Push.repository_id == repository.id,
            Push.accepted_at >= since,
            PushedRef.moved.is_(True),
        )
        .order_by(Push.accepted_at.desc(), PushedRef.id)
        .limit(most + 1)
    )
    return [(push, ref) for push, ref in work.session.execute(query)]


def _actors(
    work: UnitOfWork, repository: Repository, pushes: Sequence[Push]
) -> dict[UUID, ActorFacts]:
    """Who pushed, with the roles and addresses that they have now."""
    ids = {each.actor_id for each in pushes if each.actor_kind == ActorKind.USER and each.actor_id}
    users = work.session.scalars(sa.select(User).where(User.id.in_(ids))) if ids else ()
    return {user.id: rule_facts.of_user(work, repository, user) for user in users}


def _past(push: Push, ref: PushedRef, actors: dict[UUID, ActorFacts]) -> Past:
    return Past(
        push_id=push.id,
        ref=ref.ref,
        old_oid=ref.old_oid,
        new_oid=ref.new_oid,
        movement=Movement(ref.movement),
        at=push.accepted_at,
        by=push.actor_label,
        actor=actors.get(push.actor_id, ActorFacts()) if push.actor_id else ActorFacts(),
        is_merge=(push.operation or "").startswith(BY_MERGE),
        moment=Moment.PRE_COMMIT if push.protocol == WITHOUT_GIT else Moment.PRE_PUSH,
    )
