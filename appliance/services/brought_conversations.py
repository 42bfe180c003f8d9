"""Bringing conversations in from elsewhere, under their numbers: some at a time, and again safely.

Whose a text is, only administrators say, as others could put words into somebody's mouth. Without
them, and for people who are not known here, a note above the text says who wrote it, and when.
Nobody is told of anything: it happened long ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db import said_words_index
from appliance.db.conversations import Assignee, Comment, Conversation
from appliance.db.labels import Label, LabelLink, Milestone
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.brought import Said, Talk, attributed, titled
from appliance.domain.conversations import (
    MOST_ASSIGNEES,
    MOST_LABELS,
    ClosedAs,
    ConversationKind,
    ConversationState,
    name_key,
)
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence


@dataclass
class Result:
    """What came of it; the numbers that were there already are not brought again."""

    brought: list[int] = field(default_factory=list)
    already: list[int] = field(default_factory=list)
    comments: int = 0
    unknown: set[str] = field(default_factory=set)
    """Who is nobody here."""


def bring(
    work: UnitOfWork,
    path: str,
    talks: Sequence[tuple[int, Talk]],
    people: Mapping[str, str],
    *,
    now: datetime,
) -> Result:
    """Bring conversations in. `people` says which user somebody elsewhere is here; with each
    conversation comes which of its comments is the first that is given.

    Errors:
        HiddenError, RefusedError: the actor is no owner; or says who is who, and no administrator.
        ConflictError: a number is taken by another conversation, or the repository is archived.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_TRANSFER)
    if people:
        gate.require(work, Permission.INSTANCE_IMPORT_LOCAL)
    if repository.archived_at is not None:
        raise ConflictError(
            sentence("%(path)s is archived. Unarchive it first.", path=repository.path)
        )
    scribe = _Scribe(work, repository, people, now)
    for first, talk in talks:
        scribe.take(first, talk)
    result = scribe.result
    if result.brought or result.comments:
        work.record(
            events.IssuesImported(
                about=repository.id,
                organisation_id=repository.organisation_id,
                conversations=len(result.brought),
                comments=result.comments,
            )
        )
    return result


class _Scribe:
    """Writes down what is brought. Its state is what is known of the repository and its people."""

    def __init__(
        self, work: UnitOfWork, repository: Repository, people: Mapping[str, str], now: datetime
    ) -> None:
        self._work, self._repository, self._now = work, repository, now
        self._users = _users(work, people)
        session, of_it = work.session, repository.id
        labels = session.scalars(sa.select(Label).where(Label.repository_id == of_it))
        self._labels = {each.name_key: each.id for each in labels}
        milestones = session.scalars(sa.select(Milestone).where(Milestone.repository_id == of_it))
        self._milestones = {each.title_key: each.id for each in milestones}
        self.result = Result()

    def take(self, first: int, talk: Talk) -> None:
        """One conversation, or more comments of one that is here already."""
        query = sa.select(Conversation).where(
            Conversation.repository_id == self._repository.id, Conversation.number == talk.number
        )
        found = self._work.session.scalar(query)
        if found is None:
            found = self._conversation(talk)
            self.result.brought.append(talk.number)
        elif found.created_at != _moment(talk.created_at) or found.title != titled(talk.title):
            raise ConflictError(
                sentence(
                    "Number %(number)s is another conversation here already.", number=talk.number
                )
            )
        else:
            self.result.already.append(talk.number)
        new = talk.comments[max(0, found.comment_count - first) :]
        self._comments(found, new)

    def _conversation(self, talk: Talk) -> Conversation:
        closed_at = _moment(talk.closed_at) if talk.closed_at else None
        note = "\n\n".join(filter(None, (self._note(talk.author, talk.created_at), talk.about)))
        made = Conversation(
            id=new_id(),
            repository_id=self._repository.id,
            number=talk.number,
            kind=ConversationKind.ISSUE,
            title=titled(talk.title),
            body=attributed(talk.body, note),
            author_id=self._users.get(talk.author),
            state=ConversationState.CLOSED if closed_at else ConversationState.OPEN,
            closed_as=ClosedAs.COMPLETED if closed_at else None,
            closed_at=closed_at,
            milestone_id=self._milestones.get(name_key(talk.milestone)),
            created_at=_moment(talk.created_at),
            updated_at=_moment(talk.updated_at or talk.created_at),
            locked_at=self._now if talk.is_locked else None,
            comment_count=0,
        )
        session, numbered = self._work.session, self._repository.conversations_numbered
        session.add(made)
        self._repository.conversations_numbered = max(numbered, talk.number)
        session.flush()  # What belongs to it refers to its id.
        said_words_index.note(session, made.id, made.id, made.title, made.body)
        self._sort(made, talk)
        return made

    def _sort(self, made: Conversation, talk: Talk) -> None:
        keys = dict.fromkeys(name_key(each) for each in talk.labels)
        known = [self._labels[each] for each in keys if each in self._labels][:MOST_LABELS]
        users = dict.fromkeys(self._user(each) for each in talk.assignees)
        people = [each for each in users if each is not None][:MOST_ASSIGNEES]
        links = [LabelLink(conversation_id=made.id, label_id=each) for each in known]
        assigned = [Assignee(conversation_id=made.id, user_id=each) for each in people]
        self._work.session.add_all([*links, *assigned])

    def _comments(self, found: Conversation, comments: Iterable[Said]) -> None:
        session = self._work.session
        for said in comments:
            body = attributed(said.body, self._note(said.author, said.created_at))
            row = Comment(
                id=new_id(),
                conversation_id=found.id,
                author_id=self._users.get(said.author),
                body=body,
                created_at=_moment(said.created_at),
            )
            session.add(row)
            said_words_index.note(session, found.id, row.id, body)
            found.comment_count += 1
            self.result.comments += 1

    def _user(self, name: str) -> UUID | None:
        if name and name not in self._users:
            self.result.unknown.add(name)
        return self._users.get(name)

    def _note(self, author: str, at: str) -> str:
        """Who wrote a text, where that is no user here."""
        if self._user(author) is not None:
            return ""
        who = "".join(each for each in author if each.isalnum() or each in "-_. ")[:100]
        return f"> *{who or 'Somebody'} wrote on {_moment(at):%Y-%m-%d}:*"


def _users(work: UnitOfWork, people: Mapping[str, str]) -> dict[str, UUID]:
    rows = work.session.execute(
        sa.select(User.name, User.id).where(User.name.in_(set(people.values())))
    )
    ids = {row.name: row.id for row in rows}
    return {there: ids[here] for there, here in people.items() if here in ids}


def _moment(text: str) -> datetime:
    """A time that the door has looked at."""
    return datetime.fromisoformat(text)
