"""`/issues/{number}/transfer` of a repository: an issue goes to another one."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from appliance.domain.conversations import Which
from appliance.services import conversation_transfers, conversations
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.issues import ONE, IssueAnswer, IssuePath, present

api = frame.area("issue transfers", "Moving issues to other repositories.")


class TransferIssueBody(frame.Body):
    """Where to."""

    to: str = Field(max_length=140, description="OWNER/NAME of the other repository")


@api.post(f"{ONE}/transfer", summary="Move an issue", responses={"201": IssueAnswer})
def transfer(path: IssuePath, body: TransferIssueBody) -> Any:
    """For triagers of both repositories. The old one stays, closed and locked, and says where."""
    with requests.begin() as work:
        made = conversation_transfers.transfer(work, path.which, body.to, now=requests.now())
        found = present(conversations.show(work, Which(body.to, made.number)))
    there = f"{frame.PREFIX}/repos/{body.to}/issues/{made.number}"
    return frame.answer(found, 201, there)
