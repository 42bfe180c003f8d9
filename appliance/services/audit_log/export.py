"""Taking audit logs out: what is asked for, and what of the logs answers it.

An export is made in many short readings, not in one long one. What was planned cannot change
meanwhile: entries below a signed size never do. What may vanish meanwhile is looked for again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_log, gate, visible_logs
from appliance.db.audit_log import (
    INSTANCE_LOG,
    AuditFinding,
    AuditLog,
)
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_query, audit_selection, events
from appliance.domain.permissions import Permission
from appliance.errors import NotFoundError, RefusedError, UnavailableError, sentence
from appliance.services.audit_log import names
from appliance.services.audit_log import trees as audit_trees
from appliance.services.audit_log.trees import Tree
from audit import selection as selections

STRETCH = 20_000
EVERYTHING = ("all",)
WITNESSED_WITHIN = timedelta(days=1)
"""An export ends with a state that witnesses have signed, unless that is older than this."""


class Form(StrEnum):
    """How an export is written."""

    BUNDLE = "bundle"
    JSONL = "jsonl"
    CSV = "csv"


class Progress(Protocol):
    """Says how far an export is; may raise in order to stop it."""

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None:
        """Say it."""


Opens = Callable[[], AbstractContextManager[UnitOfWork]]


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for."""

    log: str = ""
    """`instance`, or an organisation by name or id; empty for all logs."""
    query: str = ""  # As it was typed; it is `selection` that counts.
    selection: tuple[Any, ...] = EVERYTHING
    since: datetime | None = None
    until: datetime | None = None
    known_sizes: tuple[int, ...] = ()
    """From which sizes a proof is to lead to the newest state."""

    @property
    def whole_selection(self) -> list[Any]:
        """What is selected, the time included, as whoever verifies reads it."""
        times = [["from", moment(self.since)]] if self.since else []
        times += [["until", moment(self.until)]] if self.until else []
        chosen: list[Any] = _listed(self.selection)
        if not times or chosen == ["all"]:
            return _joined(times) if times else chosen
        whole = _joined([*(chosen[1:] if chosen[0] == "and" else [chosen]), *times])
        try:
            selections.compiled(whole)
        except selections.SelectionError:
            return _joined(times)  # Too deep with the times: then it selects more, never less.
        return whole


@dataclass(frozen=True)
class Part:
    """A range of one log."""

    tree: Tree
    first: int
    end: int


@dataclass(frozen=True)
class Plan:
    """What an export will hold."""

    wanted: Wanted
    parts: tuple[Part, ...]
    made_at: datetime
    stretch: int = STRETCH
    """After so many entries of a log all that was written is on the disk for good."""

    @property
    def log(self) -> str:
        """The one log that it is of; empty where there are several."""
        return self.parts[0].tree.name if len(self.parts) == 1 else ""

    @property
    def entries(self) -> int:
        """How many entries are looked at."""
        return sum(part.end - part.first for part in self.parts)


@dataclass
class Counts:
    """What an export holds. Its state is what was written so far."""

    entries: int = 0
    """Looked at."""
    matched: int = 0
    """Of these, what was asked for."""
    bodies: int = 0
    values: int = 0
    """Personal values that are told."""


class Begun(StrEnum):
    """How the writing of an export began."""

    FIRST = "first"
    RESUMED = "resumed"
    """It went on where an earlier attempt had stopped."""
    ANEW = "anew"
    """There was an earlier attempt, of something else or of a log that is not the same any more."""


@dataclass(frozen=True)
class Exported:
    """What became of an export."""

    plan: Plan
    """By which it was made: that of an earlier attempt, where that was gone on with."""
    counts: Counts
    sha256: str
    """Of the manifest of a bundle, or of the file."""
    size_bytes: int
    begun: Begun


def selection(work: UnitOfWork, query: str, log: str, *, now: datetime) -> tuple[Any, ...]:
    """What a query selects of a log, or of all, as far as headers can say it.

    Errors:
        HiddenError, RefusedError: there is no such log, or none for this actor.
        InvalidError: it is no query.
    """
    logs = visible_logs.visible_logs(work, log)
    asked = audit_query.parse(query)
    resolve = names.resolver(work, logs)
    return tuple(audit_selection.to_selection(asked, resolve, now=now))


