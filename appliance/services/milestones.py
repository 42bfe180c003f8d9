"""Milestones of a repository: what is to be done until a day, and how much of it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from appliance.access import fetch, fetch_conversations
from appliance.db.conversation_rows import next_milestone
from appliance.db.conversations import Conversation
from appliance.db.labels import Milestone
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import (
    LONGEST_MILESTONE,
    MOST_MILESTONES,
    ConversationState,
    check_name,
    check_text,
    name_key,
)
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, NotFoundError, sentence

IN_TURN = (Milestone.due_on.is_(None), Milestone.due_on, Milestone.number)


@dataclass(frozen=True)
class Progress:
    """A milestone, and how much of what was planned for it is done."""

    milestone: Milestone
    open: int
    closed: int

    @property
    def percent(self) -> int:
        """The share of what is closed; 0 where nothing is planned."""
        total = self.open + self.closed
        return 100 * self.closed // total if total else 0


@dataclass(frozen=True)
class Plan:
    """What a milestone is to be; of a change, what is None stays."""

    title: str | None = None
    description: str | None = None
    due_on: date | None = None
    has_no_date: bool = False
    """Whether the day it had is taken away."""
    closed: bool | None = None


def listed(work: UnitOfWork, path: str, *, closed: bool | None = None) -> list[Progress]:
    """The milestones of a repository: what is due first comes first, what has no day comes last.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = _with_progress(repository).order_by(*IN_TURN)
    if closed is not None:
        there = Milestone.closed_at.is_not(None) if closed else Milestone.closed_at.is_(None)
        query = query.where(there)
    return [_progress(row) for row in work.session.execute(query)]


def choices(work: UnitOfWork, path: str) -> list[Milestone]:
    """Those for which something can still be planned, in the same order; nothing is counted.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = sa.select(Milestone).where(
        Milestone.repository_id == repository.id, Milestone.closed_at.is_(None)
    )
    return list(work.session.scalars(query.order_by(*IN_TURN)))


def show(work: UnitOfWork, path: str, number: int) -> Progress:
    """One milestone.

    Errors:
        HiddenError, MovedError, NotFoundError: there is none, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    work.session.flush()
    row = work.session.execute(_with_progress(repository).where(Milestone.number == number)).first()
    if row is None:
        raise _none()
    return _progress(row)


def create(work: UnitOfWork, path: str, plan: Plan, *, now: datetime) -> Milestone:
    """Plan something until a day.

    Errors:
        HiddenError, RefusedError: the actor is no triager there.
        InvalidError: nothing can be called so.
        ConflictError: there is one of that title, too many, or the repository is archived.
    """
    repository = fetch_conversations.to_sort(work, path)
    _insist_on_room(work, repository)
    title = _free(work, repository, plan.title or "")
    made = Milestone(
        repository_id=repository.id,
        number=next_milestone(work.session, repository.id),
        title=title,
        title_key=name_key(title),
        description=check_text(plan.description or "", field="description"),
        due_on=plan.due_on,
        created_at=now,
    )
    work.session.add(made)
    work.session.flush()  # The event names its id.
    work.record(
        events.MilestoneCreated(
            about=repository.id,
            organisation_id=repository.organisation_id,
            milestone_id=str(made.id),
            title=made.title,
        )
    )
    return made


def change(work: UnitOfWork, path: str, number: int, plan: Plan, *, now: datetime) -> Milestone:
    """Give a milestone another title, text, day or state.

    Errors:
        HiddenError, RefusedError, NotFoundError: there is none, or the actor is no triager.
        InvalidError: nothing can be called so.
        ConflictError: another has that title, or the repository is archived.
    """
    repository = fetch_conversations.to_sort(work, path)
    found = _milestone(work, repository, number)
    before = _facts(found)
    if plan.title is not None:
        found.title = _free(work, repository, plan.title, but=found)
        found.title_key = name_key(found.title)
    if plan.description is not None:
        found.description = check_text(plan.description, field="description")
    if plan.due_on is not None or plan.has_no_date:
        found.due_on = plan.due_on
    if plan.closed is not None and plan.closed is found.is_open:
        found.closed_at = now if plan.closed else None
    changed = [name for name, value in _facts(found).items() if value != before[name]]
    if changed:
        work.record(
            events.MilestoneChanged(
                about=repository.id,
                organisation_id=repository.organisation_id,
                milestone_id=str(found.id),
                changed=changed,
                title=found.title,
            )
        )
    return found


