"""Access reviews: beginning, listing, ending and repeating them; deciding is in `review_decisions`.

Which rights are looked at is fixed when a review begins. When it ends, its result stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_reviews, gate, grants
from appliance.access.unseen import NOBODY
from appliance.db.access_reviews import AccessReview, ReviewedRight, ReviewReviewer
from appliance.db.organisations import Organisation
from appliance.db.paging import USUAL_LIMIT, Page, in_order, only, page
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.access_reviews import (
    MOST_ITEMS,
    AtDueDate,
    Decision,
    Plan,
    Reviewers,
    Right,
    checked,
)
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, RefusedError, sentence
from appliance.services import review_decisions, review_reviewers, review_snapshots

ORDERS = {
    "created": (AccessReview.created_at, AccessReview.id),
    "due": (AccessReview.due_at, AccessReview.id),
    "name": (AccessReview.name, AccessReview.id),
}


@dataclass(frozen=True)
class Progress:
    """How far one reviewer is."""

    user: str
    assigned: int
    decided: int
    open: int


@dataclass(frozen=True)
class Summary:
    """How far a review is, and what the actor may do with it."""

    review: AccessReview
    kept: int
    revoked: int
    undecided: int
    reads_all: bool
    may_manage: bool
    mine: int
    """What waits for the actor."""


def start(work: UnitOfWork, plan: Plan, *, now: datetime) -> AccessReview:
    """Begin a review. Who may not take rights away themselves lets owners do so, and nothing else.

    Errors:
        HiddenError, RefusedError: the actor may not.
        InvalidError, NotFoundError: the plan cannot be carried out.
        ConflictError: there is nothing to review, or too much.
    """
    organisation = fetch_reviews.scope(work, plan.organisation, Permission.REVIEW_OPEN)
    plan = checked(plan, now)
    _insist_on_owner(work, organisation, plan)
    named = review_reviewers.named(work, plan.named)
    review = AccessReview(
        organisation_id=organisation.id if organisation else None,
        place_name=organisation.name if organisation else "",
        name=" ".join(plan.name.split()),
        rights=[str(each) for each in plan.rights],
        reviewers=plan.reviewers,
        named=[str(each) for each in named],
        at_due=plan.at_due,
        opened_by=work.actor.id,
        opened_by_name=work.actor.label,
        created_at=now,
        due_at=plan.due_at,
        repeat_days=plan.repeat_days,
        repeat_at=now + timedelta(days=plan.repeat_days) if plan.repeat_days else None,
    )
    return _begin(work, review, organisation)


def insist_on_starting(work: UnitOfWork, organisation: str) -> None:
    """Go on only if the actor may begin a review there: for who shows the form.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: they may not.
    """
    fetch_reviews.scope(work, organisation, Permission.REVIEW_OPEN)


def listed(
    work: UnitOfWork,
    organisation: str = "",
    *,
    search: str = "",
    order: str = "-created",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[AccessReview]:
    """The reviews of an organisation, or of the appliance; `search` is a part of a name.

    Errors:
        HiddenError, RefusedError: the actor may not read them.
    """
    found = fetch_reviews.scope(work, organisation, Permission.REVIEW_READ)
    if found is not None and Permission.REVIEW_READ not in grants.on_organisation(work, found):
        raise RefusedError(
            sentence("Only owners, security officers and auditors can read reviews.")
        )
    query = sa.select(AccessReview)
    if found is not None:
        query = query.where(AccessReview.organisation_id == found.id)
    if search:
        query = query.where(AccessReview.name.icontains(search, autoescape=True))
    keys, is_descending = in_order(ORDERS, order)
    return page(
        work.session,
        query,
        *keys,
        make=only,
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def to_decide(work: UnitOfWork, *, now: datetime) -> list[AccessReview]:
    """The reviews that go on, and in which the actor decides."""
    gate.require(work, Permission.REVIEW_DECIDE)
    mine = sa.select(ReviewReviewer.review_id).where(ReviewReviewer.user_id == work.actor.id)
    query = sa.select(AccessReview).where(
        AccessReview.id.in_(mine), AccessReview.closed_at.is_(None), AccessReview.due_at > now
    )
    return list(work.session.scalars(query.order_by(AccessReview.due_at)))


def show(work: UnitOfWork, review_id: UUID) -> Summary:
    """How far a review is.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    review = fetch_reviews.review(work, review_id, Permission.REVIEW_READ)
    counts = review_decisions.counts(work, review)
    return Summary(
        review,
        counts.get(Decision.KEEP, 0),
        counts.get(Decision.REVOKE, 0),
        counts.get(None, 0),
        fetch_reviews.reads_all(work, review),
        fetch_reviews.may(work, review, Permission.REVIEW_OPEN),
        review_decisions.waiting_for(work, review),
    )


