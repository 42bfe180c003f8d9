"""What somebody notes while they read, to say it all at once with their review.

Until then nobody else sees it: so it is no event, and it is gone when its pull request is.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_pulls
from appliance.access.fetch_pulls import SeenPull
from appliance.access.gate import open_to_everyone
from appliance.db.reviews import DraftComment
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.conversations import Which, check_text
from appliance.domain.ids import new_id
from appliance.domain.pull_requests import MOST_COMMENTS_AT_ONCE, Anchor
from appliance.errors import ConflictError, NotFoundError, sentence
from appliance.services import review_facts, review_threads
from appliance.services.review_facts import DraftFacts


def listed(work: UnitOfWork, which: Which) -> list[DraftFacts]:
    """What the actor has noted, the oldest first.

    Errors:
        HiddenError, MovedError, NotFoundError: there is no such pull request, or none for them.
    """
    seen = fetch_pulls.to_read(work, which)
    return review_facts.of_drafts(own(work, seen))


def add(
    work: UnitOfWork,
    which: Which,
    anchor: Anchor | None,
    text: str,
    *,
    thread_id: UUID | None = None,
    now: datetime,
) -> DraftFacts:
    """Note something about lines, or as an answer in a thread.

    Errors:
        HiddenError, NotFoundError, UnauthenticatedError: there is none, or none for this actor.
        RefusedError: it is locked. InvalidError: the lines or the text are not possible.
        ConflictError: there are too many, or the repository is archived.
    """
    seen = fetch_pulls.to_take_part(work, which)
    body = check_text(text, is_needed=True)
    place = review_threads.place(work, seen, anchor, thread_id)
    if len(own(work, seen)) >= MOST_COMMENTS_AT_ONCE:
        raise ConflictError(
            sentence(
                "There are %(most)s comments in your review. Submit it first.",
                most=MOST_COMMENTS_AT_ONCE,
            )
        )
    made = DraftComment(
        id=new_id(),
        pull_id=seen.pull.id,
        author_id=work.actor.id,
        thread_id=thread_id,
        patch_set=place.patch_set,
        path=place.path,
        side=place.side,
        start_line=place.start_line,
        end_line=place.end_line,
        body=body,
        created_at=now,
    )
    work.session.add(made)
    return review_facts.of_drafts([made])[0]


def change(work: UnitOfWork, which: Which, draft_id: UUID, text: str) -> DraftFacts:
    """Note it otherwise.

    Errors: as for `add`; NotFoundError: there is no such note of the actor's.
    """
    seen = fetch_pulls.to_take_part(work, which)
    found = _one(work, seen, draft_id)
    found.body = check_text(text, is_needed=True)
    return review_facts.of_drafts([found])[0]


def discard(work: UnitOfWork, which: Which, draft_id: UUID) -> None:
    """Say it not at all.

    Errors: as for `change`.
    """
    seen = fetch_pulls.to_take_part(work, which)
    work.session.delete(_one(work, seen, draft_id))


@open_to_everyone(because="it gives the actor's own, of what they were let see")
def own(work: UnitOfWork, seen: SeenPull) -> list[DraftComment]:
    """The actor's notes on a pull request, the oldest first."""
    query = sa.select(DraftComment).where(
        DraftComment.pull_id == seen.pull.id, DraftComment.author_id == work.actor.id
    )
    return list(work.session.scalars(query.order_by(DraftComment.id)))


def _one(work: UnitOfWork, seen: SeenPull, draft_id: UUID) -> DraftComment:
    found = next((each for each in own(work, seen) if each.id == draft_id), None)
    if found is None:
        raise NotFoundError(sentence("There is no such comment."))
    return found
