"""Searching the audit logs, for all doors.

A door calls `begin` and `page` while reading, then `note` in a transaction of its own, and shows
what was found only when that is committed. Further pages of the same search need `page` alone: a
`Search` is bound to a size of the logs, so its pages stay as they are while the logs grow. Whoever
follows a log calls `newer`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_log, visible_logs
from appliance.access.visible_logs import VisibleLogs
from appliance.db.audit_log import AuditCheckpoint, AuditFinding, AuditLog
from appliance.db.paging import USUAL_LIMIT, Page, only
from appliance.db.paging import page as page_of
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_query, events
from appliance.domain.audit_query import Query, Term
from appliance.domain.audit_terms import Field, between
from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.security.sealing import Sealer
from appliance.services.audit_log import conditions, names
from appliance.services.audit_log.events import ReadableEvent, readable

USUAL_DAYS = 90
PINPOINTED = frozenset({Field.CREATED, Field.EVENT, Field.REQUEST})
"""Who asks for these asks for no period, or for one of their own."""


@dataclass(frozen=True)
class Asked:
    """What somebody types, picks or sends."""

    text: str = ""
    log: str = ""
    """`instance`, or an organisation's name or id; all that they may read, if empty."""
    since: str = ""
    """A day or a time, from which on."""
    until: str = ""
    """A day or a time, up to and including which."""
    as_of: int | None = None
    """How many entries the log shall have had: of one log only."""


@dataclass(frozen=True)
class Search:
    """A search that was begun. A door keeps it, signed, from page to page."""

    asked: Asked
    begun_at: datetime
    """The moment from which `created:7d` and the usual period count back."""
    place: int
    """Up to which place of what can be searched for."""
    as_of: int | None
    """The size of the log that is searched; None where several are."""

    @property
    def since(self) -> datetime | None:
        """Where the usual period begins; None where the search has one of its own."""
        fields = {term.field for term in audit_query.terms(_query(self.asked))}
        return None if fields & PINPOINTED else self.begun_at - timedelta(days=USUAL_DAYS)


@dataclass(frozen=True)
class Newer:
    """What came since; `search` goes on from there."""

    items: list[ReadableEvent]
    search: Search


def begin(work: UnitOfWork, asked: Asked, *, now: datetime) -> Search:
    """A search over all that can be found now, or of a log as it was at `as_of`.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: there is no such log for this actor.
        InvalidError: the search is not understood, or the log never had that size.
    """
    visible_logs.visible_logs(work, asked.log)
    _query(asked)
    if not asked.log:
        if asked.as_of is not None:
            raise InvalidError.of("as_of", sentence("as_of is a size of one log: say which."))
        return Search(asked, now, _last_place(work), None)
    log = _newest(work, asked.log)
    if log is None:
        return Search(asked, now, 0, 0)
    largest = _largest(work, log)
    size = largest if asked.as_of is None else asked.as_of
    if not 0 <= size <= largest:
        raise InvalidError.of(
            "as_of",
            sentence("This log has %(size)s entries that can be found.", size=largest),
        )
    return Search(asked, now, _place_at(work, log.id, size), size)


