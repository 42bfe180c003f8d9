"""The audit logs that an actor may read: one by name, or all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_log, gate, grants, log_reach
from appliance.access.log_reach import Reach
from appliance.db.audit_log import INSTANCE_LOG, AuditFinding, AuditLog
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission


@dataclass(frozen=True)
class VisibleLogs:
    """Some logs, by their names: `instance`, or the id of an organisation."""

    names: frozenset[str] | None
    """None stands for every log there is."""
    parts: tuple[tuple[str, Reach], ...] = ()
    """Of which of these logs the actor may read a period only."""

    def limits(self) -> Iterable[sa.ColumnElement[bool]]:
        """What holds for every finding that the actor may see, beside being in one of the logs."""
        for name, part in self.parts:
            ids = sa.select(AuditLog.id).where(AuditLog.name == name)
            within: list[sa.ColumnElement[bool]] = [sa.true()]
            if part.since is not None:
                within.append(AuditFinding.occurred_at >= part.since)
            if part.until is not None:
                within.append(AuditFinding.occurred_at < part.until)
            yield sa.or_(AuditFinding.log_id.not_in(ids), sa.and_(*within))

    def ids(self) -> sa.Select[int] | None:
        """Their ids, all generations of each; None for every log there is."""
        if self.names is None:
            return None
        return sa.select(AuditLog.id).where(AuditLog.name.in_(sorted(self.names)))

    def organisations(self) -> list[UUID | None]:
        """Whose logs they are, to say so in each; None is the instance."""
        if self.names is None:
            return [None]
        return [None if name == INSTANCE_LOG else UUID(name) for name in sorted(self.names)]


def visible_logs(work: UnitOfWork, asked: str = "") -> VisibleLogs:
    """The log of that name, `instance` or an organisation's; without one, all the actor may read.

    Errors:
        UnauthenticatedError: nobody has signed in.
        HiddenError: there is no such log, or none for this actor.
        RefusedError: there is nothing of this kind that they may read.
    """
    if asked:
        name, part = fetch_log.reach(work, asked)
        return VisibleLogs(frozenset({name}), _partial({name: part}))
    if Permission.AUDIT_READ in grants.on_instance(work.actor):
        return VisibleLogs(_all_but_withheld(work))
    by_role = {str(each) for each in fetch_log.of_roles(work)}
    given = {name: log_reach.granted(work, name) for name in log_reach.logs(work)}
    parts = {name: part for name, part in given.items() if part is not None}
    names = frozenset(by_role | parts.keys())
    if not names:
        gate.require(work, Permission.AUDIT_READ)  # Says what they lack.
    return VisibleLogs(names, _partial({name: parts[name] for name in parts.keys() - by_role}))


def _all_but_withheld(work: UnitOfWork) -> frozenset[str] | None:
    """Every log, as None; without those of organisations that keep the token in use out."""
    withheld = work.actor.withheld_organisations
    if not withheld:
        return None
    kept = {INSTANCE_LOG, *work.session.scalars(sa.select(AuditLog.name).distinct())}
    return frozenset(kept - {str(each) for each in withheld})


def _partial(parts: dict[str, Reach]) -> tuple[tuple[str, Reach], ...]:
    return tuple((name, part) for name, part in sorted(parts.items()) if not part.is_whole)
