"""What being in a group of an identity provider gives: the rules, and doing anew what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import act_states as states
from appliance.access import fetch, fetch_provider
from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import GroupRule, IdentityProvider
from appliance.db.organisations import Organisation, Team
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain import identity_providers as words
from appliance.domain.identity_providers import Gives, check_rule
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.domain.second_person import Act
from appliance.errors import ConflictError, sentence
from appliance.federation.kinds import SETTINGS_OF
from appliance.federation.provider_settings import ProviderSettings
from appliance.services.second_person import guarded

NEEDED = Permission.PROVIDERS_MANAGE
MOST = 2000


@dataclass(frozen=True)
class ListedRule:
    """A rule, and what its target is called now."""

    id: UUID
    group: str
    gives: Gives
    target: str
    role: str
    created_at: datetime


def list_rules(work: UnitOfWork, provider_name: str) -> list[ListedRule]:
    """The rules of a provider, by group."""
    provider = fetch_provider.provider(work, provider_name, NEEDED)
    return _listed(work, GroupRule.provider_id == provider.id)


@guarded(Act.GROUP_RULE_ADD, states.group_rules)
def add(
    work: UnitOfWork, provider_name: str, wanted: words.GroupRule, *, now: datetime
) -> ListedRule:
    """Let a group give something, to everybody who is known to be in it too.

    Errors:
        InvalidError: it cannot be meant so.
        HiddenError: there is no such team or organisation.
        ConflictError: there is that rule already, or there are too many.
    """
    provider = fetch_provider.provider(work, provider_name, NEEDED)
    checked = check_rule(wanted)
    organisation_id, team_id = _target(work, checked)
    group = _plain_group(provider, checked.group)
    same = sa.select(GroupRule.id).where(
        GroupRule.provider_id == provider.id,
        GroupRule.group == group,
        GroupRule.gives == checked.gives,
        GroupRule.organisation_id.is_not_distinct_from(organisation_id),
        GroupRule.team_id.is_not_distinct_from(team_id),
    )
    if work.session.scalar(sa.select(same.exists())):
        raise ConflictError(sentence("This group already has a rule there. Remove it first."))
    count = sa.select(sa.func.count()).where(GroupRule.provider_id == provider.id)
    if (work.session.scalar(count) or 0) >= MOST:
        raise ConflictError(sentence("An identity provider has at most %(most)s rules.", most=MOST))
    rule = GroupRule(
        provider_id=provider.id,
        group=group,
        gives=checked.gives,
        organisation_id=organisation_id,
        team_id=team_id,
        role=checked.role,
        created_at=now,
    )
    work.session.add(rule)
    work.session.flush()  # The event names its id.
    work.record(events.GroupMapped(**_told(rule)))
    work.later(Job.SETTLE_PROVIDED_RIGHTS, about=provider.id, provider_id=str(provider.id))
    return _listed(work, GroupRule.id == rule.id)[0]


@guarded(Act.GROUP_RULE_REMOVE, states.group_rules)
def remove(work: UnitOfWork, provider_name: str, rule_id: UUID) -> None:
    """Let a group give that no more; whoever has it by nothing else loses it."""
    provider, rule = fetch_provider.rule(work, provider_name, rule_id, NEEDED)
    work.session.delete(rule)
    work.record(events.GroupUnmapped(**_told(rule)))
    work.later(Job.SETTLE_PROVIDED_RIGHTS, about=provider.id, provider_id=str(provider.id))


@open_to_everyone(because="the caller shows only a user's own, or was asked")
def that_give(work: UnitOfWork, provider_id: UUID, groups: list[str]) -> list[ListedRule]:
    """The rules of a provider for some of its groups."""
    return _listed(work, sa.and_(GroupRule.provider_id == provider_id, GroupRule.group.in_(groups)))


def _listed(work: UnitOfWork, where: sa.ColumnElement[bool]) -> list[ListedRule]:
    query = (
        sa.select(GroupRule, Organisation.name, Team.name)
        .outerjoin(Organisation, Organisation.id == GroupRule.organisation_id)
        .outerjoin(Team, Team.id == GroupRule.team_id)
        .where(where)
        .order_by(GroupRule.group, GroupRule.id)
    )
    return [
        ListedRule(
            id=rule.id,
            group=rule.group,
            gives=rule.gives,
            target="/".join(each for each in (organisation, team) if each),
            role=rule.role,
            created_at=rule.created_at,
        )
        for rule, organisation, team in work.session.execute(query)
    ]


def _target(work: UnitOfWork, rule: words.GroupRule) -> tuple[UUID | None, UUID | None]:
    if rule.gives is Gives.TEAM:
        organisation, team = fetch.team(work, rule.target, Permission.ORGANISATION_MEMBERS)
        return organisation.id, team.id
    if rule.gives is Gives.ORGANISATION:
        permission = Permission.ORGANISATION_MEMBERS
        return fetch.organisation(work, rule.target, permission).id, None
    return None, None


def _plain_group(provider: IdentityProvider, text: str) -> str:
    # What is asked of the class needs no settings: how a protocol spells groups is its own.
    kind: type[ProviderSettings] = SETTINGS_OF[provider.kind]
    return kind.plain_group(text)


def _told(rule: GroupRule) -> dict[str, Any]:
    target = rule.team_id or rule.organisation_id
    return {
        "about": rule.id,
        "organisation_id": rule.organisation_id,
        "provider_id": str(rule.provider_id),
        "group": rule.group,
        "grants_type": rule.gives,
        "grants_id": str(target) if target else "",
        "role": rule.role or None,
    }
