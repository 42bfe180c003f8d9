"""`/pulls`: branches that are to come into others, and everything one does with one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from appliance.domain.conversations import MOST_ASSIGNEES, ConversationState, Which
from appliance.domain.git_operations import MergeMethod
from appliance.domain.issue_query import LONGEST, parse
from appliance.domain.pull_requests import MOST_REVIEWERS, MergeState, Shift
from appliance.errors import NotFoundError
from appliance.services import (
    conversation_sorting,
    files,
    history,
    pull_facts,
    pull_lists,
    pulls,
    review_requests,
)
from appliance.services.conversation_sorting import Sorted
from appliance.services.pull_opening import NewPull
from appliance.services.pulls import Change, PullRequest
from appliance.web import paging, requests
from appliance.web import pulls as doors
from appliance.web.api import frame
from appliance.web.api.bytes_text import exact, text
from appliance.web.api.history import CommitPage, present_commits
from appliance.web.api.issues import (
    LabelOfIssue,
    MilestoneOfIssue,
    Names,
    Number,
    Text,
    Title,
    label_of,
    milestone_of,
    sorting,
    words,
)
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.services.conversation_lists import Listed
    from appliance.services.conversations import Described
    from appliance.services.pull_facts import PatchSetFacts, PullFacts

api = frame.area("pull requests", "Pull requests: ask that a branch be merged, review, merge.")

ALL = "/repos/<owner>/<name>/pulls"
ONE = f"{ALL}/<int:number>"
Branch = Annotated[str, Field(max_length=1024)]


class PullPath(RepositoryPath):
    """Which pull request."""

    number: Number

    @property
    def which(self) -> Which:
        """The pull request."""
        return self.which_of(self.number)

    def which_of(self, number: int) -> Which:
        """Another one of the same repository."""
        return Which(self.path, number, pull_lists.KIND)


class ReviewerPath(PullPath):
    """Who is to review it."""

    reviewer: str = Field(max_length=80, description="A user's name, or ORG/TEAM")


class PullQuery(frame.PageQuery):
    """Which pull requests."""

    q: str = Field(
        "is:open",
        max_length=2 * LONGEST,
        description="As in the portal: is:draft base:main head:topic review:approved reviewer:me",
    )


class BranchOfPull(frame.Answer):
    """One side of a pull request."""

    repository: str = Field(description="Empty where it is gone, or the caller may not know of it")
    branch: str
    branch_base64: str | None
    commit: str = Field(description="Of the base: what both have in common")


class MergedAnswer(frame.Answer):
    """How it was merged."""

    at: datetime
    by: str
    method: MergeMethod | None = Field(description="null: by git and a push")
    commit: str
    onto: str


class PullSummary(frame.Answer):
    """A pull request in a list."""

    number: int
    title: str
    state: ConversationState
    is_draft: bool
    is_merged: bool
    author: str
    head: BranchOfPull
    base: BranchOfPull
    labels: list[LabelOfIssue]
    assignees: list[str]
    milestone: MilestoneOfIssue | None
    reviewers: list[str] = Field(description="Whose review is waited for; teams as ORG/TEAM")
    patch_set: int
    comments: int
    is_locked: bool
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    web_url: str


class PullAnswer(PullSummary):
    """A pull request."""

    body: str
    body_edited_at: datetime | None
    reactions: dict[str, int]
    follows: bool = Field(description="Whether the caller is told what happens in it")
    merge_state: MergeState
    conflicts: list[str] = Field(description="The paths that do not go together")
    merged: MergedAnswer | None


class PullPage(frame.Answer):
    """Some pull requests."""

    items: list[PullSummary]
    next: str | None


class PatchSetAnswer(frame.Answer):
    """What the source was after a push. `refs/pull/NUMBER/PATCH_SET` keeps it."""

    number: int
    head: str
    base: str
    target: str
    shift: Shift
    by: str
    at: datetime


class PatchSetPage(frame.Answer):
    """All patch sets, the first one first."""

    items: list[PatchSetAnswer]
    next: str | None


class NewPullBody(frame.Body):
    """A pull request to open; sorting it is for triagers."""

    title: Title
    head: Branch = Field(description="The branch; of a fork: OWNER/NAME:branch")
    base: Branch = Field("", description="The branch it is to come into; or the default branch")
    body: Text = ""
    draft: bool = False
    reviewers: Annotated[list[str], Field(max_length=MOST_REVIEWERS)] | None = None
    labels: Names | None = None
    assignees: Annotated[list[str], Field(max_length=MOST_ASSIGNEES)] | None = None
    milestone: Number | None = None


class ChangedPull(frame.Body):
    """What to change; what is left out stays."""

    title: Title | None = None
    body: Text | None = None
    state: ConversationState | None = None
    draft: bool | None = None
    base: Branch | None = None
    labels: Names | None = Field(None, description="All that it is to have")
    assignees: Annotated[list[str], Field(max_length=MOST_ASSIGNEES)] | None = None
    milestone: Number | None = Field(None, description="null: none")
    locked: bool | None = None


@api.get(ALL, summary="List pull requests", responses={"200": PullPage})
def list_pulls(path: RepositoryPath, query: PullQuery) -> Any:
    """Those that a search finds; without one, the open ones."""
    with requests.reading() as work:
        page = pull_lists.listed(
            work,
            path.path,
            parse(query.q),
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        shown = [_summary(each.listed, each.facts, path.path) for each in page.items]
        return frame.page(shown, page.next)


@api.post(ALL, summary="Open a pull request", responses={"201": PullAnswer})
def open_pull(path: RepositoryPath, body: NewPullBody) -> Any:
    """For who may read the repository; of a fork, for who may write to that."""
    asked = Sorted(words(body.labels), words(body.assignees), body.milestone)
    new = NewPull(body.title, body.body, body.draft, tuple(body.reviewers or ()), asked)
    number = doors.open_pull(path.path, body.head, body.base, new)
    shown = read(Which(path.path, number, pull_lists.KIND))
    return frame.answer(shown, 201, f"{frame.PREFIX}/repos/{path.path}/pulls/{number}")


@api.get(ONE, summary="Show a pull request", responses={"200": PullAnswer})
def show(path: PullPath) -> Any:
    """With whether it goes together with its base, as both are now."""
    return frame.answer(read(path.which))


@api.patch(ONE, summary="Change a pull request", responses={"200": PullAnswer})
def change(path: PullPath, body: ChangedPull) -> Any:
    """Author and triagers; all changes happen or none. With If-Match, only if it is as it was."""
    repositories, now = requests.wiring().repositories, requests.now()
    frame.insist_on_match(read(path.which))
    with requests.begin() as work:
        wanted = Change(body.title, body.body, body.draft, body.base)
        pulls.change(work, path.which, wanted, repositories=repositories, now=now)
        sorted_so = sorting(body)
        if sorted_so != conversation_sorting.UNSORTED:
            conversation_sorting.sort(work, path.which, sorted_so, now=now)
        if body.state is ConversationState.CLOSED:
            pulls.close(work, path.which, now=now)
        elif body.state is ConversationState.OPEN:
            pulls.reopen(work, path.which, now=now)
        if body.locked is not None:
            conversation_sorting.lock(work, path.which, locked=body.locked, now=now)
    return frame.answer(read(path.which))


@api.get(f"{ONE}/patch-sets", summary="List patch sets", responses={"200": PatchSetPage})
def patch_sets(path: PullPath) -> Any:
    """What the source was after each push, the first one first."""
    with requests.reading() as work:
        found = pulls.patch_sets(work, path.which)
    return frame.page([_patch_set(each) for each in found], None)


@api.get(f"{ONE}/commits", summary="List a pull request's commits", responses={"200": CommitPage})
def commits(path: PullPath, query: frame.PageQuery) -> Any:
    """Those that the head has and the base had not, newest first."""
    repositories = requests.wiring().repositories
    with requests.reading() as work:
        facts = pulls.show(work, path.which, repositories=repositories).facts
        repository = files.opened(work, path.path, repositories=repositories)
    page = history.page(
        repository,
        facts.head,
        history.Wanted(without=facts.base),
        cursor=paging.after(query.cursor),
        limit=query.limit,
    )
    found = [step.commit for step in page.steps]
    return frame.page(present_commits(repository, found), page.cursor)


@api.put(f"{ONE}/reviewers/<path:reviewer>", summary="Request a review", responses={"204": None})
def ask(path: ReviewerPath) -> Any:
    """Of a user or a team; once more of who has given one. Safe to repeat."""
    with requests.begin() as work:
        review_requests.ask(work, path.which, [path.reviewer], now=requests.now())
    return frame.nothing()


@api.delete(
    f"{ONE}/reviewers/<path:reviewer>", summary="Withdraw a review request", responses={"204": None}
)
def withdraw(path: ReviewerPath) -> Any:
    """Safe to repeat."""
    with requests.begin() as work:
        review_requests.withdraw(work, path.which, [path.reviewer], now=requests.now())
    return frame.nothing()


def read(which: Which) -> PullAnswer:
    """A pull request as the API shows it. Git works while no transaction is open."""
    repositories = requests.wiring().repositories
    with requests.reading() as work:
        found = pulls.show(work, which, repositories=repositories)
        shown = _present(found)
    if found.facts.merged is not None:
        return shown
    try:
        look = pull_facts.mergeability(found.facts, repositories=repositories)
    except NotFoundError:  # The target is gone, and nothing goes into it.
        return shown
    conflicts = [text(each) for each in look.conflicts]
    return shown.model_copy(update={"merge_state": look.state, "conflicts": conflicts})


def _present(found: PullRequest) -> PullAnswer:
    described, facts, merged = found.described, found.facts, found.facts.merged
    one = described.conversation
    return PullAnswer(
        **_summary(described, facts, described.path).model_dump(),
        body=one.body,
        body_edited_at=one.body_edited_at,
        reactions={str(kind): count for kind, count, _ in described.reactions},
        follows=described.follows,
        merge_state=facts.merge_state,
        conflicts=list(facts.conflicts),
        merged=merged
        and MergedAnswer(
            at=merged.at,
            by=merged.by,
            method=merged.method,
            commit=merged.as_oid,
            onto=merged.onto_oid,
        ),
    )


def _summary(found: Listed | Described, facts: PullFacts, path: str) -> PullSummary:
    one = found.conversation
    sides = _sides(facts, path)
    return PullSummary(
        number=one.number,
        title=one.title,
        state=one.state,
        is_draft=facts.is_draft,
        is_merged=facts.merged is not None,
        author=found.author,
        head=sides.head,
        base=sides.base,
        labels=[label_of(each) for each in found.labels],
        assignees=found.assignees,
        milestone=milestone_of(found.milestone),
        reviewers=[*facts.users_waited_for, *facts.teams_waited_for],
        patch_set=facts.patch_set,
        comments=one.comment_count,
        is_locked=one.locked_at is not None,
        created_at=one.created_at,
        updated_at=one.updated_at,
        closed_at=one.closed_at,
        web_url=f"{requests.wiring().addresses.web(path)}/pulls/{one.number}",
    )


@dataclass(frozen=True)
class _Sides:
    """Both sides of a pull request."""

    head: BranchOfPull
    base: BranchOfPull


def _sides(facts: PullFacts, path: str) -> _Sides:
    return _Sides(
        head=_branch(facts.source_path, facts.source_branch, facts.head),
        base=_branch(path, facts.target_branch, facts.base),
    )


def _branch(path: str, branch: bytes, commit: str) -> BranchOfPull:
    return BranchOfPull(
        repository=path, branch=text(branch), branch_base64=exact(branch), commit=commit
    )


def _patch_set(found: PatchSetFacts) -> PatchSetAnswer:
    return PatchSetAnswer.model_validate(found)