def plan(work: UnitOfWork, wanted: Wanted, *, now: datetime) -> Plan:
    """Which ranges of which logs answer what is asked for; of an auditor's log, their period.

    Errors:
        HiddenError, RefusedError: there is no such log, or the actor may not read it.
        NotFoundError: nothing has been signed yet.
    """
    gate.require_elevation(work, Permission.AUDIT_READ, sensitive=True)
    if wanted.log:
        _, reach = fetch_log.reach(work, wanted.log)
        wanted = replace(
            wanted,
            since=max(filter(None, (wanted.since, reach.since)), default=None),
            until=min(filter(None, (wanted.until, reach.until)), default=None),
        )
        logs = [fetch_log.audit_log(work, wanted.log)]
        if not reach.is_whole and any(log.searchable < log.size for log in logs):
            raise UnavailableError(sentence("Its newest entries are not sorted yet. Try again."))
    else:
        logs = _all_logs(work)
    since = now - WITNESSED_WITHIN
    trees = [audit_trees.most_convincing(work, log, since=since) for log in logs]
    return Plan(wanted, tuple(_part(work, tree, wanted) for tree in trees), now)


def note_request(work: UnitOfWork, plan: Plan, form: Form, about: UUID | None = None) -> UUID:
    """Record that somebody asks for an export; gives the event's id."""
    gate.require_elevation(work, Permission.AUDIT_READ, sensitive=True)
    return work.record(
        events.AuditExportRequested(
            about=about,
            organisation_id=audit_trees.organisation_of(plan.log),
            format=str(form),
            query=plan.wanted.query,
        )
    )


def note_done(work: UnitOfWork, done: Exported, form: Form, about: UUID | None = None) -> UUID:
    """Record that an export is ready; gives the event's id."""
    gate.require_elevation(work, Permission.AUDIT_READ, sensitive=True)
    plan = done.plan
    only = plan.parts[0] if plan.log else None
    return work.record(
        events.AuditExported(
            about=about,
            organisation_id=audit_trees.organisation_of(plan.log),
            format=str(form),
            first=only.first if only else None,
            end=only.end if only else None,
            matched=done.counts.matched,
            written=done.counts.matched if form is not Form.BUNDLE else done.counts.entries,
            sha256=done.sha256,
            query=plan.wanted.query,
        )
    )


def moment(time: datetime) -> str:
    """A time as headers spell it, so that the two can be compared as text."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _all_logs(work: UnitOfWork) -> list[AuditLog]:
    """The newest log of each name, the instance's first: it tells the keys of all processes."""
    if not fetch_log.reads_all(work):
        # Of one log it is judged anew what may be read, when it is made and when it is taken.
        raise RefusedError(sentence("Choose a log: you may not read all of them."))
    query = sa.select(AuditLog).where(AuditLog.size > 0)
    newest = {log.name: log for log in work.session.scalars(query.order_by(AuditLog.generation))}
    if not newest:
        raise NotFoundError(sentence("Nothing has been signed of any audit log yet."))
    return sorted(newest.values(), key=lambda log: (log.name != INSTANCE_LOG, log.name))


def _part(work: UnitOfWork, tree: Tree, wanted: Wanted) -> Part:
    """The shortest range that holds every entry of the time that is asked for.

    A clock may have been set back in between: it is the first and the last such entry that count,
    not the first that is too late.
    """
    first, end = tree.minimum, tree.size
    log = work.session.get_one(AuditLog, tree.id)
    times = sa.select(AuditFinding).where(AuditFinding.log_id == tree.id)
    if wanted.since is not None:
        query = times.where(AuditFinding.occurred_at >= wanted.since)
        found = work.session.scalar(query.with_only_columns(sa.func.min(AuditFinding.idx)))
        first = max(first, min(log.searchable if found is None else found, end))
    if wanted.until is not None and log.searchable >= tree.size:
        query = times.where(AuditFinding.occurred_at < wanted.until, AuditFinding.idx < end)
        found = work.session.scalar(query.with_only_columns(sa.func.max(AuditFinding.idx)))
        end = max(first, first if found is None else found + 1)
    return Part(tree, first, end)


def _joined(parts: list[Any]) -> list[Any]:
    return ["and", *parts] if len(parts) > 1 else parts[0]


def _listed(words: Any) -> Any:
    return [_listed(each) for each in words] if isinstance(words, (tuple, list)) else words