def page(
    work: UnitOfWork,
    search: Search,
    *,
    sealer: Sealer,
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[ReadableEvent]:
    """What was found, newest first.

    Errors:
        HiddenError, RefusedError: the actor may not read this any more.
        InvalidError: the limit is out of range, or `after` is no place in this list.
    """
    logs = visible_logs.visible_logs(work, search.asked.log)
    query = _found(work, search, logs).where(AuditFinding.place <= search.place)
    if search.since is not None:
        query = query.where(AuditFinding.occurred_at >= search.since)
    found = page_of(
        work.session,
        query,
        AuditFinding.occurred_at,
        AuditFinding.place,
        make=only,
        after=after,
        limit=limit,
        newest_first=True,
    )
    return Page(readable(work, found.items, sealer=sealer), found.next)


def newer(work: UnitOfWork, search: Search, *, sealer: Sealer, limit: int = USUAL_LIMIT) -> Newer:
    """What can be found now and could not when the search was begun, in the order it came.

    Errors:
        HiddenError, RefusedError: the actor may not read this any more.
        InvalidError: the limit is out of range.
    """
    logs = visible_logs.visible_logs(work, search.asked.log)
    last = _last_place(work)
    query = _found(work, search, logs).where(
        AuditFinding.place > search.place, AuditFinding.place <= last
    )
    found = page_of(work.session, query, AuditFinding.place, make=only, limit=limit)
    reached = last if found.next is None else found.items[-1]
    items = readable(work, found.items, sealer=sealer)
    return Newer(items, replace(search, place=max(reached, search.place), as_of=None))


def note(work: UnitOfWork, search: Search, *, shown: int) -> None:
    """Record that somebody searched, in every log of which they were shown something.

    Errors:
        HiddenError, RefusedError: the actor may not read this.
    """
    logs = visible_logs.visible_logs(work, search.asked.log)
    for organisation_id in logs.organisations():
        work.record(
            events.AuditSearched(
                about=organisation_id,
                organisation_id=organisation_id,
                as_of=search.as_of,
                shown=shown,
                query=audit_query.spell(_query(search.asked)),
            )
        )


def show(work: UnitOfWork, event_id: UUID, *, sealer: Sealer) -> ReadableEvent:
    """One event with all that is left of it.

    Errors:
        HiddenError: there is none, or it is in a log that is none for this actor.
        NotFoundError: it cannot be found yet, or any more.
    """
    log, leaf = fetch_log.event(work, event_id)
    place = work.session.scalar(
        sa.select(AuditFinding.place).where(
            AuditFinding.log_id == log.id, AuditFinding.idx == leaf.idx
        )
    )
    found = readable(work, [place], sealer=sealer) if place is not None else []
    if not found:
        raise NotFoundError(sentence("This event cannot be found yet. Try again soon."))
    return found[0]


def note_read(work: UnitOfWork, event_id: UUID) -> None:
    """Record that somebody looked at one event.

    Errors:
        HiddenError: there is none, or it is in a log that is none for this actor.
    """
    log, leaf = fetch_log.event(work, event_id)
    organisation_id = _organisation_of(log)
    work.record(
        events.AuditEventRead(
            about=event_id, organisation_id=organisation_id, log=log.name, index=leaf.idx
        )
    )


def _query(asked: Asked) -> Query:
    """What was typed, and within the days that were picked beside it."""
    query = audit_query.parse(asked.text)
    if not asked.since and not asked.until:
        return query
    between(asked.since, asked.until)
    period = f"{asked.since or '*'}..{asked.until or '*'}"
    return audit_query.both(query, Term(Field.CREATED, period))


def _found(work: UnitOfWork, search: Search, logs: VisibleLogs) -> sa.Select[Any]:
    query = _query(search.asked)
    condition = conditions.condition(work, query, names.resolver(work, logs), now=search.begun_at)
    found = sa.select(AuditFinding.place).where(condition, *logs.limits())
    ids = logs.ids()
    if ids is None:
        return found
    return found.where(conditions.is_one_of(AuditFinding.log_id, work.session.scalars(ids).all()))


def _largest(work: UnitOfWork, log: AuditLog) -> int:
    """As which size a log can be searched; for who has a period of it, no more than is signed."""
    _, part = fetch_log.reach(work, log.name)
    if part.is_whole:
        return log.searchable
    signed = sa.select(sa.func.max(AuditCheckpoint.size)).where(AuditCheckpoint.log_id == log.id)
    return min(log.searchable, work.session.scalar(signed) or 0)


def _newest(work: UnitOfWork, asked: str) -> AuditLog | None:
    name = fetch_log.name_of(work, asked)
    query = sa.select(AuditLog).where(AuditLog.name == name).order_by(AuditLog.generation.desc())
    return work.session.scalars(query).first()


def _last_place(work: UnitOfWork) -> int:
    return work.session.scalar(sa.select(sa.func.max(AuditFinding.place))) or 0


def _place_at(work: UnitOfWork, log_id: int, size: int) -> int:
    """The place of the last entry of a log of this size."""
    query = sa.select(AuditFinding.place).where(
        AuditFinding.log_id == log_id, AuditFinding.idx < size
    )
    return work.session.scalar(query.order_by(AuditFinding.idx.desc()).limit(1)) or 0


def _organisation_of(log: AuditLog) -> UUID | None:
    return VisibleLogs(frozenset({log.name})).organisations()[0]
