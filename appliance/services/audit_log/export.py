"""Taking audit logs out: what is asked for, and what of the logs answers it.

An export is made in many short readings, not in one long one. What was planned cannot change
meanwhile: entries below a signed size never do. What may vanish meanwhile is looked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_log, gate, visible_logs
from appliance.db.audit_log import (
    INSTANCE_LOG,
    AuditBody,
    AuditFinding,
    AuditLeaf,
    AuditLog,
    AuditValue,
)
from appliance.db.audit_removals import AuditErasedValue
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_headers, audit_query, audit_selection, events
from appliance.domain.permissions import Permission
from appliance.errors import NotFoundError, RefusedError, UnavailableError, sentence
from appliance.security.sealing import Sealer
from appliance.services.audit_log import exact, names
from appliance.services.audit_log import trees as audit_trees
from appliance.services.audit_log import values as audit_values
from appliance.services.audit_log.trees import Tree
from audit import selection as selections

AT_ONCE = 4000
NOTHING = (None, None)
FEW = 200
"""So many bodies are asked for by their places; more are read with all of their neighbours."""
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


@dataclass(frozen=True)
class Exported:
    """What became of an export."""

    counts: Counts
    sha256: str
    """Of the manifest of a bundle, or of the file."""
    size_bytes: int


@dataclass(frozen=True)
class Row:
    """An entry with what hangs on it."""

    index: int
    header: str
    is_matched: bool
    salt: bytes | None = None
    body: str | None = None
    values: list[audit_values.Open] = field(default_factory=list)
    erased: list[tuple[str, int | None]] = field(default_factory=list)
    """Fields whose values are gone, and the entry that allowed it, once it has its place."""


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


def note_done(
    work: UnitOfWork, plan: Plan, done: Exported, form: Form, about: UUID | None = None
) -> UUID:
    """Record that an export is ready; gives the event's id."""
    gate.require_elevation(work, Permission.AUDIT_READ, sensitive=True)
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


def rows(
    opens: Opens, plan: Plan, part: Part, *, sealer: Sealer, with_always: bool
) -> Iterator[list[Row]]:
    """The entries of a range, some thousand at a time.

    `with_always`: for who verifies, who needs some entries in any case, and all that could fit.
    """
    chosen = _chosen(plan.wanted.whole_selection, with_always=with_always)
    is_exact = bool(plan.wanted.query) and not with_always
    window, found = range(0), None
    for start in range(part.first, part.end, AT_ONCE):
        indexes = range(start, min(start + AT_ONCE, part.end))
        with opens() as work:
            if is_exact and indexes.stop > window.stop:
                window = range(start, start + exact.WINDOW)
                found = exact.found(work, part.tree, window, plan.wanted.query, now=plan.made_at)
            yield read(work, part.tree, indexes, chosen=chosen, sealer=sealer, only=found)


def read(
    work: UnitOfWork,
    tree: Tree,
    indexes: range,
    *,
    chosen: Callable[[dict[str, Any]], bool] | None,
    sealer: Sealer,
    only: frozenset[int] | None = None,
) -> list[Row]:
    """Some entries of a log, in order, with the details of those that are chosen; None: of all.

    `only` are those that may be chosen at all; None: every one.

    Errors:
        HiddenError, RefusedError: the actor may not read the log any more.
        NotFoundError: entries are gone.
    """
    name = fetch_log.name_of(work, tree.name)
    leaves = _leaves(work, tree, indexes)
    if len(leaves) != len(indexes):
        text = sentence("Entries of the audit log %(name)s were removed meanwhile.", name=name)
        raise NotFoundError(text)
    matched = {
        index
        for index, header in leaves
        if (only is None or index in only)
        and (chosen is None or chosen(audit_headers.members(header)))
    }
    bodies = _bodies(work, tree, indexes, matched)
    values = _values(work, tree, indexes, matched, sealer)
    erased = _erased(work, tree, indexes, matched)
    return [
        Row(
            index,
            header,
            index in matched,
            *bodies.get(index, NOTHING),
            values=values.get(index, []),
            erased=erased.get(index, []),
        )
        for index, header in leaves
    ]


