"""The rights that a review looks at, as they are when it begins, with what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.access.unseen import NOBODY
from appliance.db.access_requests import TemporaryRight
from appliance.db.access_reviews import ReviewedRight
from appliance.db.credentials import (
    AccessToken,
    BrowserSession,
    LastUse,
    SessionActivity,
    SshKey,
)
from appliance.db.identity_providers import IdentityProvider
from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.pushes import Push
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain.access_reviews import CREDENTIALS, Right, Source
from appliance.domain.names import fold
from appliance.domain.permissions import InstanceRole, OrganisationRole
from appliance.services import review_credentials
from appliance.services.review_rows import Found

AT_ONCE = 500
LONGEST_NAME = 80


@open_to_everyone(because="whoever begins a review was asked whether they may")
def taken(
    work: UnitOfWork, organisation: Organisation | None, rights: Iterable[Right]
) -> list[ReviewedRight]:
    """The rights there are, in a fixed order; they belong to no review yet."""
    wanted = set(rights)
    found = [
        each
        for kind, find in FINDERS.items()
        if kind in wanted
        for each in find(work, organisation)
    ]
    providers = {each.id: each.label for each in work.session.scalars(sa.select(IdentityProvider))}
    users = sorted({each.user.id for each in found if each.user}, key=str)
    seen, pushed = _last_seen(work, users), _last_pushes(work, users)
    return [
        _item(number, each, providers, seen, pushed)
        for number, each in enumerate(sorted(found, key=_order), 1)
    ]


def _order(each: Found) -> tuple[str, ...]:
    name = each.user.name if each.user else each.other
    return (each.kind, fold(each.place), name, each.role, each.credential, str(each.right_id))


def _item(
    number: int,
    each: Found,
    providers: dict[UUID, str],
    seen: dict[UUID, datetime],
    pushed: dict[tuple[UUID, UUID], datetime],
) -> ReviewedRight:
    name = (each.user.name if each.user else each.other)[:LONGEST_NAME]
    subject_id = each.user.id if each.user else each.other_id or NOBODY
    source = Source.DIRECTORY if each.provider_id else Source.PERSON
    if each.until and each.kind not in CREDENTIALS:
        source = Source.REQUEST
    other = "key" if each.kind is Right.DEPLOY_KEY else "team"
    return ReviewedRight(
        number=number,
        kind=each.kind,
        place_id=each.place_id,
        place_name=each.place,
        subject_type="user" if each.user else other,
        subject_id=subject_id,
        subject_name=name,
        subject_key=fold(name),
        right_id=each.right_id,
        role=each.role,
        source=source,
        provider_name=providers.get(each.provider_id, "") if each.provider_id else "",
        since=each.since,
        until=each.until,
        last_active_at=seen.get(subject_id),
        last_push_at=pushed.get((subject_id, each.place_id)),
        credential=each.credential,
        mark=each.mark,
        may=each.may,
        reach=each.reach,
        last_used_at=each.used_at,
    )


def _instance(work: UnitOfWork, organisation: Organisation | None) -> Iterator[Found]:
    del organisation
    query = sa.select(User).where(
        User.instance_role != InstanceRole.USER, User.state != UserState.DELETED
    )
    for user in work.session.scalars(query):
        yield Found(
            Right.INSTANCE, NOBODY, "", user, "", None, user.id, user.instance_role,
            user.created_at, user.role_provider_id,
        )  # fmt: skip


def _memberships(work: UnitOfWork, organisation: Organisation | None) -> Iterator[Found]:
    lasting = _in(
        sa.select(Membership, User, Organisation)
        .join(User, User.id == Membership.user_id)
        .join(Organisation, Organisation.id == Membership.organisation_id),
        organisation,
    )
    for row, user, place in _rows(work, lasting):
        yield Found(
            Right.MEMBERSHIP, place.id, place.name, user, "", None, row.id, row.role,
            row.created_at, row.provider_id,
        )  # fmt: skip
    for row, user, place, _team in _for_a_time(
        work, organisation, TemporaryRight.team_id.is_(None)
    ):
        yield Found(
            Right.MEMBERSHIP, place.id, place.name, user, "", None, row.id,
            OrganisationRole.MEMBER, row.created_at, None, row.expires_at,
        )  # fmt: skip


def _teams(work: UnitOfWork, organisation: Organisation | None) -> Iterator[Found]:
    lasting = _in(
        sa.select(TeamMembership, User, Organisation, Team)
        .join(User, User.id == TeamMembership.user_id)
        .join(Team, Team.id == TeamMembership.team_id)
        .join(Organisation, Organisation.id == Team.organisation_id),
        organisation,
    )
    for row, user, place, team in _rows(work, lasting):
        yield Found(
            Right.TEAM, place.id, f"{place.name}/{team.name}", user, "", None, row.id, "",
            row.created_at, row.provider_id,
        )  # fmt: skip
    there = TemporaryRight.team_id.is_not(None)
    for row, user, place, team in _for_a_time(work, organisation, there):
        yield Found(
            Right.TEAM, place.id, f"{place.name}/{team.name}", user, "", None, row.id, "",
            row.created_at, None, row.expires_at,
        )  # fmt: skip


def _grants(work: UnitOfWork, organisation: Organisation | None) -> Iterator[Found]:
    lasting = (
        sa.select(Grant, Repository, User, Team, Organisation.name)
        .join(Repository, Repository.id == Grant.repository_id)
        .outerjoin(User, User.id == Grant.user_id)
        .outerjoin(Team, Team.id == Grant.team_id)
        .outerjoin(Organisation, Organisation.id == Team.organisation_id)
        .where(Repository.deleted_at.is_(None))
    )
    for_a_time = (
        sa.select(TemporaryRight, Repository, User)
        .join(Repository, Repository.id == TemporaryRight.repository_id)
        .join(User, User.id == TemporaryRight.user_id)
        .where(Repository.deleted_at.is_(None), TemporaryRight.expires_at > work.begun_at)
    )
    if organisation is not None:
        lasting = lasting.where(Repository.organisation_id == organisation.id)
        for_a_time = for_a_time.where(Repository.organisation_id == organisation.id)
    for row, place, user, team, above in _rows(work, lasting):
        yield Found(
            Right.REPOSITORY, place.id, place.path, user, f"{above}/{team.name}" if team else "",
            row.team_id, row.id, row.role, row.created_at,
        )  # fmt: skip
    for row, place, user in _rows(work, for_a_time):
        yield Found(
            Right.REPOSITORY, place.id, place.path, user, "", None, row.id, row.role,
            row.created_at, None, row.expires_at,
        )  # fmt: skip


FINDERS: dict[Right, review_credentials.Finder] = {
    Right.INSTANCE: _instance,
    Right.MEMBERSHIP: _memberships,
    Right.TEAM: _teams,
    Right.REPOSITORY: _grants,
    **review_credentials.FINDERS,
}


def _rows(work: UnitOfWork, query: Any) -> Iterator[Any]:
    """Rows of several questions, each of another shape."""
    return iter(work.session.execute(query))


def _in(query: Any, organisation: Organisation | None) -> Any:
    query = query.where(Organisation.deleted_at.is_(None))
    return query.where(Organisation.id == organisation.id) if organisation else query


def _for_a_time(
    work: UnitOfWork, organisation: Organisation | None, which: sa.ColumnElement[bool]
) -> Iterator[Any]:
    query = (
        sa.select(TemporaryRight, User, Organisation, Team)
        .join(User, User.id == TemporaryRight.user_id)
        .join(Organisation, Organisation.id == TemporaryRight.organisation_id)
        .outerjoin(Team, Team.id == TemporaryRight.team_id)
        .where(which, TemporaryRight.expires_at > work.begun_at)
    )
    return _rows(work, _in(query, organisation))


def _last_seen(work: UnitOfWork, users: list[UUID]) -> dict[UUID, datetime]:
    """When users were last seen: by sessions, tokens and keys, as far as these are kept."""
    found: dict[UUID, datetime] = {}
    sessions = sa.select(BrowserSession.user_id, sa.func.max(SessionActivity.seen_at)).join(
        SessionActivity, SessionActivity.id == BrowserSession.id
    )
    tokens = sa.select(AccessToken.user_id, sa.func.max(LastUse.used_at)).join(
        LastUse, LastUse.credential_id == AccessToken.id
    )
    keys = sa.select(SshKey.user_id, sa.func.max(LastUse.used_at)).join(
        LastUse, LastUse.credential_id == SshKey.id
    )
    for query, whose in (
        (sessions, BrowserSession.user_id),
        (tokens, AccessToken.user_id),
        (keys, SshKey.user_id),
    ):
        for some in _some(users):
            for user_id, at in _rows(work, query.where(whose.in_(some)).group_by(whose)):
                found[user_id] = max(at, found.get(user_id, at))
    return found


def _last_pushes(work: UnitOfWork, users: list[UUID]) -> dict[tuple[UUID, UUID], datetime]:
    """When users last pushed, by repository."""
    found: dict[tuple[UUID, UUID], datetime] = {}
    for some in _some(users):
        rows = work.session.execute(
            sa.select(Push.actor_id, Push.repository_id, sa.func.max(Push.accepted_at))
            .where(Push.actor_id.in_(some))
            .group_by(Push.actor_id, Push.repository_id)
        )
        found |= {(row[0], row[1]): row[2] for row in rows if row[0] is not None}
    return found


def _some(users: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(users), AT_ONCE):
        yield users[start : start + AT_ONCE]
