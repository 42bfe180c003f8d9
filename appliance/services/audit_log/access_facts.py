"""The events from which rights are rebuilt, found by what they are about: never by a walk of a log.

Each question is answered by an index of what can be searched for, so it takes as long for a log of
a million events as for one of a thousand that tells as much of the thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.db.audit_log import INSTANCE_LOG, AuditBody, AuditFinding, AuditLeaf, AuditLog
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import audit_headers
from appliance.domain.access_history import replay
from appliance.domain.access_state import (
    NEEDS_NO_DETAILS,
    ORGANISATION_ACTIONS,
    REPOSITORY_ACTIONS,
    TEAM_ACTIONS,
    TEAM_MEMBER_ACTIONS,
    TEMPORARY_ACTIONS,
    USER_ACTIONS,
    Fact,
    History,
)
from appliance.domain.permissions import InstanceRole

AT_ONCE = 500
IN_ORGANISATION = (
    *(*REPOSITORY_ACTIONS, *ORGANISATION_ACTIONS, *TEAM_ACTIONS, *TEAM_MEMBER_ACTIONS),
    *TEMPORARY_ACTIONS,
)
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Lost:
    """What a log no longer tells of rights, up to a moment."""

    log: str
    first_kept: int
    """Entries before this are gone."""
    without_details: int
    waiting: int
    """Entries that cannot be found yet."""


class Facts:
    """Events up to a moment, each once. Its state is what was found so far."""

    def __init__(self, work: UnitOfWork, until: datetime) -> None:
        self._work = work
        self._until = until
        self._found: dict[int, Fact] = {}
        self.logs: set[str] = {INSTANCE_LOG}

    def of_repository(self, repository: str) -> None:
        """What happened to a repository, and to the organisation that owned it at the end."""
        self._about([repository], REPOSITORY_ACTIONS)
        organisation = self.history().organisation.get(repository)
        if organisation is not None:
            self._about([organisation], ORGANISATION_ACTIONS)
            self._in_logs([organisation], TEAM_ACTIONS)
            teams = [key[2] for key in self.history().grants if key[:2] == (repository, "team")]
            self._about(_with_inner(self.history(), teams), TEAM_MEMBER_ACTIONS)
        self._in_logs([organisation or INSTANCE_LOG], TEMPORARY_ACTIONS)
        self.of_users(self.history().users())
        self._of_roles_on_the_instance()

    def of_organisation(self, organisation: str) -> None:
        """What happened in an organisation and to its members."""
        self._in_logs([organisation], IN_ORGANISATION)
        self.of_users(user for where, user in self.history().members if where == organisation)

    def of_user(self, user: str, organisations: Iterable[str] | None) -> None:
        """What happened to a user, and in every organisation that they were a member of at the end;
        of these organisations alone, where some are named.
        """
        self.of_users([user])
        named = sa.and_(AuditFinding.named_ref != sa.literal_column("''"), self._named(user))
        self._add(named, IN_ORGANISATION)
        self._add(AuditFinding.actor_ref == self._pseudonym(user), ("org.created",))
        self._about([user], TEMPORARY_ACTIONS)
        owned = AuditBody.body.contains(f'"owner_id":"{user}"', autoescape=True)
        self._add(owned, ("repo.created", "repo.transferred"))
        history = self.history()
        member_of = {where for where, who in history.members if who == user}
        self._in_logs(_among(member_of, organisations), IN_ORGANISATION)
        given = {key[0] for key in history.grants if key[1:] == ("user", user)}
        owned_ones = {where for where, held in history.owner.items() if held.value == user}
        self._about(given | owned_ones, REPOSITORY_ACTIONS)

    def of_users(self, users: Iterable[str]) -> None:
        """What users were to the instance, and whether they might enter."""
        self._about(users, USER_ACTIONS)

    def history(self) -> History:
        """What was so, by all that was found."""
        facts = [self._found[place] for place in sorted(self._found)]
        # Places are in the order of each log; between logs, the clock decides.
        return replay(sorted(facts, key=lambda fact: fact.at), self._user_behind, self._until)

    def lost(self) -> list[Lost]:
        """What the logs that were asked no longer tell."""
        return [each for log in self._rows() if (each := self._lost(log)) is not None]

    def _of_roles_on_the_instance(self) -> None:
        """Who was more than a user: all changes of that, and who was created so."""
        self._add(sa.true(), ("user.role_changed",))
        more = (InstanceRole.ADMINISTRATOR, InstanceRole.AUDITOR)
        said = [AuditBody.body.contains(f'"instance_role":"{role}"') for role in more]
        # Bodies alone first: of a hundred thousand users, few were created as more than that.
        places = (
            sa.select(AuditFinding.place)
            .join(AuditBody, _same(AuditBody))
            .where(AuditFinding.action == "user.created", sa.or_(*said))
        )
        found = list(self._work.session.scalars(places))
        self._add(AuditFinding.place.in_(found), ("user.created",))
        self.of_users(
            user for user, held in self.history().instance.items() if held.value != "user"
        )

    def _about(self, ids: Iterable[str], actions: Sequence[str]) -> None:
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), AT_ONCE):
            self._add(AuditFinding.target_ref.in_(wanted[start : start + AT_ONCE]), actions)

    def _in_logs(self, names: Iterable[str], actions: Sequence[str]) -> None:
        wanted = sorted(set(names))
        self.logs.update(wanted)
        ids = sa.select(AuditLog.id).where(AuditLog.name.in_(wanted))
        found = list(self._work.session.scalars(ids)) if wanted else []
        if found:
            self._add(AuditFinding.log_id.in_(found), actions)

    def _add(self, condition: Condition, actions: Sequence[str]) -> None:
        query = (
            sa.select(
                AuditFinding.place,
                AuditLog.name,
                AuditLog.origin,
                AuditFinding.idx,
                AuditLeaf.event_id,
                AuditFinding.occurred_at,
                AuditFinding.action,
                AuditFinding.target_ref,
                AuditFinding.actor_ref,
                AuditBody.body,
            )
            .join(AuditLog, AuditLog.id == AuditFinding.log_id)
            .join(AuditLeaf, _same(AuditLeaf))
            .outerjoin(AuditBody, _same(AuditBody))
            .where(
                condition,
                AuditFinding.action.in_(actions),
                AuditFinding.outcome == "success",
                AuditFinding.occurred_at < self._until,
            )
        )
        for row in self._work.session.execute(query):
            body = audit_headers.body(row.body) if row.body else None
            told: Any = (*row[1:-1], body)
            self._found[row.place] = Fact(*told)

    def _named(self, user: str) -> Condition:
        return AuditFinding.named_ref == user

    def _pseudonym(self, user: str) -> str:
        query = sa.select(User.pseudonym).where(User.id == UUID(user))
        return self._work.session.scalar(query) or ""

    def _user_behind(self, pseudonym: str) -> str | None:
        query = sa.select(User.id).where(User.pseudonym == pseudonym)
        found = self._work.session.scalar(query)
        return str(found) if found else None

    def _rows(self) -> Sequence[AuditLog]:
        query = sa.select(AuditLog).where(AuditLog.name.in_(sorted(self.logs)))
        return self._work.session.scalars(query.order_by(AuditLog.id)).all()

    def _lost(self, log: AuditLog) -> Lost | None:
        bare = (
            sa.select(sa.func.count())
            .select_from(AuditFinding)
            .where(
                AuditFinding.log_id == log.id,
                AuditFinding.action.in_(
                    sorted({*IN_ORGANISATION, *USER_ACTIONS} - NEEDS_NO_DETAILS)
                ),
                AuditFinding.occurred_at < self._until,
                ~sa.exists().where(*_same_as(AuditBody)),
            )
        )
        # Bodies go from the oldest on or by their kind; where none ever went, nobody counts them.
        is_whole = log.minimum == log.minimum_bodies == 0 and not self._was_pruned(log)
        without = 0 if is_whole else self._work.session.scalar(bare) or 0
        waiting = log.size - log.searchable
        if not (log.minimum or without or waiting):
            return None
        return Lost(log.name, log.minimum, without, waiting)

    def _was_pruned(self, log: AuditLog) -> bool:
        pruned = sa.select(AuditFinding.place).where(
            AuditFinding.log_id == log.id, AuditFinding.action == "log.pruned"
        )
        return bool(self._work.session.scalar(sa.select(pruned.exists())))


def _same(table: Any) -> Condition:
    return sa.and_(*_same_as(table))


def _same_as(table: Any) -> tuple[Condition, Condition]:
    return table.log_id == AuditFinding.log_id, table.idx == AuditFinding.idx


def _among(found: Iterable[str], wanted: Iterable[str] | None) -> set[str]:
    return set(found) if wanted is None else set(found) & set(wanted)


def _with_inner(history: History, teams: Iterable[str]) -> set[str]:
    """Some teams and every team inside them."""
    found, fresh = set(teams), set(teams)
    while fresh:
        fresh = {team for team, around in history.teams.items() if around.value in fresh} - found
        found |= fresh
    return found
