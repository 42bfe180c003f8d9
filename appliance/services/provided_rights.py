"""Rights that come from groups of sign-in systems: given, and taken when no group gives them now.

What a person gave is never taken here. `domain/provided_roles.py` says which of two counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import GroupRule, Identity, IdentityProvider
from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.identity_providers import INSTANCE_ORDER, ORGANISATION_ORDER, Gives
from appliance.domain.permissions import InstanceRole, OrganisationRole
from appliance.domain.provided_roles import Held, Provided, settled, strongest
from appliance.services import entry, organisation_members

AT_ONCE = 500
"""Groups named in one question."""


@dataclass
class _Said:
    """What all providers of a user give together. Its state is what was collected so far."""

    instance: list[Provided] = field(default_factory=list)
    organisations: dict[UUID, list[Provided]] = field(default_factory=lambda: defaultdict(list))
    teams: dict[UUID, tuple[UUID, UUID]] = field(default_factory=dict)
    """By team: its organisation, and the provider."""


@open_to_everyone(because="administrators made the rules, and the provider vouches for the groups")
def settle(work: UnitOfWork, *users: User, now: datetime) -> bool:
    """Give users what the groups of their identities give now, and take what they no longer give.

    Says whether anything changed. How many they are makes no more questions.
    """
    before = len(work.recorded)
    said = _said(work, users)
    for user in users:
        _settle_instance(work, user, strongest(said[user.id].instance, INSTANCE_ORDER))
    _settle_organisations(work, said, now)
    _settle_teams(work, said, now)
    return len(work.recorded) > before


@open_to_everyone(because="administrators made the rules, and the provider vouches for the groups")
def settle_some(
    work: UnitOfWork, provider_id: UUID, *, after: UUID | None, limit: int, now: datetime
) -> UUID | None:
    """Settle the next users whom a provider knows, in the order of identities; gives where to go
    on, and nothing at the end.
    """
    query = sa.select(Identity.id, User).join(User, User.id == Identity.user_id)
    query = query.where(Identity.provider_id == provider_id)
    if after is not None:
        query = query.where(Identity.id > after)
    rows = work.session.execute(query.order_by(Identity.id).limit(limit)).all()
    settle(work, *{row.User.id: row.User for row in rows}.values(), now=now)
    return rows[-1].id if len(rows) == limit else None


def _said(work: UnitOfWork, users: Sequence[User]) -> dict[UUID, _Said]:
    """By user; each of them is in it."""
    found = {user.id: _Said() for user in users}
    identities = (
        sa.select(Identity.user_id, Identity.provider_id, Identity.groups)
        .join(IdentityProvider, IdentityProvider.id == Identity.provider_id)
        .where(
            Identity.user_id.in_(list(found)),
            Identity.is_active.is_(True),
            Identity.groups.is_not(None),
        )
        .order_by(IdentityProvider.position, Identity.id)
    )
    rows = work.session.execute(identities).all()
    rules = _rules(work, rows)
    for row in rows:
        given = [rule for group in row.groups for rule in rules[row.provider_id, group]]
        for rule in sorted(given, key=lambda rule: rule.id):
            _add(found[row.user_id], rule)
    for said in found.values():
        for organisation_id, provider_id in said.teams.values():
            # Only members of an organisation are in its teams.
            belonging = Provided(OrganisationRole.MEMBER, provider_id)
            said.organisations[organisation_id].append(belonging)
    return found


def _rules(work: UnitOfWork, rows: Iterable[Any]) -> dict[tuple[UUID, str], list[GroupRule]]:
    """What the groups of some identities give, by provider and group."""
    named: dict[UUID, set[str]] = defaultdict(set)
    for row in rows:
        named[row.provider_id].update(row.groups)
    found: dict[tuple[UUID, str], list[GroupRule]] = defaultdict(list)
    for provider_id, groups in named.items():
        for rule in _rules_of(work, provider_id, sorted(groups)):
            found[provider_id, rule.group].append(rule)
    return found


def _rules_of(work: UnitOfWork, provider_id: UUID, groups: list[str]) -> Iterable[GroupRule]:
    for start in range(0, len(groups), AT_ONCE):
        query = (
            sa.select(GroupRule)
            .outerjoin(Organisation, Organisation.id == GroupRule.organisation_id)
            .where(
                GroupRule.provider_id == provider_id,
                GroupRule.group.in_(groups[start : start + AT_ONCE]),
                Organisation.deleted_at.is_(None),
            )
        )
        yield from work.session.scalars(query).all()


def _add(found: _Said, rule: GroupRule) -> None:
    provided = Provided(rule.role, rule.provider_id)
    if rule.gives is Gives.INSTANCE:
        found.instance.append(provided)
    elif rule.organisation_id is not None and rule.team_id is not None:
        found.teams.setdefault(rule.team_id, (rule.organisation_id, rule.provider_id))
    elif rule.organisation_id is not None:
        found.organisations[rule.organisation_id].append(provided)


def _settle_instance(work: UnitOfWork, user: User, said: Provided | None) -> None:
    held = Held(user.instance_role, user.role_provider_id, user.given_instance_role)
    wanted = settled(held, said, INSTANCE_ORDER) or Held(InstanceRole.USER)
    if wanted == held:
        return
    before, after = user.instance_role, InstanceRole(wanted.role)
    if after is not InstanceRole.ADMINISTRATOR and entry.is_last_administrator(work, user):
        return  # Somebody has to be able to mend what took the others' role.
    user.instance_role, user.role_provider_id = after, wanted.provider_id
    user.given_instance_role = InstanceRole(wanted.given) if wanted.given else None
    if after is not before:
        source = wanted.provider_id or held.provider_id
        work.record(
            events.UserRoleChanged(
                about=user.id, before=before, after=after, provider_id=_text(source)
            )
        )


def _settle_organisations(work: UnitOfWork, said: dict[UUID, _Said], now: datetime) -> None:
    present: dict[UUID, dict[UUID, Membership]] = defaultdict(dict)
    query = sa.select(Membership).where(Membership.user_id.in_(list(said)))
    for row in work.session.scalars(query).all():
        present[row.user_id][row.organisation_id] = row
    for user_id, theirs in said.items():
        rows = present[user_id]
        for organisation_id in sorted(rows.keys() | theirs.organisations.keys(), key=str):
            provided = strongest(theirs.organisations.get(organisation_id, []), ORGANISATION_ORDER)
            if organisation_id in rows:
                _settle_membership(work, rows[organisation_id], provided)
            elif provided is not None:
                _add_member(work, user_id, organisation_id, provided, now)


def _settle_membership(work: UnitOfWork, row: Membership, said: Provided | None) -> None:
    held = Held(row.role, row.provider_id, row.given_role)
    wanted = settled(held, said, ORGANISATION_ORDER)
    if wanted == held:
        return
    about: dict[str, Any] = {
        "about": row.organisation_id,
        "organisation_id": row.organisation_id,
        "user_id": str(row.user_id),
    }
    if wanted is None:
        work.session.delete(row)
        organisation_members.withdraw_all(work, row.organisation_id, row.user_id)
        work.record(events.MemberRemoved(**about, provider_id=_text(held.provider_id)))
        return
    before, after = row.role, OrganisationRole(wanted.role)
    row.role, row.provider_id = after, wanted.provider_id
    row.given_role = OrganisationRole(wanted.given) if wanted.given else None
    if after is not before:
        source = _text(wanted.provider_id or held.provider_id)
        work.record(
            events.MemberRoleChanged(**about, before=before, after=after, provider_id=source)
        )


def _add_member(
    work: UnitOfWork, user_id: UUID, organisation_id: UUID, said: Provided, now: datetime
) -> None:
    role = OrganisationRole(said.role)
    work.session.add(
        Membership(
            organisation_id=organisation_id,
            user_id=user_id,
            role=role,
            provider_id=said.provider_id,
            created_at=now,
        )
    )
    work.record(
        events.MemberAdded(
            about=organisation_id,
            organisation_id=organisation_id,
            user_id=str(user_id),
            role=role,
            provider_id=str(said.provider_id),
        )
    )


def _settle_teams(work: UnitOfWork, said: dict[UUID, _Said], now: datetime) -> None:
    work.session.flush()  # Whoever left an organisation has left its teams.
    query = sa.select(TeamMembership).where(TeamMembership.user_id.in_(list(said)))
    present: dict[UUID, list[TeamMembership]] = defaultdict(list)
    for row in work.session.scalars(query).all():
        present[row.user_id].append(row)
    for user_id, theirs in said.items():
        _settle_teams_of(work, user_id, theirs, present[user_id], now)


def _settle_teams_of(
    work: UnitOfWork, user_id: UUID, said: _Said, rows: list[TeamMembership], now: datetime
) -> None:
    for row in rows:
        wanted = said.teams.get(row.team_id)
        if wanted is not None and row.provider_id is not None:
            row.provider_id = wanted[1]
        elif wanted is None and row.provider_id is not None:
            _leave_team(work, row)
    there = {row.team_id for row in rows}
    for team_id, (organisation_id, provider_id) in said.teams.items():
        if team_id in there:
            continue
        work.session.add(
            TeamMembership(
                team_id=team_id, user_id=user_id, provider_id=provider_id, created_at=now
            )
        )
        work.record(
            events.TeamMemberAdded(
                about=team_id,
                organisation_id=organisation_id,
                user_id=str(user_id),
                provider_id=str(provider_id),
            )
        )


def _leave_team(work: UnitOfWork, row: TeamMembership) -> None:
    organisation_id = work.session.get_one(Team, row.team_id).organisation_id
    work.session.delete(row)
    work.record(
        events.TeamMemberRemoved(
            about=row.team_id,
            organisation_id=organisation_id,
            user_id=str(row.user_id),
            provider_id=_text(row.provider_id),
        )
    )


def _text(provider_id: UUID | None) -> str | None:
    return str(provider_id) if provider_id else None
