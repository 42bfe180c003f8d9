"""What of a log is no longer there, and which of its entries allowed that: the tombstones."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditLog
from appliance.db.audit_removals import AuditErasedValue
from appliance.db.unit_of_work import UnitOfWork
from appliance.services.audit_log.export import Part
from appliance.services.audit_log.export_rows import Row
from appliance.services.audit_log.trees import Tree
from audit import rows as lines
from audit.canonical import canonical

WITHOUT_BODY = '"b":null'
"""In a header; inside a string the quotes would be escaped."""
PERSONAL = '"p1:'


@dataclass(frozen=True)
class Pruning:
    """An entry that allowed bodies to go."""

    by: int
    first: int
    end: int


@dataclass
class Gone:
    """Follows one log from front to back. Its state is the gap it is in, and what was named."""

    prunings: Sequence[Pruning]
    """Those that the log's key signed."""
    believes: Callable[[int], bool]
    """Whether an entry allows what it says."""
    tells_all: bool = True
    """Whether every value that may lack has its tombstone."""
    _first: int = 0
    _end: int = 0
    _by: int | None = None
    _named: set[int] = field(default_factory=set)
    _believed: dict[int, bool] = field(default_factory=dict)

    @property
    def kept(self) -> dict[str, Any]:
        """All that is to be remembered in order to go on."""
        return {
            "tells_all": self.tells_all,
            "gap": [self._first, self._end, self._by],
            "named": sorted(self._named),
        }

    def go_on(self, kept: dict[str, Any]) -> None:
        """Follow the log from where that was."""
        self.tells_all = kept["tells_all"]
        self._first, self._end, self._by = kept["gap"]
        self._named = set(kept["named"])

    def see(self, row: Row) -> Iterator[bytes]:
        """The tombstones that are known for sure after this entry."""
        if row.body is not None:
            yield from self.finish()
            yield from self._erased(row)
        elif row.is_matched and WITHOUT_BODY not in row.header:
            by = self._pruned_by(row.index)
            if by != self._by:
                yield from self.finish()
                self._first, self._by = row.index, by
            self._end = row.index + 1

    def finish(self) -> Iterator[bytes]:
        """The tombstone of the gap that ends here, if there is one."""
        if self._by is not None:
            self._named.add(self._by)
            yield _line(self._first, self._end, None, lines.PRUNED, self._by)
        self._by = None

    def beyond(self, part: Part) -> list[int]:
        """The entries that are named and are not in the range, so that they must be proven."""
        return sorted(each for each in self._named if not part.first <= each < part.end)

    def _pruned_by(self, index: int) -> int | None:
        """Nobody, where a body is missing and nothing allowed it: a verifier is to see that.

        Otherwise the newest, which counts what all before it took.
        """
        allowed = (each.by for each in self.prunings if each.first <= index < each.end)
        return max((by for by in allowed if by > index), default=None)

    def _is_believed(self, by: int) -> bool:
        if by not in self._believed:
            self._believed[by] = self.believes(by)
        return self._believed[by]

    def _erased(self, row: Row) -> Iterator[bytes]:
        body = row.body or ""
        if body.count(PERSONAL) <= len(row.values):
            return
        owed = Counter(name for name, _ in lines.commitments(json.loads(body)))
        owed -= Counter(each.field for each in row.values)
        # Where nothing allowed it there is no tombstone, and a verifier is to see that, too.
        for name, by in row.erased:
            if not owed[name]:
                continue
            owed[name] -= 1
            if by is None:
                self.tells_all = False
                continue
            if not self._is_believed(by):
                continue  # Nothing allowed it, either.
            self._named.add(by)
            yield _line(row.index, row.index + 1, name, lines.ERASED, by)


@gate.open_to_everyone(because="who plans an export of the logs has asked; it tells nothing")
def so_far(work: UnitOfWork, trees: Sequence[Tree]) -> list[list[int]]:
    """How much is gone of some logs: it is the same again only if nothing went meanwhile."""
    ids = [tree.id for tree in trees]
    logs = work.session.execute(
        sa.select(AuditLog.id, AuditLog.minimum, AuditLog.minimum_bodies).where(
            AuditLog.id.in_(ids)
        )
    )
    counted = work.session.execute(
        sa.select(AuditErasedValue.log_id, sa.func.count())
        .where(AuditErasedValue.log_id.in_(ids))
        .group_by(AuditErasedValue.log_id)
    )
    erased = {row[0]: row[1] for row in counted}
    return sorted([*row, erased.get(row[0], 0)] for row in logs)


def _line(first: int, end: int, name: str | None, why: str, by: int) -> bytes:
    return canonical({"by": by, "end": end, "field": name, "i": first, "why": why})
