"""Pruning of the audit logs: what is to go, and the event that allows it.

Old content goes from the beginning of a log, up to a multiple of 256 entries. Bodies go with the
personal values in them, except those that prove the rest; entries go whole; the hashes of the tree
stay, unless the lowest are asked for by name. `removal` takes out what an event allows.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import act_states as states
from appliance.access import fetch_log, gate
from appliance.db import log_store
from appliance.db.audit_log import AuditBody, AuditFinding, AuditLeaf, AuditLog, AuditTile
from appliance.db.audit_removals import AuditPruning
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.events import registry
from appliance.domain.events.words import Retention
from appliance.domain.permissions import Permission
from appliance.domain.second_person import Act
from appliance.errors import ConflictError, sentence
from appliance.services.audit_log import authority, growth, trees
from appliance.services.audit_log.export import moment
from appliance.services.second_person import guarded
from audit import tiles
from audit.canonical import canonical

if TYPE_CHECKING:
    from appliance.wiring import LogTools

FORMAT = "codara-audit-pruning/1"
AT_ONCE = 20 * tiles.WIDTH
WITHOUT_BODY = '"b":null'
"""In a header; inside a string the quotes would be escaped."""
LASTING = Retention.EVIDENCE
"""Bodies of this class stay as long as their entries: they prove what the others were."""

Limit = datetime | int
"""Of everything before a time, or before an index."""


class What(StrEnum):
    """What goes."""

    BODIES = "bodies"
    ENTRIES = "entries"
    TILES = "tiles"


@dataclass(frozen=True)
class Asked:
    """What somebody asks to go."""

    bodies: Limit | None = None
    entries: Limit | None = None
    tiles: bool = False
    """The lowest hashes of entries that are gone already."""


@dataclass(frozen=True)
class Planned:
    """What would go of one log."""

    log_id: int
    log: str
    what: What
    end: int
    goes: int
    """How many bodies, entries or tiles."""
    cuts: Mapping[str, str] = field(default_factory=dict)
    """Of bodies: by class of retention, before which time."""
    gone: int | None = None
    """How many bodies are gone before `end` then, of all prunings."""
    policy: str = ""


@dataclass(frozen=True)
class _Rule:
    """What is old enough, said once for a whole plan."""

    cuts: Mapping[str, str]
    bodies_end: int | None
    entries_before: str
    """As headers spell times; empty for none."""
    entries_end: int | None
    tiles: bool
    keeps_bodies: bool
    """Whether an entry stays until its body may go, too."""


def plan(work: UnitOfWork, asked: Asked, *, log: str = "", now: datetime) -> list[Planned]:
    """What would go if this were asked for: of one log, or of all.

    Errors:
        HiddenError, RefusedError, NotFoundError: there is no such log, or the actor may not.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN, sensitive=True)
    logs = [fetch_log.audit_log(work, log)] if log else _logs(work)
    return _plan(work, logs, _asked(asked, now))


def due(work: UnitOfWork, *, log: str = "", now: datetime) -> list[Planned]:
    """What would go by the settings: of one log, or of all.

    Errors:
        HiddenError, RefusedError, NotFoundError: as for `plan`.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN, sensitive=True)
    logs = [fetch_log.audit_log(work, log)] if log else _logs(work)
    return _plan(work, logs, _by_settings(work, now))


@guarded(Act.LOG_PRUNE, states.pruning)
def authorise(work: UnitOfWork, planned: Planned, *, tools: LogTools, now: datetime) -> UUID:
    """Record, signed, that this may go; gives the id of the pruning, which `removal` carries out.

    Errors:
        ConflictError: something of that kind is being removed from this log.
        DamagedError: the log cannot go on, so that nothing can be allowed in it.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN, sensitive=True)
    log = work.session.get_one(AuditLog, planned.log_id, with_for_update=True)
    pending = sa.select(AuditPruning.id).where(
        AuditPruning.log_id == log.id,
        AuditPruning.what == planned.what,
        AuditPruning.finished_at.is_(None),
    )
    if work.session.scalar(sa.select(pending.exists())):
        raise ConflictError(
            sentence("Something is being removed from the audit log %(log)s.", log=log.name)
        )
    permit = authority.permit(work, log, tools=tools)
    root = log_store.root_at(work.session.connection(), log.id, planned.end)
    certificate = _certificate(work, log, planned, root, now)
    event_id = work.record(
        events.LogPruned(
            organisation_id=trees.organisation_of(log.name),
            what=str(planned.what),
            first=0,
            end=planned.end,
            root=_base64(root),
            policy=planned.policy,
            bodies=planned.gone,
            certificate_sha256=hashlib.sha256(certificate).hexdigest(),
        ),
        permit=permit,
    )
    pruning = AuditPruning(
        log_id=log.id,
        what=str(planned.what),
        end=planned.end,
        cuts=dict(planned.cuts),
        event_id=event_id,
        certificate=certificate.decode(),
        reached=0,
        removed=0,
        created_at=now,
    )
    work.session.add(pruning)
    work.session.flush()
    return pruning.id


