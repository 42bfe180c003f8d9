"""`/import/conversations` of a repository: issues and pull requests from elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from appliance.domain.brought import Judged, Place, Pull, Said, Talk, Thread
from appliance.domain.conversations import LARGEST_NUMBER
from appliance.domain.pull_requests import LARGEST_LINE, LONGEST_BRANCH, Side, Verdict
from appliance.services import brought_conversations, brought_pulls
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

api = frame.area("conversations from elsewhere", "Issues and pull requests of another system.")


MaybeCommit = Annotated[str, Field(pattern=r"^([0-9a-f]{40})?$")]
Branch = Annotated[str, Field(min_length=1, max_length=LONGEST_BRANCH)]
Line = Annotated[int, Field(ge=1, le=LARGEST_LINE)]


class BroughtComment(frame.Body):
    """A comment."""

    author: str = Field("", max_length=255)
    body: str
    created_at: AwareDatetime


class BroughtPlace(frame.Body):
    """Lines of a file as they were in a commit; without numbers the file as a whole."""

    commit: MaybeCommit = ""
    path: str = Field(min_length=1, max_length=4096)
    side: Side = Side.NEW
    start: Line | None = None
    end: Line | None = None


class BroughtThread(frame.Body):
    """Lines that were spoken of: the first place whose commit is here is theirs."""

    places: list[BroughtPlace] = Field(min_length=1, max_length=10)
    comments: list[BroughtComment] = Field(min_length=1, max_length=1000)
    is_resolved: bool = False


class BroughtReview(frame.Body):
    """What a reviewer said of the whole. An approval counts for nothing until it is merged."""

    author: str = Field("", max_length=255)
    verdict: Verdict
    submitted_at: AwareDatetime
    body: str = ""
    head: MaybeCommit = ""
    is_dismissed: bool = False


class BroughtPull(frame.Body):
    """What a pull request has beside a conversation. Its commits are in Git already, or it comes
    as an issue.
    """

    source: Branch
    target: Branch
    head: str = Field(pattern=r"^[0-9a-f]{40}$", description="The commit of the source")
    base: MaybeCommit = ""
    is_from_fork: bool = False
    is_draft: bool = False
    merged_at: AwareDatetime | None = None
    merged_by: str = Field("", max_length=255)
    merged_as: MaybeCommit = ""
    reviews: list[BroughtReview] = Field(default_factory=list, max_length=1000)
    threads: list[BroughtThread] = Field(default_factory=list, max_length=5000)


class BroughtConversation(frame.Body):
    """An issue or a pull request, or more comments of one that was brought before."""

    number: int = Field(ge=1, le=LARGEST_NUMBER)
    title: str
    body: str = ""
    author: str = Field("", max_length=255)
    created_at: AwareDatetime
    updated_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    labels: list[str] = Field(default_factory=list, max_length=100)
    assignees: list[str] = Field(default_factory=list, max_length=100)
    milestone: str = Field("", max_length=400)
    is_locked: bool = False
    about: str = Field("", max_length=2000, description="Of a pull request: what came of it")
    first_comment: int = Field(0, ge=0, description="Which of its comments is the first one here")
    comments: list[BroughtComment] = Field(default_factory=list, max_length=5000)
    pull: BroughtPull | None = Field(None, description="Of a pull request")


class BroughtBody(frame.Body):
    """Some of them at a time; what is here already is not brought again."""

    items: list[BroughtConversation] = Field(min_length=1, max_length=500)
    people: dict[str, str] = Field(
        default_factory=dict, description="Who elsewhere is which user here: for administrators"
    )


class BroughtConversationsAnswer(frame.Answer):
    """What came of it."""

    brought: list[int]
    already: list[int]
    as_issues: list[int] = Field(description="Pull requests whose commits are not here")
    comments: int
    pull_requests: int
    reviews: int
    line_comments: int
    unplaced: int = Field(description="Of these, so many stand at their file, not at lines")
    lost: int = Field(description="Reviews and comments on lines of those that came as issues")
    unknown: list[str] = Field(
        description="Who is nobody here: a note above their texts names them"
    )


@api.post(
    "/repos/<owner>/<name>/import/conversations",
    summary="Import issues and pull requests",
    responses={"200": BroughtConversationsAnswer},
)
def bring_conversations(path: RepositoryPath, body: BroughtBody) -> Any:
    """For owners. Under their numbers, with times and texts as they were; nobody is told of it.
    Bring Git first: a pull request whose commits are not here comes as an issue.
    """
    talks = [(each.first_comment, _talk(each)) for each in body.items]
    folder, commits = None, dict[int, brought_pulls.Commits]()
    if any(each.pull for each in body.items):
        with requests.reading() as work:
            repositories = requests.wiring().repositories
            folder = brought_pulls.plan(work, path.path, repositories=repositories)
        commits = brought_pulls.look(folder, [talk for _, talk in talks])
    with requests.begin() as work:
        found = brought_conversations.bring(
            work, path.path, talks, body.people, commits=commits, now=requests.now()
        )
    if folder is not None:
        brought_pulls.keep(folder, commits)
    return frame.answer(
        BroughtConversationsAnswer(
            brought=found.brought,
            already=found.already,
            as_issues=found.as_issues,
            comments=found.comments,
            pull_requests=found.pulls,
            reviews=found.reviews,
            line_comments=found.line_comments,
            unplaced=found.unplaced,
            lost=found.lost,
            unknown=sorted(found.unknown),
        )
    )


def _talk(said: BroughtConversation) -> Talk:
    return Talk(
        number=said.number,
        title=said.title,
        body=said.body,
        author=said.author,
        created_at=said.created_at.isoformat(),
        updated_at=said.updated_at.isoformat() if said.updated_at else "",
        closed_at=said.closed_at.isoformat() if said.closed_at else None,
        labels=tuple(said.labels),
        assignees=tuple(said.assignees),
        milestone=said.milestone,
        is_locked=said.is_locked,
        about=said.about,
        comments=_comments(said.comments),
        pull=_pull(said.pull) if said.pull is not None else None,
    )


def _pull(said: BroughtPull) -> Pull:
    return Pull(
        source=said.source,
        target=said.target,
        head=said.head,
        base=said.base,
        is_from_fork=said.is_from_fork,
        is_draft=said.is_draft,
        merged_at=said.merged_at.isoformat() if said.merged_at else None,
        merged_by=said.merged_by,
        merged_as=said.merged_as,
        reviews=tuple(
            Judged(
                each.author,
                each.verdict,
                each.submitted_at.isoformat(),
                each.body,
                each.head,
                each.is_dismissed,
            )
            for each in said.reviews
        ),
        threads=tuple(
            Thread(
                tuple(
                    Place(place.commit, place.path, place.side, place.start, place.end)
                    for place in each.places
                ),
                _comments(each.comments),
                each.is_resolved,
            )
            for each in said.threads
        ),
    )


def _comments(said: list[BroughtComment]) -> tuple[Said, ...]:
    return tuple(Said(each.author, each.body, each.created_at.isoformat()) for each in said)
