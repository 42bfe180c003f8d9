"""Teams of an organisation, one inside another, and who is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from appliance.access import fetch, visible
from appliance.access.gate import open_to_everyone
from appliance.db.access_requests import TemporaryRight
from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, User
from appliance.domain import events
from appliance.domain.names import check_description, check_team, fold
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, HiddenError, InvalidError, sentence
from appliance.services import temporary_rights

ORDERS = {"name": (Team.name_key,), "since": (Team.created_at, Team.id)}
MEMBER_ORDERS = {
    "name": (Owner.name_key,),
    "since": (TeamMembership.created_at, Owner.name_key),
}
DEEPEST = 10  # Teams inside one another; more than any organisation chart that is lived by.


class TeamChanges(TypedDict, total=False):
    """What may be changed of a team; what is not named stays. A parent of None is none."""

    name: str
    description: str
    parent: str | None


@dataclass(frozen=True)
class ListedTeam:
    """A team, how many are in it directly, and the name of the team around it."""

    team: Team
    members: int
    parent: str | None


def create(
    work: UnitOfWork,
    organisation_name: str,
    *,
    name: str,
    description: str = "",
    parent: str | None = None,
    now: datetime,
) -> Team:
    """Create a team, perhaps inside another.

    Errors:
        InvalidError: the name is not one, or the teams would nest too deep.
        ConflictError: there is a team of that name.
    """
    organisation = fetch.organisation(work, organisation_name, Permission.ORGANISATION_MEMBERS)
    check_team(name)
    _insist_on_free(work, organisation, name)
    outer = _parent(work, organisation, parent) if parent else None
    team = Team(
        organisation_id=organisation.id,
        parent_id=outer.id if outer else None,
        name=name,
        name_key=fold(name),
        description=check_description(description),
        created_at=now,
    )
    work.session.add(team)
    work.session.flush()  # The event names its id.
    work.record(
        events.TeamCreated(
            about=team.id,
            organisation_id=organisation.id,
            name=name,
            parent_id=str(outer.id) if outer else None,
        )
    )
    return team


def show(work: UnitOfWork, path: str) -> ListedTeam:
    """A team by its path `ORG/TEAM`."""
    _, team = fetch.team(work, path, Permission.ORGANISATION_READ)
    row = work.session.execute(_listed(sa.select(Team).where(Team.id == team.id))).one()
    return ListedTeam(row[0], row[1], row[2])


def list_teams(
    work: UnitOfWork,
    organisation_name: str,
    *,
    search: str = "",
    order: str = "name",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[ListedTeam]:
    """The teams of an organisation by name or in another order; for its members to see.

    `search` is a part of a name or of what a team is for.
    """
    organisation = fetch.organisation(work, organisation_name, Permission.ORGANISATION_READ)
    query = _listed(visible.teams(work, organisation))
    if search:
        places = (Team.name, Team.description)
        query = query.where(sa.or_(*(each.icontains(search, autoescape=True) for each in places)))
    keys, is_descending = in_order(ORDERS, order)
    return page(
        work.session,
        query,
        *keys,
        make=lambda row: ListedTeam(row[0], row[1], row[2]),
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def change(work: UnitOfWork, path: str, changes: TeamChanges) -> Team:
    """Change a team's name, description or the team around it.

    Errors:
        InvalidError: a value is not as it should be, or the teams would nest too deep.
        ConflictError: another team has the name, or the team would be inside itself.
    """
    organisation, team = fetch.team(work, path, Permission.ORGANISATION_MEMBERS)
    if not changes:
        return team
    if "name" in changes:
        _rename(work, organisation, team, changes["name"])
    if "description" in changes:
        team.description = check_description(changes["description"])
    if "parent" in changes:
        _move(work, organisation, team, changes["parent"])
    work.record(
        events.TeamChanged(
            about=team.id,
            organisation_id=organisation.id,
            changed=dict(changes),
            parent_id=str(team.parent_id) if "parent" in changes and team.parent_id else None,
        )
    )
    return team


def delete(work: UnitOfWork, path: str) -> None:
    """Delete a team; the roles it gave end.

    Errors:
        ConflictError: there are teams inside it.
    """
    organisation, team = fetch.team(work, path, Permission.ORGANISATION_MEMBERS)
    inner = work.session.scalar(sa.select(Team.name).where(Team.parent_id == team.id).limit(1))
    if inner is not None:
        raise ConflictError(
            sentence(
                "The team %(inner)s is inside %(name)s. Move or delete it first.",
                inner=inner,
                name=team.name,
            )
        )
    work.session.delete(team)
    work.record(events.TeamDeleted(about=team.id, organisation_id=organisation.id, name=team.name))


def list_members(
    work: UnitOfWork,
    path: str,
    *,
    search: str = "",
    order: str = "name",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[User]:
    """The users directly in a team, by name or since when; `search` is a part of a name."""
    _, team = fetch.team(work, path, Permission.ORGANISATION_READ)
    query = (
        sa.select(User)
        .join(TeamMembership, TeamMembership.user_id == User.id)
        .join(Owner, Owner.id == User.id)
        .where(TeamMembership.team_id == team.id)
    )
    if search:
        query = query.where(Owner.name_key.contains(fold(search), autoescape=True))
    keys, is_descending = in_order(MEMBER_ORDERS, order)
    return page(
        work.session,
        query,
        *keys,
        make=lambda row: row[0],
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def list_of_user(work: UnitOfWork, organisation_name: str, user_name: str) -> list[Team]:
    """The teams a user is in directly, in one organisation; for its members to see."""
    organisation = fetch.organisation(work, organisation_name, Permission.ORGANISATION_READ)
    user = fetch.user(work, user_name, Permission.USERS_READ)
    query = (
        visible.teams(work, organisation)
        .join(TeamMembership, TeamMembership.team_id == Team.id)
        .where(TeamMembership.user_id == user.id)
    )
    return list(work.session.scalars(query.order_by(Team.name_key)))


def add_member(work: UnitOfWork, path: str, user_name: str, *, now: datetime) -> User:
    """Put a member of the organisation into a team.

    Errors:
        ConflictError: they are in it already, or do not belong to the organisation.
    """
    organisation, team = fetch.team(work, path, Permission.ORGANISATION_MEMBERS)
    user = fetch.user(work, user_name, Permission.USERS_READ)
    belongs = sa.select(Membership.id).where(
        Membership.organisation_id == organisation.id, Membership.user_id == user.id
    )
    if not work.session.scalar(sa.select(belongs.exists())):
        raise ConflictError(
            sentence(
                "%(name)s does not belong to %(organisation_name)s. Add them there first.",
                name=user.name,
                organisation_name=organisation.name,
            )
        )
    if _team_membership(work, team, user.id) is not None:
        raise ConflictError(
            sentence("%(name)s is already in %(team_name)s.", name=user.name, team_name=team.name)
        )
    work.session.add(TeamMembership(team_id=team.id, user_id=user.id, created_at=now))
    work.record(
        events.TeamMemberAdded(about=team.id, organisation_id=organisation.id, user_id=str(user.id))
    )
    return user


def remove_member(work: UnitOfWork, path: str, user_name: str) -> None:
    """Take somebody out of a team; anybody may leave.

    Errors:
        NotFoundError: they are not in it.
        ConflictError: an identity provider put them there.
    """
    user = fetch.user(work, user_name, Permission.USERS_READ)
    leaves = user.id == work.actor.id
    asked = Permission.ORGANISATION_READ if leaves else Permission.ORGANISATION_MEMBERS
    _, team = fetch.team(work, path, asked)
    here = TemporaryRight.team_id == team.id
    ended = temporary_rights.end_all(work, user.id, here, "removed", now=work.begun_at)
    membership = _team_membership(work, team, user.id)
    if membership is not None:
        take_out(work, team, membership)
    elif not ended:
        raise HiddenError(
            sentence("%(name)s is not in %(team_name)s.", name=user.name, team_name=team.name)
        )


@open_to_everyone(because="whoever takes somebody out of a team was asked whether they may")
def take_out(work: UnitOfWork, team: Team, membership: TeamMembership) -> None:
    """Take somebody out whom a person put in.

    Errors:
        ConflictError: an identity provider put them there.
    """
    if membership.provider_id is not None:
        raise ConflictError(
            sentence("A group of an identity provider put them there. Change it there.")
        )
    work.session.delete(membership)
    work.record(
        events.TeamMemberRemoved(
            about=team.id,
            organisation_id=team.organisation_id,
            user_id=str(membership.user_id),
        )
    )


@open_to_everyone(because="whoever answers a request was asked whether they may")
def put_in(work: UnitOfWork, team: Team, user: User, *, now: datetime) -> None:
    """Let a member of the organisation be in a team because a person says so."""
    membership = _team_membership(work, team, user.id)
    if membership is not None:
        membership.provider_id = None
        return
    work.session.add(TeamMembership(team_id=team.id, user_id=user.id, created_at=now))
    work.record(
        events.TeamMemberAdded(
            about=team.id, organisation_id=team.organisation_id, user_id=str(user.id)
        )
    )


def _listed(teams: sa.Select[Team]) -> sa.Select[Team, int, str | None]:
    outer = orm.aliased(Team)
    members = (
        sa.select(sa.func.count())
        .where(TeamMembership.team_id == Team.id)
        .correlate(Team)
        .scalar_subquery()
    )
    return teams.outerjoin(outer, outer.id == Team.parent_id).add_columns(members, outer.name)


def _insist_on_free(work: UnitOfWork, organisation: Organisation, name: str) -> None:
    if _find(work, organisation, name) is not None:
        raise ConflictError(
            sentence("%(name)s already has a team %(name_2)s.", name=organisation.name, name_2=name)
        )


def _find(work: UnitOfWork, organisation: Organisation, name: str) -> Team | None:
    return work.session.scalar(
        sa.select(Team).where(Team.organisation_id == organisation.id, Team.name_key == fold(name))
    )


def _parent(work: UnitOfWork, organisation: Organisation, name: str) -> Team:
    outer = _find(work, organisation, name)
    if outer is None:
        raise InvalidError.of(
            "parent",
            sentence("%(name)s has no team %(name_2)s.", name=organisation.name, name_2=name),
        )
    if len(_around(work, outer)) >= DEEPEST:
        raise InvalidError.of(
            "parent", sentence("Teams nest at most %(deepest)s deep.", deepest=DEEPEST)
        )
    return outer


def _rename(work: UnitOfWork, organisation: Organisation, team: Team, name: str) -> None:
    check_team(name)
    if fold(name) != team.name_key:
        _insist_on_free(work, organisation, name)
    team.name, team.name_key = name, fold(name)


def _move(work: UnitOfWork, organisation: Organisation, team: Team, parent: str | None) -> None:
    if parent is None:
        team.parent_id = None
        return
    # Locked, so that two teams cannot move into each other at the same moment.
    work.session.refresh(organisation, with_for_update=True)
    outer = _parent(work, organisation, parent)
    around = _around(work, outer)
    if team.id in around:
        raise ConflictError(
            sentence(
                "%(name)s is inside %(team_name)s, so it cannot be around it.",
                name=outer.name,
                team_name=team.name,
            )
        )
    if len(around) + _height(work, team) > DEEPEST:
        raise InvalidError.of(
            "parent", sentence("Teams nest at most %(deepest)s deep.", deepest=DEEPEST)
        )
    team.parent_id = outer.id


def _around(work: UnitOfWork, team: Team) -> list[UUID]:
    """A team and every team around it, from the inside out."""
    found = [team.id]
    parent_id = team.parent_id
    while parent_id is not None and parent_id not in found:
        found.append(parent_id)
        parent_id = work.session.get_one(Team, parent_id).parent_id
    return found


def _height(work: UnitOfWork, team: Team) -> int:
    """How many teams deep a team is, itself included."""
    level, height = [team.id], 0
    while level and height <= DEEPEST:
        height += 1
        level = list(work.session.scalars(sa.select(Team.id).where(Team.parent_id.in_(level))))
    return height


def _team_membership(work: UnitOfWork, team: Team, user_id: UUID) -> TeamMembership | None:
    return work.session.scalar(
        sa.select(TeamMembership).where(
            TeamMembership.team_id == team.id, TeamMembership.user_id == user_id
        )
    )
