"""`/reviews`: access reviews, the rights in them, and what is decided."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from appliance.domain.access_reviews import (
    LONGEST_NAME,
    LONGEST_REASON,
    MOST_AT_ONCE,
    MOST_DAYS,
    MOST_REVIEWERS,
    AtDueDate,
    Decision,
    Outcome,
    Plan,
    Reviewers,
    Right,
    Source,
    digest,
)
from appliance.services import access_reviews, review_decisions
from appliance.web import paging, requests
from appliance.web.api import frame

api = frame.area("reviews", "Reviews of who has which right and which tokens and keys, and why.")

ALL, ONE = "/reviews", "/reviews/<uuid:id>"
NameText = Annotated[str, Field(max_length=39)]


class ReviewsQuery(frame.PageQuery):
    """Which reviews."""

    org: str = Field("", max_length=39, description="Of an organisation; else of the appliance")
    q: str = Field("", max_length=100, description="A part of a name")


class ReviewPath(frame.Body):
    """Which review."""

    id: UUID


class RightsQuery(frame.PageQuery):
    """Which rights."""

    q: str = Field("", max_length=100, description="A part of a name")
    state: Literal["", "mine", "open", "keep", "revoke", "to_be_removed"] = ""


class NewReview(frame.Body):
    """How a review is to be."""

    name: str = Field(max_length=LONGEST_NAME)
    org: str = Field("", max_length=39, description="Empty: the whole appliance")
    rights: list[Right] = Field(min_length=1, max_length=len(Right))
    reviewers: Reviewers = Reviewers.OWNERS
    named: list[NameText] = Field(default_factory=list, max_length=MOST_REVIEWERS)
    due_at: AwareDatetime
    at_due: AtDueDate = AtDueDate.KEEP
    repeat_days: int | None = Field(None, ge=1, le=MOST_DAYS)


class DecisionBody(frame.Body):
    """About which rights, and what; all of it or nothing."""

    items: list[UUID] = Field(min_length=1, max_length=MOST_AT_ONCE)
    decision: Decision
    reason: str = Field("", max_length=LONGEST_REASON)


class ReviewAnswer(frame.Answer):
    """A review."""

    id: UUID
    name: str
    org: str
    rights: list[str]
    reviewers: Reviewers
    at_due: AtDueDate
    items: int
    opened_by: str
    created_at: datetime
    due_at: datetime
    repeat_days: int | None
    repeat_at: datetime | None
    copied_from: UUID | None
    closed_at: datetime | None
    closed_by: str
    digest: str


class ReviewSummaryAnswer(ReviewAnswer):
    """A review, and how far it is."""

    kept: int
    revoked: int
    undecided: int
    mine: int


class ReviewPage(frame.Answer):
    """Some of them."""

    items: list[ReviewAnswer]
    next: str | None


class ReviewedRightAnswer(frame.Answer):
    """A right as it was when the review began, and what was decided."""

    id: UUID
    number: int
    kind: Right
    place_name: str
    subject_type: str
    subject_name: str
    role: str
    source: Source
    provider_name: str
    credential: str
    mark: str
    may: str
    reach: str
    since: datetime
    until: datetime | None
    last_active_at: datetime | None
    last_push_at: datetime | None
    last_used_at: datetime | None
    decision: Decision | None
    by_due_date: bool
    decided_at: datetime | None
    decided_by_name: str
    reason: str
    outcome: Outcome | None
    gone_at: datetime | None


class ReviewedRightPage(frame.Answer):
    """Some of them."""

    items: list[ReviewedRightAnswer]
    next: str | None


class ReviewedRightList(frame.Answer):
    """What was decided."""

    items: list[ReviewedRightAnswer]


class ReviewerProgressAnswer(frame.Answer):
    """How far a reviewer is."""

    user: str
    assigned: int
    decided: int
    open: int


class ReviewerProgressList(frame.Answer):
    """How far each of them is."""

    items: list[ReviewerProgressAnswer]


class ResultAnswer(frame.Answer):
    """A line of JSON for each right; `digest` is the SHA-256 of them, each with its line feed."""

    digest: str
    lines: list[str]


@api.get(ALL, summary="List reviews", responses={"200": ReviewPage})
def list_reviews(query: ReviewsQuery) -> Any:
    """Of an organisation, or of the appliance; newest first."""
    with requests.reading() as work:
        found = access_reviews.listed(
            work,
            query.org,
            search=query.q,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
    return frame.page([ReviewAnswer(**_plain(each)) for each in found.items], found.next)


@api.post(ALL, summary="Start an access review", responses={"201": ReviewAnswer})
def start(body: NewReview) -> Any:
    """Which rights are looked at, is fixed from then on."""
    plan = Plan(
        name=body.name,
        organisation=body.org,
        rights=tuple(body.rights),
        reviewers=body.reviewers,
        named=tuple(body.named),
        due_at=body.due_at,
        at_due=body.at_due,
        repeat_days=body.repeat_days,
    )
    with requests.begin() as work:
        made = access_reviews.start(work, plan, now=requests.now())
        return frame.answer(ReviewAnswer(**_plain(made)), 201)


@api.get(ONE, summary="Show an access review", responses={"200": ReviewSummaryAnswer})
def show(path: ReviewPath) -> Any:
    """How far it is."""
    with requests.reading() as work:
        found = access_reviews.show(work, path.id)
    counted = {name: getattr(found, name) for name in ("kept", "revoked", "undecided", "mine")}
    return frame.answer(ReviewSummaryAnswer(**_plain(found.review), **counted))


@api.get(
    f"{ONE}/items", summary="List the rights in a review", responses={"200": ReviewedRightPage}
)
def list_items(path: ReviewPath, query: RightsQuery) -> Any:
    """Who only decides about some, sees those."""
    with requests.reading() as work:
        found = review_decisions.listed(
            work,
            path.id,
            search=query.q,
            state=query.state,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
    items = [ReviewedRightAnswer.model_validate(each) for each in found.items]
    return frame.page(items, found.next)


@api.get(
    f"{ONE}/progress",
    summary="Show each reviewer's progress",
    responses={"200": ReviewerProgressList},
)
def progress(path: ReviewPath) -> Any:
    """For who reads all of it."""
    with requests.reading() as work:
        found = access_reviews.progress(work, path.id)
    return frame.answer(
        ReviewerProgressList(items=[ReviewerProgressAnswer.model_validate(each) for each in found])
    )


@api.post(f"{ONE}/decisions", summary="Decide on rights", responses={"200": ReviewedRightList})
def decide(path: ReviewPath, body: DecisionBody) -> Any:
    """Keep rights, or take them away at once; never one's own."""
    with requests.begin() as work:
        made = [
            review_decisions.decide(
                work, path.id, each, body.decision, body.reason, now=requests.now()
            )
            for each in dict.fromkeys(body.items)
        ]
        items = [ReviewedRightAnswer.model_validate(each) for each in made]
    return frame.answer(ReviewedRightList(items=items))


