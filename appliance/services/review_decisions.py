"""Deciding in a review: one right at a time, at once in force; its end, and what follows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_reviews, gate
from appliance.access.gate import open_to_everyone
from appliance.db.access_reviews import AccessReview, ReviewedRight, ReviewReviewer
from appliance.db.paging import USUAL_LIMIT, Page, in_order, only, page
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.access_reviews import (
    CREDENTIALS,
    AtDueDate,
    Decision,
    Outcome,
    check_reason,
    digest,
    line,
)
from appliance.domain.names import fold
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence
from appliance.services import review_revocations

ORDERS = {
    "number": (ReviewedRight.number,),
    "name": (ReviewedRight.subject_key, ReviewedRight.number),
    "since": (ReviewedRight.since, ReviewedRight.number),
    "place": (ReviewedRight.place_name, ReviewedRight.number),
}
STATES = ("mine", "open", "keep", "revoke", "to_be_removed")


def listed(
    work: UnitOfWork,
    review_id: UUID,
    *,
    search: str = "",
    state: str = "",
    order: str = "number",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[ReviewedRight]:
    """The rights in a review: all, or those about which the actor decides, if no more is theirs.

    `search` is a part of a name; `state` is one of STATES.

    Errors:
        HiddenError: there is no such review for this actor.
    """
    review = fetch_reviews.review(work, review_id, Permission.REVIEW_READ)
    query = sa.select(ReviewedRight).where(ReviewedRight.review_id == review.id)
    if state == "mine" or not fetch_reviews.reads_all(work, review):
        query = query.where(*_of_reviewer(work, review))
    if state in {"mine", "open"}:
        query = query.where(ReviewedRight.decision.is_(None))
    elif state in set(Decision):
        query = query.where(ReviewedRight.decision == Decision(state))
    elif state == Outcome.TO_BE_REMOVED:
        query = query.where(
            ReviewedRight.outcome == Outcome.TO_BE_REMOVED, ReviewedRight.gone_at.is_(None)
        )
    if search:
        places = (
            *(ReviewedRight.subject_key, sa.func.lower(ReviewedRight.place_name)),
            sa.func.lower(ReviewedRight.credential),
        )
        query = query.where(
            sa.or_(*(each.contains(fold(search), autoescape=True) for each in places))
        )
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


def decide(
    work: UnitOfWork,
    review_id: UUID,
    item_id: UUID,
    decision: Decision,
    reason: str,
    *,
    now: datetime,
) -> ReviewedRight:
    """Keep a right, or take it away at once.

    Errors:
        HiddenError, RefusedError: it is not the actor's to decide, or their own right.
        InvalidError: no reason is given.
        ConflictError: the review has ended, the right was taken away already, or cannot be.
    """
    review, item = fetch_reviews.item(work, review_id, item_id)
    said = check_reason(reason, decision)
    if review.closed_at is not None or review.due_at <= now:
        raise ConflictError(sentence("This review has ended."))
    work.session.refresh(item, with_for_update=True)
    if item.decision is Decision.REVOKE:
        raise ConflictError(sentence("It was already decided to remove this."))
    item.decided_by, item.decided_by_name = work.actor.id, work.actor.label
    item.reason = said
    _settle(work, review, item, decision, now)
    return item


def finish_by_itself(work: UnitOfWork, review_id: UUID, *, now: datetime) -> None:
    """End a review whose time has come.

    Errors:
        ConflictError: it has ended already.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    finish(work, work.session.get_one(AccessReview, review_id), now=now)


@open_to_everyone(because="whoever ends a review was asked, or its time has come")
def finish(work: UnitOfWork, review: AccessReview, *, now: datetime) -> None:
    """End a review, do with the undecided what was said, and fix its result.

    Errors:
        ConflictError: it has ended already.
    """
    work.session.refresh(review, with_for_update=True)
    if review.closed_at is not None:
        raise ConflictError(sentence("This review has ended."))
    if review.at_due is AtDueDate.REVOKE:
        undecided = _items(review).where(ReviewedRight.decision.is_(None))
        for item in work.session.scalars(undecided).all():
            item.by_due_date = True
            try:
                _settle(work, review, item, Decision.REVOKE, now)
            except ConflictError as error:
                item.outcome, item.reason = Outcome.FAILED, str(error)[:500]
                _record(work, review, item)
    review.closed_at, review.closed_by_name = now, work.actor.label
    work.session.flush()  # Its result is read from what is stored.
    review.digest = digest(lines(work, review))
    found = counts(work, review)
    work.record(
        events.ReviewClosed(
            about=review.id,
            organisation_id=review.organisation_id,
            kept=found.get(Decision.KEEP, 0),
            revoked=found.get(Decision.REVOKE, 0),
            to_be_removed=_to_be_removed(work, review),
            undecided=found.get(None, 0),
            digest=review.digest,
        )
    )


def result(work: UnitOfWork, review_id: UUID) -> list[str]:
    """What was decided, a line of JSON for each right; of a review that has ended it stays.

    Errors:
        HiddenError, RefusedError: the actor may not read all of it.
    """
    review = fetch_reviews.review(work, review_id, Permission.REVIEW_READ)
    if not fetch_reviews.reads_all(work, review):
        fetch_reviews.review(work, review_id, Permission.REVIEW_OPEN)
    return lines(work, review)


@open_to_everyone(because="whoever looks at a review was asked whether they may")
def lines(work: UnitOfWork, review: AccessReview) -> list[str]:
    """The same, for who was asked already."""
    items = work.session.scalars(_items(review).order_by(ReviewedRight.number)).all()
    return [line(said(each)) for each in items]


