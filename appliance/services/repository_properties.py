"""Properties of repositories, by which rulesets choose them, and what organisations say of these.

What an organisation has defined takes only the values it names. Other words are its owners' to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch, gate, grants
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.rulesets import (
    PropertyDefinition,
    RepositoryProperty,
    RulesetRow,
    definitions_of,
    properties_of,
    said_of,
)
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.domain.repository_properties import (
    MOST_DEFINITIONS,
    Definition,
    PropertyKind,
    PropertySetter,
    check_definition,
    check_key,
    effective,
    may_be_set_by_maintainers,
    to_keep,
)
from appliance.errors import Askable, ConflictError, NotFoundError, RefusedError, sentence

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

__all__ = ["Definition", "PropertyKind", "PropertySetter"]
MOST_NAMED = 5


@dataclass(frozen=True)
class Described:
    """A repository, and what is said of it."""

    repository: str
    properties: Mapping[str, str]
    said: Mapping[str, str]
    """What is said of it itself; the rest are defaults."""
    lacking: tuple[str, ...] = ()
    """What should be said of it and is not."""

    @property
    def lines(self) -> list[str]:
        """What is said of it itself, as it is written."""
        return [f"{key}={value}" for key, value in self.said.items()]


@dataclass(frozen=True)
class Shown:
    """The properties of one repository, and what may be said."""

    properties: Mapping[str, str]
    said: Mapping[str, str]
    definitions: Mapping[str, Definition]
    may_set_all: bool
    may_maintain: bool

    def may_set(self, key: str) -> bool:
        """Whether the actor may say what its value is."""
        found = self.definitions.get(key)
        is_theirs = found is not None and found.set_by is PropertySetter.MAINTAINERS
        return self.may_set_all or (self.may_maintain and is_theirs)


def properties(work: UnitOfWork, path: str) -> dict[str, str]:
    """What holds for a repository, for rulesets to choose it by.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    return properties_of(work.session, repository)


def show(work: UnitOfWork, path: str) -> Shown:
    """The same, with what may be said.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    said = said_of(work.session, repository.id)
    definitions = definitions_of(work.session, repository.organisation_id)
    return Shown(
        effective(said, definitions.values()),
        said,
        definitions,
        may_set_all=_may_set_all(work, repository),
        may_maintain=Permission.REPOSITORY_MAINTAIN in grants.on_repository(work, repository),
    )


def properties_in(work: UnitOfWork, organisation: str) -> list[Described]:
    """What is said of each repository of an organisation; for its owners.

    Errors:
        HiddenError, RefusedError: the actor may not know.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MANAGE)
    rows = work.session.execute(
        sa.select(Repository.name, RepositoryProperty.key, RepositoryProperty.value)
        .outerjoin(RepositoryProperty, RepositoryProperty.repository_id == Repository.id)
        .where(
            Repository.organisation_id == found.id,
            Repository.deleted_at.is_(None),
            Repository.wiki_of_id.is_(None),
        )
        .order_by(Repository.name, RepositoryProperty.key)
    )
    said: dict[str, dict[str, str]] = {}
    for name, key, value in rows:
        here = said.setdefault(name, {})
        if key:
            here[key] = value
    definitions = definitions_of(work.session, found.id).values()
    return [_described(name, own, list(definitions)) for name, own in said.items()]


