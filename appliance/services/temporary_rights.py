"""Rights that end by themselves: who has which, making them last longer, ending them.

Whoever asks what somebody may do looks at the time; what is done here afterwards only tidies up.
What a person or a directory gives stands beside them, and neither takes the other away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_requests, gate
from appliance.access.gate import open_to_everyone
from appliance.db.access_requests import AccessRequest, TemporaryRight
from appliance.db.organisations import Organisation, Team
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner
from appliance.domain import events
from appliance.domain.access_requests import (
    AccessRule,
    RequestState,
    Thing,
    check_hours,
    check_reason,
    insist_on_rule,
)
from appliance.domain.names import fold
from appliance.domain.permissions import Permission, Role
from appliance.errors import ConflictError, sentence
from appliance.services import access_requests

ORDERS = {
    "until": (TemporaryRight.expires_at, TemporaryRight.id),
    "name": (Owner.name_key, TemporaryRight.id),
    "since": (TemporaryRight.created_at, TemporaryRight.id),
}
OPEN = AccessRequest.state == RequestState.PENDING


@dataclass(frozen=True)
class Held:
    """Something that somebody has until a time."""

    request_id: UUID
    user: str
    thing: Thing
    name: str
    role: Role | None
    since: datetime
    until: datetime


def listed(
    work: UnitOfWork,
    organisation_name: str,
    *,
    search: str = "",
    order: str = "until",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[Held]:
    """What somebody has until a time in an organisation, for its owners; `search` is a name's part.

    Errors:
        HiddenError, RefusedError: the actor may not see that.
    """
    organisation = fetch.organisation(work, organisation_name, Permission.ORGANISATION_MEMBERS)
    query = (
        sa.select(TemporaryRight, Owner.name, Repository, Team.name)
        .join(Owner, Owner.id == TemporaryRight.user_id)
        .outerjoin(Repository, Repository.id == TemporaryRight.repository_id)
        .outerjoin(Team, Team.id == TemporaryRight.team_id)
        .where(
            TemporaryRight.expires_at > work.begun_at,
            sa.or_(
                TemporaryRight.organisation_id == organisation.id,
                Repository.organisation_id == organisation.id,
            ),
        )
    )
    if search:
        places = (Owner.name_key, Repository.name_key, Team.name_key)
        query = query.where(
            sa.or_(*(each.contains(fold(search), autoescape=True) for each in places))
        )
    keys, is_descending = in_order(ORDERS, order)
    return page(
        work.session,
        query,
        *keys,
        make=lambda row: _held(row[0], row[1], row[2], row[3], organisation),
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def prolong(
    work: UnitOfWork, request_id: UUID, hours: int, reason: str, *, now: datetime
) -> AccessRequest:
    """Let what was given end so many hours from now, if that is later than it would.

    Errors:
        HiddenError, RefusedError: it is not the actor's to say.
        InvalidError: that is longer than the rule allows, or no reason is given.
        ConflictError: it has ended, or does not end, or would end earlier.
    """
    request = fetch_requests.to_answer(work, request_id)
    said = check_reason(reason)
    right = _right(work, request, now)
    insist_on_rule(_rule(work, right), right.role, check_hours(hours))
    until = now + timedelta(hours=hours)
    if until <= right.expires_at:
        raise ConflictError(sentence("It already lasts longer. End it instead."))
    before, right.expires_at, request.ends_at = right.expires_at, until, until
    work.record(
        events.AccessProlonged(
            about=right.user_id,
            organisation_id=_organisation_id(work, right),
            request_id=str(request.id),
            thing_type=request.thing,
            thing_id=_thing_id(right),
            before=before.isoformat(),
            until=until.isoformat(),
            reason=said,
        )
    )
    return request


def end(work: UnitOfWork, request_id: UUID, reason: str = "", *, now: datetime) -> AccessRequest:
    """End what was given before its time: for who may answer the request, and who has it.

    Errors:
        HiddenError: there is no such request, or it is neither.
        ConflictError: it has ended, or does not end by itself.
    """
    request, is_to_answer = fetch_requests.either(work, request_id)
    right = _right(work, request, now)
    finish(work, right, "early", reason=check_reason(reason) if is_to_answer else None, now=now)
    return request


@open_to_everyone(because="whoever answers a request was asked whether they may")
def give(
    work: UnitOfWork,
    request: AccessRequest,
    target: fetch_requests.Target,
    role: Role | None,
    until: datetime,
    *,
    now: datetime,
) -> TemporaryRight:
    """Give somebody what they asked for, until a time."""
    is_role = target.repository is not None
    made = TemporaryRight(
        request_id=request.id,
        user_id=request.user_id,
        repository_id=target.repository.id if target.repository else None,
        organisation_id=None if is_role else target.organisation_id,
        team_id=target.team.id if target.team else None,
        role=role,
        expires_at=until,
        created_at=now,
    )
    work.session.add(made)
    return made


@open_to_everyone(because="whoever ends somebody's rights was asked whether they may")
def end_all(
    work: UnitOfWork, user_id: UUID, which: sa.ColumnElement[bool], why: str, *, now: datetime
) -> int:
    """End some of what a user has until a time; says how much that was."""
    query = sa.select(TemporaryRight).where(
        TemporaryRight.user_id == user_id, TemporaryRight.expires_at > work.begun_at, which
    )
    found = work.session.scalars(query).all()
    for right in found:
        finish(work, right, why, now=now)
    return len(found)


@open_to_everyone(because="whoever ends a right was asked whether they may")
def finish(
    work: UnitOfWork,
    right: TemporaryRight,
    why: str,
    *,
    reason: str | None = None,
    now: datetime,
) -> None:
    """End one of them, and say so."""
    request = work.session.get_one(AccessRequest, right.request_id)
    if why != "time":
        request.ended_at = now
    work.record(
        events.AccessEnded(
            about=right.user_id,
            organisation_id=_organisation_id(work, right),
            request_id=str(right.request_id),
            thing_type=request.thing,
            thing_id=_thing_id(right),
            why=why,
            until=min(now, right.expires_at).isoformat(),
            reason=reason,
        )
    )
    work.session.delete(right)


def is_due(work: UnitOfWork, *, now: datetime) -> bool:
    """Whether there is anything to tidy up."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    ended = sa.exists().where(TemporaryRight.expires_at <= now)
    unanswered = sa.exists().where(OPEN, AccessRequest.answer_until <= now)
    return bool(work.session.scalar(sa.select(sa.or_(ended, unanswered))))


