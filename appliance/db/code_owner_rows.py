"""Who is meant by the names in a CODEOWNERS file."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from appliance.db import email_addresses
from appliance.db.organisations import Team, TeamMembership
from appliance.db.users import EmailAddress, Owner, User, UserState
from appliance.domain.names import fold


def meant(
    session: Session, names: Iterable[str], *, organisation_id: UUID | None
) -> dict[str, frozenset[UUID]]:
    """The users behind owners as a file names them; nobody where a name is of nobody.

    Teams are those of the repository's organisation, with the teams inside them.
    """
    said = set(names)
    users = {name: fold(name[1:]) for name in said if name[0] == "@" and "/" not in name}
    teams = {name: name[1:] for name in said if name[0] == "@" and "/" in name}
    addresses = {name: fold(name) for name in said if name[0] != "@"}
    by_name = _by_name(session, set(users.values()))
    by_address = _by_address(session, set(addresses.values()))
    by_team = _by_team(session, organisation_id) if teams and organisation_id else {}
    return {
        **{name: by_name.get(key, frozenset()) for name, key in users.items()},
        **{name: by_address.get(key, frozenset()) for name, key in addresses.items()},
        **{name: by_team.get(fold(path), frozenset()) for name, path in teams.items()},
    }


def _by_name(session: Session, keys: set[str]) -> dict[str, frozenset[UUID]]:
    query = (
        sa.select(Owner.name_key, User.id)
        .join(User, User.id == Owner.id)
        .where(Owner.name_key.in_(keys), User.state == UserState.ACTIVE)
    )
    return {key: frozenset({user_id}) for key, user_id in session.execute(query)} if keys else {}


def _by_address(session: Session, keys: set[str]) -> dict[str, frozenset[UUID]]:
    query = (
        sa.select(EmailAddress.address_key, EmailAddress.user_id)
        .join(User, User.id == EmailAddress.user_id)
        .where(
            EmailAddress.address_key.in_(keys),
            email_addresses.COUNTS,
            User.state == UserState.ACTIVE,
        )
    )
    return {key: frozenset({user_id}) for key, user_id in session.execute(query)} if keys else {}


def _by_team(session: Session, organisation_id: UUID) -> dict[str, frozenset[UUID]]:
    """The members of every team of an organisation, by `org/team`, those of inner teams too."""
    owner = aliased(Owner)
    rows = list(
        session.execute(
            sa.select(Team.id, Team.parent_id, Team.name_key, owner.name_key)
            .join(owner, owner.id == Team.organisation_id)
            .where(Team.organisation_id == organisation_id)
        )
    )
    parents = {team_id: parent_id for team_id, parent_id, _, _ in rows}
    members: dict[UUID, set[UUID]] = {team_id: set() for team_id in parents}
    query = (
        sa.select(TeamMembership.team_id, TeamMembership.user_id)
        .join(User, User.id == TeamMembership.user_id)
        .where(TeamMembership.team_id.in_(parents), User.state == UserState.ACTIVE)
    )
    for team_id, user_id in session.execute(query):
        above: UUID | None = team_id
        while above is not None and above in members and user_id not in members[above]:
            members[above].add(user_id)
            above = parents[above]
    return {f"{org}/{team}": frozenset(members[team_id]) for team_id, _, team, org in rows}