def moment(time: datetime) -> str:
    """A time as headers spell it, so that the two can be compared as text."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _all_logs(work: UnitOfWork) -> list[AuditLog]:
    """The newest log of each name, the instance's first: it tells the keys of all processes."""
    if not fetch_log.reads_all(work):
        # Of one log it is judged anew what may be read, when it is made and when it is taken.
        raise RefusedError(sentence("Say of which log: you may not read all of them."))
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


def _chosen(selection: list[Any], *, with_always: bool) -> Callable[[dict[str, Any]], bool] | None:
    if selection == ["all"]:
        return None
    # What a verifier needs in any case was not asked for by who reads lines.
    return selections.compiled(selection) if with_always else selections.matching(selection)


def _leaves(work: UnitOfWork, tree: Tree, indexes: range) -> list[tuple[int, str]]:
    query = sa.select(AuditLeaf.idx, AuditLeaf.header).where(*_between(AuditLeaf, tree, indexes))
    return [(row[0], row[1]) for row in work.session.execute(query.order_by(AuditLeaf.idx))]


def _bodies(
    work: UnitOfWork, tree: Tree, indexes: range, matched: set[int]
) -> dict[int, tuple[bytes | None, str | None]]:
    query = sa.select(AuditBody.idx, AuditBody.salt, AuditBody.body)
    found = work.session.execute(query.where(*_among(AuditBody, tree, indexes, matched)))
    return {row[0]: (bytes(row[1]), row[2]) for row in found if row[0] in matched}


def _values(
    work: UnitOfWork, tree: Tree, indexes: range, matched: set[int], sealer: Sealer
) -> dict[int, list[audit_values.Open]]:
    columns = (*(AuditValue.log_id, AuditValue.idx, AuditValue.number), AuditValue.field)
    query = sa.select(*columns, AuditValue.person, AuditValue.sealed)
    query = query.where(*_among(AuditValue, tree, indexes, matched))
    found: Any = work.session.execute(query.order_by(AuditValue.idx, AuditValue.number))
    values: dict[int, list[audit_values.Open]] = {}
    wanted = [row for row in found if row.idx in matched]
    for each in audit_values.unseal(work, wanted, sealer=sealer):
        values.setdefault(each.place.index, []).append(each)
    return values


def _erased(
    work: UnitOfWork, tree: Tree, indexes: range, matched: set[int]
) -> dict[int, list[tuple[str, int | None]]]:
    allowed = sa.and_(
        AuditLeaf.event_id == AuditErasedValue.event_id, AuditLeaf.log_id == AuditErasedValue.log_id
    )
    query = (
        sa.select(AuditErasedValue.idx, AuditErasedValue.field, AuditLeaf.idx)
        .join(AuditLeaf, allowed, isouter=True)
        .where(*_among(AuditErasedValue, tree, indexes, matched))
    )
    found: dict[int, list[tuple[str, int | None]]] = {}
    for index, name, by in work.session.execute(query):
        if index in matched:
            found.setdefault(index, []).append((name, by))
    return found


def _among(table: Any, tree: Tree, indexes: range, matched: set[int]) -> tuple[Any, ...]:
    if len(matched) > FEW:
        return _between(table, tree, indexes)
    return table.log_id == tree.id, table.idx.in_(sorted(matched))


def _between(table: Any, tree: Tree, indexes: range) -> tuple[Any, ...]:
    return table.log_id == tree.id, table.idx >= indexes.start, table.idx < indexes.stop


def _joined(parts: list[Any]) -> list[Any]:
    return ["and", *parts] if len(parts) > 1 else parts[0]


def _listed(words: Any) -> Any:
    return [_listed(each) for each in words] if isinstance(words, (tuple, list)) else words