def tidy(work: UnitOfWork, *, limit: int, now: datetime) -> int:
    """Record what has ended by itself, and which requests nobody answered; says how much."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    ended = work.session.scalars(
        sa.select(TemporaryRight).where(TemporaryRight.expires_at <= now).limit(limit)
    ).all()
    for right in ended:
        finish(work, right, "time", now=now)
    query = sa.select(AccessRequest).where(OPEN, AccessRequest.answer_until <= now).limit(limit)
    unanswered = work.session.scalars(query).all()
    for request in unanswered:
        request.state = RequestState.EXPIRED
        work.record(
            events.AccessUnanswered(
                about=request.user_id,
                organisation_id=request.organisation_id,
                request_id=str(request.id),
                was_refused=access_requests.is_quietly_refused(request),
            )
        )
    return len(ended) + len(unanswered)


def _right(work: UnitOfWork, request: AccessRequest, now: datetime) -> TemporaryRight:
    """What is in force of a request; nobody else changes it meanwhile.

    Errors:
        ConflictError: nothing is, or it does not end by itself.
    """
    if request.state is RequestState.APPROVED and request.ends_at is None:
        raise ConflictError(sentence("It was given without end. Take it away where it is listed."))
    right = work.session.scalar(
        sa.select(TemporaryRight)
        .where(TemporaryRight.request_id == request.id, TemporaryRight.expires_at > now)
        .with_for_update()
    )
    if right is None:
        raise ConflictError(sentence("There is no such temporary access."))
    return right


def _rule(work: UnitOfWork, right: TemporaryRight) -> AccessRule:
    return fetch_requests.rule_of(work, _organisation_id(work, right))


def _organisation_id(work: UnitOfWork, right: TemporaryRight) -> UUID | None:
    if right.repository_id is None:
        return right.organisation_id
    return work.session.get_one(Repository, right.repository_id).organisation_id


def _thing_id(right: TemporaryRight) -> str:
    return str(right.repository_id or right.team_id or right.organisation_id)


def _held(
    right: TemporaryRight,
    user: str,
    repository: Repository | None,
    team: str | None,
    organisation: Organisation,
) -> Held:
    thing, name = Thing.ORGANISATION, organisation.name
    if repository is not None:
        thing, name = Thing.REPOSITORY, repository.path
    elif team is not None:
        thing, name = Thing.TEAM, f"{organisation.name}/{team}"
    return Held(right.request_id, user, thing, name, right.role, right.created_at, right.expires_at)
