"""Letters on their way: who is to be written to of what, which are due, and what came of each.

A letter says nothing of itself that the database does not say when it is sent. One process at a
time holds a letter; if that one dies, the next sends it, at worst twice under the same id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db.notifications import NotificationMail
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.notifications import (
    Choices,
    MailState,
    MailWhen,
    Reason,
    Tale,
    next_digest,
    next_try,
)
from appliance.domain.permissions import Permission
from appliance.services import notification_choices

AT_ONCE = 50
HELD_FOR = timedelta(minutes=10)
FORGOTTEN_AT_ONCE = 1000


@dataclass(frozen=True)
class Occasion:
    """Something to write of."""

    thing: Mapping[str, Any]
    """The conversation or the commit, as columns have it."""
    event_id: UUID
    tale: Tale
    actor_id: UUID | None
    text_id: UUID | None
    happened_at: datetime


@dataclass(frozen=True)
class Held:
    """One letter that we have to send: of one occasion, or a digest of several."""

    user_id: UUID
    rows: Sequence[NotificationMail]

    @property
    def is_digest(self) -> bool:
        """Whether it brings several together, however many those are."""
        return self.rows[0].is_digest

    @property
    def numbers(self) -> list[int]:
        """Of its rows."""
        return [row.number for row in self.rows]


@dataclass(frozen=True)
class Outcome:
    """What came of a letter."""

    state: MailState
    """WAITING: it is to be tried again."""
    error: str = ""


@open_to_everyone(because="whoever tells people has asked whether they may be told")
def promise(
    work: UnitOfWork, occasion: Occasion, people: Mapping[UUID, Reason], *, now: datetime
) -> None:
    """Write to people of an occasion, as they chose."""
    if not work.rules.mail.host:
        return
    chosen = notification_choices.of(work, list(people))
    for user_id, reason in sorted(people.items()):
        choices = chosen.get(user_id, Choices())
        when = choices.mail_for(reason)
        if when is not MailWhen.NEVER:
            is_digest = when is MailWhen.DIGEST
            row = NotificationMail(
                user_id=user_id,
                **occasion.thing,
                event_id=occasion.event_id,
                reason=reason,
                tale=occasion.tale,
                actor_id=occasion.actor_id,
                text_id=occasion.text_id,
                happened_at=occasion.happened_at,
                is_digest=is_digest,
                due_at=next_digest(choices.digest, now) if is_digest else now,
            )
            work.session.add(row)


def is_due(work: UnitOfWork, *, now: datetime) -> bool:
    """Whether a letter is to be sent: asked without writing, because it is asked often."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return work.session.scalar(_due(now).limit(1)) is not None


def take(work: UnitOfWork, holder: str, *, now: datetime) -> list[Held]:
    """Hold some letters that are due; of a digest all that is due comes along."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    numbers = list(work.session.scalars(_due(now).limit(AT_ONCE)))
    digests = sa.select(NotificationMail.user_id).where(
        NotificationMail.number.in_(numbers), NotificationMail.is_digest.is_(True)
    )
    users = list(work.session.scalars(digests.distinct()))
    all_of_them = sa.or_(
        NotificationMail.number.in_(numbers),
        sa.and_(NotificationMail.user_id.in_(users), NotificationMail.is_digest.is_(True)),
    )
    work.session.connection().execute(
        sa.update(NotificationMail)
        .where(*_free(now), all_of_them)
        .values(holder=holder, held_until=now + HELD_FOR)
    )
    return _letters(work, holder)


def note(work: UnitOfWork, holder: str, held: Held, outcome: Outcome, *, now: datetime) -> None:
    """Write down what came of a letter that we hold."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    rows = work.session.scalars(
        sa.select(NotificationMail).where(
            NotificationMail.number.in_(held.numbers),
            NotificationMail.holder == holder,
            NotificationMail.state == MailState.WAITING,
        )
    ).all()
    for row in rows:
        row.holder, row.held_until, row.error = "", None, outcome.error
        again = None
        if outcome.state is MailState.WAITING:
            row.attempts += 1
            again = next_try(row.attempts, now)
        if again is not None:
            row.due_at = again
            continue
        is_vain = outcome.state is MailState.WAITING
        row.state = MailState.GIVEN_UP if is_vain else outcome.state
        row.finished_at = now


def forget_old(work: UnitOfWork, *, before: datetime) -> int:
    """Let go of what was settled before a moment."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    old = sa.select(NotificationMail.number).where(NotificationMail.finished_at < before)
    numbers = list(work.session.scalars(old.limit(FORGOTTEN_AT_ONCE)))
    gone = sa.delete(NotificationMail).where(NotificationMail.number.in_(numbers))
    work.session.connection().execute(gone)
    return len(numbers)


def _letters(work: UnitOfWork, holder: str) -> list[Held]:
    query = sa.select(NotificationMail).where(
        NotificationMail.holder == holder, NotificationMail.state == MailState.WAITING
    )
    digests: dict[UUID, list[NotificationMail]] = {}
    found: list[Held] = []
    for row in work.session.scalars(query.order_by(NotificationMail.number)):
        if row.is_digest:
            digests.setdefault(row.user_id, []).append(row)
        else:
            found.append(Held(row.user_id, [row]))
    return [*found, *(Held(user, rows) for user, rows in digests.items())]


def _due(now: datetime) -> sa.Select[int]:
    return sa.select(NotificationMail.number).where(*_free(now)).order_by(NotificationMail.number)


def _free(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        NotificationMail.state == MailState.WAITING,
        NotificationMail.due_at <= now,
        sa.or_(NotificationMail.held_until.is_(None), NotificationMail.held_until <= now),
    )
