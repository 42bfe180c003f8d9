"""Asking for access, and what became of it, for who asked.

Where somebody may not see what they ask for, the answer is the same as where there is nothing: they
wait until the time is over, whether it was refused or never was there. A refusal of such a request
stands in the row for who answers, and changes nothing of what who asked can see or do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_requests, grants, unseen, visible_requests
from appliance.access.fetch_requests import Target
from appliance.access.gate import open_to_everyone
from appliance.db.access_requests import AccessRequest
from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.access_requests import (
    ANSWERED_WITHIN,
    LONGEST_NAME,
    MOST_PENDING,
    RequestState,
    Thing,
    Wish,
    check_hours,
    check_reason,
    insist_on_rule,
    is_higher,
)
from appliance.domain.names import fold
from appliance.errors import ConflictError, InvalidError, sentence

WAITS_NO_MORE = sentence("This request is no longer open.")
ANSWERED = frozenset({RequestState.APPROVED, RequestState.REFUSED})
ORDERS = {
    "created": (AccessRequest.created_at, AccessRequest.id),
    "name": (AccessRequest.asked_key, AccessRequest.id),
    "state": (AccessRequest.state, AccessRequest.id),
}


@dataclass(frozen=True)
class Shown:
    """A request as somebody sees it: who asked by name alone, others by what it is called now."""

    request: AccessRequest
    user: str
    name: str
    state: RequestState
    is_to_answer: bool
    is_in_force: bool
    decided_by: str = ""
    decided_at: datetime | None = None
    answer: str = ""


def ask(work: UnitOfWork, wish: Wish, *, now: datetime) -> Shown:
    """Ask for access, for a while or without end.

    Errors:
        InvalidError: it does not say what it must, or what may be seen is not asked for so.
        ConflictError: they have it, asked already, ask for too much at once, or owners take no
            requests for what may be seen.
    """
    target = fetch_requests.target(work, wish.thing, wish.name)
    wish = _checked(wish)
    if target.is_visible:
        _insist_on_sense(work, target, wish)
    _insist_on_room(work, wish, now)
    reached = target if target.rule.is_open and target.thing_id else Target(target.rule)
    request = _made(work, wish, reached, is_visible=target.is_visible, now=now)
    work.session.add(request)
    work.session.flush()  # The event names its id.
    work.record(
        events.AccessRequested(
            about=work.actor.id,
            organisation_id=reached.organisation_id,
            request_id=str(request.id),
            thing_type=wish.thing,
            thing_id=str(reached.thing_id) if reached.thing_id else None,
            role=wish.role,
            hours=wish.hours,
            name=wish.name,
            reason=wish.reason,
        )
    )
    return presented(work, [request], now=now)[0]


def listed(
    work: UnitOfWork,
    *,
    search: str = "",
    state: str = "",
    order: str = "-created",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
    now: datetime,
) -> Page[Shown]:
    """What the actor asked for; `search` is a part of its name as they spelled it."""
    query = visible_requests.own(work)
    if search:
        query = query.where(AccessRequest.asked_key.contains(fold(search), autoescape=True))
    return paged(work, filtered(query, state, now), order=order, after=after, limit=limit, now=now)


def show(work: UnitOfWork, request_id: UUID, *, now: datetime) -> Shown:
    """A request of one's own, or one to answer.

    Errors:
        HiddenError: there is none, or it is neither.
    """
    request, _ = fetch_requests.either(work, request_id)
    return presented(work, [request], now=now)[0]


def withdraw(work: UnitOfWork, request_id: UUID, *, now: datetime) -> AccessRequest:
    """Take back what was asked for.

    Errors:
        HiddenError: there is no such request of the actor's.
        ConflictError: it waits for no answer any more.
    """
    request = fetch_requests.own(work, request_id)
    insist_on_waiting(work, request, now=now)
    request.state, request.decided_at = RequestState.WITHDRAWN, now
    work.record(
        events.AccessWithdrawn(
            about=request.user_id,
            organisation_id=organisation_id_of(work, request),
            request_id=str(request.id),
        )
    )
    return request


@open_to_everyone(because="whoever answers or withdraws a request was asked whether they may")
def insist_on_waiting(work: UnitOfWork, request: AccessRequest, *, now: datetime) -> None:
    """Go on only if a request waits for an answer; nobody else answers it meanwhile.

    Errors:
        ConflictError: it does not.
    """
    work.session.refresh(request, with_for_update=True)
    if request.state is not RequestState.PENDING or request.answer_until <= now:
        raise ConflictError(WAITS_NO_MORE)


QUIETLY_REFUSED = sa.and_(
    AccessRequest.decided_by.is_not(None),
    AccessRequest.state.in_((RequestState.PENDING, RequestState.EXPIRED)),
)
"""Those that were refused, of which who asked is told nothing."""


def is_quietly_refused(request: AccessRequest) -> bool:
    """The same of one of them."""
    is_open = request.state in {RequestState.PENDING, RequestState.EXPIRED}
    return is_open and request.decided_by is not None


def filtered(
    query: sa.Select[AccessRequest], state: str, now: datetime
) -> sa.Select[AccessRequest]:
    """Only what is in a state now, as who asked sees it; any, where it is none."""
    lapsed = sa.and_(AccessRequest.state == RequestState.PENDING, AccessRequest.answer_until <= now)
    if state == RequestState.EXPIRED:
        return query.where(sa.or_(AccessRequest.state == RequestState.EXPIRED, lapsed))
    if state in set(RequestState):
        return query.where(AccessRequest.state == RequestState(state), ~lapsed)
    return query


def filtered_to_answer(
    query: sa.Select[AccessRequest], state: str, now: datetime
) -> sa.Select[AccessRequest]:
    """The same as who answers sees it."""
    if state == RequestState.REFUSED:
        return query.where(sa.or_(AccessRequest.state == RequestState.REFUSED, QUIETLY_REFUSED))
    return filtered(query.where(~QUIETLY_REFUSED) if state else query, state, now)


@open_to_everyone(because="whoever lists requests has asked which are theirs to see")
def paged(
    work: UnitOfWork,
    query: sa.Select[AccessRequest],
    *,
    order: str,
    after: str | None,
    limit: int,
    now: datetime,
) -> Page[Shown]:
    """A page of requests, with what belongs to each."""
    keys, is_descending = in_order(ORDERS, order)
    found = page(
        work.session,
        query,
        *keys,
        make=lambda row: row[0],
        after=after,
        limit=limit,
        newest_first=is_descending,
    )
    return Page(presented(work, found.items, now=now), found.next)


@open_to_everyone(because="whoever looks at requests has asked which are theirs to see")
def presented(work: UnitOfWork, requests: list[AccessRequest], *, now: datetime) -> list[Shown]:
    """Requests with the names that belong to them; who asked sees only how they spelled it."""
    people = {each.user_id for each in requests} | {each.decided_by for each in requests}
    rows = work.session.execute(sa.select(User.id, User.name).where(User.id.in_(people)))
    users = {row.id: row.name for row in rows}
    me = work.actor.id
    names = _names(work, [each for each in requests if each.user_id != me])
    return [
        _shown(each, users, names, is_to_answer=each.user_id != me, now=now) for each in requests
    ]


@open_to_everyone(because="it is asked about a request that the actor may see")
def organisation_id_of(work: UnitOfWork, request: AccessRequest) -> UUID | None:
    """In whose log a request belongs. As many questions are asked where it leads to nothing."""
    repository = work.session.get(Repository, request.repository_id or unseen.NOBODY)
    return repository.organisation_id if repository else request.organisation_id


def _names(work: UnitOfWork, requests: list[AccessRequest]) -> dict[UUID, str]:
    """What is asked for is called now, by request."""
    rows = work.session.execute(
        sa.select(AccessRequest.id, Repository, Team.name, Organisation.name)
        .outerjoin(Repository, Repository.id == AccessRequest.repository_id)
        .outerjoin(Team, Team.id == AccessRequest.team_id)
        .outerjoin(Organisation, Organisation.id == AccessRequest.organisation_id)
        .where(AccessRequest.id.in_([each.id for each in requests]))
    ).all()
    return {row[0]: name for row in rows if (name := _name(row[1], row[2], row[3]))}


def _name(repository: Repository | None, team: str | None, organisation: str | None) -> str:
    if repository is not None:
        return repository.path
    return f"{organisation}/{team}" if team else organisation or ""


def _checked(wish: Wish) -> Wish:
    name = wish.name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError.of("name", sentence("Enter what you request access to."))
    if (wish.role is None) is (wish.thing is Thing.REPOSITORY):
        raise InvalidError.of("role", sentence("A role can be requested only on a repository."))
    return Wish(wish.thing, name, wish.role, check_hours(wish.hours), check_reason(wish.reason))


def _insist_on_sense(work: UnitOfWork, target: Target, wish: Wish) -> None:
    """Say at once what is wrong, where that tells nothing that they could not see."""
    if not target.rule.is_open:
        raise ConflictError(sentence("Its owners do not accept access requests."))
    insist_on_rule(target.rule, wish.role, wish.hours)
    if _has_it(work, target, wish):
        raise ConflictError(sentence("You already have this access."))


def _has_it(work: UnitOfWork, target: Target, wish: Wish) -> bool:
    if target.repository is not None and wish.role is not None:
        held = grants.lasting_role_on(work, target.repository)
        return held is not None and not is_higher(wish.role, held)
    if target.team is not None:
        there = sa.exists().where(
            TeamMembership.team_id == target.team.id, TeamMembership.user_id == work.actor.id
        )
    else:
        there = sa.exists().where(
            Membership.organisation_id == target.organisation_id,
            Membership.user_id == work.actor.id,
        )
    return bool(work.session.scalar(sa.select(there)))


def _insist_on_room(work: UnitOfWork, wish: Wish, now: datetime) -> None:
    waiting = sa.select(AccessRequest.thing, AccessRequest.asked_key).where(
        AccessRequest.user_id == work.actor.id,
        AccessRequest.state == RequestState.PENDING,
        AccessRequest.answer_until > now,
    )
    found = [tuple(row) for row in work.session.execute(waiting)]
    if (wish.thing, fold(wish.name)) in found:
        raise ConflictError(sentence("You have already requested this."))
    if len(found) >= MOST_PENDING:
        raise ConflictError(
            sentence("You have %(most)s open requests. Withdraw one first.", most=MOST_PENDING)
        )


def _made(
    work: UnitOfWork, wish: Wish, reached: Target, *, is_visible: bool, now: datetime
) -> AccessRequest:
    is_role = reached.repository is not None
    return AccessRequest(
        user_id=work.actor.id,
        thing=wish.thing,
        asked_name=wish.name,
        asked_key=fold(wish.name),
        repository_id=reached.repository.id if reached.repository else None,
        team_id=reached.team.id if reached.team else None,
        organisation_id=None if is_role else reached.organisation_id,
        was_visible=is_visible,
        role=wish.role,
        hours=wish.hours,
        reason=wish.reason,
        state=RequestState.PENDING,
        created_at=now,
        answer_until=now + ANSWERED_WITHIN,
    )


def _shown(
    request: AccessRequest,
    users: dict[UUID, str],
    names: dict[UUID, str],
    *,
    is_to_answer: bool,
    now: datetime,
) -> Shown:
    state = _state(request, now)
    if is_to_answer and is_quietly_refused(request):
        state = RequestState.REFUSED
    shown = Shown(
        request,
        users.get(request.user_id, ""),
        names.get(request.id, request.asked_name),
        state,
        is_to_answer,
        _is_in_force(request, now),
    )
    if state is RequestState.WITHDRAWN:
        return replace(shown, decided_at=request.decided_at)
    if state not in ANSWERED:
        return shown
    by = users.get(request.decided_by, "") if request.decided_by else ""
    return replace(shown, decided_by=by, decided_at=request.decided_at, answer=request.answer)


def _state(request: AccessRequest, now: datetime) -> RequestState:
    if request.state is RequestState.PENDING and request.answer_until <= now:
        return RequestState.EXPIRED
    return request.state


def _is_in_force(request: AccessRequest, now: datetime) -> bool:
    is_given = request.state is RequestState.APPROVED and request.ended_at is None
    return is_given and (request.ends_at is None or request.ends_at > now)
