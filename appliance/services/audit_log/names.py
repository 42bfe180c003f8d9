"""From names to what the audit log calls people and things; `known_names` has the way back.

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
from appliance.db.organisations import Organisation, Team
from appliance.db.repositories import OldRepositoryPath, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import OldOwnerName, Owner, User, UserState
from appliance.domain.audit_selection import Resolver
from appliance.domain.audit_terms import Field, is_id
from appliance.domain.audit_words import words
from appliance.domain.names import fold
from appliance.services.audit_log import known_names

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


class _Looking:
    """Where names are looked up. Its state are the unit of work and the logs of one search."""

    def __init__(self, work: UnitOfWork, logs: VisibleLogs) -> None:
        self.work = work
        self._logs = logs

    def ids(self, query: sa.Select[Any]) -> list[str]:
        """What a query for ids gives, as text."""
        return [str(each) for each in self.work.session.scalars(query.limit(MOST))]

    def remembered(self, category: str, name: str) -> list[str]:
        """The things that had a name, by what the logs say of how they came, moved and went."""
        said = words(name)
        if not said:
            return []
        query = sa.select(AuditFinding.target_ref).where(
            AuditFinding.action.in_([f"{category}.{verb}" for verb in NAMING_VERBS]),
            audit_words_index.says(self.work.session.connection(), said, is_prefix=False),
            audit_words_index.is_said(said),
            *self._logs.limits(),
        )
        return self.ids(self._within(query).distinct())

    def spoken_of(self, column: Any, ids: list[str]) -> list[str]:
        """Those among some references of which the logs speak."""
        query = sa.select(column).where(column.in_(ids), *self._logs.limits())
        return self.ids(self._within(query).distinct())

    def _within(self, query: sa.Select[Any]) -> sa.Select[Any]:
        ids = self._logs.ids()
        return query if ids is None else query.where(AuditFinding.log_id.in_(ids))


def _owners(looking: _Looking, name: str, known: sa.Select[Any], category: str) -> Iterable[str]:
    """Owners of a kind, of whom `known` are the ids that have a name for the actor."""
    if is_id(name):
        return [name.lower()]
    now = sa.select(Owner.id).where(Owner.name_key == fold(name), Owner.id.in_(known))
    before = sa.select(OldOwnerName.owner_id).where(
        OldOwnerName.name_key == fold(name), OldOwnerName.owner_id.in_(known)
    )
    return looking.ids(now) or looking.ids(before) or looking.remembered(category, name)


def _users(looking: _Looking, name: str) -> Iterable[str]:
    known = sa.select(User.id).where(known_names.users(looking.work))
    return _owners(looking, name, known, "user") or _users_who_acted(looking, name)


def _users_who_acted(looking: _Looking, name: str) -> list[str]:
    """Who has no name for the actor, but acted in a log that is theirs to read, as it tells."""
    query = sa.select(User.pseudonym).where(
        sa.func.lower(User.name) == fold(name), User.state != UserState.DELETED
    )
    acted = looking.spoken_of(AuditFinding.actor_ref, looking.ids(query))
    return looking.ids(sa.select(User.id).where(User.pseudonym.in_(acted))) if acted else []


def _organisations(looking: _Looking, name: str) -> Iterable[str]:
    known = sa.select(Organisation.id).where(known_names.organisations(looking.work))
    return _owners(looking, name, known, "org")


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
    known = known_names.repositories(looking.work)
    owners = sa.select(Owner.id).where(Owner.name_key == fold(owner))
    former = sa.select(OldOwnerName.owner_id).where(OldOwnerName.name_key == fold(owner))
    for whose in (owners, former):
        now = sa.select(Repository.id).where(Repository.owner_id.in_(whose), known)
        if own != "*":
            now = now.where(Repository.name_key == fold(own))
        moved = sa.select(OldRepositoryPath.repository_id).where(
            OldRepositoryPath.owner_id.in_(whose),
            OldRepositoryPath.name_key == fold(own),
            OldRepositoryPath.repository_id.in_(sa.select(Repository.id).where(known)),
        )
        if found := looking.ids(now) or looking.ids(moved):
            return found
    return looking.remembered("repo", name)


def _teams(looking: _Looking, name: str) -> Iterable[str]:
    if is_id(name):
        return [name.lower()]
    organisation, _, own = name.partition("/")
    query = sa.select(Team.id).where(
        Team.organisation_id.in_(_uuids(_organisations(looking, organisation))),
        known_names.teams(looking.work),
    )
    if own != "*":
        query = query.where(Team.name_key == fold(own))
    return looking.ids(query) or looking.remembered("team", own)


def _tokens(looking: _Looking, name: str) -> Iterable[str]:
    if is_id(name):
        return [name.lower()]
    either = sa.or_(AccessToken.name == name, AccessToken.shown_prefix == name)
    own = sa.select(AccessToken.id).where(either, known_names.tokens(looking.work))
    # Who found a token somewhere has its beginning, and looks for what was done with it.
    found = looking.ids(sa.select(AccessToken.id).where(AccessToken.shown_prefix == name))
    return looking.ids(own) or looking.spoken_of(AuditFinding.token_ref, found)


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
