"""Reviews of pull requests: say it all at once, with a verdict; and take a verdict's weight away.

The last verdict of each reviewer counts, until they give another or somebody dismisses it; comments
change none. Nobody judges what they ask for themselves, nor in another's name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_pulls, gate, grants
from appliance.access.fetch_pulls import SeenPull
from appliance.db import pull_rows
from appliance.db.reviews import Review, ReviewRequest
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import Following, Happening, Which, check_text
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.domain.pull_requests import MOST_COMMENTS_AT_ONCE, Anchor, Verdict
from appliance.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    PreconditionError,
    RefusedError,
    sentence,
)
from appliance.services import (
    conversation_steps,
    pull_rules,
    review_drafts,
    review_facts,
    review_threads,
)
from appliance.services.review_facts import ReviewFacts

BY_HAND = "by_hand"


@dataclass(frozen=True)
class Remark:
    """What a review says of lines, or as an answer in a thread."""

    body: str
    anchor: Anchor | None = None
    thread_id: UUID | None = None


@dataclass(frozen=True)
class NewReview:
    """What a reviewer says, with all that they have noted before."""

    verdict: Verdict
    body: str = ""
    remarks: tuple[Remark, ...] = ()
    head: str | None = None
    """What they have looked at: only if that is still so."""


def listed(work: UnitOfWork, which: Which) -> list[ReviewFacts]:
    """All reviews, the oldest first.

    Errors:
        HiddenError, MovedError, NotFoundError: there is no such pull request, or none for them.
    """
    seen = fetch_pulls.to_read(work, which)
    query = sa.select(Review).where(Review.pull_id == seen.pull.id).order_by(Review.id)
    return review_facts.of_reviews(work, work.session.scalars(query))


def standing(work: UnitOfWork, which: Which) -> list[ReviewFacts]:
    """The last verdict of each reviewer that was not dismissed, and who of them may write.

    Errors:
        HiddenError, MovedError, NotFoundError: there is no such pull request, or none for them.
    """
    seen = fetch_pulls.to_read(work, which)
    rows = pull_rows.standing_reviews(work.session, seen.pull.id)
    writers = pull_rules.writers(work, seen, (each.author_id for each in rows))
    return [
        replace(each, may_write=each.author_id in writers)
        for each in review_facts.of_reviews(work, rows)
    ]


def submit(work: UnitOfWork, which: Which, new: NewReview, *, now: datetime) -> ReviewFacts:
    """Say what one has noted and more, with a verdict.

    Errors:
        HiddenError, NotFoundError, UnauthenticatedError: there is none, or none for this actor.
        RefusedError: it is locked, or somebody acts as the actor.
        InvalidError: it is their own, says nothing, or speaks of lines that are none.
        PreconditionError: there are new commits.
        ConflictError: it is closed, or the repository is archived.
    """
    seen = fetch_pulls.to_take_part(work, which)
    _insist_on_right_to_judge(work, seen, new.verdict)
    if new.head is not None and new.head != seen.pull.head_oid:
        raise PreconditionError(sentence("There are new commits. Review them, then try again."))
    body = check_text(new.body)
    made = Review(
        id=new_id(),
        pull_id=seen.pull.id,
        author_id=work.actor.id,
        verdict=new.verdict,
        body=body,
        patch_set=seen.pull.patch_sets_numbered,
        head_oid=seen.pull.head_oid,
        submitted_at=now,
    )
    work.session.add(made)
    work.session.flush()  # What it says of lines refers to it.
    remarks = _say_all(work, seen, made, new.remarks, now=now)
    if new.verdict is Verdict.COMMENT and not body.strip() and not remarks:
        raise InvalidError.of("body", sentence("Write something first."))
    _note(work, seen, made, remarks, now=now)
    return review_facts.of_reviews(work, [made])[0]


def dismiss(
    work: UnitOfWork, which: Which, review_id: UUID, reason: str, *, now: datetime
) -> ReviewFacts:
    """Let a verdict count no more: one's own, or anybody's for maintainers, who say why.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not for the actor.
        InvalidError: a reason is missing. ConflictError: it counts no more already.
    """
    seen = fetch_pulls.to_take_part(work, which)
    found = work.session.get(Review, review_id)
    if found is None or found.pull_id != seen.pull.id:
        raise NotFoundError(sentence("There is no such review."))
    is_own = found.author_id == work.actor.id
    if not is_own and Permission.REPOSITORY_MAINTAIN not in seen.standing.allowed:
        raise RefusedError(sentence("Only the reviewer and maintainers may do that."))
    said = check_text(reason, field="reason", is_needed=not is_own)
    if found.dismissed_at is not None or found.verdict is Verdict.COMMENT:
        raise ConflictError(sentence("It no longer counts."))
    found.dismissed_at, found.dismissed_by_id = now, work.actor.id
    found.dismissed_because = said
    conversation_steps.happened(
        work,
        seen.conversation,
        Happening.REVIEW_DISMISSED,
        now=now,
        user_id=found.author_id,
        review=str(found.id),
        reason=said or None,
    )
    work.record(
        events.ReviewDismissed(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            review_id=str(found.id),
            why=BY_HAND,
            reason=said or None,
        )
    )
    return review_facts.of_reviews(work, [found])[0]


def _insist_on_right_to_judge(work: UnitOfWork, seen: SeenPull, verdict: Verdict) -> None:
    if verdict is Verdict.COMMENT:
        return
    gate.insist_on_oneself(work)
    fetch_pulls.insist_on_open(seen)
    if seen.standing.is_author:
        raise InvalidError.of(
            "verdict",
            sentence("Authors cannot approve or reject their own pull requests. Comment instead."),
        )


def _say_all(
    work: UnitOfWork,
    seen: SeenPull,
    review: Review,
    remarks: tuple[Remark, ...],
    *,
    now: datetime,
) -> int:
    """Say what was noted before, and what comes with the review; how much that was."""
    drafts = review_drafts.own(work, seen)
    if len(drafts) + len(remarks) > MOST_COMMENTS_AT_ONCE:
        raise InvalidError.of(
            "comments", sentence("There are at most %(most)s.", most=MOST_COMMENTS_AT_ONCE)
        )
    all_of_it = [
        *(Remark(each.body, review_facts.anchor_of(each), each.thread_id) for each in drafts),
        *remarks,
    ]
    for draft in drafts:
        work.session.delete(draft)
    for each in all_of_it:
        body = check_text(each.body, is_needed=True)
        at = review_threads.place(work, seen, each.anchor, each.thread_id)
        review_threads.say(work, seen, each.thread_id, at, body, review_id=review.id, now=now)
    return len(all_of_it)


def _note(work: UnitOfWork, seen: SeenPull, review: Review, remarks: int, *, now: datetime) -> None:
    """What follows from a review: nobody waits for it, its author is told, rules are looked at."""
    found = seen.conversation
    if work.actor.id is not None:
        conversation_steps.follow(work, found, [work.actor.id], Following.COMMENT)
    if review.body:
        conversation_steps.note_text(work, seen, review.id, review.body, now=now)
    _forget_requests(work, seen)
    conversation_steps.happened(
        work,
        found,
        Happening.REVIEWED,
        now=now,
        verdict=str(review.verdict),
        review=str(review.id),
        comments=remarks,
        patch_set=review.patch_set,
    )
    work.record(
        events.ReviewSubmitted(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            review_id=str(review.id),
            verdict=str(review.verdict),
            head=review.head_oid,
            patch_set=review.patch_set,
            comments=remarks,
        )
    )
    if review.verdict is Verdict.APPROVE:
        home = seen.repository.id
        work.later(Job.FOLLOW_PULLS, about=home, repository_id=str(home))


def _forget_requests(work: UnitOfWork, seen: SeenPull) -> None:
    """Who has said something is not waited for any more, nor are their teams."""
    if work.actor.id is None:
        return
    teams = grants.teams_of(work.actor.id, work.begun_at)
    work.session.execute(
        sa.delete(ReviewRequest).where(
            ReviewRequest.pull_id == seen.pull.id,
            sa.or_(
                ReviewRequest.user_id == work.actor.id,
                ReviewRequest.team_id.in_(sa.select(teams.c.id)),
            ),
        ),
        execution_options={"synchronize_session": False},
    )
