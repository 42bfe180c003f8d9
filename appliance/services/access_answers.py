"""Answering who asks for access: giving it, perhaps less of it, or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_requests, grants, visible_requests
from appliance.access.fetch_requests import Target
from appliance.db.access_requests import AccessRequest
from appliance.db.organisations import Organisation, Team
from appliance.db.paging import USUAL_LIMIT, Page
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, User
from appliance.domain import events
from appliance.domain.access_requests import (
    RequestState,
    check_hours,
    check_reason,
    insist_on_rule,
    is_higher,
)
from appliance.domain.names import fold
from appliance.domain.permissions import Role
from appliance.errors import ConflictError, InvalidError, RefusedError, sentence
from appliance.services import (
    access_requests,
    organisation_members,
    repository_access,
    teams,
    temporary_rights,
)
from appliance.services.access_requests import Shown


@dataclass(frozen=True)
class Terms:
    """What is given of what was asked for: what is not said is as it was asked for."""

    role: Role | None = None
    hours: int | None = None
    is_endless: bool = False


def listed(
    work: UnitOfWork,
    *,
    search: str = "",
    state: str = RequestState.PENDING,
    order: str = "-created",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
    now: datetime,
) -> Page[Shown]:
    """What the actor may answer; `search` is a part of who asks, or of what for."""
    query = visible_requests.to_answer(work)
    if search:
        asker = sa.select(Owner.id).where(Owner.name_key.contains(fold(search), autoescape=True))
        query = query.where(
            sa.or_(
                AccessRequest.user_id.in_(asker),
                AccessRequest.asked_key.contains(fold(search), autoescape=True),
            )
        )
    return access_requests.paged(
        work,
        access_requests.filtered_to_answer(query, state, now),
        order=order,
        after=after,
        limit=limit,
        now=now,
    )


def approve(
    work: UnitOfWork, request_id: UUID, terms: Terms, reason: str = "", *, now: datetime
) -> AccessRequest:
    """Give what was asked for, or a lower role, or for less time.

    Errors:
        HiddenError, RefusedError: it is not the actor's to answer, or more than they could give.
        InvalidError: it is more than was asked for, or than the rule allows.
        ConflictError: it waits for no answer any more, or who asked may not enter.
    """
    request = fetch_requests.to_answer(work, request_id)
    _insist_on_waiting(work, request, now)
    asker, target = _asker(work, request), _target(work, request)
    role, hours = _agreed(request, terms)
    insist_on_rule(target.rule, role, hours)
    _insist_on_having_it(work, target, role)
    request.state, request.decided_at = RequestState.APPROVED, now
    request.decided_by, request.given_role = work.actor.id, role
    request.answer = check_reason(reason) if reason.strip() else ""
    request.ends_at = now + timedelta(hours=hours) if hours is not None else None
    if request.ends_at is None:
        _give_without_end(work, target, asker, role, now)
    else:
        temporary_rights.give(work, request, target, role, request.ends_at, now=now)
    work.record(
        events.AccessApproved(
            about=asker.id,
            organisation_id=target.organisation_id,
            request_id=str(request.id),
            thing_type=request.thing,
            thing_id=str(target.thing_id),
            role=role,
            until=request.ends_at.isoformat() if request.ends_at else None,
            reason=request.answer or None,
        )
    )
    return request


def refuse(work: UnitOfWork, request_id: UUID, reason: str, *, now: datetime) -> AccessRequest:
    """Do not give it, and say why. Who asked reads that, if they could see what they asked for;
    else they learn nothing, and it ends for them as if nothing was there.

    Errors:
        HiddenError, RefusedError: it is not the actor's to answer.
        InvalidError: no reason is given.
        ConflictError: it waits for no answer any more.
    """
    request = fetch_requests.to_answer(work, request_id)
    _insist_on_waiting(work, request, now)
    request.answer = check_reason(reason)
    request.decided_by, request.decided_at = work.actor.id, now
    if request.was_visible:
        request.state = RequestState.REFUSED
    work.record(
        events.AccessNotGiven(
            about=request.user_id,
            organisation_id=access_requests.organisation_id_of(work, request),
            request_id=str(request.id),
            reason=request.answer,
            is_told=request.was_visible,
        )
    )
    return request


def _insist_on_waiting(work: UnitOfWork, request: AccessRequest, now: datetime) -> None:
    access_requests.insist_on_waiting(work, request, now=now)
    if access_requests.is_quietly_refused(request):
        raise ConflictError(access_requests.WAITS_NO_MORE)


def _asker(work: UnitOfWork, request: AccessRequest) -> User:
    found = work.session.get_one(User, request.user_id)
    if not found.is_active:
        raise ConflictError(sentence("%(name)s is suspended.", name=found.name))
    return found


def _target(work: UnitOfWork, request: AccessRequest) -> Target:
    session = work.session
    repository = session.get(Repository, request.repository_id) if request.repository_id else None
    team = session.get(Team, request.team_id) if request.team_id else None
    organisation = (
        session.get(Organisation, request.organisation_id) if request.organisation_id else None
    )
    in_log_of = access_requests.organisation_id_of(work, request)
    rule = fetch_requests.rule_of(work, in_log_of)
    return Target(rule, repository=repository, organisation=organisation, team=team)


def _agreed(request: AccessRequest, terms: Terms) -> tuple[Role | None, int | None]:
    """The role and the hours that are given.

    Errors:
        InvalidError: it is more than was asked for.
    """
    role = request.role if terms.role is None else terms.role
    hours = request.hours if terms.hours is None else check_hours(terms.hours)
    if terms.is_endless:
        hours = None
    if role is not None and (request.role is None or is_higher(role, request.role)):
        raise InvalidError.of("role", sentence("That is more than requested."))
    if request.hours is not None and (hours is None or hours > request.hours):
        raise InvalidError.of("hours", sentence("That is longer than requested."))
    return role, hours


def _insist_on_having_it(work: UnitOfWork, target: Target, role: Role | None) -> None:
    """Nobody gives a role that is higher than their own, or that they have for a time only."""
    if target.repository is None or role is None:
        return
    own = grants.lasting_role_on(work, target.repository)
    if own is None or is_higher(role, own):
        raise RefusedError(sentence("You cannot give a role that is higher than your own."))


def _give_without_end(
    work: UnitOfWork, target: Target, asker: User, role: Role | None, now: datetime
) -> None:
    if target.repository is not None and role is not None:
        repository_access.raise_to(work, target.repository, asker, role, now=now)
        return
    if target.organisation is None:
        return
    organisation_members.belong(work, target.organisation, asker, now=now)
    if target.team is not None:
        teams.put_in(work, target.team, asker, now=now)