@gate.open_to_everyone(because="who plans a pruning, or carries one out, has asked")
def going(
    work: UnitOfWork, log_id: int, indexes: range, cuts: Mapping[str, str]
) -> tuple[list[int], int]:
    """Which bodies of a range are old enough to go, and how many are gone already."""
    query = (
        sa.select(AuditLeaf.idx, AuditLeaf.header, AuditBody.idx.label("body"))
        .join(
            AuditBody,
            (AuditBody.log_id == AuditLeaf.log_id) & (AuditBody.idx == AuditLeaf.idx),
            isouter=True,
        )
        .where(*_between(log_id, indexes))
    )
    old: list[int] = []
    gone = 0
    for row in work.session.execute(query.order_by(AuditLeaf.idx)):
        if row.body is None:
            gone += WITHOUT_BODY not in row.header
            continue
        header = json.loads(row.header)
        cut = cuts.get(registry.of(header["action"]).retention, "")
        if header["time"] < cut:
            old.append(row.idx)
    return old, gone


def policy_of(cuts: Mapping[str, str]) -> str:
    """By which rule bodies go, as the entry that allows it says it."""
    return " ".join(f"{each}<{cut}" for each, cut in sorted(cuts.items()))


def _asked(asked: Asked, now: datetime) -> _Rule:
    bodies, entries = asked.bodies, asked.entries
    cut = bodies if isinstance(bodies, datetime) else now
    return _Rule(
        cuts=_cuts(dict.fromkeys(Retention, cut)) if bodies is not None else {},
        bodies_end=bodies if isinstance(bodies, int) else None,
        entries_before=moment(entries if isinstance(entries, datetime) else now)
        if entries is not None
        else "",
        entries_end=entries if isinstance(entries, int) else None,
        tiles=asked.tiles,
        keeps_bodies=False,
    )


def _by_settings(work: UnitOfWork, now: datetime) -> _Rule:
    rules = work.rules.audit
    days = {
        Retention.OPERATION: rules.operations_kept_days,
        Retention.ACCESS: rules.reads_kept_days,
        Retention.SECURITY: rules.security_kept_days,
        Retention.CHANGE: rules.changes_kept_days,
    }
    cuts = _cuts({each: now - timedelta(days=kept) for each, kept in days.items() if kept})
    kept = rules.entries_kept_days
    before = moment(now - timedelta(days=kept)) if kept else ""
    return _Rule(cuts, None, before, None, tiles=False, keeps_bodies=True)


def _cuts(times: Mapping[Retention, datetime]) -> dict[str, str]:
    return {str(each): moment(time) for each, time in times.items() if each is not LASTING}


def _logs(work: UnitOfWork) -> list[AuditLog]:
    newest = growth.newest(work).values()
    return sorted((log for log in newest if log.size), key=lambda log: log.id)


def _plan(work: UnitOfWork, logs: list[AuditLog], rule: _Rule) -> list[Planned]:
    planned = []
    for log in logs:
        planned += [each for each in (_bodies(work, log, rule), _entries(work, log, rule)) if each]
        if rule.tiles and (found := _tiles(work, log)):
            planned.append(found)
    return planned


