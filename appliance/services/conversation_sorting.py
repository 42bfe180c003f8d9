"""What triagers do with conversations: labels, assignees, milestones; locking and pinning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations
from appliance.access.fetch_conversations import Seen
from appliance.access.gate import open_to_everyone
from appliance.db.conversation_rows import assignee_ids, label_ids
from appliance.db.conversations import Assignee, Conversation
from appliance.db.labels import Label, LabelLink, Milestone
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.conversations import (
    MOST_ASSIGNEES,
    MOST_LABELS,
    MOST_PINNED,
    ConversationKind,
    Following,
    Happening,
    Which,
    name_key,
)
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.services.conversation_steps import follow, happened, thing

NO_MILESTONE = 0


@dataclass(frozen=True)
class Sorted:
    """What a conversation is to have; None leaves a thing as it is."""

    labels: tuple[str, ...] | None = None
    assignees: tuple[str, ...] | None = None
    milestone: int | None = None
    """Its number; 0: none."""


UNSORTED = Sorted()


def sort(work: UnitOfWork, which: Which, wanted: Sorted, *, now: datetime) -> Conversation:
    """Give a conversation these labels, assignees and this milestone, and no others.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or the actor is no triager.
        InvalidError: there is no such label, user or milestone, or there are too many.
        ConflictError: the repository is archived.
    """
    seen = fetch_conversations.to_triage(work, which)
    if wanted.labels is not None:
        labels = _labels(work, seen, wanted.labels)
        _set_labels(work, seen, labels, label_ids(work.session, seen.conversation.id), now=now)
    if wanted.assignees is not None:
        _set_assignees(work, seen, _users(work, seen, wanted.assignees), now=now)
    if wanted.milestone is not None:
        _set_milestone(work, seen, wanted.milestone, now=now)
    return seen.conversation


def add_labels(
    work: UnitOfWork, which: Which, names: Sequence[str], *, remove: bool = False, now: datetime
) -> Conversation:
    """Give a conversation these labels beside those it has, or take these from it.

    Errors: as for `sort`.
    """
    seen = fetch_conversations.to_triage(work, which)
    has = label_ids(work.session, seen.conversation.id)
    named = _labels(work, seen, names)
    kept = [] if remove else [each for each in named if each.id not in has]
    others = has - {each.id for each in named} if remove else has
    rows = work.session.scalars(sa.select(Label).where(Label.id.in_(others)))
    _set_labels(work, seen, [*rows, *kept], has, now=now)
    return seen.conversation


@open_to_everyone(because="a repository's template says so, and whoever opens an issue may")
def sort_as_given(work: UnitOfWork, seen: Seen, given: Sorted, *, now: datetime) -> None:
    """Give a new issue what a template says, as far as there is such a thing."""
    keys = [name_key(name) for name in given.labels or ()]
    query = sa.select(Label).where(
        Label.repository_id == seen.repository.id, Label.name_key.in_(keys)
    )
    has = label_ids(work.session, seen.conversation.id)
    found = [each for each in work.session.scalars(query) if each.id not in has] if keys else []
    if found:
        rows = work.session.scalars(sa.select(Label).where(Label.id.in_(has)))
        _set_labels(work, seen, [*rows, *found][:MOST_LABELS], has, now=now)
    users = [
        user
        for name in given.assignees or ()
        if (user := fetch_conversations.participant(work, seen.repository, name)) is not None
    ]
    if users and not assignee_ids(work.session, seen.conversation.id):
        _set_assignees(work, seen, users[:MOST_ASSIGNEES], now=now)


def lock(work: UnitOfWork, which: Which, *, locked: bool, now: datetime) -> Conversation:
    """Let only triagers take part in a conversation, or everybody again.

    Errors: as for `sort`; ConflictError: it is so already.
    """
    seen = fetch_conversations.to_triage(work, which)
    found = seen.conversation
    if (found.locked_at is not None) is locked:
        raise ConflictError(sentence("Nothing would change."))
    found.locked_at = now if locked else None
    happened(work, found, Happening.LOCKED if locked else Happening.UNLOCKED, now=now)
    kind = events.IssueLocked if locked else events.IssueUnlocked
    work.record(
        kind(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            thing=thing(found),
        )
    )
    return found


def pin(work: UnitOfWork, which: Which, *, pinned: bool, now: datetime) -> Conversation:
    """Let an issue stand above the list, or no longer.

    Errors: as for `sort`; ConflictError: it is so already, or others stand there.
    """
    seen = fetch_conversations.to_triage(work, which)
    found = seen.conversation
    if (found.pinned_at is not None) is pinned:
        raise ConflictError(sentence("Nothing would change."))
    if pinned:
        _insist_on_place(work, seen)
    found.pinned_at = now if pinned else None
    happened(work, found, Happening.PINNED if pinned else Happening.UNPINNED, now=now)
    kind = events.IssuePinned if pinned else events.IssueUnpinned
    work.record(
        kind(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
        )
    )
    return found


def _insist_on_place(work: UnitOfWork, seen: Seen) -> None:
    if seen.conversation.kind is not ConversationKind.ISSUE:
        raise InvalidError.of("pinned", sentence("Only issues can be pinned."))
    work.session.refresh(seen.repository, with_for_update=True)  # One after the other.
    query = sa.select(sa.func.count()).where(
        Conversation.repository_id == seen.repository.id, Conversation.pinned_at.is_not(None)
    )
    if (work.session.scalar(query) or 0) >= MOST_PINNED:
        raise ConflictError(
            sentence("%(most)s issues are pinned. Unpin one first.", most=MOST_PINNED)
        )


def _labels(work: UnitOfWork, seen: Seen, names: Sequence[str]) -> list[Label]:
    keys = {name_key(name): name for name in names}
    query = sa.select(Label).where(
        Label.repository_id == seen.repository.id, Label.name_key.in_(list(keys))
    )
    found = list(work.session.scalars(query)) if keys else []
    for each in found:
        keys.pop(each.name_key)
    for name in keys.values():
        raise InvalidError.of("labels", sentence("There is no label %(name)s here.", name=name))
    return found


def _set_labels(
    work: UnitOfWork, seen: Seen, wanted: Sequence[Label], has: set[UUID], *, now: datetime
) -> None:
    if len(wanted) > MOST_LABELS:
        raise InvalidError.of(
            "labels", sentence("There are at most %(most)s labels.", most=MOST_LABELS)
        )
    added = [each for each in wanted if each.id not in has]
    gone = has - {each.id for each in wanted}
    if not added and not gone:
        return
    found = seen.conversation
    for label in added:
        work.session.add(LabelLink(conversation_id=found.id, label_id=label.id))
        _note_label(work, found, Happening.LABELLED, label, now=now)
    for label in work.session.scalars(sa.select(Label).where(Label.id.in_(gone))):
        _note_label(work, found, Happening.UNLABELLED, label, now=now)
    work.session.execute(
        sa.delete(LabelLink).where(
            LabelLink.conversation_id == found.id, LabelLink.label_id.in_(gone)
        )
    )
    work.record(
        events.IssueLabelsChanged(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            thing=thing(found),
            added=sorted(str(each.id) for each in added),
            removed=sorted(map(str, gone)),
        )
    )


def _note_label(
    work: UnitOfWork, found: Conversation, kind: Happening, label: Label, *, now: datetime
) -> None:
    happened(work, found, kind, now=now, name=label.name, colour=label.colour)


def _users(work: UnitOfWork, seen: Seen, names: Sequence[str]) -> list[User]:
    found: dict[UUID, User] = {}
    for name in names:
        user = fetch_conversations.participant(work, seen.repository, name)
        if user is None:
            raise InvalidError.of(
                "assignees",
                sentence("%(name)s cannot read this repository.", name=name),
            )
        found[user.id] = user
    return list(found.values())


def _set_assignees(work: UnitOfWork, seen: Seen, wanted: Iterable[User], *, now: datetime) -> None:
    ids = {each.id for each in wanted}
    if len(ids) > MOST_ASSIGNEES:
        raise InvalidError.of(
            "assignees", sentence("There are at most %(most)s.", most=MOST_ASSIGNEES)
        )
    found = seen.conversation
    has = assignee_ids(work.session, found.id)
    added, gone = ids - has, has - ids
    if not added and not gone:
        return
    for user_id in sorted(added):
        work.session.add(Assignee(conversation_id=found.id, user_id=user_id))
        happened(work, found, Happening.ASSIGNED, now=now, user_id=user_id)
    for user_id in sorted(gone):
        happened(work, found, Happening.UNASSIGNED, now=now, user_id=user_id)
    work.session.execute(
        sa.delete(Assignee).where(Assignee.conversation_id == found.id, Assignee.user_id.in_(gone))
    )
    follow(work, found, added, Following.ASSIGNED)
    work.record(
        events.IssueAssigneesChanged(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            thing=thing(found),
            added=sorted(map(str, added)),
            removed=sorted(map(str, gone)),
        )
    )


def _set_milestone(work: UnitOfWork, seen: Seen, number: int, *, now: datetime) -> None:
    found = seen.conversation
    wanted = _milestone(work, seen, number)
    before = work.session.get(Milestone, found.milestone_id) if found.milestone_id else None
    if before is wanted:
        return
    if before is not None:
        happened(work, found, Happening.DEMILESTONED, now=now, title=before.title)
    if wanted is not None:
        happened(work, found, Happening.MILESTONED, now=now, title=wanted.title)
    found.milestone_id = wanted.id if wanted else None
    work.record(
        events.IssueMilestoneChanged(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            thing=thing(found),
            before=str(before.id) if before else None,
            after=str(wanted.id) if wanted else None,
        )
    )


def _milestone(work: UnitOfWork, seen: Seen, number: int) -> Milestone | None:
    if number == NO_MILESTONE:
        return None
    query = sa.select(Milestone).where(
        Milestone.repository_id == seen.repository.id, Milestone.number == number
    )
    found = work.session.scalar(query)
    if found is None:
        raise InvalidError.of("milestone", sentence("There is no such milestone here."))
    return found
