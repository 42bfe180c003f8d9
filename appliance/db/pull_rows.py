"""Questions about pull requests' rows that several verbs ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.conversations import Conversation
from appliance.db.organisations import Organisation, Team
from appliance.db.pulls import AutoMerge, MergeRules, PatchSet, PullRequest
from appliance.db.pushes import Push, PushedRef, PushState, RefLedger
from appliance.db.reviews import Review, ReviewRequest
from appliance.db.users import User
from appliance.domain.conversations import ConversationState
from appliance.domain.pull_requests import MergeState, Verdict

REF = b"refs/heads/"
FEW = 500
"""Well below the number of variables that SQLite takes in a statement."""
OPEN = (Conversation.state == ConversationState.OPEN, PullRequest.merged_at.is_(None))


def touching(session: Session, repository_id: UUID, branches: Collection[bytes]) -> list[UUID]:
    """The open pull requests from or into one of these branches of a repository."""
    query = (
        sa.select(
            PullRequest.id,
            PullRequest.repository_id,
            PullRequest.target_branch,
            PullRequest.source_repository_id,
            PullRequest.source_branch,
        )
        .join(Conversation, Conversation.id == PullRequest.id)
        .where(
            *OPEN,
            sa.or_(
                PullRequest.repository_id == repository_id,
                PullRequest.source_repository_id == repository_id,
            ),
        )
        .order_by(PullRequest.id)
    )
    if len(branches) <= FEW:
        wanted = list(branches)
        query = query.where(
            sa.or_(PullRequest.target_branch.in_(wanted), PullRequest.source_branch.in_(wanted))
        )
    moved = frozenset(branches)
    return [
        row.id
        for row in session.execute(query)
        if (row.repository_id == repository_id and row.target_branch in moved)
        or (row.source_repository_id == repository_id and row.source_branch in moved)
    ]


def note_moved(session: Session, repository_id: UUID, branches: Collection[bytes]) -> bool:
    """Whether pull requests are from or into branches that moved. Of those into them it is to be
    found out anew whether they go together.
    """
    found = touching(session, repository_id, branches)
    for batch in range(0, len(found), FEW):
        session.execute(
            sa.update(PullRequest)
            .where(PullRequest.id.in_(found[batch : batch + FEW]))
            .values(merge_state=MergeState.UNKNOWN)
        )
    return bool(found)


def due_of(session: Session, repository_id: UUID) -> list[PullRequest]:
    """The open pull requests from or into a repository that are not known to be as their branches
    are, or are to be merged by themselves; the one that changed last first.
    """
    rows = _open_of(session, repository_id)
    at = _sources(session, rows)
    promised = set(session.scalars(sa.select(AutoMerge.id)))
    return [
        each
        for each in rows
        if each.merge_state is MergeState.UNKNOWN
        or each.id in promised
        or at.get((each.source_repository_id, each.source_branch)) != each.head_oid
    ]


def _sources(
    session: Session, pulls: Sequence[PullRequest]
) -> dict[tuple[UUID | None, bytes], str]:
    """Where sources are, as far as is recorded, by repository and branch."""
    found: dict[tuple[UUID | None, bytes], str] = {}
    for start in range(0, len(pulls), FEW):
        some = pulls[start : start + FEW]
        rows = session.execute(
            sa.select(RefLedger.repository_id, RefLedger.ref, RefLedger.oid).where(
                RefLedger.repository_id.in_({each.source_repository_id for each in some}),
                RefLedger.ref.in_({REF + each.source_branch for each in some}),
            )
        )
        found |= {(row[0], row[1].removeprefix(REF)): row[2] for row in rows}
    return found


def _open_of(session: Session, repository_id: UUID) -> list[PullRequest]:
    query = (
        sa.select(PullRequest)
        .join(Conversation, Conversation.id == PullRequest.id)
        .where(
            *OPEN,
            sa.or_(
                PullRequest.repository_id == repository_id,
                PullRequest.source_repository_id == repository_id,
            ),
        )
        .order_by(Conversation.updated_at.desc(), Conversation.id.desc())
    )
    return list(session.scalars(query))


def same_as(session: Session, pull: PullRequest, *, into: bytes | None = None) -> int | None:
    """The number of another open pull request for the same branches, or into the one named."""
    target = pull.target_branch if into is None else into
    query = (
        sa.select(Conversation.number)
        .join(PullRequest, PullRequest.id == Conversation.id)
        .where(
            *OPEN,
            PullRequest.id != pull.id,
            PullRequest.repository_id == pull.repository_id,
            PullRequest.target_branch == target,
            PullRequest.source_repository_id == pull.source_repository_id,
            PullRequest.source_branch == pull.source_branch,
        )
    )
    return session.scalar(query.limit(1))


def ledger_oid(session: Session, repository_id: UUID, ref: bytes) -> str | None:
    """Where a ref is, as far as is recorded."""
    return session.scalar(
        sa.select(RefLedger.oid).where(
            RefLedger.repository_id == repository_id, RefLedger.ref == ref
        )
    )


def next_move(
    session: Session, pull: PullRequest, ref: bytes, here: str, used: Collection[UUID]
) -> tuple[Push, PushedRef] | None:
    """The first settled push that moved the source on from a place, and is not used yet."""
    known = sa.select(PatchSet.push_id).where(
        PatchSet.pull_id == pull.id, PatchSet.push_id.is_not(None)
    )
    since = sa.select(sa.func.max(PatchSet.created_at)).where(
        PatchSet.pull_id == pull.id, PatchSet.push_id.is_(None)
    )
    query = (
        sa.select(Push, PushedRef)
        .join(PushedRef, PushedRef.push_id == Push.id)
        .where(
            Push.repository_id == pull.source_repository_id,
            Push.state == PushState.SETTLED,
            Push.settled_at >= since.scalar_subquery(),
            PushedRef.ref == ref,
            PushedRef.moved.is_(True),
            PushedRef.old_oid == here,
            Push.id.not_in(known),
            Push.id.not_in(list(used)),
        )
        .order_by(Push.accepted_at, Push.id)
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else (row[0], row[1])


def mover(session: Session, repository_id: UUID, ref: bytes, oid: str) -> Push | None:
    """The last settled push that moved a ref to where it is."""
    query = (
        sa.select(Push)
        .join(PushedRef, PushedRef.push_id == Push.id)
        .where(
            Push.repository_id == repository_id,
            Push.state == PushState.SETTLED,
            PushedRef.ref == ref,
            PushedRef.moved.is_(True),
            PushedRef.new_oid == oid,
        )
        .order_by(Push.accepted_at.desc())
        .limit(1)
    )
    return session.scalar(query)


def onto(session: Session, push: Push | None, ref: bytes) -> str | None:
    """From where a push moved a ref."""
    if push is None:
        return None
    return session.scalar(
        sa.select(PushedRef.old_oid).where(PushedRef.push_id == push.id, PushedRef.ref == ref)
    )


def patch_sets(session: Session, pull_id: UUID) -> list[PatchSet]:
    """All patch sets, the first one first."""
    query = sa.select(PatchSet).where(PatchSet.pull_id == pull_id).order_by(PatchSet.number)
    return list(session.scalars(query))


def bases_of(session: Session, pulls: Iterable[PullRequest]) -> dict[UUID, str]:
    """What the last patch set of each has in common with its target."""
    wanted = [each.id for each in pulls]
    rows = session.execute(
        sa.select(PatchSet.pull_id, PatchSet.base_oid)
        .join(PullRequest, PullRequest.id == PatchSet.pull_id)
        .where(PatchSet.pull_id.in_(wanted), PatchSet.number == PullRequest.patch_sets_numbered)
    )
    return {row[0]: row[1] for row in rows}


def pulls_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, PullRequest]:
    """What is said of conversations that are pull requests, by their ids."""
    query = sa.select(PullRequest).where(PullRequest.id.in_(list(ids)))
    return {each.id: each for each in session.scalars(query)}


def merge_rules(session: Session, repository_id: UUID) -> MergeRules:
    """How pull requests of a repository are merged; the usual where nobody has said."""
    return session.get(MergeRules, repository_id) or MergeRules(
        id=repository_id,
        methods=[],
        merge_title="",
        merge_body="",
        squash_title="",
        squash_body="",
        deletes_branches=None,
        merged_branch_days=None,
        allows_auto_merge=True,
    )


def waited_for(
    session: Session, ids: Iterable[UUID]
) -> dict[UUID, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Whose reviews are waited for: names of users and paths of teams, of each pull request."""
    rows: Any = session.execute(
        sa.select(ReviewRequest.pull_id, User.name, Organisation.name, Team.name)
        .outerjoin(User, User.id == ReviewRequest.user_id)
        .outerjoin(Team, Team.id == ReviewRequest.team_id)
        .outerjoin(Organisation, Organisation.id == Team.organisation_id)
        .where(ReviewRequest.pull_id.in_(list(ids)))
        .order_by(User.name, Team.name)
    )
    found: dict[UUID, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for pull_id, user, organisation, team in rows:
        users, teams = found.get(pull_id, ((), ()))
        if team is None:
            users = (*users, user)
        else:
            teams = (*teams, f"{organisation}/{team}")
        found[pull_id] = (users, teams)
    return found


def standing_reviews(session: Session, pull_id: UUID) -> list[Review]:
    """The last word of each reviewer that was not dismissed; comments change none."""
    query = (
        sa.select(Review)
        .where(
            Review.pull_id == pull_id,
            Review.verdict != Verdict.COMMENT,
        )
        .order_by(Review.id)
    )
    last = {each.author_id: each for each in session.scalars(query) if each.author_id}
    return [each for each in last.values() if each.dismissed_at is None]
