"""What people and things were called when something happened, beside what they are called today.

Headers name nobody, so that nothing in them has to be erased. Names at a time follow from today's
and from what the logs say of each renaming since. They are told only beside a name of today: who
has none for the reader, or was erased, has none of then either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditBody, AuditFinding, AuditValue
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import audit_headers
from appliance.security.sealing import Sealer
from appliance.services.audit_log import values as audit_values

OF_USER = "user.renamed"
OF_OWNERS = (OF_USER, "org.renamed")
RENAMINGS = (*OF_OWNERS, "repo.renamed", "repo.transferred")
MOST = 2000
"""Renamings that are followed; beyond them nothing is said of names at a time."""


@dataclass(frozen=True)
class Renaming:
    """What was called `before`, and is called `after` since; empty where that was erased."""

    at: datetime
    reference: str
    is_owner: bool
    before: str
    after: str


@dataclass(frozen=True)
class FormerNames:
    """Renamings, newest first, by which one finds back to a name."""

    renamings: tuple[Renaming, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    """The ids of users by their pseudonyms."""

    def at(self, reference: str, today: str, moment: datetime) -> str:
        """What something was called at a moment; empty where that is today's name, or not known.

        A repository also moves with the name of its owner.
        """
        if today == reference:
            return ""
        reference = self.ids.get(reference, reference)
        name = today
        for each in self.renamings:
            if each.at <= moment:
                break
            owner, slash, rest = name.partition("/")
            if each.reference == reference:
                name = each.before
            elif slash and each.is_owner and owner == each.after:
                name = f"{each.before}/{rest}" if each.before else ""
            if not name:
                return ""
        return "" if name == today else name


@gate.open_to_everyone(because="whoever shows events has asked, and hands in what they hold")
def since(
    work: UnitOfWork, moment: datetime | None, pseudonyms: Iterable[str], *, sealer: Sealer
) -> FormerNames:
    """What was renamed since a moment, for the actors with these pseudonyms and for all things."""
    if moment is None:
        return FormerNames()
    query = (
        sa.select(
            AuditFinding.occurred_at,
            AuditFinding.action,
            AuditFinding.target_ref,
            AuditFinding.log_id,
            AuditFinding.idx,
            AuditBody.body,
        )
        .join(
            AuditBody,
            sa.and_(AuditBody.log_id == AuditFinding.log_id, AuditBody.idx == AuditFinding.idx),
        )
        .where(AuditFinding.action.in_(RENAMINGS), AuditFinding.occurred_at > moment)
        .order_by(AuditFinding.occurred_at.desc(), AuditFinding.place.desc())
        .limit(MOST + 1)
    )
    rows: list[Any] = list(work.session.execute(query))
    if not rows or len(rows) > MOST:
        return FormerNames()
    personal = _personal(work, rows, sealer)
    users = sa.select(User.pseudonym, User.id).where(User.pseudonym.in_(sorted(set(pseudonyms))))
    return FormerNames(
        tuple(_renaming(row, personal.get((row.log_id, row.idx), {})) for row in rows),
        {row.pseudonym: str(row.id) for row in work.session.execute(users)},
    )


def _renaming(row: Any, personal: dict[str, str]) -> Renaming:
    is_user = row.action == OF_USER
    said = personal if is_user else audit_headers.body(row.body)
    return Renaming(
        at=row.occurred_at,
        reference=row.target_ref,
        is_owner=row.action in OF_OWNERS,
        before=str(said.get("before", "")),
        after=str(said.get("after", "")),
    )


def _personal(
    work: UnitOfWork, rows: list[Any], sealer: Sealer
) -> dict[tuple[int, int], dict[str, str]]:
    """The names of users in some renamings; what was erased or damaged is left out."""
    places = [(row.log_id, row.idx) for row in rows if row.action == OF_USER]
    if not places:
        return {}
    query = sa.select(AuditValue).where(sa.tuple_(AuditValue.log_id, AuditValue.idx).in_(places))
    found: dict[tuple[int, int], dict[str, str]] = {}
    opened = audit_values.unseal(
        work, work.session.scalars(query), sealer=sealer, instead_of_damaged=""
    )
    for each in opened:
        found.setdefault((each.place.log_id, each.place.index), {})[each.field] = each.words
    return found
