"""`/issues`: what is to be done in a repository, and everything one does with one issue."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from pydantic import Field

from appliance.domain.conversations import (
    LARGEST_NUMBER,
    LONGEST_TITLE,
    MOST_ASSIGNEES,
    MOST_LABELS,
    ClosedAs,
    ConversationState,
    Reaction,
    Which,
)
from appliance.domain.issue_query import LONGEST, parse
from appliance.services import (
    conversation_following,
    conversation_lists,
    conversation_sorting,
    conversations,
)
from appliance.services.conversation_lists import Listed
from appliance.services.conversation_sorting import Sorted
from appliance.services.conversations import Described, Edit, NewIssue
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.db.labels import Label, Milestone
    from appliance.db.unit_of_work import UnitOfWork

api = frame.area("issues", "Issues: open, find, sort, close.")

ALL = "/repos/<owner>/<name>/issues"
ONE = f"{ALL}/<int:number>"
Number = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
Title = Annotated[str, Field(max_length=4 * LONGEST_TITLE)]
Text = Annotated[str, Field(max_length=65_536)]
Names = Annotated[list[str], Field(max_length=MOST_LABELS)]


class IssuePath(RepositoryPath):
    """Which issue."""

    number: Number

    @property
    def which(self) -> Which:
        """The issue."""
        return Which(self.path, self.number)


class IssueReactionPath(IssuePath):
    """Which reaction to which issue."""

    reaction: Reaction


class IssueQuery(frame.PageQuery):
    """Which issues."""

    q: str = Field(
        "is:open",
        max_length=2 * LONGEST,
        description="As in the portal: is:open label:bug author:me assignee:none words",
    )


class LabelOfIssue(frame.Answer):
    """A label on an issue."""

    name: str
    colour: str


class MilestoneOfIssue(frame.Answer):
    """For when an issue is planned."""

    number: int
    title: str


class IssueSummary(frame.Answer):
    """An issue in a list."""

    number: int
    title: str
    state: ConversationState
    closed_as: ClosedAs | None
    author: str
    labels: list[LabelOfIssue]
    assignees: list[str]
    milestone: MilestoneOfIssue | None
    comments: int
    is_locked: bool
    is_pinned: bool
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    web_url: str


class IssueAnswer(IssueSummary):
    """An issue."""

    body: str
    body_edited_at: datetime | None
    duplicate_of: int | None
    reactions: dict[str, int]
    follows: bool = Field(description="Whether the caller is told what happens in it")


class IssuePage(frame.Answer):
    """Some issues."""

    items: list[IssueSummary]
    next: str | None


class NewIssueBody(frame.Body):
    """An issue to open; sorting it is for triagers."""

    title: Title
    body: Text = ""
    labels: Names | None = None
    assignees: Annotated[list[str], Field(max_length=MOST_ASSIGNEES)] | None = None
    milestone: Number | None = None


class Sorting(Protocol):
    """A body that says what a conversation is to have."""

    @property
    def labels(self) -> list[str] | None:
        """All labels."""

    @property
    def assignees(self) -> list[str] | None:
        """All who are to deal with it."""

    @property
    def milestone(self) -> int | None:
        """For when it is planned."""

    @property
    def model_fields_set(self) -> set[str]:
        """What was sent."""


class ChangedIssue(frame.Body):
    """What to change; what is left out stays."""

    title: Title | None = None
    body: Text | None = None
    state: ConversationState | None = None
    closed_as: ClosedAs | None = Field(None, description="With state: closed")
    duplicate_of: Number | None = Field(None, description="With closed_as: duplicate")
    labels: Names | None = Field(None, description="All that it is to have")
    assignees: Annotated[list[str], Field(max_length=MOST_ASSIGNEES)] | None = None
    milestone: Number | None = Field(None, description="null: none")
    locked: bool | None = None
    pinned: bool | None = None


@api.get(ALL, summary="List issues", responses={"200": IssuePage})
def list_issues(path: RepositoryPath, query: IssueQuery) -> Any:
    """Those that a search finds; without one, the open ones."""
    with requests.reading() as work:
        page = conversation_lists.listed(
            work,
            path.path,
            parse(query.q),
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([_summary(each, path.path) for each in page.items], page.next)


@api.post(ALL, summary="Open an issue", responses={"201": IssueAnswer})
def open_issue(path: RepositoryPath, body: NewIssueBody) -> Any:
    """For who may read the repository."""
    asked = Sorted(words(body.labels), words(body.assignees), body.milestone)
    new = NewIssue(body.title, body.body, asked)
    with requests.begin() as work:
        made = conversations.open_issue(work, path.path, new, now=requests.now())
        shown = present(conversations.show(work, Which(path.path, made.number)))
    return frame.answer(shown, 201, f"{frame.PREFIX}/repos/{path.path}/issues/{shown.number}")


@api.get(ONE, summary="Show an issue", responses={"200": IssueAnswer})
def show(path: IssuePath) -> Any:
    """An issue by its number."""
    with requests.reading() as work:
        return frame.answer(present(conversations.show(work, path.which)))


@api.patch(ONE, summary="Change an issue", responses={"200": IssueAnswer})
def change(path: IssuePath, body: ChangedIssue) -> Any:
    """Author and triagers; all changes happen or none. With If-Match, only if it is as it was."""
    with requests.begin() as work:
        frame.insist_on_match(present(conversations.show(work, path.which)))
        _change(work, path.which, body)
        return frame.answer(present(conversations.show(work, path.which)))


@api.put(f"{ONE}/subscription", summary="Subscribe to an issue", responses={"204": None})
def follow(path: IssuePath) -> Any:
    """Be told what happens in it. Safe to repeat."""
    return _set_following(path.which, follows=True)


@api.delete(f"{ONE}/subscription", summary="Unsubscribe from an issue", responses={"204": None})
def leave(path: IssuePath) -> Any:
    """Until one takes part in it again. Safe to repeat."""
    return _set_following(path.which, follows=False)


@api.put(f"{ONE}/reactions/<reaction>", summary="React to an issue", responses={"204": None})
def react(path: IssueReactionPath) -> Any:
    """Safe to repeat."""
    with requests.begin() as work:
        conversation_following.react(work, path.which, path.reaction)
    return frame.nothing()


@api.delete(f"{ONE}/reactions/<reaction>", summary="Remove a reaction", responses={"204": None})
def unreact(path: IssueReactionPath) -> Any:
    """Safe to repeat."""
    with requests.begin() as work:
        conversation_following.react(work, path.which, path.reaction, given=False)
    return frame.nothing()


def present(found: Described) -> IssueAnswer:
    """An issue as the API shows it."""
    one = found.conversation
    listed = Listed(one, found.author, found.labels, found.assignees, found.milestone)
    return IssueAnswer(
        **_summary(listed, found.path).model_dump(),
        body=one.body,
        body_edited_at=one.body_edited_at,
        duplicate_of=found.duplicate_of,
        reactions={str(kind): count for kind, count, _ in found.reactions},
        follows=found.follows,
    )


def _set_following(which: Which, *, follows: bool) -> Any:
    with requests.begin() as work:
        conversation_following.set_following(work, which, follows=follows, now=requests.now())
    return frame.nothing()


def _change(work: UnitOfWork, which: Which, body: ChangedIssue) -> None:
    now = requests.now()
    if body.title is not None or body.body is not None:
        conversations.edit(work, which, Edit(body.title, body.body), now=now)
    wanted = sorting(body)
    if wanted != conversation_sorting.UNSORTED:
        conversation_sorting.sort(work, which, wanted, now=now)
    if body.pinned is not None:
        conversation_sorting.pin(work, which, pinned=body.pinned, now=now)
    if body.state is ConversationState.CLOSED:
        reason = body.closed_as or ClosedAs.COMPLETED
        conversations.close(work, which, reason, duplicate_of=body.duplicate_of, now=now)
    elif body.state is ConversationState.OPEN:
        conversations.reopen(work, which, now=now)
    if body.locked is not None:
        conversation_sorting.lock(work, which, locked=body.locked, now=now)


def sorting(body: Sorting) -> Sorted:
    """What a body says of labels, assignees and milestone."""
    milestone = body.milestone
    if "milestone" in body.model_fields_set and milestone is None:
        milestone = conversation_sorting.NO_MILESTONE
    return Sorted(words(body.labels), words(body.assignees), milestone)


def words(names: list[str] | None) -> tuple[str, ...] | None:
    """Names that were sent, if any were."""
    return None if names is None else tuple(names)


def _summary(found: Listed, path: str) -> IssueSummary:
    one = found.conversation
    return IssueSummary(
        number=one.number,
        title=one.title,
        state=one.state,
        closed_as=one.closed_as,
        author=found.author,
        labels=[label_of(each) for each in found.labels],
        assignees=found.assignees,
        milestone=milestone_of(found.milestone),
        comments=one.comment_count,
        is_locked=one.locked_at is not None,
        is_pinned=one.pinned_at is not None,
        created_at=one.created_at,
        updated_at=one.updated_at,
        closed_at=one.closed_at,
        web_url=f"{requests.wiring().addresses.web(path)}/issues/{one.number}",
    )


def label_of(label: Label) -> LabelOfIssue:
    """A label as the API shows it."""
    return LabelOfIssue(name=label.name, colour=label.colour)


def milestone_of(milestone: Milestone | None) -> MilestoneOfIssue | None:
    """A milestone as the API shows it."""
    if milestone is None:
        return None
    return MilestoneOfIssue(number=milestone.number, title=milestone.title)
