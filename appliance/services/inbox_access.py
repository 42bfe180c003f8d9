"""What waits for a person about access: to answer, review, ask for again; and what was answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from appliance.access import gate, visible_requests
from appliance.db.access_requests import AccessRequest, TemporaryRight
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.access_requests import RequestState
from appliance.domain.permissions import Permission
from appliance.services import access_requests, access_reviews, review_decisions
from appliance.services.inbox_entries import MOST_OF_A_KIND, Entry, Topic
from appliance.services.inbox_signs import ACCESS_SOON

SHORT = timedelta(days=7)
"""What is given for less is not announced before it ends: whoever asked for it knows."""


def waiting(work: UnitOfWork, now: datetime) -> list[Entry]:
    """What to answer and to decide; nothing for who acts as another: that is done by oneself."""
    if not gate.is_allowed(work, Permission.OWN_ACCOUNT):
        return []
    return [*asked(work, now=now), *reviews(work, now=now)]


def asked(work: UnitOfWork, *, now: datetime) -> list[Entry]:
    """Requests that the actor should answer: where a role of theirs says so."""
    query = visible_requests.to_answer(work, by_role=True)
    found = work.session.scalars(
        access_requests.filtered_to_answer(query, RequestState.PENDING, now)
        .order_by(AccessRequest.answer_until)
        .limit(MOST_OF_A_KIND)
    ).all()
    return [
        Entry(Topic.ACCESS_ASKED, each.name, each.request.created_at, each.user, each.request.id)
        for each in access_requests.presented(work, list(found), now=now)
    ]


def reviews(work: UnitOfWork, *, now: datetime) -> Iterator[Entry]:
    """Reviews in which rights wait for the actor's decision, the first to end first."""
    if not gate.is_allowed(work, Permission.REVIEW_DECIDE):
        return
    for review in access_reviews.to_decide(work, now=now)[:MOST_OF_A_KIND]:
        count = review_decisions.waiting_for(work, review)
        if count:
            yield Entry(Topic.REVIEW_WAITS, review.name, review.due_at, str(count), review.id)


def ending(work: UnitOfWork, now: datetime) -> Iterator[Entry]:
    """What the actor has for a time, and ends soon."""
    if not gate.is_allowed(work, Permission.OWN_ACCOUNT):
        return
    query = visible_requests.own(work).join(
        TemporaryRight, TemporaryRight.request_id == AccessRequest.id
    )
    rows = work.session.execute(
        query.where(TemporaryRight.expires_at > now, TemporaryRight.expires_at < now + ACCESS_SOON)
        .add_columns(TemporaryRight)
        .order_by(TemporaryRight.expires_at)
        .limit(MOST_OF_A_KIND)
    )
    for request, right in rows:
        if right.expires_at - right.created_at >= SHORT:
            yield Entry(Topic.ACCESS_ENDS, request.asked_name, right.expires_at, id=request.id)


def answered(work: UnitOfWork, *, since: datetime) -> list[Entry]:
    """What was answered lately of what the actor asked for."""
    if not gate.is_allowed(work, Permission.OWN_ACCOUNT):
        return []
    rows = work.session.scalars(
        visible_requests.own(work)
        .where(
            AccessRequest.state.in_([RequestState.APPROVED, RequestState.REFUSED]),
            AccessRequest.decided_at > since,
        )
        .order_by(sa.desc(AccessRequest.decided_at))
        .limit(MOST_OF_A_KIND)
    )
    topics = {
        RequestState.APPROVED: Topic.ACCESS_GIVEN,
        RequestState.REFUSED: Topic.ACCESS_NOT_GIVEN,
    }
    return [
        Entry(topics[each.state], each.asked_name, each.decided_at, each.answer, each.id)
        for each in rows
    ]
