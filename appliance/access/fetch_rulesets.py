"""Where a ruleset belongs, if the actor may read or set the rules there."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db.rulesets import RulesetRow
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.errors import NotFoundError, sentence


@dataclass(frozen=True)
class Place:
    """An organisation, a repository, or neither: the appliance."""

    organisation: str = ""
    repository: str = ""
    """`OWNER/NAME`."""


@dataclass(frozen=True)
class Found:
    """The same by id."""

    organisation_id: UUID | None
    repository_id: UUID | None
    log: UUID | None
    """Whose log its events stand in; None: the appliance's."""

    @property
    def rulesets(self) -> sa.Select[RulesetRow]:
        """Those of the place."""
        of_organisation, of_repository = RulesetRow.organisation_id, RulesetRow.repository_id
        return sa.select(RulesetRow).where(
            of_organisation.is_(None)
            if self.organisation_id is None
            else of_organisation == self.organisation_id,
            of_repository.is_(None)
            if self.repository_id is None
            else of_repository == self.repository_id,
        )


def to_read(work: UnitOfWork, place: Place) -> Found:
    """A place whose rulesets the actor may read: in a repository, whoever may read that.

    Errors:
        HiddenError, RefusedError: they may not.
    """
    return _found(work, place, Permission.REPOSITORY_READ)


def to_judge(work: UnitOfWork, place: Place) -> Found:
    """A place of which the actor may know who would have broken its rules.

    Errors:
        HiddenError, RefusedError: they may not.
    """
    return _found(work, place, Permission.REPOSITORY_PROTECT)


def to_change(work: UnitOfWork, place: Place) -> Found:
    """A place whose rulesets the actor may set.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: they may not, or must confirm it first.
    """
    found = _found(work, place, Permission.REPOSITORY_PROTECT)
    if place.organisation:
        gate.require_elevation(work, Permission.ORGANISATION_MANAGE, sensitive=True)
    elif not place.repository:
        gate.require_elevation(work, Permission.INSTANCE_MAINTAIN, sensitive=True)
    return found


def one(work: UnitOfWork, found: Found, ruleset_id: UUID) -> RulesetRow:
    """A ruleset of a place that was found.

    Errors:
        NotFoundError: there is none of that id.
    """
    row = work.session.scalar(found.rulesets.where(RulesetRow.id == ruleset_id))
    if row is None:
        raise NotFoundError(sentence("There is no such ruleset here."))
    return row


def _found(work: UnitOfWork, place: Place, in_repository: Permission) -> Found:
    if place.repository:
        repository = fetch.repository(work, place.repository, in_repository)
        return Found(None, repository.id, repository.organisation_id)
    if place.organisation:
        organisation = fetch.organisation(work, place.organisation, Permission.ORGANISATION_MANAGE)
        return Found(organisation.id, None, organisation.id)
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return Found(None, None, None)
