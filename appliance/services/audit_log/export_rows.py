"""The entries of an export, read some thousand at a time, each with what hangs on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from appliance.access import fetch_log
from appliance.db.audit_log import AuditBody, AuditLeaf, AuditValue
from appliance.db.audit_removals import AuditErasedValue
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_headers
from appliance.errors import NotFoundError, sentence
from appliance.security.sealing import Sealer
from appliance.services.audit_log import exact
from appliance.services.audit_log import values as audit_values
from appliance.services.audit_log.export import Opens, Part, Plan
from appliance.services.audit_log.trees import Tree
from audit import selection as selections

AT_ONCE = 4000
NOTHING = (None, None)
FEW = 200
"""So many bodies are asked for by their places; more are read with all of their neighbours."""


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


def rows(
    opens: Opens,
    plan: Plan,
    part: Part,
    *,
    sealer: Sealer,
    with_always: bool,
    begin: int | None = None,
) -> Iterator[list[Row]]:
    """The entries of a range, some thousand at a time, from `begin` on.

    `with_always`: for who verifies, who needs some entries in any case, and all that could fit.
    """
    chosen = _chosen(plan.wanted.whole_selection, with_always=with_always)
    is_exact = bool(plan.wanted.query) and not with_always
    window, found, at_once = range(0), None, min(AT_ONCE, plan.stretch)
    for start in range(part.first if begin is None else begin, part.end, at_once):
        indexes = range(start, min(start + at_once, part.end))
        with opens() as work:
            if is_exact and indexes.stop > window.stop:
                window = range(start, min(start + exact.WINDOW, part.end))
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
