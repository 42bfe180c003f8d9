"""Searches of the audit log that somebody keeps for themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_log
from appliance.db.auditors import SavedSearch
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_query, events
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.services.audit_log.trees import organisation_of

LONGEST_NAME = 100
MOST = 50


def save(work: UnitOfWork, log: str, *, name: str, query: str, now: datetime) -> SavedSearch:
    """Keep a search under a name; one of that name is replaced.

    Errors:
        HiddenError, RefusedError: the actor may not read that log.
        InvalidError: it has no name, or it is no search.
        ConflictError: there are too many already.
    """
    log_name = fetch_log.name_of(work, log)
    user = fetch.account(work, None)
    said = " ".join(name.split())
    if not said or len(said) > LONGEST_NAME:
        raise InvalidError.of(
            "name", sentence("A name has 1 to %(most)s characters.", most=LONGEST_NAME)
        )
    audit_query.parse(query)
    kept = {each.name: each for each in _kept(work, user.id, log_name)}
    found = kept.get(said)
    if found is None and len(kept) >= MOST:
        raise ConflictError(
            sentence("You already keep %(most)s searches. Delete one first.", most=MOST)
        )
    if found is None:
        found = SavedSearch(user_id=user.id, log=log_name, name=said, query=query, created_at=now)
        work.session.add(found)
    found.query, found.created_at = query, now
    work.session.flush()  # The event names its id.
    work.record(
        events.AuditSearchSaved(
            about=found.id, organisation_id=organisation_of(log_name), name=said, query=query
        )
    )
    return found


def delete(work: UnitOfWork, search_id: UUID) -> None:
    """Delete a search of one's own.

    Errors:
        NotFoundError: there is none.
    """
    user = fetch.account(work, None)
    found = work.session.get(SavedSearch, search_id)
    if found is None or found.user_id != user.id:
        raise NotFoundError(sentence("There is no such saved search."))
    work.session.delete(found)
    work.record(
        events.AuditSavedSearchDeleted(
            about=found.id, organisation_id=organisation_of(found.log), name=found.name
        )
    )


def listed(work: UnitOfWork, log: str) -> list[SavedSearch]:
    """The searches that somebody keeps for a log, by name; none where nobody could keep any.

    Errors:
        HiddenError, RefusedError: the actor may not read that log.
    """
    log_name = fetch_log.name_of(work, log)
    return _kept(work, work.actor.id, log_name) if work.actor.id is not None else []


def _kept(work: UnitOfWork, user_id: UUID, log: str) -> list[SavedSearch]:
    query = sa.select(SavedSearch).where(SavedSearch.user_id == user_id, SavedSearch.log == log)
    return list(work.session.scalars(query.order_by(SavedSearch.name)))
