"""From what the audit logs recorded to alerts of suspicious activity.

The logs are the buffer: the place up to which they were read moves on in the same transaction as
memories and alerts are written, so that whoever is killed in between leaves nothing out. What was
there before the rules began only teaches them what is usual. No push waits for any of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.activity import (
    ActivityAlert,
    ActivityCursor,
    ActivityExemption,
    ActivityMemory,
)
from appliance.db.audit_log import INSTANCE_LOG
from appliance.db.organisations import Membership
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import activity, events
from appliance.domain.activity import ActivityRule, ActivityState, Fact, Finding, Limits, Memory
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError
from appliance.services import activity_facts, activity_letters, repository_facts
from appliance.services.activity_facts import ERASED, Batch

ONLY = 1
"""The key of the one cursor."""
MOST_EVENTS = 100
"""Events that an alert names; the search that it links to finds all."""
FORGOTTEN_AFTER = timedelta(days=400)


def is_behind(work: UnitOfWork) -> bool:
    """Whether there may be something to read: asked without writing, because it is asked often."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    cursor = activity_facts.place(work)
    return cursor is None or cursor.place < repository_facts.newest(work)


def take(
    work: UnitOfWork,
    batch: Batch,
    wrote: Mapping[str, Sequence[tuple[str, bool]]],
    *,
    now: datetime,
) -> int:
    """Judge the facts of a batch; gives how many alerts were opened.

    Errors:
        ConflictError: somebody else did the same; nothing was done.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    learns_until = _move(work, batch)
    _forget(work, [row.target_ref for row in batch.rows if row.action == ERASED], now)
    limits = limits_of(work)
    facts = activity_facts.facts(work, batch, wrote)
    memories = _Memories(work, facts)
    found: list[Finding] = []
    places = {str(row.event_id): row.place for row in batch.rows}
    for fact in facts:
        known, token, new = activity.judged(
            fact, memories.of("actor", fact.actor), memories.of("token", fact.token), limits
        )
        is_taught = places[fact.event] <= learns_until
        memories.keep(fact, known if not is_taught else activity.untold(known), token)
        found += [] if is_taught else new
    memories.write()
    return sum(_tell(work, each, now) for each in found)


@gate.open_to_everyone(because="it says what the settings are")
def limits_of(work: UnitOfWork) -> Limits:
    """What the appliance's settings say."""
    said = work.rules.activity
    names = [each.name for each in fields(Limits) if each.name != "rules"]
    rules = frozenset(map(ActivityRule, said.rules))
    return Limits(rules=rules, **{name: getattr(said, name) for name in names})


class _Memories:
    """What is remembered of whom a batch speaks. Its state: what was changed."""

    def __init__(self, work: UnitOfWork, facts: Sequence[Fact]) -> None:
        self._work = work
        self._rows: dict[str, ActivityMemory] = {}
        keys = {f"actor:{each.actor}" for each in facts}
        keys |= {f"token:{each.token}" for each in facts if each.token}
        query = sa.select(ActivityMemory).where(ActivityMemory.subject.in_(keys))
        self._rows = {each.subject: each for each in work.session.scalars(query)}
        self._known = {key: activity.from_json(row.memory) for key, row in self._rows.items()}
        self._seen: dict[str, Fact] = {}

    def of(self, kind: str, name: str) -> Memory:
        """Of one identity or token."""
        return self._known.get(f"{kind}:{name}", Memory())

    def keep(self, fact: Fact, known: Memory, token: Memory) -> None:
        """Remember this from now on."""
        self._note(f"actor:{fact.actor}", known, fact)
        if fact.token:
            self._note(f"token:{fact.token}", token, fact)

    def _note(self, key: str, memory: Memory, fact: Fact) -> None:
        self._known[key], self._seen[key] = memory, fact

    def write(self) -> None:
        """Write down what was changed."""
        for key, fact in self._seen.items():
            row = self._rows.get(key) or ActivityMemory(subject=key)
            row.person, row.seen_at = fact.actor, fact.at
            row.memory = activity.as_json(self._known[key])
            self._work.session.add(row)