def progress(work: UnitOfWork, review_id: UUID) -> list[Progress]:
    """How far each reviewer is, for who reads all of it.

    Errors:
        HiddenError, RefusedError: the actor may not.
    """
    review = fetch_reviews.review(work, review_id, Permission.REVIEW_READ)
    if not fetch_reviews.reads_all(work, review):
        raise RefusedError(
            sentence("Only owners, security officers and auditors can read reviews.")
        )
    is_own = sa.and_(
        ReviewedRight.subject_type == "user", ReviewedRight.subject_id == ReviewReviewer.user_id
    )
    is_open = sa.case((ReviewedRight.decision.is_(None), 1), else_=0)
    is_theirs = sa.case((ReviewedRight.decided_by == ReviewReviewer.user_id, 1), else_=0)
    rows = work.session.execute(
        sa.select(User.name, sa.func.count(), sa.func.sum(is_theirs), sa.func.sum(is_open))
        .select_from(ReviewReviewer)
        .join(User, User.id == ReviewReviewer.user_id)
        .join(
            ReviewedRight,
            sa.and_(
                ReviewedRight.review_id == ReviewReviewer.review_id,
                ReviewedRight.place_id == ReviewReviewer.place_id,
            ),
        )
        .where(ReviewReviewer.review_id == review.id, ~is_own)
        .group_by(User.name)
        .order_by(User.name)
    )
    return [Progress(row[0], row[1], row[2] or 0, row[3] or 0) for row in rows]


def close(work: UnitOfWork, review_id: UUID, *, now: datetime) -> AccessReview:
    """End a review before its time; what is undecided becomes what its end makes of it.

    Errors:
        HiddenError, RefusedError: the actor may not.
        ConflictError: it has ended.
    """
    review = fetch_reviews.review(work, review_id, Permission.REVIEW_OPEN)
    if review.at_due is AtDueDate.REVOKE and not fetch_reviews.may(
        work, review, Permission.ORGANISATION_MEMBERS
    ):
        raise RefusedError(sentence("Only owners can end a review that removes permissions."))
    review_decisions.finish(work, review, now=now)
    return review


def repeat(work: UnitOfWork, review_id: UUID, *, now: datetime) -> AccessReview:
    """Begin another of the same kind, which lasts as long.

    Errors:
        HiddenError, RefusedError: the actor may not.
        ConflictError: there is nothing to review.
    """
    review = fetch_reviews.review(work, review_id, Permission.REVIEW_OPEN)
    plan = Plan(review.name, review.place_name, (), review.reviewers, now, at_due=review.at_due)
    organisation = _organisation(work, review)
    _insist_on_owner(work, organisation, plan)
    return _copy(work, review, now)


def repeat_by_itself(work: UnitOfWork, review_id: UUID, *, now: datetime) -> None:
    """Begin the next of a review that repeats, where there still is anything to review."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    review = work.session.get_one(AccessReview, review_id)
    try:
        _copy(work, review, now)
    except ConflictError:
        review.repeat_at = None


def _copy(work: UnitOfWork, review: AccessReview, now: datetime) -> AccessReview:
    following, review.repeat_at = review.repeat_at, None
    days = review.repeat_days
    made = AccessReview(
        organisation_id=review.organisation_id,
        place_name=review.place_name,
        name=review.name,
        rights=review.rights,
        reviewers=review.reviewers,
        named=review.named,
        at_due=review.at_due,
        opened_by=work.actor.id or review.opened_by,
        opened_by_name=work.actor.label,
        created_at=now,
        due_at=now + (review.due_at - review.created_at),
        repeat_days=days,
        repeat_at=now + timedelta(days=days) if days and following else None,
        copied_from=review.id,
    )
    return _begin(work, made, _organisation(work, review))


def _begin(
    work: UnitOfWork, review: AccessReview, organisation: Organisation | None
) -> AccessReview:
    items = review_snapshots.taken(work, organisation, [Right(each) for each in review.rights])
    if not items:
        raise ConflictError(sentence("There are no such rights to review."))
    if len(items) > MOST_ITEMS:
        raise ConflictError(sentence("A review holds at most %(most)s rights.", most=MOST_ITEMS))
    review.items = len(items)
    work.session.add(review)
    work.session.flush()  # What belongs to it names its id.
    for each in items:
        each.review_id = review.id
    work.session.add_all(items)
    review_reviewers.assign(work, review, {each.place_id for each in items})
    work.record(
        events.ReviewStarted(
            about=review.id,
            organisation_id=review.organisation_id,
            rights=review.rights,
            reviewers=review.reviewers,
            items=review.items,
            due_at=review.due_at.isoformat(),
            at_due=review.at_due,
            copied_from=str(review.copied_from) if review.copied_from else None,
            name=review.name,
        )
    )
    return review


def _organisation(work: UnitOfWork, review: AccessReview) -> Organisation | None:
    if not review.place_name:
        return None
    found = work.session.get(Organisation, review.organisation_id or NOBODY)
    if found is None or found.deleted_at is not None:
        raise ConflictError(sentence("The organisation no longer exists."))
    return found


def _insist_on_owner(work: UnitOfWork, organisation: Organisation | None, plan: Plan) -> None:
    """Whoever could not take a right away does not choose who does, nor that time does."""
    takes_away = plan.at_due is AtDueDate.REVOKE or plan.reviewers is Reviewers.NAMED
    if organisation is None:
        allowed = grants.on_instance(work.actor)
    else:
        allowed = grants.on_organisation(work, organisation)
    if takes_away and Permission.ORGANISATION_MEMBERS not in allowed:
        raise RefusedError(
            sentence(
                "Only owners can name reviewers, or let the end of a review remove permissions."
            )
        )
