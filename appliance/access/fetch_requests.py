"""What somebody asks access to, and one request for access."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate, unseen, visible, visible_requests
from appliance.db import lookups
from appliance.db.access_requests import AccessRequest, AccessRuleRow
from appliance.db.organisations import Organisation, Team
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.access_requests import USUAL_RULE, AccessRule, Thing
from appliance.domain.names import split_path
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, InvalidError, RefusedError, sentence


@dataclass(frozen=True)
class Target:
    """What a name stands for, if for anything, and whether who asks may know."""

    rule: AccessRule
    is_visible: bool = False
    repository: Repository | None = None
    organisation: Organisation | None = None
    team: Team | None = None

    @property
    def thing_id(self) -> UUID | None:
        """The id of what is asked for."""
        found = self.repository or self.team or self.organisation
        return found.id if found else None

    @property
    def organisation_id(self) -> UUID | None:
        """In whose log it belongs."""
        if self.repository is not None:
            return self.repository.organisation_id
        return self.organisation.id if self.organisation else None


def target(work: UnitOfWork, thing: Thing, name: str) -> Target:
    """What somebody asks access to. As many questions are asked where there is none.

    Errors:
        UnauthenticatedError, RefusedError: nobody known is asking, or with a credential that is
            not for that.
        InvalidError: it is no name of such a thing.
    """
    gate.require(work, Permission.OWN_ACCOUNT)
    if thing is Thing.REPOSITORY:
        return _repository(work, name)
    if thing is Thing.TEAM:
        return _team(work, name)
    return _organisation(work, name)


def own(work: UnitOfWork, request_id: UUID) -> AccessRequest:
    """A request of the actor's own.

    Errors:
        HiddenError: there is none of that id.
    """
    found = work.session.scalar(visible_requests.own(work).where(AccessRequest.id == request_id))
    if found is None:
        raise _none()
    return found


def to_answer(work: UnitOfWork, request_id: UUID) -> AccessRequest:
    """A request that the actor may answer.

    Errors:
        HiddenError: there is none, or it is not theirs to answer.
        RefusedError: it is their own, or somebody acts as the actor.
    """
    gate.insist_on_oneself(work)
    found = work.session.scalar(
        visible_requests.to_answer(work).where(AccessRequest.id == request_id)
    )
    if found is not None:
        return found
    asked = work.session.get(AccessRequest, request_id)
    if asked is not None and asked.user_id == work.actor.id is not None:
        raise RefusedError(sentence("You cannot answer your own request."))
    raise _none()


def either(work: UnitOfWork, request_id: UUID) -> tuple[AccessRequest, bool]:
    """A request that is the actor's own, or theirs to answer; and whether it is to answer.

    Errors:
        HiddenError: there is none, or it is neither.
    """
    gate.require(work, Permission.OWN_ACCOUNT)
    found = work.session.get(AccessRequest, request_id)
    if found is not None and found.user_id == work.actor.id is not None:
        return found, False
    return to_answer(work, request_id), True


def rule_of(work: UnitOfWork, organisation_id: UUID | None) -> AccessRule:
    """What may be asked for in an organisation. Asks nothing: who needs it has asked."""
    row = work.session.scalar(
        sa.select(AccessRuleRow).where(
            AccessRuleRow.organisation_id == (organisation_id or unseen.NOBODY)
        )
    )
    if row is None:
        return USUAL_RULE
    return AccessRule(
        row.is_open, row.approvers, row.longest_hours, row.allows_endless, row.highest_role
    )


def _repository(work: UnitOfWork, path: str) -> Target:
    owner_name, name = split_path(path)
    found, allowed = unseen.named_repository(work, owner_name, name)
    rule = rule_of(work, found.organisation_id if found else None)
    return Target(rule, Permission.REPOSITORY_READ in allowed, repository=found)


def _team(work: UnitOfWork, path: str) -> Target:
    organisation_name, _, name = path.partition("/")
    if not organisation_name or not name:
        raise InvalidError.of("name", sentence("Name a team as ORG/TEAM."))
    found = lookups.team(work.session, organisation_name, name)
    organisation, team = found or (None, None)
    allowed = unseen.on_organisation(work, organisation)
    rule = rule_of(work, organisation.id if organisation else None)
    is_visible = Permission.ORGANISATION_READ in allowed
    return Target(rule, is_visible, organisation=organisation, team=team)


def _organisation(work: UnitOfWork, name: str) -> Target:
    found = lookups.organisation(work.session, name)
    found_id = found.id if found else unseen.NOBODY
    seen = visible.organisations(work).where(Organisation.id == found_id)
    is_visible = bool(work.session.scalar(sa.select(seen.exists())))
    return Target(rule_of(work, found_id), is_visible, organisation=found)


def _none() -> HiddenError:
    return HiddenError(sentence("There is no such request for access."))
