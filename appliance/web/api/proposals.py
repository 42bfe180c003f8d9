"""`/admin/proposals`: acts that wait for a second administrator, and the rule that makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.second_person import Act, ProposalState
from appliance.services import proposals
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.proposal_tools import tools

api = frame.area(
    "proposals",
    "Acts that need two administrators. A request for one is answered with 202 and `proposal`.",
)


class ProposalPath(frame.Body):
    """Which one."""

    id: UUID


class ProposalQuery(frame.Body):
    """Which of them."""

    waiting: bool = Field(default=False, description="Only those that wait")


class ProposedChange(frame.Answer):
    """One thing that it changes."""

    name: str
    before: str
    after: str


class ProposalAnswer(frame.Answer):
    """An act that was proposed. Secrets in it are never shown."""

    id: UUID
    act: Act
    subject: str
    proposer: str
    proposed_at: datetime
    expires_at: datetime
    state: ProposalState
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    changes: list[ProposedChange]
    is_own: bool = Field(
        description="Whether the caller proposed it, who may withdraw it, and not confirm it"
    )


class ProposalPage(frame.Answer):
    """Some of them."""

    items: list[ProposalAnswer]
    next: str | None


class RefusalBody(frame.Body):
    """Why."""

    reason: str = Field("", max_length=proposals.LONGEST_REASON)


class DecidedAnswer(frame.Answer):
    """What became of it: `confirmed`, or why it counts no more."""

    state: ProposalState


class TwoPeopleAnswer(frame.Answer):
    """Whether two administrators are needed."""

    required: bool
    since: datetime | None


class TwoPeopleBody(frame.Body):
    """Whether two are to be needed."""

    required: bool


@api.get("/admin/proposals", summary="List proposals", responses={"200": ProposalPage})
def list_proposals(query: ProposalQuery) -> Any:
    """Those that wait first. For administrators."""
    with requests.reading() as work:
        found = proposals.listed(work, waiting=query.waiting)
    return frame.page([_present(each) for each in found], None)


@api.get("/admin/proposals/<uuid:id>", summary="Show a proposal", responses={"200": ProposalAnswer})
def show(path: ProposalPath) -> Any:
    """With all that it changes."""
    with requests.reading() as work:
        return frame.answer(_present(proposals.show(work, path.id)))


@api.post(
    "/admin/proposals/<uuid:id>/confirm",
    summary="Confirm a proposal",
    responses={"200": DecidedAnswer},
)
def confirm(path: ProposalPath) -> Any:
    """It takes effect, exactly as it was proposed. For another administrator, in person."""
    with requests.begin() as work:
        state = proposals.confirm(work, path.id, tools=tools(), now=requests.now())
    return frame.answer(DecidedAnswer(state=state))


@api.post(
    "/admin/proposals/<uuid:id>/refuse",
    summary="Refuse a proposal",
    responses={"204": None},
)
def refuse(path: ProposalPath, body: RefusalBody) -> Any:
    """It comes to nothing."""
    with requests.begin() as work:
        proposals.refuse(work, path.id, reason=body.reason, now=requests.now())
    return frame.nothing()


@api.post(
    "/admin/proposals/<uuid:id>/withdraw",
    summary="Withdraw a proposal",
    responses={"204": None},
)
def withdraw(path: ProposalPath) -> Any:
    """For who proposed it."""
    with requests.begin() as work:
        proposals.withdraw(work, path.id, now=requests.now())
    return frame.nothing()


@api.get(
    "/admin/two-people",
    summary="Show whether two administrators are needed",
    responses={"200": TwoPeopleAnswer},
)
def show_rule() -> Any:
    """For administrators."""
    with requests.reading() as work:
        since = proposals.required_since(work)
    return frame.answer(TwoPeopleAnswer(required=since is not None, since=since))


@api.put(
    "/admin/two-people",
    summary="Set whether two administrators are needed",
    responses={"204": None},
)
def change_rule(body: TwoPeopleBody) -> Any:
    """To need them no more needs two, the last time."""
    with requests.begin() as work:
        if body.required:
            proposals.require_two(work, now=requests.now())
        else:
            proposals.release(work)
    return frame.nothing()


def _present(found: proposals.Shown) -> ProposalAnswer:
    changes = [
        ProposedChange(name=name, before=before, after=after)
        for name, before, after in found.changes
    ]
    return ProposalAnswer(
        id=found.id,
        act=found.act,
        subject=found.subject,
        proposer=found.proposer,
        proposed_at=found.proposed_at,
        expires_at=found.expires_at,
        state=found.state,
        decided_by=found.decided_by or None,
        decided_at=found.decided_at,
        reason=found.reason,
        changes=changes,
        is_own=found.is_own,
    )
