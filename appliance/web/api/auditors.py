"""`/audit/auditors`: who may read an audit log for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from appliance.services.audit_log import auditors
from appliance.services.audit_log.auditors import Listed, Period
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.of_log import OfLog

api = frame.area("auditors", "Who may read an audit log for a while, and nothing else.")


class LogQuery(frame.PageQuery, OfLog):
    """Of which log."""


class GrantQuery(OfLog):
    """Of which log."""


class GrantPath(frame.Body):
    """Which grant."""

    id: UUID


class NewGrant(OfLog):
    """Who may read what of a log, and until when."""

    user: str = Field(max_length=39)
    since: AwareDatetime | None = Field(None, description="Nothing before this exists for them")
    until: AwareDatetime | None = Field(None, description="Nothing from this on exists for them")
    expires_at: AwareDatetime = Field(description="At most one year from now")
    reason: str = Field(max_length=auditors.LONGEST_REASON)


class AuditorAnswer(frame.Answer):
    """That somebody may read a log for a while."""

    id: UUID
    user: str
    log: str
    since: datetime | None
    until: datetime | None
    expires_at: datetime
    state: str = Field(description="`live`, `ended` or `revoked`")
    reason: str
    granted_by: str
    created_at: datetime


class GrantPage(frame.Answer):
    """Some of them."""

    items: list[AuditorAnswer]
    next: str | None


@api.get("/audit/auditors", summary="List auditors", responses={"200": GrantPage})
def list_grants(query: LogQuery) -> Any:
    """Of one log; those whose time is over, too."""
    with requests.reading() as work:
        found = auditors.listed(
            work,
            query.log,
            after=paging.after(query.cursor),
            limit=query.limit,
            now=requests.now(),
        )
        return frame.page([_present(each) for each in found.items], found.next)


@api.post("/audit/auditors", summary="Grant an auditor access", responses={"201": AuditorAnswer})
def grant(body: NewGrant) -> Any:
    """For owners of the organisation; of the instance's log, for administrators."""
    with requests.begin() as work:
        made = auditors.grant(
            work,
            body.log,
            body.user,
            period=Period(body.since, body.until),
            expires_at=body.expires_at,
            reason=body.reason,
            now=requests.now(),
        )
        return frame.answer(_present(made), 201)


@api.delete(
    "/audit/auditors/<uuid:id>", summary="Withdraw an access request", responses={"204": None}
)
def revoke(path: GrantPath, query: GrantQuery) -> Any:
    """It counts from their next request on."""
    with requests.begin() as work:
        auditors.revoke(work, query.log, path.id, now=requests.now())
    return frame.nothing()


def _present(each: Listed) -> AuditorAnswer:
    found = each.grant
    return AuditorAnswer(
        id=found.id,
        user=each.user,
        log=found.log,
        since=found.period_from,
        until=found.period_until,
        expires_at=found.expires_at,
        state=each.state,
        reason=found.reason,
        granted_by=each.granted_by,
        created_at=found.created_at,
    )
