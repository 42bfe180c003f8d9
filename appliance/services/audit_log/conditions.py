"""A query of the audit log as a condition that the database answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import audit_words_index
from appliance.db.audit_log import AuditFinding, AuditLeaf, AuditLog
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.audit_query import And, Everything, Not, Or, Query, Term, Words
from appliance.domain.audit_selection import Resolver
from appliance.domain.audit_terms import Field, bounds, period

Condition = sa.ColumnElement[bool]


@gate.open_to_everyone(because="whoever searches has asked for the logs")
def condition(work: UnitOfWork, query: Query, resolve: Resolver, *, now: datetime) -> Condition:
    """The rows of `AuditFinding` that fit a query."""
    return _condition(query, _Reading(resolve, work.session.connection(), now))


@dataclass(frozen=True)
class _Reading:
    """How the terms of one query are read."""

    resolve: Resolver
    connection: sa.Connection
    now: datetime


def _condition(query: Query, reading: _Reading) -> Condition:
    match query:
        case Everything():
            return sa.true()
        case Not(part):
            return sa.not_(_condition(part, reading))
        case And(parts):
            return sa.and_(*(_condition(part, reading) for part in parts))
        case Or(parts):
            return sa.or_(*(_condition(part, reading) for part in parts))
        case Words(parts, is_prefix):
            return audit_words_index.says(reading.connection, parts, is_prefix=is_prefix)
    return TERMS[query.field](query, reading)


@gate.open_to_everyone(because="it reads nothing")
def is_one_of(column: Any, values: Iterable[Any]) -> Condition:
    """Among some values; said as plainly as can be, so that an index gives the order too."""
    wanted = sorted(values)
    if not wanted:
        return sa.false()
    found: Condition = column == wanted[0] if len(wanted) == 1 else column.in_(wanted)
    return found


def _rarely(column: Any, common: str, values: Iterable[Any]) -> Condition:
    """The same for a column with an index of its rare values; the database must see that."""
    wanted = set(values) - {common}
    if not wanted:
        return sa.false()
    return sa.and_(column != sa.literal_column(f"'{common}'"), is_one_of(column, wanted))


def _equal(column: Any) -> Callable[[Term, _Reading], Condition]:
    return lambda term, _: column == term.value


def _action(term: Term, _: _Reading) -> Condition:
    if not term.value.endswith("*"):
        return AuditFinding.action == term.value
    category, _dot, beginning = term.value.removesuffix("*").partition(".")
    in_category = AuditFinding.category == category
    if not beginning:
        return in_category
    return sa.and_(
        in_category, AuditFinding.action.startswith(f"{category}.{beginning}", autoescape=True)
    )


def _outcome(term: Term, _: _Reading) -> Condition:
    if term.value == "success":
        return AuditFinding.outcome == term.value
    return _rarely(AuditFinding.outcome, "success", {term.value})


def _actor(term: Term, reading: _Reading) -> Condition:
    return is_one_of(AuditFinding.actor_ref, reading.resolve(term.field, term.value))


def _about(term: Term, reading: _Reading) -> Condition:
    return is_one_of(AuditFinding.target_ref, reading.resolve(term.field, term.value))


def _named(term: Term, reading: _Reading) -> Condition:
    ids = reading.resolve(term.field, term.value)
    return sa.or_(is_one_of(AuditFinding.target_ref, ids), _rarely(AuditFinding.named_ref, "", ids))


def _token(term: Term, reading: _Reading) -> Condition:
    ids = reading.resolve(term.field, term.value)
    return sa.or_(is_one_of(AuditFinding.target_ref, ids), _rarely(AuditFinding.token_ref, "", ids))


def _in_log(term: Term, reading: _Reading) -> Condition:
    names = reading.resolve(term.field, term.value)
    logs = reading.connection.scalars(sa.select(AuditLog.id).where(AuditLog.name.in_(names)))
    return is_one_of(AuditFinding.log_id, logs)


def _organisation(term: Term, reading: _Reading) -> Condition:
    return sa.or_(_in_log(term, reading), _about(term, reading))


def _address(term: Term, _: _Reading) -> Condition:
    first, last = bounds(term.value)
    # What was erased, or never was, has no address: `NOT` must find it.
    return sa.and_(AuditFinding.address.is_not(None), AuditFinding.address.between(first, last))


def _event(term: Term, reading: _Reading) -> Condition:
    query = sa.select(AuditLeaf.log_id, AuditLeaf.idx)
    leaf = reading.connection.execute(query.where(AuditLeaf.event_id == UUID(term.value))).first()
    if leaf is None:
        return sa.false()
    return sa.and_(AuditFinding.log_id == leaf.log_id, AuditFinding.idx == leaf.idx)


def _created(term: Term, reading: _Reading) -> Condition:
    found = period(term.value, now=reading.now)
    conditions: list[Condition] = [sa.true()]
    if found.since is not None:
        conditions.append(AuditFinding.occurred_at >= found.since)
    if found.until is not None:
        conditions.append(AuditFinding.occurred_at < found.until)
    return sa.and_(*conditions)


TERMS: dict[Field, Callable[[Term, _Reading], Condition]] = {
    Field.ACTOR: _actor,
    Field.ACTION: _action,
    Field.CATEGORY: _equal(AuditFinding.category),
    Field.OUTCOME: _outcome,
    Field.REPOSITORY: _about,
    Field.ORGANISATION: _organisation,
    Field.TEAM: _named,
    Field.USER: _named,
    Field.TOKEN: _token,
    Field.LOG: _in_log,
    Field.METHOD: _equal(AuditFinding.method),
    Field.ADDRESS: _address,
    Field.REQUEST: _equal(AuditFinding.request_id),
    Field.EVENT: _event,
    Field.CREATED: _created,
}
