"""What is done when a pull request was merged: its state, its event, the issues that it closes.

It stands in the transaction in which the move of the target is settled, whoever settles it: so what
was moved and not written down when the appliance stopped is written down afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations
from appliance.access.fetch_conversations import Seen
from appliance.access.fetch_pulls import SeenPull
from appliance.access.gate import open_to_everyone
from appliance.db.conversations import Conversation
from appliance.db.pulls import AutoMerge, PullMerge, PullRequest
from appliance.db.pushes import Push
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import (
    ClosedAs,
    ConversationKind,
    ConversationState,
    Happening,
    Standing,
)
from appliance.domain.git_operations import MergeMethod
from appliance.domain.pull_requests import MergeState
from appliance.domain.references import closed_by
from appliance.services import conversation_steps, merge_queue_entries, pull_rules
from appliance.services.conversations import settle as settle_conversation
from appliance.services.push_names import show

ASKED = "whoever moved the target was asked whether they may"
MERGED = "merged"
NEW_COMMITS = "new_commits"
BY_GIT = "git"


@dataclass(frozen=True)
class Done:
    """How a pull request came into its target."""

    method: MergeMethod | None
    """None: by git and a push."""
    head: str
    onto: str
    merged_as: str
    by_queue: bool = False
    bypass_reason: str = ""
    by_id: UUID | None = None
    """Who asked for it, if not who moved the target."""


@open_to_everyone(because=ASKED)
def settle(work: UnitOfWork, push: Push, *, moved: bool, now: datetime) -> None:
    """Complete the merges that a settled push was, or forget them where nothing moved."""
    query = sa.select(PullMerge).where(PullMerge.push_id == push.id).order_by(PullMerge.pull_id)
    rows = list(work.session.scalars(query))
    # All are locked before the first is changed, in the order in which everybody locks several.
    for row, seen in [(row, locked(work, row.pull_id)) for row in rows]:
        if moved and seen is not None and seen.pull.merged_at is None:
            done = Done(
                *(row.method, row.head_oid, row.onto_oid, row.as_oid),
                by_queue=row.by_queue,
                bypass_reason=row.bypass_reason,
                by_id=row.by_id,
            )
            complete(work, seen, done, now=now)
        work.session.delete(row)
    if rows:
        merge_queue_entries.promise(work, push.repository_id)


@open_to_everyone(because=ASKED)
def complete(work: UnitOfWork, seen: SeenPull, done: Done, *, now: datetime) -> None:
    """A pull request is merged."""
    pull, found = seen.pull, seen.conversation
    pull.merged_at, pull.merge_method = now, done.method
    pull.merged_by_id = done.by_id or work.actor.id
    pull.merged_as, pull.merged_onto = done.merged_as, done.onto
    pull.merge_state, pull.conflicts, pull.is_draft = MergeState.NOTHING, [], False
    found.state, found.closed_at = ConversationState.CLOSED, now
    found.closed_as = ClosedAs.COMPLETED
    end_promises(work, seen, reason=MERGED)
    merge_queue_entries.forget(work, seen)
    conversation_steps.happened(
        work,
        found,
        Happening.MERGED,
        now=now,
        method=str(done.method or BY_GIT),
        merged_as=done.merged_as,
        into=show(pull.target_branch),
        by_queue=done.by_queue or None,
        past_rules=done.bypass_reason or None,
    )
    work.record(
        events.PullRequestMerged(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            method=str(done.method or BY_GIT),
            head=done.head,
            base=done.onto,
            merged_as=done.merged_as,
            into=show(pull.target_branch),
            approvals=[str(each) for each in pull_rules.approvers(work, seen)],
            by_queue=done.by_queue,
        )
    )
    if show(pull.target_branch) == seen.repository.default_branch:
        _close_issues(work, seen, now=now)


@open_to_everyone(because=ASKED)
def end_promises(work: UnitOfWork, seen: SeenPull, *, reason: str) -> None:
    """What was to be done by itself with a pull request is not done any more."""
    promised = work.session.get(AutoMerge, seen.pull.id)
    if promised is None:
        return
    work.session.delete(promised)
    if reason != MERGED:
        work.record(
            events.AutoMergeDisabled(
                about=seen.repository.id,
                organisation_id=seen.repository.organisation_id,
                number=seen.conversation.number,
                reason=reason,
            )
        )


@open_to_everyone(because=ASKED)
def end_others_promise(work: UnitOfWork, seen: SeenPull) -> None:
    """What somebody promised to merge by itself is not merged with what others push afterwards."""
    promised = work.session.get(AutoMerge, seen.pull.id)
    if promised is not None and promised.user_id != work.actor.id:
        end_promises(work, seen, reason=NEW_COMMITS)


def _close_issues(work: UnitOfWork, seen: SeenPull, *, now: datetime) -> None:
    """Close the issues that title and text say it fixes."""
    home, found = seen.repository, seen.conversation
    numbers = {*closed_by(found.title), *closed_by(found.body)}
    if not numbers or not fetch_conversations.has_issues(work, home):
        return
    query = sa.select(Conversation).where(
        Conversation.repository_id == home.id,
        Conversation.number.in_(numbers),
        Conversation.kind == ConversationKind.ISSUE,
        Conversation.state == ConversationState.OPEN,
    )
    standing = Standing(frozenset(), is_author=False, is_locked=False)
    for issue in work.session.scalars(query.order_by(Conversation.number).with_for_update()):
        reason = ClosedAs.COMPLETED
        settle_conversation(work, Seen(home, issue, standing), reason, now=now)
        conversation_steps.happened(
            work, issue, Happening.CLOSED, now=now, reason=str(reason), by=found.number
        )
        work.record(
            events.IssueClosed(
                about=home.id,
                organisation_id=home.organisation_id,
                number=issue.number,
                reason=reason,
            )
        )


@open_to_everyone(because=ASKED)
def locked(work: UnitOfWork, pull_id: UUID) -> SeenPull | None:
    """A pull request by its id, locked until all is done; None where it is gone."""
    query = sa.select(Conversation).where(Conversation.id == pull_id).with_for_update()
    conversation = work.session.scalar(query.execution_options(populate_existing=True))
    pull = work.session.get(PullRequest, pull_id, populate_existing=True)
    if conversation is None or pull is None:
        return None
    standing = Standing(frozenset(), is_author=False, is_locked=False)
    repository = work.session.get_one(Repository, pull.repository_id)
    return SeenPull(repository, conversation, standing, pull)