def set_properties(work: UnitOfWork, path: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Say anew what holds for a repository: all of it for who sets rules above it, for its
    maintainers what is theirs to say; gives what holds.

    Errors:
        RefusedError: the actor may not; a repository cannot get out of its organisation's rules.
        InvalidError: a name or a value is none, something required lacks, or there are too many.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    before = said_of(work.session, repository.id)
    definitions = definitions_of(work.session, repository.organisation_id)
    if not _may_set_all(work, repository):
        fetch.repository(work, path, Permission.REPOSITORY_MAINTAIN)
    after = to_keep(wanted, before, definitions)
    if not may_be_set_by_maintainers(before, after, definitions):
        _insist_on_place_above(work, repository)
    if after == before:
        return effective(after, definitions.values())
    work.session.execute(
        sa.delete(RepositoryProperty).where(RepositoryProperty.repository_id == repository.id)
    )
    work.session.add_all(
        RepositoryProperty(repository_id=repository.id, key=key, value=value)
        for key, value in after.items()
    )
    work.record(
        events.RepositoryPropertiesChanged(
            about=repository.id, organisation_id=repository.organisation_id, properties=after
        )
    )
    return effective(after, definitions.values())


def definitions(work: UnitOfWork, organisation: str) -> list[Definition]:
    """What an organisation says of the properties of its repositories, by name; for its members.

    Errors:
        HiddenError, RefusedError: the actor may not know.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_READ)
    if Permission.ORGANISATION_READ not in grants.on_organisation(work, found):
        raise RefusedError(
            sentence("Only members of %(name)s can see its properties.", name=found.name),
            askable=Askable("organisation", found.name),
        )
    return list(definitions_of(work.session, found.id).values())


def define(work: UnitOfWork, organisation: str, wanted: Definition) -> Definition:
    """Say what a property is; said again, it is so from then on.

    Errors:
        HiddenError, RefusedError: the actor owns no such organisation.
        InvalidError: its name, its values or its default are none.
        ConflictError: there are too many, or repositories have other values.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MANAGE)
    checked = check_definition(wanted)
    row = _row(work, found, checked.key)
    if row is not None and row.as_value == checked:
        return checked
    _insist_on_values(work, found, checked)
    if row is None:
        if len(definitions_of(work.session, found.id)) >= MOST_DEFINITIONS:
            raise ConflictError(
                sentence("At most %(most)s properties are defined.", most=MOST_DEFINITIONS)
            )
        row = PropertyDefinition(organisation_id=found.id, key=checked.key)
        work.session.add(row)
    row.kind, row.description, row.allowed = (
        checked.kind,
        checked.description,
        list(checked.allowed),
    )
    row.is_required, row.default_value = checked.is_required, checked.default
    row.set_by = checked.set_by
    work.record(
        events.PropertyDefined(
            about=found.id,
            organisation_id=found.id,
            key=checked.key,
            property_kind=str(checked.kind),
            allowed=list(checked.allowed),
            required=checked.is_required,
            default=checked.default,
            set_by=str(checked.set_by),
        )
    )
    return checked


def remove(work: UnitOfWork, organisation: str, key: str) -> None:
    """Define a property no more. What was said of repositories stays; defaults do not.

    Errors:
        HiddenError, RefusedError: the actor owns no such organisation.
        NotFoundError: it is not defined.
        ConflictError: a ruleset chooses repositories by it.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MANAGE)
    row = _row(work, found, check_key(key))
    if row is None:
        raise NotFoundError(sentence("%(key)s is not defined.", key=key))
    _insist_on_unused(work, found, row.key)
    work.session.delete(row)
    work.record(
        events.PropertyDefinitionRemoved(about=found.id, organisation_id=found.id, key=row.key)
    )


def _described(name: str, said: Mapping[str, str], definitions: list[Definition]) -> Described:
    holds = effective(said, definitions)
    lacking = (each.key for each in definitions if each.is_required and each.key not in holds)
    return Described(name, holds, said, tuple(lacking))


def _row(work: UnitOfWork, organisation: Organisation, key: str) -> PropertyDefinition | None:
    query = sa.select(PropertyDefinition).where(
        PropertyDefinition.organisation_id == organisation.id, PropertyDefinition.key == key
    )
    return work.session.scalar(query)


def _insist_on_values(work: UnitOfWork, organisation: Organisation, wanted: Definition) -> None:
    """Go on only if all that is said of repositories already is possible."""
    if not wanted.values:
        return
    query = (
        sa.select(Repository.name)
        .join(RepositoryProperty, RepositoryProperty.repository_id == Repository.id)
        .where(
            Repository.organisation_id == organisation.id,
            Repository.deleted_at.is_(None),
            RepositoryProperty.key == wanted.key,
            RepositoryProperty.value.not_in(wanted.values),
        )
    )
    names = list(work.session.scalars(query.order_by(Repository.name).limit(MOST_NAMED)))
    if names:
        raise ConflictError(
            sentence("These repositories have other values: %(names)s.", names=", ".join(names))
        )


def _insist_on_unused(work: UnitOfWork, organisation: Organisation, key: str) -> None:
    rows = work.session.scalars(
        sa.select(RulesetRow).where(RulesetRow.organisation_id == organisation.id)
    )
    for row in rows:
        if key in row.properties:
            raise ConflictError(
                sentence("The ruleset “%(name)s” chooses repositories by it.", name=row.name)
            )


def _may_set_all(work: UnitOfWork, repository: Repository) -> bool:
    if repository.organisation_id is None:
        return gate.is_allowed(work, Permission.INSTANCE_MAINTAIN)
    organisation = work.session.get_one(Organisation, repository.organisation_id)
    return Permission.ORGANISATION_MANAGE in grants.on_organisation(work, organisation)


def _insist_on_place_above(work: UnitOfWork, repository: Repository) -> None:
    if repository.organisation_id is None:
        gate.require(work, Permission.INSTANCE_MAINTAIN)
        return
    fetch.organisation(work, repository.owner_name, Permission.ORGANISATION_MANAGE)
