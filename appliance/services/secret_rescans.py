"""All repositories once more where the rules are others than before, one after the other.

Once for each state of the rules: a scan of all of a repository that has ended says so. What broke
off is taken up again a day later, and passes over the objects that were seen.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db.alerts import Scan
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import AlertKind, ScanCause
from appliance.domain.permissions import Permission
from appliance.scanning.resident.wire import digest_with
from appliance.services import secret_patterns
from appliance.services.secret_scans import OF_WIKI

AGAIN_AFTER = timedelta(days=1)
"""What broke off, or was too damaged to be read, is not tried all the time."""
OF_ALL = (ScanCause.HISTORY, ScanCause.RULES)


@open_to_everyone(because="it says only whether anything is scanned here")
def is_wanted(work: UnitOfWork) -> bool:
    """Whether repositories are scanned for secrets."""
    return work.rules.scanning.secrets


def next_due(work: UnitOfWork, digest: str, *, after: UUID | None, now: datetime) -> UUID | None:
    """The first repository after another that was not wholly looked through with these rules.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    is_wiki = Repository.wiki_of_id.is_not(None)
    looked = sa.select(Scan.id).where(
        Scan.repository_id == sa.func.coalesce(Repository.wiki_of_id, Repository.id),
        Scan.kind == AlertKind.SECRET,
        Scan.category == sa.case((is_wiki, OF_WIKI), else_=""),
        Scan.cause.in_(OF_ALL),
        Scan.ruleset == _expected(work, digest),
        sa.or_(Scan.ended_at.is_not(None), Scan.started_at > now - AGAIN_AFTER),
    )
    due = sa.select(Repository.id).where(Repository.deleted_at.is_(None), ~looked.exists())
    if after is not None:
        due = due.where(Repository.id > after)
    return work.session.scalar(due.order_by(Repository.id).limit(1))


def _expected(work: UnitOfWork, digest: str) -> sa.ColumnElement[str]:
    """Of the rules for a repository: where its owner has patterns of their own, they count."""
    own = {
        organisation_id: digest_with(digest, some)
        for organisation_id, some in secret_patterns.used_by_all(work).items()
    }
    if not own:
        return sa.literal(digest)
    return sa.case(own, value=Repository.organisation_id, else_=digest)
