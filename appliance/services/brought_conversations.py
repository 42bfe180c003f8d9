"""Bringing conversations in from elsewhere, under their numbers: some at a time, and again safely.

Nobody is told of anything: it happened long ago. A pull request of whose commits Git has nothing
comes as an issue, which says what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db import said_words_index
from appliance.db.conversations import Assignee, Comment, Conversation, TimelineEntry
from appliance.db.labels import Label, LabelLink, Milestone
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.brought import Said, Talk, said_of_code, titled
from appliance.domain.conversations import (
    MOST_ASSIGNEES,
    MOST_LABELS,
    ClosedAs,
    ConversationKind,
    ConversationState,
    name_key,
)
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence
from appliance.services import brought_pulls
from appliance.services.brought_authors import Authors, moment

if TYPE_CHECKING:
    from appliance.services.brought_pulls import Commits, Happened, Writer


@dataclass
class Result:
    """What came of it; the numbers that were there already are not brought again."""

    brought: list[int] = field(default_factory=list)
    already: list[int] = field(default_factory=list)
    as_issues: list[int] = field(default_factory=list)
    """Pull requests of whose commits nothing came along."""
    comments: int = 0
    pulls: int = 0
    reviews: int = 0
    line_comments: int = 0
    unplaced: int = 0
    """Of what was said of lines: so much stands at its file, whose lines then are not known."""
    lost: int = 0
    """What was said in reviews and of lines of pull requests that came as issues."""
    unknown: set[str] = field(default_factory=set)
    """Who is nobody here."""

    def note(self, written: Writer) -> None:
        """One more pull request, with what was said of it."""
        self.pulls += 1
        self.reviews += written.reviews
        self.line_comments += written.comments
        self.unplaced += written.unplaced


def bring(
    work: UnitOfWork,
    path: str,
    talks: Sequence[tuple[int, Talk]],
    people: Mapping[str, str],
    *,
    commits: Mapping[int, Commits],
    now: datetime,
) -> Result:
    """Bring conversations in. `people` says which user somebody elsewhere is here; with each
    conversation comes which of its comments is the first that is given. `commits` says what
    `brought_pulls.look` has found of pull requests, by their numbers.

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
    scribe = _Scribe(work, repository, Authors(work, people), now)
    for first, talk in talks:
        scribe.take(first, talk, commits.get(talk.number))
    result = scribe.result
    if result.brought or result.comments:
        work.record(
            events.IssuesImported(
                about=repository.id,
                organisation_id=repository.organisation_id,
                conversations=len(result.brought),
                comments=result.comments,
                pull_requests=result.pulls,
                reviews=result.reviews,
                line_comments=result.line_comments,
            )
        )
    if result.pulls:
        home = repository.id
        work.later(Job.FOLLOW_PULLS, about=home, repository_id=str(home))
    return result


