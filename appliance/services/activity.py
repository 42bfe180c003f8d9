"""What happened lately in repositories, for who may read them now: read from the audit logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch, visible
from appliance.db.audit_log import AuditFinding
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.services import repository_facts

if TYPE_CHECKING:
    from appliance.security.sealing import Sealer

MOST_REPOSITORIES = 500
"""Those that were pushed to last; nothing is told of older ones."""
LATELY = timedelta(days=30)
ACTIONS = (
    *("repo.created", "repo.forked", "repo.imported", "git.pushed"),
    *("issue.opened", "issue.closed", "issue.reopened"),
    *("merge.requested", "merge.merged", "merge.closed"),
)


@dataclass(frozen=True)
class Act:
    """One thing that somebody did."""

    action: str
    actor: str
    path: str
    number: int | None
    """Of the conversation that it is about."""
    happened_at: datetime

    @property
    def place(self) -> str:
        """Where in the portal it is."""
        if self.number is None:
            return f"/{self.path}"
        kind = "pulls" if self.action.startswith("merge.") else "issues"
        return f"/{self.path}/{kind}/{self.number}"


def lately(
    work: UnitOfWork, *, sealer: Sealer, by: str | None = None, limit: int = 20
) -> list[Act]:
    """What people did lately in repositories that the actor may read, the latest first; `by` whom.

    Errors:
        HiddenError: there is no such user, or none for this actor.
    """
    readable = visible.repositories(work).with_only_columns(Repository.id)
    newest = sa.func.coalesce(Repository.pushed_at, Repository.created_at).desc()
    ids = work.session.scalars(readable.order_by(newest).limit(MOST_REPOSITORIES)).all()
    query = sa.select(
        AuditFinding.place, AuditFinding.log_id, AuditFinding.idx, AuditFinding.target_ref
    ).where(
        AuditFinding.action.in_(ACTIONS),
        AuditFinding.target_ref.in_([str(each) for each in ids]),
        AuditFinding.actor_type == "user",
        AuditFinding.occurred_at > work.begun_at - LATELY,
    )
    if by is not None:
        user = fetch.user(work, by, Permission.USERS_READ)
        query = query.where(AuditFinding.actor_ref == user.pseudonym)
    rows = work.session.execute(query.order_by(AuditFinding.place.desc()).limit(limit)).all()
    return [_act(each) for each in repository_facts.complete(work, rows, sealer=sealer)]


def _act(fact: repository_facts.Fact) -> Act:
    return Act(
        action=fact.header["action"],
        actor=fact.entry.actor_name,
        path=fact.repository.path,
        number=fact.entry.body.get("number"),
        happened_at=fact.happened_at,
    )
