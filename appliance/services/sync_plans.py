"""What is to follow from what a directory says: everybody compared with what is known here.

Only reads. `sync_runs.py` judges what comes of it, and does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import ANOTHER_KEEPS_OUT, GroupRule, Identity
from appliance.db.provider_syncs import SyncChange
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain.claims import Address, Claims, checked
from appliance.domain.identity_providers import Policy
from appliance.domain.names import LONGEST_DISPLAY_NAME
from appliance.domain.provider_syncs import (
    TAKES_AWAY,
    ChangeKind,
    ChangeState,
    Losses,
)
from appliance.errors import InvalidError
from appliance.federation.ldap_reading import Known, Reading
from appliance.federation.ldap_spool import Spool

Reads = Callable[[], AbstractContextManager[UnitOfWork]]
"""Opens a reading transaction as the appliance."""
IDENTITIES_AT_ONCE = 500
KEPT_OUT_ELSEWHERE = "kept_out_elsewhere"


@dataclass(frozen=True)
class Task:
    """One run, and what it has to go by."""

    run_id: UUID
    provider_id: UUID
    version: int
    policy: Policy
    is_dry_run: bool
    creates: bool
    """Whether somebody unknown becomes a user."""
    percent: int
    rule_groups: frozenset[str]
    """Groups that give something."""
    confirms_id: UUID | None
    confirmed_groups: frozenset[str]
    """Groups of which somebody has confirmed that they have nobody any more."""
    read_at: datetime


@dataclass
class Plan:
    """What was found so far; the steps themselves are in the spool."""

    known: int = 0
    had: Counter[str] = field(default_factory=Counter)
    """Of groups that give something: how many who are still there were in them before."""
    has: Counter[str] = field(default_factory=Counter)
    losing: Counter[str] = field(default_factory=Counter)
    """What would be taken away and nobody has confirmed, by kind."""

    def losses(self, task: Task) -> Losses:
        """What the judgement is made of."""
        emptied = sorted(
            group
            for group in self.had
            if not self.has[group] and group not in task.confirmed_groups
        )
        return Losses(
            known=self.known,
            disabled=self.losing[ChangeKind.DISABLED],
            vanished=self.losing[ChangeKind.VANISHED],
            less=self.losing[ChangeKind.LESS],
            emptied=tuple(emptied),
        )


@dataclass(frozen=True)
class _Row:
    """What is known here of a subject."""

    subject: str
    identity_id: UUID
    user_id: UUID
    is_active: bool
    said_name: str
    said_email: str
    groups: frozenset[str]
    has_groups: bool
    user: str
    display_name: str
    may_enter: bool
    is_kept_out_by_it: bool
    is_kept_out_elsewhere: bool


def compare(reads: Reads, task: Task, reading: Reading, say: Callable[[int], None]) -> Plan:
    """Compare everybody who was read with what is known, and the other way round."""
    plan = Plan()
    done = 0
    for people in reading.people():
        with reads() as work:
            steps = _steps(work, task, people, plan)
        reading.spool.add_steps(steps)
        done += len(people)
        say(done)
    after: UUID | None = None
    while True:
        with reads() as work:
            steps, after = _vanished(work, task, reading.spool, after, plan)
        reading.spool.add_steps(steps)
        if after is None:
            return plan


def look_again(
    reads: Reads, task: Task, reading: Reading, plan: Plan, say: Callable[[int], None]
) -> None:
    """Ask for each of those alone who would lose something by not being in the answer: what it says
    of one person cannot have lost a page.
    """
    done = 0
    for kind in (ChangeKind.VANISHED, ChangeKind.LESS):
        for steps in reading.spool.steps(kind=kind, size=IDENTITIES_AT_ONCE):
            for step in steps:
                again = reading.again(step["subject"], now=task.read_at)
                done += 1
                say(done)
                if again is not None:
                    _replace(reads, task, reading, plan, step, kind, again)


def _replace(
    reads: Reads,
    task: Task,
    reading: Reading,
    plan: Plan,
    step: dict[str, Any],
    kind: ChangeKind,
    again: Known,
) -> None:
    """Let that follow which the newer answer says, in place of a step."""
    plan.losing[kind] -= not step["is_confirmed"]
    if again.claims is not None and again.claims.is_active:
        plan.has.update((again.claims.groups or frozenset()) & task.rule_groups)
    with reads() as work:
        found = _steps(work, task, [again], plan, counts_groups=False)
    new_kind, new = found[0] if found else ("", None)
    reading.spool.replace_step(step["number"], new_kind, new)


def claims_of(step: dict[str, Any]) -> Claims:
    """The claims that a step was made of."""
    said = dict(step["claims"])
    groups = said.pop("groups")
    addresses = tuple(Address(**each) for each in said.pop("addresses"))
    return Claims(
        subject=step["subject"],
        groups=None if groups is None else frozenset(groups),
        addresses=addresses,
        **said,
    )


@open_to_everyone(because="it is asked by the run alone")
def rule_groups(work: UnitOfWork, provider_id: UUID) -> frozenset[str]:
    """The groups of a provider that give something."""
    query = sa.select(GroupRule.group).where(GroupRule.provider_id == provider_id)
    return frozenset(work.session.scalars(query))


def _steps(
    work: UnitOfWork,
    task: Task,
    people: Sequence[Known],
    plan: Plan,
    *,
    counts_groups: bool = True,
) -> list[tuple[str, dict[str, Any]]]:
    rows = _known(work, task.provider_id, _called(people))
    confirmed = _confirmed(work, task, [each.subject for each in people])
    found = []
    for person in people:
        row = _row_of(rows, person)
        if counts_groups:
            _count_groups(plan, task, person, row)
        kind, detail = _judged(task, person, row)
        if kind is None:
            continue
        step = _step(person.subject, row, detail, person.claims)
        agreed = confirmed.get((person.subject, kind))
        step["is_confirmed"] = agreed is not None and agreed >= set(detail.get("lost", ()))
        if kind in TAKES_AWAY and not step["is_confirmed"]:
            plan.losing[kind] += 1
        found.append((str(kind), step))
    return found


def _called(people: Sequence[Known]) -> list[str]:
    """What people are called now, and what earlier releases called them."""
    before = (each.claims.former_subject for each in people if each.claims is not None)
    return [*(each.subject for each in people), *filter(None, before)]


def _row_of(rows: dict[str, _Row], person: Known) -> _Row | None:
    """What is known of somebody, as `identities.meant` finds it."""
    said = person.claims
    found = rows.get(person.subject)
    if found is not None or said is None:
        return found
    former = rows.get(said.former_subject)
    return former if former and said.was(former.subject, former.said_name) else None


def _judged(
    task: Task, person: Known, row: _Row | None
) -> tuple[ChangeKind | None, dict[str, Any]]:
    """What happens to one person, and why; nothing, if they are as they are known."""
    try:
        said = checked(person.claims) if person.claims else None
    except InvalidError as error:
        return ChangeKind.REFUSED, {"reason": "unusable", "said": str(error)}
    if said is None:
        return ChangeKind.REFUSED, {"reason": "twice"}
    if row is None:
        is_wanted = task.creates and said.is_active
        return (ChangeKind.CREATED if is_wanted else None), {}
    if not said.is_active:
        is_news = row.is_active or row.may_enter
        return (ChangeKind.DISABLED if is_news else None), {"reason": person.kept_out_by}
    return _of_active(task, said, row)


def _of_active(task: Task, said: Claims, row: _Row) -> tuple[ChangeKind | None, dict[str, Any]]:
    detail = _differences(task, said, row)
    if row.is_kept_out_by_it and not row.is_kept_out_elsewhere and task.policy.lets_in_again:
        return ChangeKind.RETURNED, detail
    if not row.is_active and not row.may_enter:
        return ChangeKind.UPDATED, {**detail, "reason": _why_still_out(row)}
    if detail.get("lost"):
        return ChangeKind.LESS, detail
    is_same_group = said.groups is None or (row.has_groups and said.groups == row.groups)
    if detail or not row.is_active or not is_same_group:
        return ChangeKind.UPDATED, detail
    return None, {}


def _why_still_out(row: _Row) -> str:
    """Why somebody whom the directory lets in again does not enter."""
    if row.is_kept_out_elsewhere:
        return KEPT_OUT_ELSEWHERE
    return "not_let_in_again" if row.is_kept_out_by_it else "suspended_here"


def _differences(task: Task, said: Claims, row: _Row) -> dict[str, Any]:
    changed = [name for name, is_new in _news(task.policy, said, row).items() if is_new]
    found: dict[str, Any] = {"changed": changed} if changed else {}
    if said.groups is not None:
        gained = (said.groups - row.groups) & task.rule_groups
        lost = (row.groups - said.groups) & task.rule_groups if row.is_active else frozenset()
        found |= {"gained": sorted(gained)} if gained else {}
        found |= {"lost": sorted(lost)} if lost else {}
    return found


def _news(policy: Policy, said: Claims, row: _Row) -> dict[str, bool]:
    news = {
        "subject": said.subject != row.subject,
        "name": said.name != row.said_name,
        "email": said.address != row.said_email,
    }
    if policy.keeps_profile:
        display_name = said.display_name[:LONGEST_DISPLAY_NAME]
        news["display_name"] = bool(display_name) and display_name != row.display_name
    return news


def _count_groups(plan: Plan, task: Task, person: Known, row: _Row | None) -> None:
    if row is not None and row.is_active:
        plan.known += 1
    claims = person.claims
    if claims is None or claims.groups is None or not claims.is_active:
        return
    plan.has.update(claims.groups & task.rule_groups)
    if row is not None and row.is_active:
        plan.had.update(row.groups & task.rule_groups)


def _vanished(
    work: UnitOfWork, task: Task, spool: Spool, after: UUID | None, plan: Plan
) -> tuple[list[tuple[str, dict[str, Any]]], UUID | None]:
    query = sa.select(Identity.id, Identity.subject, Identity.said_name).where(
        Identity.provider_id == task.provider_id, Identity.is_active.is_(True)
    )
    if after is not None:
        query = query.where(Identity.id > after)
    rows = work.session.execute(query.order_by(Identity.id).limit(IDENTITIES_AT_ONCE)).all()
    subjects = [row.subject for row in rows]
    there, before = spool.knows(subjects), spool.knows_formerly(subjects)
    missing = [
        row.subject
        for row in rows
        if row.subject not in there and (row.subject, row.said_name) not in before
    ]
    known = _known(work, task.provider_id, missing)
    confirmed = _confirmed(work, task, missing)
    steps = []
    for subject in missing:
        step = _step(subject, known[subject], {"reason": "not_there"}, None)
        step["is_confirmed"] = (subject, ChangeKind.VANISHED) in confirmed
        plan.losing[ChangeKind.VANISHED] += not step["is_confirmed"]
        steps.append((str(ChangeKind.VANISHED), step))
    plan.known += len(missing)
    return steps, rows[-1].id if len(rows) == IDENTITIES_AT_ONCE else None


def _step(
    subject: str, row: _Row | None, detail: dict[str, Any], claims: Claims | None
) -> dict[str, Any]:
    said = asdict(replace(claims, groups=None)) if claims else {}
    for name in ("subject", "facts"):
        said.pop(name, None)
    if claims:
        said["groups"] = None if claims.groups is None else sorted(claims.groups)
    return {
        "subject": subject,
        "identity_id": str(row.identity_id) if row else "",
        "user_id": str(row.user_id) if row else "",
        "name": row.user if row else claims.name if claims else "",
        "detail": detail,
        "claims": said,
    }


def _known(work: UnitOfWork, provider_id: UUID, subjects: Sequence[str]) -> dict[str, _Row]:
    query = (
        sa.select(
            *(Identity.id, Identity.subject, Identity.user_id, Identity.is_active),
            *(Identity.said_name, Identity.said_email, Identity.groups),
            *(User.name, User.display_name, User.state, User.suspended_by_id),
            ANOTHER_KEEPS_OUT.label("other_id"),
        )
        .join(User, User.id == Identity.user_id)
        .where(Identity.provider_id == provider_id, Identity.subject.in_(subjects))
    )
    return {
        row.subject: _Row(
            subject=row.subject,
            identity_id=row.id,
            user_id=row.user_id,
            is_active=row.is_active,
            said_name=row.said_name,
            said_email=row.said_email,
            groups=frozenset(row.groups or ()),
            has_groups=row.groups is not None,
            user=row.name,
            display_name=row.display_name,
            may_enter=row.state is UserState.ACTIVE,
            is_kept_out_by_it=(
                row.state is UserState.SUSPENDED and row.suspended_by_id == provider_id
            ),
            is_kept_out_elsewhere=row.other_id is not None,
        )
        for row in work.session.execute(query)
    }


def _confirmed(
    work: UnitOfWork, task: Task, subjects: Iterable[str]
) -> dict[tuple[str, ChangeKind], frozenset[str]]:
    """What of the confirmed report is about these, and which groups each would lose."""
    if task.confirms_id is None:
        return {}
    query = sa.select(SyncChange).where(
        SyncChange.run_id == task.confirms_id,
        SyncChange.state == ChangeState.HELD,
        SyncChange.subject.in_(list(subjects)),
    )
    return {
        (each.subject, each.kind): frozenset(each.detail.get("lost", ()))
        for each in work.session.scalars(query)
    }