def delete(work: UnitOfWork, path: str, number: int) -> int:
    """Delete a milestone; what was planned for it belongs to none. Gives how much that was.

    Errors:
        HiddenError, RefusedError, NotFoundError, ConflictError: as for `change`.
    """
    repository = fetch_conversations.to_sort(work, path)
    found = _milestone(work, repository, number)
    query = sa.select(sa.func.count()).where(Conversation.milestone_id == found.id)
    count = work.session.scalar(query) or 0
    work.session.execute(
        sa.update(Conversation)
        .where(Conversation.milestone_id == found.id)
        .values(milestone_id=None)
    )
    work.session.delete(found)
    work.record(
        events.MilestoneDeleted(
            about=repository.id,
            organisation_id=repository.organisation_id,
            milestone_id=str(found.id),
            conversations=count,
            title=found.title,
        )
    )
    return count


def _with_progress(repository: Repository) -> sa.Select[Any]:
    planned = sa.select(Milestone.id).where(Milestone.repository_id == repository.id)
    is_open = sa.case((Conversation.state == ConversationState.OPEN, 1), else_=0)
    is_closed = sa.case((Conversation.state == ConversationState.CLOSED, 1), else_=0)
    counts = (
        sa.select(
            Conversation.milestone_id,
            sa.func.sum(is_open).label("open"),
            sa.func.sum(is_closed).label("closed"),
        )
        .where(Conversation.milestone_id.in_(planned))
        .group_by(Conversation.milestone_id)
        .subquery()
    )
    return (
        sa.select(Milestone, counts.c.open, counts.c.closed)
        .outerjoin(counts, counts.c.milestone_id == Milestone.id)
        .where(Milestone.repository_id == repository.id)
    )


def _progress(row: sa.Row[Any]) -> Progress:
    return Progress(row.Milestone, int(row.open or 0), int(row.closed or 0))


def _facts(found: Milestone) -> dict[str, object]:
    return {
        "title": found.title,
        "description": found.description,
        "due_on": found.due_on,
        "closed": not found.is_open,
    }


def _milestone(work: UnitOfWork, repository: Repository, number: int) -> Milestone:
    query = sa.select(Milestone).where(
        Milestone.repository_id == repository.id, Milestone.number == number
    )
    found = work.session.scalar(query)
    if found is None:
        raise _none()
    return found


def _free(
    work: UnitOfWork, repository: Repository, title: str, but: Milestone | None = None
) -> str:
    found = check_name(title, longest=LONGEST_MILESTONE, field="title")
    query = sa.select(Milestone.id).where(
        Milestone.repository_id == repository.id, Milestone.title_key == name_key(found)
    )
    taken = work.session.scalar(query)
    if taken is not None and (but is None or taken != but.id):
        raise ConflictError(sentence("The milestone %(title)s already exists.", title=found))
    return found


def _insist_on_room(work: UnitOfWork, repository: Repository) -> None:
    query = sa.select(sa.func.count()).where(Milestone.repository_id == repository.id)
    if (work.session.scalar(query) or 0) >= MOST_MILESTONES:
        raise ConflictError(
            sentence("A repository has at most %(most)s milestones.", most=MOST_MILESTONES)
        )


def _none() -> NotFoundError:
    return NotFoundError(sentence("There is no such milestone here."))