def _move(work: UnitOfWork, batch: Batch) -> int:
    """From where it was read, so that no two processes do the same; gives up to where it learns."""
    cursor = activity_facts.place(work)
    if cursor is None:
        made = ActivityCursor(id=ONLY, place=batch.until, learns_until=batch.newest)
        work.session.add(made)
        work.session.flush()  # Another may be doing the same; there is one.
        return batch.newest
    moved = work.session.connection().execute(
        sa.update(ActivityCursor)
        .where(ActivityCursor.id == ONLY, ActivityCursor.place == batch.place)
        .values(place=max(batch.place, batch.until))
    )
    if moved.rowcount != 1:
        raise ConflictError("Somebody else does the same at the same moment.")
    return cursor.learns_until


def _forget(work: UnitOfWork, erased: Sequence[str], now: datetime) -> None:
    """What is remembered of erased people, and of who was not seen for long."""
    ids = [UUID(each) for each in erased]
    people = sa.select(User.pseudonym).where(User.id.in_(ids))
    gone = ActivityMemory.person.in_(people) if ids else sa.false()
    late = ActivityMemory.seen_at < now - FORGOTTEN_AFTER
    work.session.execute(sa.delete(ActivityMemory).where(sa.or_(gone, late)))


def _tell(work: UnitOfWork, found: Finding, now: datetime) -> int:
    """Open an alert in each log that it touches, or add to the one that is open there."""
    exempt = _exempt(work, found)
    if INSTANCE_LOG in exempt:
        return 0
    opened = 0
    for log in _logs(work, found):
        if log in exempt:
            continue
        alert = work.session.scalar(
            sa.select(ActivityAlert).where(
                ActivityAlert.log == log,
                ActivityAlert.actor_ref == found.actor,
                ActivityAlert.rule == found.rule,
                ActivityAlert.state == ActivityState.OPEN,
            )
        )
        named = list(found.events.get(log, ()))
        if alert is not None:
            alert.times, alert.at = alert.times + 1, found.at
            alert.count = max(alert.count, found.count)
            alert.events = [*alert.events, *named][-MOST_EVENTS:]
        else:
            alert = _open(work, found, log, named[-MOST_EVENTS:], now)
            opened += 1
        _record(work, alert, found, named[-MOST_EVENTS:])
    return opened


def _open(
    work: UnitOfWork, found: Finding, log: str, named: list[str], now: datetime
) -> ActivityAlert:
    is_all = len(found.events) <= 1
    alert = ActivityAlert(
        rule=found.rule,
        state=ActivityState.OPEN,
        log=log,
        actor_ref=found.actor,
        token_ref=found.token,
        since=found.since,
        at=found.at,
        count=found.count if is_all or log == INSTANCE_LOG else max(1, len(named)),
        usual=found.limit,
        times=1,
        events=named,
        created_at=now,
    )
    work.session.add(alert)
    work.session.flush()
    activity_letters.promise(work, alert, now=now)
    return alert


def _record(work: UnitOfWork, alert: ActivityAlert, found: Finding, named: list[str]) -> None:
    work.record(
        events.ActivityDetected(
            about=alert.id,
            organisation_id=None if alert.log == INSTANCE_LOG else UUID(alert.log),
            rule=str(alert.rule),
            subject=alert.actor_ref,
            count=alert.count,
            limit=found.limit,
            events=named,
        )
    )


def _logs(work: UnitOfWork, found: Finding) -> list[str]:
    """Whose officers are told: of who returns, those of their organisations too."""
    logs = set(found.events)
    if found.rule is ActivityRule.DORMANT:
        query = (
            sa.select(Membership.organisation_id)
            .join(User, User.id == Membership.user_id)
            .where(User.pseudonym == found.actor)
        )
        logs |= {str(each) for each in work.session.scalars(query)}
    return sorted(logs)


def _exempt(work: UnitOfWork, found: Finding) -> frozenset[str]:
    query = (
        sa.select(ActivityExemption.log)
        .join(User, User.id == ActivityExemption.user_id)
        .where(User.pseudonym == found.actor, ActivityExemption.rule == found.rule)
    )
    return frozenset(work.session.scalars(query))