def _bodies(work: UnitOfWork, log: AuditLog, rule: _Rule) -> Planned | None:
    if not rule.cuts:
        return None
    end = _boundary(work, log, max(rule.cuts.values()), rule.bodies_end)
    goes = gone = 0
    for indexes in _ranges(log.minimum, end):
        old, before = going(work, log.id, indexes, rule.cuts)
        goes += len(old)
        gone += before + len(old)
    if not goes:
        return None
    policy = policy_of(rule.cuts)
    return Planned(log.id, log.name, What.BODIES, end, goes, rule.cuts, gone, policy)


def _entries(work: UnitOfWork, log: AuditLog, rule: _Rule) -> Planned | None:
    if not rule.entries_before:
        return None
    end = _boundary(work, log, rule.entries_before, rule.entries_end)
    # A clock may have been set back: all that goes is looked at.
    for indexes in _ranges(log.minimum, end):
        query = sa.select(AuditLeaf.idx, AuditLeaf.header).where(*_between(log.id, indexes))
        found = work.session.execute(query.order_by(AuditLeaf.idx))
        young = next((row.idx for row in found if not _is_old(row.header, rule)), None)
        if young is not None:
            end = _floor(young)
            break
    if end <= log.minimum:
        return None
    return Planned(
        *(log.id, log.name, What.ENTRIES, end, end - log.minimum),
        policy=f"entries<{rule.entries_before}",
    )


def _is_old(header: str, rule: _Rule) -> bool:
    said = json.loads(header)
    if said["time"] >= rule.entries_before:
        return False
    retention = registry.of(said["action"]).retention
    if not rule.keeps_bodies or retention is LASTING:
        return True
    return bool(said["time"] < rule.cuts.get(retention, ""))


def _tiles(work: UnitOfWork, log: AuditLog) -> Planned | None:
    end = log.minimum
    lowest = sa.select(sa.func.count()).where(
        AuditTile.log_id == log.id, AuditTile.level == 0, AuditTile.idx < end // tiles.WIDTH
    )
    goes = work.session.scalar(lowest) or 0
    if not goes:
        return None
    return Planned(log.id, log.name, What.TILES, end, goes, policy="asked")


def _boundary(work: UnitOfWork, log: AuditLog, before: str, limit: int | None) -> int:
    """Up to where a log may be older than a time; a multiple of 256 that is signed and found."""
    first_young = (
        sa.select(AuditFinding.idx)
        .where(
            AuditFinding.log_id == log.id,
            AuditFinding.occurred_at >= datetime.fromisoformat(before),
        )
        .order_by(AuditFinding.occurred_at)
        .limit(1)
    )
    young = work.session.scalar(first_young)
    end = log.searchable if young is None else min(young, log.searchable)
    return _floor(end if limit is None else min(end, limit))


def _floor(index: int) -> int:
    return index - index % tiles.WIDTH


def _ranges(start: int, end: int) -> Iterator[range]:
    for first in range(start, end, AT_ONCE):
        yield range(first, min(first + AT_ONCE, end))


def _between(log_id: int, indexes: range) -> tuple[Any, ...]:
    return (
        AuditLeaf.log_id == log_id,
        AuditLeaf.idx >= indexes.start,
        AuditLeaf.idx < indexes.stop,
    )


def _certificate(
    work: UnitOfWork, log: AuditLog, planned: Planned, root: bytes, now: datetime
) -> bytes:
    """What is said of a pruning for good. The event has its hash."""
    edge = trees.edge(planned.end, trees.node(work, log.id))
    return canonical(
        {
            "by": work.actor.pseudonym,
            "end": planned.end,
            "first": 0,
            "format": FORMAT,
            "goes": planned.goes,
            "log": log.name,
            "made_at": moment(now),
            "origin": log.origin,
            "policy": planned.policy,
            "root": _base64(root),
            "subtrees": [_base64(each) for each in edge],
            "what": str(planned.what),
        }
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
