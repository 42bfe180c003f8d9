"""Which pull requests a commit belongs to: as what one wanted to bring, or as what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch
from appliance.db.conversations import Conversation
from appliance.db.pulls import PatchSet, PullRequest
from appliance.domain.permissions import Permission

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

MOST = 20


@dataclass(frozen=True)
class AboutCommit:
    """A pull request that a commit belongs to."""

    number: int
    title: str
    state: str
    """`open`, `closed` or `merged`."""


def of_commit(work: UnitOfWork, path: str, commit: str) -> list[AboutCommit]:
    """Pull requests to a repository whose head the commit is or was, or that were merged as it.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    heads = sa.select(PatchSet.pull_id).where(PatchSet.head_oid == commit)
    rows = work.session.execute(
        sa.select(Conversation, PullRequest.merged_at)
        .join(PullRequest, PullRequest.id == Conversation.id)
        .where(
            PullRequest.repository_id == repository.id,
            sa.or_(PullRequest.merged_as == commit, PullRequest.id.in_(heads)),
        )
        .order_by(Conversation.number.desc())
        .limit(MOST)
    )
    return [
        AboutCommit(row.number, row.title, "merged" if merged_at else str(row.state))
        for row, merged_at in rows
    ]
