"""Which entries of a log a query finds, as the search finds them.

An export that others verify holds the details of every entry whose header could fit, because
headers are all that a verifier can ask. Who wants lines to read wants what fits and nothing else.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from appliance.access import visible_logs
from appliance.db.audit_log import AuditFinding, AuditLog
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import audit_query
from appliance.errors import UnavailableError, sentence
from appliance.services.audit_log import conditions, names
from appliance.services.audit_log.trees import Tree

WINDOW = 50_000
"""Entries that are asked about at once: a search for words costs most in its beginning."""


def found(
    work: UnitOfWork, tree: Tree, indexes: range, query: str, *, now: datetime
) -> frozenset[int]:
    """Those among some entries that a query finds.

    Errors:
        UnavailableError: some of them cannot be searched for yet; a moment later they can.
        HiddenError, RefusedError: the actor may not read the log any more.
        InvalidError: it is no query.
    """
    logs = visible_logs.visible_logs(work, tree.name)
    # Asked for first: what can be searched for by then is found by the question behind it.
    if work.session.get_one(AuditLog, tree.id, populate_existing=True).searchable < indexes.stop:
        text = sentence("The newest entries cannot be searched yet. Try again in a moment.")
        raise UnavailableError(text)
    condition = conditions.condition(
        work, audit_query.parse(query), names.resolver(work, logs), now=now
    )
    rows = work.session.scalars(
        sa.select(AuditFinding.idx).where(
            AuditFinding.log_id == tree.id,
            AuditFinding.idx >= indexes.start,
            AuditFinding.idx < indexes.stop,
            condition,
        )
    )
    return frozenset(rows)