@open_to_everyone(because="whoever looks at a review was asked whether they may")
def counts(work: UnitOfWork, review: AccessReview) -> dict[Decision | None, int]:
    """How many rights were decided how."""
    rows = work.session.execute(
        sa.select(ReviewedRight.decision, sa.func.count())
        .where(ReviewedRight.review_id == review.id)
        .group_by(ReviewedRight.decision)
    )
    return {row[0]: row[1] for row in rows}


@open_to_everyone(because="it counts what is the actor's own to decide")
def waiting_for(work: UnitOfWork, review: AccessReview) -> int:
    """How many rights wait for the actor's decision."""
    query = sa.select(sa.func.count()).select_from(ReviewedRight)
    query = query.where(
        ReviewedRight.review_id == review.id,
        ReviewedRight.decision.is_(None),
        *_of_reviewer(work, review),
    )
    return work.session.scalar(query) or 0


def is_due(work: UnitOfWork, *, now: datetime) -> bool:
    """Whether a review ends, or begins anew, or a directory is to be looked at."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    ends = sa.exists().where(AccessReview.closed_at.is_(None), AccessReview.due_at <= now)
    begins = sa.exists().where(AccessReview.repeat_at <= now)
    return bool(work.session.scalar(sa.select(sa.or_(ends, begins, _followed().exists()))))


def ended(work: UnitOfWork, *, now: datetime) -> list[UUID]:
    """The reviews whose time has come, and that are not ended yet."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(AccessReview.id).where(
        AccessReview.closed_at.is_(None), AccessReview.due_at <= now
    )
    return list(work.session.scalars(query))


def repeating(work: UnitOfWork, *, now: datetime) -> list[UUID]:
    """The reviews of which another is to begin."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return list(
        work.session.scalars(sa.select(AccessReview.id).where(AccessReview.repeat_at <= now))
    )


def follow(work: UnitOfWork, *, now: datetime) -> int:
    """Look which rights that were to be removed in a directory are gone; says how many."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    found = 0
    for item in work.session.scalars(_followed()).all():
        if review_revocations.is_there(work, item):
            continue
        found, item.gone_at = found + 1, now
        review = work.session.get_one(AccessReview, item.review_id)
        work.record(
            events.RightRemoved(
                about=item.subject_id,
                organisation_id=review.organisation_id,
                campaign_id=str(review.id),
                item_id=str(item.id),
            )
        )
    return found


def said(item: ReviewedRight) -> dict[str, Any]:
    """All that a result says of a right."""
    moments = {
        name: _text(getattr(item, name))
        for name in ("since", "until", "last_active_at", "last_push_at", "decided_at")
    }
    return {
        **moments,
        "number": item.number,
        "right": item.kind,
        "where": item.place_name,
        "who": item.subject_name,
        "who_type": item.subject_type,
        "who_id": str(item.subject_id),
        "role": item.role,
        "source": item.source,
        "directory": item.provider_name,
        "decision": item.decision,
        "by_due_date": item.by_due_date,
        "decided_by": item.decided_by_name,
        "reason": item.reason,
        "outcome": item.outcome,
        **(_credential(item) if item.kind in CREDENTIALS else {}),
    }


def _credential(item: ReviewedRight) -> dict[str, Any]:
    return {
        "credential": item.credential,
        "credential_id": str(item.right_id),
        "mark": item.mark,
        "may": item.may,
        "reach": item.reach,
        "last_used_at": _text(item.last_used_at),
    }


def _settle(
    work: UnitOfWork, review: AccessReview, item: ReviewedRight, decision: Decision, now: datetime
) -> None:
    item.decision, item.decided_at = decision, now
    item.outcome = None
    if decision is Decision.REVOKE:
        item.outcome = review_revocations.carry_out(work, item, now=now)
    _record(work, review, item)


def _record(work: UnitOfWork, review: AccessReview, item: ReviewedRight) -> None:
    work.record(
        events.RightReviewed(
            about=item.subject_id,
            organisation_id=review.organisation_id,
            campaign_id=str(review.id),
            item_id=str(item.id),
            subject_type=item.subject_type,
            thing_type=item.kind,
            thing_id=str(item.right_id if item.kind in CREDENTIALS else item.place_id),
            role=item.role,
            kept=item.decision is Decision.KEEP,
            by_due_date=item.by_due_date,
            result=item.outcome,
            reason=item.reason or None,
        )
    )


def _items(review: AccessReview) -> sa.Select[ReviewedRight]:
    return sa.select(ReviewedRight).where(ReviewedRight.review_id == review.id)


def _of_reviewer(work: UnitOfWork, review: AccessReview) -> list[sa.ColumnElement[bool]]:
    """What the actor decides about as a reviewer: never what is their own."""
    places = sa.select(ReviewReviewer.place_id).where(
        ReviewReviewer.review_id == review.id, ReviewReviewer.user_id == work.actor.id
    )
    own = sa.and_(ReviewedRight.subject_type == "user", ReviewedRight.subject_id == work.actor.id)
    return [ReviewedRight.place_id.in_(places), ~own]


def _followed() -> sa.Select[ReviewedRight]:
    return sa.select(ReviewedRight).where(
        ReviewedRight.outcome == Outcome.TO_BE_REMOVED, ReviewedRight.gone_at.is_(None)
    )


def _to_be_removed(work: UnitOfWork, review: AccessReview) -> int:
    query = sa.select(sa.func.count()).select_from(ReviewedRight)
    query = query.where(
        ReviewedRight.review_id == review.id, ReviewedRight.outcome == Outcome.TO_BE_REMOVED
    )
    return work.session.scalar(query) or 0


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