@api.post(f"{ONE}/close", summary="End a review", responses={"200": ReviewAnswer})
def close(path: ReviewPath) -> Any:
    """Before its time; what is undecided becomes what its end makes of it."""
    with requests.begin() as work:
        made = access_reviews.close(work, path.id, now=requests.now())
        return frame.answer(ReviewAnswer(**_plain(made)))


@api.post(
    f"{ONE}/repeat",
    summary="Start another access review like it",
    responses={"201": ReviewAnswer},
)
def repeat(path: ReviewPath) -> Any:
    """With the rights that there are now, for as long."""
    with requests.begin() as work:
        made = access_reviews.repeat(work, path.id, now=requests.now())
        return frame.answer(ReviewAnswer(**_plain(made)), 201)


@api.get(
    f"{ONE}/result", summary="List decisions of an access review", responses={"200": ResultAnswer}
)
def result(path: ReviewPath) -> Any:
    """The event that ended the review has the same digest."""
    with requests.reading() as work:
        lines = review_decisions.result(work, path.id)
    return frame.answer(ResultAnswer(digest=digest(lines), lines=lines))


def _plain(review: Any) -> dict[str, Any]:
    names = set(ReviewAnswer.model_fields) - {"org", "opened_by", "closed_by"}
    return {name: getattr(review, name) for name in names} | {
        "org": review.place_name,
        "opened_by": review.opened_by_name,
        "closed_by": review.closed_by_name,
    }
