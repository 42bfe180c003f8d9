"""`/pulls/{number}/reviews`, `/viewed`: what reviewers say of a change, and have looked through."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import Field

from appliance.domain.pull_requests import (
    LARGEST_LINE,
    MOST_COMMENTS_AT_ONCE,
    Anchor,
    Side,
    Verdict,
)
from appliance.errors import InvalidError
from appliance.services import pulls, reviews, viewed_files
from appliance.services.reviews import NewReview, Remark
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import exact, text, uncover
from appliance.web.api.git_operations import OID
from appliance.web.api.issues import Text
from appliance.web.api.pulls import ONE, PullPath

if TYPE_CHECKING:
    from appliance.services.review_facts import (
        ReviewFacts,
    )

api = frame.area(
    "pull request reviews", "Reviews of pull requests: verdicts, and what is said of lines."
)

REVIEWS = f"{ONE}/reviews"
Line = Annotated[int, Field(ge=1, le=LARGEST_LINE)]


class ReviewPath(PullPath):
    """Which review, thread or comment."""

    id: UUID


class FileOfPull(frame.Body):
    """A file, by its path as text or as base64."""

    path: str = Field("", max_length=4096)
    path_base64: str | None = Field(None, max_length=8192, description="A path that is no text")

    @property
    def raw(self) -> bytes:
        """The path."""
        return uncover(self.path_base64, "base64") if self.path_base64 else self.path.encode()


class RemarkBody(FileOfPull):
    """What is said of lines; or, with a thread, an answer in it."""

    body: Text
    patch_set: int = Field(0, ge=0, description="The last one if left out")
    side: Side = Side.NEW
    start_line: Line | None = Field(None, description="The first line, where there are several")
    line: Line | None = Field(None, description="The last line; without one, the whole file")
    thread: UUID | None = None

    def anchor(self, latest: int) -> Anchor | None:
        """The lines that are meant; none of an answer."""
        if self.thread is not None:
            return None
        start = self.start_line if self.start_line is not None else self.line
        return Anchor(self.patch_set or latest, self.raw, self.side, start, self.line)


class PullReviewBody(frame.Body):
    """A review, with all that one has noted before."""

    verdict: Verdict = Verdict.COMMENT
    body: Text = ""
    comments: list[RemarkBody] = Field(default_factory=list, max_length=MOST_COMMENTS_AT_ONCE)
    head: str | None = Field(None, pattern=OID, description="Only if this is still the head")


class DismissalBody(frame.Body):
    """Why a verdict counts no more."""

    reason: Text = ""


class ViewedBody(FileOfPull):
    """A file that one has looked through, or has not."""

    old_path: str = Field("", max_length=4096, description="What it was called, where renamed")
    viewed: bool = True


class PullReviewAnswer(frame.Answer):
    """What a reviewer said of the whole."""

    id: UUID
    author: str
    verdict: Verdict
    body: str
    patch_set: int
    head: str
    submitted_at: datetime
    is_dismissed: bool
    dismissed_by: str
    dismissed_because: str


class PullReviewsAnswer(frame.Answer):
    """All reviews, the oldest first."""

    items: list[PullReviewAnswer]


class ViewedAnswer(frame.Answer):
    """A file that the caller has looked through, and what it was then."""

    path: str
    path_base64: str | None
    old_blob: str
    new_blob: str


class ViewedFilesAnswer(frame.Answer):
    """All that the caller has looked through."""

    items: list[ViewedAnswer]


@api.get(REVIEWS, summary="List reviews", responses={"200": PullReviewsAnswer})
def list_reviews(path: PullPath) -> Any:
    """The oldest first. The last verdict of each reviewer counts."""
    with requests.reading() as work:
        found = [_review(each) for each in reviews.listed(work, path.which)]
    return frame.answer(PullReviewsAnswer(items=found))


@api.post(REVIEWS, summary="Review a pull request", responses={"201": PullReviewAnswer})
def submit(path: PullPath, body: PullReviewBody) -> Any:
    """Approve, ask for changes, or comment; with what one has noted, all at once."""
    last = latest(path)
    with requests.begin() as work:
        remarks = tuple(Remark(each.body, each.anchor(last), each.thread) for each in body.comments)
        new = NewReview(body.verdict, body.body, remarks, body.head)
        made = _review(reviews.submit(work, path.which, new, now=requests.now()))
    return frame.answer(made, 201)


@api.post(
    f"{REVIEWS}/<uuid:id>/dismiss", summary="Dismiss a review", responses={"200": PullReviewAnswer}
)
def dismiss(path: ReviewPath, body: DismissalBody) -> Any:
    """One's own verdict, or for maintainers anybody's, with a reason."""
    with requests.begin() as work:
        found = reviews.dismiss(work, path.which, path.id, body.reason, now=requests.now())
        return frame.answer(_review(found))


@api.get(
    f"{ONE}/viewed", summary="List the files you have viewed", responses={"200": ViewedFilesAnswer}
)
def viewed(path: PullPath) -> Any:
    """With their contents then: what has changed since is to be viewed again."""
    with requests.reading() as work:
        found = viewed_files.listed(work, path.which)
    items = [
        ViewedAnswer(
            path=text(raw), path_base64=exact(raw), old_blob=each.old_blob, new_blob=each.new_blob
        )
        for raw, each in sorted(found.items())
    ]
    return frame.answer(ViewedFilesAnswer(items=items))


@api.put(f"{ONE}/viewed", summary="Mark a file as viewed", responses={"204": None})
def mark(path: PullPath, body: ViewedBody) -> Any:
    """As it is in the last patch set, or as not viewed. Safe to repeat."""
    if not body.raw:
        raise InvalidError.of("path", "Name a file.")
    with requests.reading() as work:
        found = pulls.show(work, path.which, repositories=requests.wiring().repositories)
    facts = found.facts
    seen_as = None
    if body.viewed:
        seen_as = viewed_files.contents(
            found.folder, facts.base, facts.head, body.raw, body.old_path.encode()
        )
    with requests.begin() as work:
        viewed_files.mark(work, path.which, body.raw, seen_as, now=requests.now())
    return frame.nothing()


def latest(path: PullPath) -> int:
    """The number of the last patch set."""
    with requests.reading() as work:
        found = pulls.patch_sets(work, path.which)
    return found[-1].number


def _review(found: ReviewFacts) -> PullReviewAnswer:
    return PullReviewAnswer(
        id=found.id,
        author=found.author,
        verdict=found.verdict,
        body=found.body,
        patch_set=found.patch_set,
        head=found.head,
        submitted_at=found.at,
        is_dismissed=found.dismissed_at is not None,
        dismissed_by=found.dismissed_by,
        dismissed_because=found.dismissed_because,
    )
