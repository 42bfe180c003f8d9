"""From names to what the audit log calls people and things, and back.

A name is also found of what was renamed or deleted since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.visible_logs import VisibleLogs
from appliance.db import audit_words_index
from appliance.db.audit_log import INSTANCE_LOG, AuditFinding
from appliance.db.credentials import AccessToken
from appliance.db.organisations import Team
from appliance.db.repositories import OldRepositoryPath, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import OldOwnerName, Owner, OwnerKind, User, UserState
from appliance.domain.audit_selection import Resolver
from appliance.domain.audit_terms import Field, is_id
from appliance.domain.audit_words import words
from appliance.domain.names import fold

MOST = 1000
"""References for one name; a star may stand for many repositories."""
NAMING_VERBS = ("created", "forked", "imported", "renamed", "transferred", "deleted", "purged")


@gate.open_to_everyone(because="whoever searches has asked for the logs, and finds nothing else")
def resolver(work: UnitOfWork, logs: VisibleLogs) -> Resolver:
    """A function that says what a name stands for; each name is looked up once.

    Who has a name now comes first; then who had it; then whom the logs remember under it.
    """
    known: dict[tuple[Field, str], frozenset[str]] = {}

    def resolve(field: Field, name: str) -> frozenset[str]:
        if (field, name) not in known:
            known[field, name] = frozenset(LOOKUPS[field](_Looking(work, logs), name))
        return known[field, name]

    return resolve


@gate.open_to_everyone(because="whoever shows events has asked, and hands in what they hold")
def of_actors(work: UnitOfWork, pseudonyms: Iterable[str]) -> dict[str, str]:
    """The names of the users among some pseudonyms."""
    rows = work.session.execute(
        sa.select(User.pseudonym, User.name).where(
            User.pseudonym.in_(sorted(pseudonyms)), User.state != UserState.DELETED
        )
    )
    return {row.pseudonym: row.name for row in rows}


@gate.open_to_everyone(because="whoever shows events has asked, and hands in what they hold")
def of_things(work: UnitOfWork, references: Iterable[str]) -> dict[str, str]:
    """The names of the users, organisations, teams and repositories among some ids."""
    ids = _uuids(references)
    names = {
        str(row.id): row.name
        for table in (Owner, Team)
        for row in work.session.execute(sa.select(table.id, table.name).where(table.id.in_(ids)))
    }
    repositories = work.session.scalars(sa.select(Repository).where(Repository.id.in_(ids)))
    return names | {str(each.id): each.path for each in repositories}


class _Looking:
    """Where names are looked up. Its state are the unit of work and the logs of one search."""

    def __init__(self, work: UnitOfWork, logs: VisibleLogs) -> None:
        self._work = work
        self._logs = logs

    def ids(self, query: sa.Select[Any]) -> list[str]:
        """What a query for ids gives, as text."""
        return [str(each) for each in self._work.session.scalars(query.limit(MOST))]

    def remembered(self, category: str, name: str) -> list[str]:
        """The things that had a name, by what the logs say of how they came, moved and went."""
        said = words(name)
        if not said:
            return []
        query = sa.select(AuditFinding.target_ref).where(
            AuditFinding.action.in_([f"{category}.{verb}" for verb in NAMING_VERBS]),
            audit_words_index.says(self._work.session.connection(), said, is_prefix=False),
            audit_words_index.is_said(said),
            *self._logs.limits(),
        )
        ids = self._logs.ids()
        return self.ids(query.distinct() if ids is None else query.where(_in(ids)).distinct())


def _in(ids: sa.Select[Any]) -> sa.ColumnElement[bool]:
    return AuditFinding.log_id.in_(ids)


def _owners(looking: _Looking, name: str, kind: OwnerKind, category: str) -> Iterable[str]:
    if is_id(name):
        return [name.lower()]
    now = sa.select(Owner.id).where(Owner.name_key == fold(name), Owner.kind == kind)
    before = (
        sa.select(Owner.id)
        .join(OldOwnerName, OldOwnerName.owner_id == Owner.id)
        .where(OldOwnerName.name_key == fold(name), Owner.kind == kind)
    )
    return looking.ids(now) or looking.ids(before) or looking.remembered(category, name)


def _users(looking: _Looking, name: str) -> Iterable[str]:
    return _owners(looking, name, OwnerKind.USER, "user")


def _organisations(looking: _Looking, name: str) -> Iterable[str]:
    return _owners(looking, name, OwnerKind.ORGANISATION, "org")


def _actors(looking: _Looking, name: str) -> Iterable[str]:
    """Pseudonyms; one that was given itself is kept, as `appliance` is for the appliance."""
    users = [each for each in _users(looking, name) if is_id(each)]
    return [
        name,
        *looking.ids(sa.select(User.pseudonym).where(sa.cast(User.id, sa.Uuid).in_(_uuids(users)))),
    ]


def _repositories(looking: _Looking, name: str) -> Iterable[str]:
    if is_id(name):
        return [name.lower()]
    owner, _, own = name.partition("/")
    owners = sa.select(Owner.id).where(Owner.name_key == fold(owner))
    former = sa.select(OldOwnerName.owner_id).where(OldOwnerName.name_key == fold(owner))
    for whose in (owners, former):
        now = sa.select(Repository.id).where(Repository.owner_id.in_(whose))
        if own != "*":
            now = now.where(Repository.name_key == fold(own))
        moved = sa.select(OldRepositoryPath.repository_id).where(
            OldRepositoryPath.owner_id.in_(whose), OldRepositoryPath.name_key == fold(own)
        )
        if found := looking.ids(now) or looking.ids(moved):
            return found
    return looking.remembered("repo", name)


def _teams(looking: _Looking, name: str) -> Iterable[str]:
    if is_id(name):
        return [name.lower()]
    organisation, _, own = name.partition("/")
    query = sa.select(Team.id).where(
        Team.organisation_id.in_(_uuids(_organisations(looking, organisation)))
    )
    if own != "*":
        query = query.where(Team.name_key == fold(own))
    return looking.ids(query) or looking.remembered("team", own)


def _tokens(looking: _Looking, name: str) -> Iterable[str]:
    if is_id(name):
        return [name.lower()]
    either = sa.or_(AccessToken.name == name, AccessToken.shown_prefix == name)
    return looking.ids(sa.select(AccessToken.id).where(either))


def _logs(looking: _Looking, name: str) -> Iterable[str]:
    return [INSTANCE_LOG] if name == INSTANCE_LOG else _organisations(looking, name)


def _uuids(texts: Iterable[str]) -> list[UUID]:
    return [UUID(text) for text in texts if is_id(text)]


LOOKUPS: dict[Field, Callable[[_Looking, str], Iterable[str]]] = {
    Field.ACTOR: _actors,
    Field.USER: _users,
    Field.REPOSITORY: _repositories,
    Field.ORGANISATION: _organisations,
    Field.TEAM: _teams,
    Field.TOKEN: _tokens,
    Field.LOG: _logs,
}
