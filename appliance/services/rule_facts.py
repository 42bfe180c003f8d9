"""What rules are told of who changes something, and of the checks of what they push."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import grants
from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses
from appliance.domain.identity import ActorKind
from appliance.domain.names import fold
from appliance.domain.permissions import (
    InstanceRole,
    OrganisationRole,
    Permission,
    Role,
    highest,
)
from appliance.domain.protection import NO_OBJECT
from appliance.domain.ruleset_facts import ActorFacts
from appliance.domain.ruleset_words import reaches
from appliance.services import authors
from appliance.services import checks as commit_checks

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.db.repositories import Repository
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.db.users import User
    from appliance.domain.checks import Report
    from appliance.domain.protection import Movement, RefUpdate

ASKED = "`pushes` has asked whether the actor may push"


@open_to_everyone(because=ASKED)
def of_actor(work: UnitOfWork, repository: Repository, *, wholly: bool) -> ActorFacts:
    """Who changes something, and what they are to the repository.

    Not `wholly`: without teams and addresses, which protections do not ask for.
    """
    actor = work.actor
    user_id = actor.id if actor.kind is ActorKind.USER else None
    organisation_id = repository.organisation_id
    role = grants.organisation_role(work, organisation_id) if organisation_id else None
    allowed = grants.on_repository(work, repository)
    may_bypass = Permission.REPOSITORY_BYPASS_PROTECTION in allowed
    return ActorFacts(
        user_id=user_id,
        role=grants.role_on(work, repository),
        team_ids=_teams(work, user_id) if wholly else frozenset(),
        addresses=addresses(work) if wholly else frozenset(),
        is_organisation_owner=role is OrganisationRole.OWNER and may_bypass,
        is_administrator=actor.instance_role is InstanceRole.ADMINISTRATOR and may_bypass,
        may_bypass_protection=may_bypass,
    )


@open_to_everyone(because="who calls it has asked whether the actor may set rules")
def of_user(work: UnitOfWork, repository: Repository, user: User) -> ActorFacts:
    """The same of somebody else, as they are now."""
    reasons = grants.reasons(work, repository, user_id=user.id, instance_role=user.instance_role)
    return ActorFacts(
        user_id=user.id,
        role=highest([each.role for each in reasons]),
        team_ids=_teams(work, user.id),
        addresses=email_addresses.verified(work.session, [user.id]).get(user.id, frozenset()),
    )


@open_to_everyone(because="who calls it has the repository before them")
def may_write(work: UnitOfWork, repository: Repository, user: User) -> bool:
    """Whether a user may write to a repository as they are now: whose approval counts."""
    reasons = grants.reasons(work, repository, user_id=user.id, instance_role=user.instance_role)
    return user.is_active and reaches(highest([each.role for each in reasons]), Role.WRITER)


@open_to_everyone(because="it says no more than who the actor is")
def addresses(work: UnitOfWork) -> frozenset[str]:
    """The verified addresses of the actor, and the one by which the appliance commits for them."""
    if work.actor.id is None:
        return frozenset()
    verified = email_addresses.verified(work.session, [work.actor.id])
    own = authors.of_actor(work, now=work.begun_at).email.decode("utf-8", "replace")
    is_made_up = own.endswith(f"@{authors.NOWHERE}")
    return verified.get(work.actor.id, frozenset()) | ({fold(own)} if is_made_up else set())


@open_to_everyone(because=ASKED)
def checks(
    work: UnitOfWork, repository: Repository, moves: Iterable[tuple[RefUpdate, Movement]]
) -> dict[str, tuple[Report, ...]]:
    """What was reported of commits that are pushed, by commit."""
    commits = {update.new_oid for update, _movement in moves} - {NO_OBJECT}
    return {each: commit_checks.reports(work, repository.id, each) for each in commits}


def _teams(work: UnitOfWork, user_id: UUID | None) -> frozenset[UUID]:
    if user_id is None:
        return frozenset()
    mine = grants.teams_of(user_id, work.begun_at)
    return frozenset(work.session.scalars(sa.select(mine.c.id)))
