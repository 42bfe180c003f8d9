"""What rules are told of a pull request: reviews, checks, owners, and what changed since.

wanted   whether rules ask at all, and which commits must be compared for them
look     reads git, while no transaction is open
facts    what is known then, in the transaction that decides
broken   which rules stand in the way of merging, and whether the actor may go past them
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import grants
from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses, pull_rows
from appliance.db.reviews import ReviewThread
from appliance.db.rulesets import all_over
from appliance.db.users import User
from appliance.domain.checks import by_name
from appliance.domain.codeowners import CodeOwners
from appliance.domain.merge_facts import MergeFacts, ReviewFact
from appliance.domain.permissions import Permission
from appliance.domain.protection import Movement
from appliance.domain.pull_requests import Verdict
from appliance.domain.ruleset_facts import ChangeFacts
from appliance.domain.ruleset_words import Enforcement, Rule, RuleKind
from appliance.domain.rulesets import Refusal, Ruleset, judge
from appliance.errors import ApplianceError
from appliance.git import change_digest, pull_refs, refs
from appliance.git.ref_names import BRANCHES
from appliance.services import change_alerts, checks, code_owners, rule_facts

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.access.fetch_pulls import SeenPull
    from appliance.db.reviews import Review
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.ruleset_alerts import ChangeAlerts

ASKED = "whoever has a pull request before them was asked whether they may read it"
OF_MERGES = frozenset(
    {
        *(RuleKind.PULL_REQUEST, RuleKind.SENSITIVE_FILES, RuleKind.REQUIRED_CHECKS),
        *(RuleKind.FREEZE, RuleKind.TICKET_REFERENCE, RuleKind.MERGE_QUEUE),
        RuleKind.ALERTS,
    }
)
"""Kinds of rules that can be asked before the merge is made."""


@dataclass(frozen=True)
class Wanted:
    """What must be compared so that rules can be asked."""

    target: bytes
    head: str
    base: str
    reviewed: Mapping[str, str] = field(default_factory=dict)
    """Heads of which a verdict counts, with what their changes are counted from."""


@dataclass(frozen=True)
class Looked:
    """What git says."""

    paths: tuple[bytes, ...] = ()
    owners: CodeOwners | None = None
    """CODEOWNERS of the target."""
    is_up_to_date: bool = True
    unchanged: frozenset[str] = frozenset()
    """Those of the reviewed heads that change what the head changes."""
    base: str = ""
    """Where the head left the target."""
    tested: str = ""
    """The commit whose checks count: what a merge queue has made of it; if empty, the head."""


@open_to_everyone(because=ASKED)
def wanted(work: UnitOfWork, seen: SeenPull) -> Wanted | None:
    """What must be compared; None where no ruleset asks for it."""
    if not any(each.id for each in _over(work, seen)):
        return None
    pull = seen.pull
    sets = {each.number: each for each in pull_rows.patch_sets(work.session, pull.id)}
    last = sets.get(pull.patch_sets_numbered)
    standing = pull_rows.standing_reviews(work.session, pull.id)
    reviewed = {
        each.head_oid: sets[each.patch_set].base_oid for each in standing if each.patch_set in sets
    }
    base = last.base_oid if last is not None else ""
    return Wanted(BRANCHES + pull.target_branch, pull.head_oid, base, reviewed)


def look(folder: Path, wanted: Wanted) -> Looked:
    """What git says. Reads objects and may take a while.

    Errors:
        NotFoundError: the target is gone.
        DamagedError, TimeoutExceededError, TooLargeError: it cannot be told, or not in time.
    """
    target = refs.one(folder, wanted.target).target
    base = pull_refs.base(folder, target, wanted.head)
    if base is None:
        return Looked(is_up_to_date=False)
    found = code_owners.found(folder, target)
    mine = change_digest.digest(folder, base, wanted.head)
    unchanged = {
        head
        for head, reviewed_base in wanted.reviewed.items()
        if head == wanted.head or _is_same(folder, reviewed_base, head, mine)
    }
    return Looked(
        change_digest.paths(folder, base, wanted.head),
        found.owners if found is not None else None,
        base == target,
        frozenset(unchanged),
        base,
    )


@open_to_everyone(because=ASKED)
def facts(work: UnitOfWork, seen: SeenPull, looked: Looked) -> MergeFacts:
    """A pull request as rules see it."""
    pull, found, session = seen.pull, seen.conversation, work.session
    sets = pull_rows.patch_sets(session, pull.id)
    last = max(sets, key=lambda each: each.number, default=None)
    pushers = {each.pushed_by_id for each in sets if each.pushed_by_id}
    people = pushers | ({found.author_id} if found.author_id else set())
    addresses = email_addresses.verified(session, people) if people else {}
    owners = looked.owners
    reports = checks.reports(work, seen.repository.id, looked.tested or pull.head_oid)
    threads = sa.select(sa.func.count()).where(
        ReviewThread.pull_id == pull.id, ReviewThread.resolved_at.is_(None)
    )
    return MergeFacts(
        head_oid=pull.head_oid,
        author_id=found.author_id,
        last_pusher_id=last.pushed_by_id if last is not None else None,
        reviews=_reviews(work, seen, looked),
        checks=by_name(reports),
        reports=reports,
        paths=looked.paths,
        owned=code_owners.owned(work, seen.repository, owners, looked.paths) if owners else (),
        open_threads=session.scalar(threads) or 0,
        is_up_to_date=looked.is_up_to_date,
        by_queue=bool(looked.tested),
        title=found.title,
        description=found.body,
        addresses=frozenset().union(*addresses.values()),
        alerts=_alerts(work, seen, looked),
    )


@open_to_everyone(because=ASKED)
def broken(work: UnitOfWork, seen: SeenPull, looked: Looked) -> tuple[Refusal, ...]:
    """The rules that stand in the way of merging, whoever merges; who may go past them is said."""
    found = [each for each in _over(work, seen) if each.id is not None]
    if not found:
        return ()
    actor = rule_facts.of_actor(work, seen.repository, wholly=True)
    change = ChangeFacts(
        ref=BRANCHES + seen.pull.target_branch,
        movement=Movement.FAST_FORWARD,
        at=work.begun_at,
        actor=actor,
        merge=facts(work, seen, looked),
    )
    return tuple(each for each in judge(found, change) if each.kind in OF_MERGES)


@open_to_everyone(because=ASKED)
def withheld(work: UnitOfWork, seen: SeenPull) -> tuple[Refusal, ...]:
    """The rules that let only others move the target, whatever is merged."""
    found = [each for each in _over(work, seen) if any(map(_is_for_some, each.rules))]
    if not found:
        return ()
    change = ChangeFacts(
        ref=BRANCHES + seen.pull.target_branch,
        movement=Movement.FAST_FORWARD,
        at=work.begun_at,
        actor=rule_facts.of_actor(work, seen.repository, wholly=True),
        merge=facts(work, seen, Looked()),
    )
    return tuple(each for each in judge(found, change) if each.kind is RuleKind.UPDATE)


def _alerts(work: UnitOfWork, seen: SeenPull, looked: Looked) -> ChangeAlerts | None:
    asks = any(rule.kind is RuleKind.ALERTS for each in _over(work, seen) for rule in each.rules)
    if not asks:
        return None
    head, base = seen.pull.head_oid, looked.base
    found = change_alerts.of_change(
        work, seen.repository.id, head=head, base=base, now=work.begun_at
    )
    may_read = Permission.ALERT_READ in grants.on_repository(work, seen.repository)
    return replace(found, may_be_named=may_read)


def _is_for_some(rule: Rule) -> bool:
    return rule.kind is RuleKind.UPDATE and bool(rule.allowed)


@open_to_everyone(because=ASKED)
def may_go_past_some(work: UnitOfWork, seen: SeenPull) -> bool:
    """Whether the actor is on the list of a ruleset over the target."""
    lists = [each.bypass for each in _over(work, seen) if each.id is not None and each.bypass]
    if not lists:
        return False
    actor = rule_facts.of_actor(work, seen.repository, wholly=True)
    return any(each.subject.includes(actor) for bypass in lists for each in bypass)


@open_to_everyone(because=ASKED)
def approvers(work: UnitOfWork, seen: SeenPull) -> list[UUID]:
    """Whose approval counts: who may write, and has not asked for the merge."""
    standing = pull_rows.standing_reviews(work.session, seen.pull.id)
    ids = {each.author_id for each in standing if each.verdict is Verdict.APPROVE}
    return sorted(writers(work, seen, ids) - {seen.conversation.author_id})


@open_to_everyone(because=ASKED)
def writers(work: UnitOfWork, seen: SeenPull, ids: Iterable[UUID | None]) -> frozenset[UUID]:
    """Those of some users who may write to the repository."""
    wanted = set(ids) - {None}
    users = work.session.scalars(sa.select(User).where(User.id.in_(wanted))) if wanted else ()
    return frozenset(user.id for user in users if rule_facts.may_write(work, seen.repository, user))


def _over(work: UnitOfWork, seen: SeenPull) -> list[Ruleset]:
    ref = BRANCHES + seen.pull.target_branch
    return [
        each
        for each in all_over(work.session, seen.repository)
        if each.enforcement is Enforcement.ACTIVE and each.is_about(ref)
    ]


def _reviews(work: UnitOfWork, seen: SeenPull, looked: Looked) -> tuple[ReviewFact, ...]:
    standing = pull_rows.standing_reviews(work.session, seen.pull.id)
    return tuple(_review(work, seen, each, looked) for each in standing)


def _review(work: UnitOfWork, seen: SeenPull, review: Review, looked: Looked) -> ReviewFact:
    user = work.session.get_one(User, review.author_id)
    known = rule_facts.of_user(work, seen.repository, user)
    return ReviewFact(
        reviewer_id=user.id,
        approves=review.verdict is Verdict.APPROVE,
        may_write=rule_facts.may_write(work, seen.repository, user),
        is_current=review.head_oid == seen.pull.head_oid or review.head_oid in looked.unchanged,
        team_ids=known.team_ids,
    )


def _is_same(folder: Path, base: str, head: str, mine: str | None) -> bool:
    """Whether what was looked at then changes what is changed now."""
    try:
        return mine is not None and change_digest.digest(folder, base, head) == mine
    except ApplianceError:
        return False  # What was looked at then is gone: look again.
