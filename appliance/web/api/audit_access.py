"""`/audit/access`: who could do what at a moment, from the log alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.services.audit_log import access_then
from appliance.services.audit_log.access_then import Asked
from appliance.web import requests
from appliance.web.api import frame

api = frame.area("access in the past", "Who could do what at a moment, as the audit log tells it.")

MOMENT = "A day, which stands for its end in UTC, or a time: 2026-10-31T09:30Z"


class AccessThenQuery(frame.Body):
    """When, and about what: one of the three."""

    on: str = Field(max_length=40, description=MOMENT)
    repo: str = Field("", max_length=160, description="`OWNER/NAME`, also one that is gone; or id")
    user: str = Field("", max_length=39)
    org: str = Field("", max_length=39)


class EvidenceAnswer(frame.Answer):
    """An event that a line rests on; `/audit/events/{event_id}/proof` proves its place."""

    event_id: UUID
    log: str = Field(description="`instance`, or the id of an organisation")
    log_name: str
    index: int
    at: datetime
    action: str


class AccessLine(frame.Answer):
    """One right that somebody had."""

    user_id: UUID
    user: str = Field(description="Their name now; their id if they have none any more")
    on: str = Field(description="`repository`, `organisation`, `team` or `instance`")
    on_id: str
    on_name: str
    role: str
    source: str = Field(
        description="`owner`, `organisation`, `base`, `direct`, `team` or `instance`"
    )
    through: str = Field(description="The team or organisation that it came from")
    rests_on: list[EvidenceAnswer]
    elsewhere: int = Field(description="Events that it rests on, in logs that you may not read")


class AccessThenAnswer(frame.Answer):
    """What the log says, and what it does not say any more."""

    at: datetime
    subject: str
    subject_kind: str
    subject_id: UUID
    open_to: str = Field(description="Of a repository: `internal` or `public` if it was so")
    lines: list[AccessLine]
    notes: list[str] = Field(description="Why there is nothing, where rights did not decide")
    gaps: list[str] = Field(description="What the log no longer tells, in sentences")


@api.get("/audit/access", summary="Show who had which access", responses={"200": AccessThenAnswer})
def access(query: AccessThenQuery) -> Any:
    """Rebuilt from events alone. That somebody asked is recorded."""
    asked = Asked(on=query.on, repository=query.repo, user=query.user, organisation=query.org)
    with requests.begin() as work:
        found = access_then.answer(work, asked, now=requests.now())
        access_then.note(work, found)
    gaps = [str(each) for each in found.gaps]
    lines = [AccessLine.model_validate(each) for each in found.lines]
    return frame.answer(
        AccessThenAnswer(
            at=found.at,
            subject=found.subject,
            subject_kind=found.subject_kind,
            subject_id=UUID(found.subject_id),
            open_to=found.open_to,
            lines=lines,
            notes=[str(each) for each in found.notes],
            gaps=gaps,
        )
    )