class _Scribe:
    """Writes down what is brought. Its state is what is known of the repository and its people."""

    def __init__(
        self, work: UnitOfWork, repository: Repository, authors: Authors, now: datetime
    ) -> None:
        self._work, self._repository, self._now = work, repository, now
        self._authors = authors
        session, of_it = work.session, repository.id
        labels = session.scalars(sa.select(Label).where(Label.repository_id == of_it))
        self._labels = {each.name_key: each.id for each in labels}
        milestones = session.scalars(sa.select(Milestone).where(Milestone.repository_id == of_it))
        self._milestones = {each.title_key: each.id for each in milestones}
        self.result = Result(unknown=authors.unknown)

    def take(self, first: int, talk: Talk, commits: Commits | None) -> None:
        """One conversation, or more comments of one that is here already."""
        query = sa.select(Conversation).where(
            Conversation.repository_id == self._repository.id, Conversation.number == talk.number
        )
        found = self._work.session.scalar(query)
        happened: Happened = []
        if found is None:
            found = self._conversation(talk, commits)
            self.result.brought.append(talk.number)
            if talk.pull is not None and commits is not None:
                pulls = brought_pulls.Writer(self._work, self._authors, self._repository)
                happened = pulls.write(found, talk.pull, commits)
                self.result.note(pulls)
            elif talk.pull is not None or talk.about:
                self.result.as_issues.append(talk.number)
                self.result.lost += said_of_code(talk)
        elif found.created_at != moment(talk.created_at) or found.title != titled(talk.title):
            raise ConflictError(
                sentence(
                    "Number %(number)s is another conversation here already.", number=talk.number
                )
            )
        else:
            self.result.already.append(talk.number)
        self._say(found, talk.comments[max(0, found.comment_count - first) :], happened)

    def _conversation(self, talk: Talk, commits: Commits | None) -> Conversation:
        ended = talk.closed_at or (talk.pull.merged_at if talk.pull else None)
        closed_at = moment(ended) if ended else None
        about, kind = talk.about, ConversationKind.ISSUE
        if talk.pull is not None and commits is not None:
            about, kind = "", ConversationKind.PULL_REQUEST
        made = Conversation(
            id=new_id(),
            repository_id=self._repository.id,
            number=talk.number,
            kind=kind,
            title=titled(talk.title),
            body=self._authors.signed(talk.author, talk.body, talk.created_at, about),
            author_id=self._authors.user(talk.author),
            state=ConversationState.CLOSED if closed_at else ConversationState.OPEN,
            closed_as=_closed_as(talk) if closed_at else None,
            closed_at=closed_at,
            milestone_id=self._milestones.get(name_key(talk.milestone)),
            created_at=moment(talk.created_at),
            updated_at=moment(talk.updated_at or talk.created_at),
            locked_at=self._now if talk.is_locked else None,
            comment_count=0,
        )
        session, numbered = self._work.session, self._repository.conversations_numbered
        session.add(made)
        self._repository.conversations_numbered = max(numbered, talk.number)
        session.flush()  # What belongs to it refers to its id.
        said_words_index.add(session, made.id, made.id, made.title, made.body)
        self._sort(made, talk)
        return made

    def _sort(self, made: Conversation, talk: Talk) -> None:
        keys = dict.fromkeys(name_key(each) for each in talk.labels)
        known = [self._labels[each] for each in keys if each in self._labels][:MOST_LABELS]
        users = dict.fromkeys(self._authors.user(each) for each in talk.assignees)
        people = [each for each in users if each is not None][:MOST_ASSIGNEES]
        links = [LabelLink(conversation_id=made.id, label_id=each) for each in known]
        assigned = [Assignee(conversation_id=made.id, user_id=each) for each in people]
        self._work.session.add_all([*links, *assigned])

    def _say(self, found: Conversation, comments: Iterable[Said], happened: Happened) -> None:
        """What was said and what happened, in this order: ids are given as time goes by."""
        entries: list[tuple[datetime, Said | TimelineEntry]] = [
            *((moment(each.created_at), each) for each in comments),
            *happened,
        ]
        for _, each in sorted(entries, key=lambda entry: entry[0]):
            if isinstance(each, TimelineEntry):
                each.id = new_id()
                self._work.session.add(each)
            else:
                self._comment(found, each)

    def _comment(self, found: Conversation, said: Said) -> None:
        body = self._authors.signed(said.author, said.body, said.created_at)
        row = Comment(
            id=new_id(),
            conversation_id=found.id,
            author_id=self._authors.user(said.author),
            body=body,
            created_at=moment(said.created_at),
        )
        self._work.session.add(row)
        said_words_index.add(self._work.session, found.id, row.id, body)
        found.comment_count += 1
        self.result.comments += 1


def _closed_as(talk: Talk) -> ClosedAs:
    is_given_up = talk.pull is not None and not talk.pull.merged_at
    return ClosedAs.NOT_PLANNED if is_given_up else ClosedAs.COMPLETED
