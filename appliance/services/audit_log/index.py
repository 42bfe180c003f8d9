"""What of the audit logs can be searched for; it follows the logs, and can be made anew."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import bulk, log_store
from appliance.db.audit_log import AuditBody, AuditFinding, AuditLeaf, AuditLog, AuditValue
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_headers, audit_terms, audit_words
from appliance.domain.audit_selection import NAMING, naming_actions
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError
from appliance.security.sealing import Sealer
from appliance.services.audit_log import values as audit_values

AT_ONCE = 2000
ADDRESS = "address"
LONGEST_WORD = 32
LONGEST_REFERENCE = 64
COLUMNS = (
    *("log_id", "idx", "occurred_at", "action", "category", "outcome", "actor_type", "actor_ref"),
    *("target_type", "target_ref", "named_ref", "method", "token_ref", "request_id"),
    *("address", "words"),
)

_BEHIND = (
    sa.select(AuditLog).where(AuditLog.searchable < AuditLog.size).order_by(AuditLog.id).limit(1)
)


def is_behind(work: UnitOfWork) -> bool:
    """Whether there are entries that cannot be found yet."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return work.session.scalars(_BEHIND).first() is not None


def catch_up(work: UnitOfWork, *, sealer: Sealer, at_once: int = AT_ONCE) -> int:
    """Let the next entries of one log be found; gives how many.

    Errors:
        ConflictError: somebody else did the same; nothing was done.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    # Alone, so that places become visible in their order: whoever follows asks for later ones.
    if not log_store.is_only_writer(work.session.connection()):
        return 0
    log = work.session.scalars(_BEHIND).first()
    if log is None:
        return 0
    start, end = log.searchable, min(log.size, log.searchable + at_once)
    findings = _findings(work, log.id, start, end, sealer)
    moved = work.session.connection().execute(
        sa.update(AuditLog)
        .where(AuditLog.id == log.id, AuditLog.searchable == start)
        .values(searchable=end)
    )
    if moved.rowcount != 1:
        raise ConflictError("Somebody else does the same at the same moment.")
    bulk.insert(work.session.connection(), AuditFinding, COLUMNS, findings)
    return end - start


def _findings(
    work: UnitOfWork, log_id: int, start: int, end: int, sealer: Sealer
) -> list[tuple[Any, ...]]:
    bodies = {
        row.idx: row.body
        for row in work.session.execute(
            sa.select(AuditBody.idx, AuditBody.body).where(*_between(AuditBody, log_id, start, end))
        )
    }
    values: dict[int, dict[str, list[str]]] = {}
    # As rows: making an object of each would take as long as all else that is done with it.
    sealed: Any = work.session.execute(
        sa.select(*sa.inspect(AuditValue).columns).where(*_between(AuditValue, log_id, start, end))
    )
    # What was changed in the database cannot be found; that it was is for verification to say.
    for each in audit_values.unseal(work, sealed, sealer=sealer, instead_of_damaged=""):
        of_entry = values.setdefault(each.place.index, {})
        of_entry.setdefault(each.field, []).append(each.words)
    leaves = work.session.execute(
        sa.select(AuditLeaf.idx, AuditLeaf.header).where(*_between(AuditLeaf, log_id, start, end))
    )
    return [
        _finding(log_id, row.idx, row.header, bodies.get(row.idx), values.get(row.idx, {}))
        for row in leaves
    ]


def _between(table: Any, log_id: int, start: int, end: int) -> tuple[Any, ...]:
    return table.log_id == log_id, table.idx >= start, table.idx < end


def _finding(
    log_id: int, index: int, header: str, body: str | None, values: dict[str, list[str]]
) -> tuple[Any, ...]:
    members, said = audit_headers.members(header), audit_headers.body(body)
    texts = [text for name, there in values.items() if name != ADDRESS for text in there]
    texts += _texts(said)
    # Longer than the appliance ever writes them, they are no reason to stop: a part is found.
    return (
        log_id,
        index,
        datetime.fromisoformat(members["time"]),
        members["action"],
        members["category"],
        members["outcome"],
        members["actor"]["type"][:LONGEST_WORD],
        members["actor"]["ref"][:LONGEST_REFERENCE],
        members["target"]["type"][:LONGEST_WORD],
        members["target"]["ref"][:LONGEST_REFERENCE],
        _named(members["action"], said)[:LONGEST_REFERENCE],
        members["auth"]["method"][:LONGEST_WORD],
        members["auth"]["token_ref"][:LONGEST_REFERENCE],
        members["request_id"][:LONGEST_REFERENCE],
        _packed(values.get(ADDRESS, [""])[0]),
        audit_words.stored(texts),
    )


def _named(action: str, body: dict[str, Any]) -> str:
    """The user or team that a body names: only where exports, which see no bodies, know of it."""
    if action not in naming_actions():
        return ""
    return next((str(body[name]) for name in NAMING if body.get(name)), "")


def _texts(value: Any) -> list[str]:
    """The texts in a body, without the commitments."""
    if isinstance(value, str):
        return [] if value.startswith("p1:") else [value]
    items = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (dict, list)):
        return []
    return [text for item in items for text in _texts(item)]


def _packed(address: str) -> bytes | None:
    """An address as it is compared; none where it is no address."""
    try:
        return audit_terms.packed(ipaddress.ip_address(address))
    except ValueError:
        return None
