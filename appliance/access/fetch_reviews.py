"""Access reviews: who may begin one, read one, and decide about a right in one."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate, grants
from appliance.db.access_reviews import AccessReview, ReviewedRight, ReviewReviewer
from appliance.db.organisations import Organisation
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, RefusedError, sentence


def scope(work: UnitOfWork, organisation: str, permission: Permission) -> Organisation | None:
    """The organisation of that name, or nothing for the appliance, if the actor may.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: they may not.
    """
    if organisation:
        return fetch.organisation(work, organisation, permission)
    gate.require(work, permission)
    return None


def review(work: UnitOfWork, review_id: UUID, permission: Permission) -> AccessReview:
    """A review, for who may do that with it; its reviewers may read it.

    Errors:
        HiddenError: there is none, or none for this actor.
        RefusedError: the actor may read it, but not do this.
    """
    gate.require(work, Permission.REVIEW_DECIDE)
    found = work.session.get(AccessReview, review_id)
    allowed = _allowed(work, found)
    if found is None or not (Permission.REVIEW_READ in allowed or is_reviewer(work, found)):
        raise HiddenError(sentence("There is no such review."))
    gate.insist_on_place(work, found.organisation_id)
    if permission not in allowed and permission is not Permission.REVIEW_READ:
        raise RefusedError(sentence("Only those who could have started this review can do that."))
    return found


def reads_all(work: UnitOfWork, found: AccessReview) -> bool:
    """Whether the actor reads all of a review, or the part about which they decide."""
    return Permission.REVIEW_READ in _allowed(work, found)


def may(work: UnitOfWork, found: AccessReview, permission: Permission) -> bool:
    """Whether the actor may do this with a review."""
    return permission in _allowed(work, found)


def is_reviewer(work: UnitOfWork, found: AccessReview) -> bool:
    """Whether the actor decides about anything in a review."""
    there = sa.exists().where(
        ReviewReviewer.review_id == found.id, ReviewReviewer.user_id == work.actor.id
    )
    return bool(work.session.scalar(sa.select(there)))


def item(work: UnitOfWork, review_id: UUID, item_id: UUID) -> tuple[AccessReview, ReviewedRight]:
    """A right in a review that the actor may decide about; never one of their own.

    Errors:
        HiddenError: there is none, or none for this actor.
        RefusedError: it is their own, or others decide about it.
    """
    gate.insist_on_oneself(work)
    found = review(work, review_id, Permission.REVIEW_READ)
    right = work.session.get(ReviewedRight, item_id)
    if right is None or right.review_id != found.id:
        raise HiddenError(sentence("There is no such right in this review."))
    decides = sa.exists().where(
        ReviewReviewer.review_id == found.id,
        ReviewReviewer.place_id == right.place_id,
        ReviewReviewer.user_id == work.actor.id,
    )
    manages = may(work, found, Permission.ORGANISATION_MEMBERS)
    if not manages and not work.session.scalar(sa.select(decides)):
        if not reads_all(work, found):
            raise HiddenError(sentence("There is no such right in this review."))
        raise RefusedError(sentence("This permission is decided by others."))
    if is_own(work, right):
        raise RefusedError(sentence("You cannot decide about your own permissions."))
    return found, right


def is_own(work: UnitOfWork, right: ReviewedRight) -> bool:
    """Whether a right is the actor's, or of a team that they are in."""
    if work.actor.id is None or right.subject_type == "user":
        return right.subject_id == work.actor.id
    mine = grants.teams_of(work.actor.id, work.begun_at)
    return right.subject_id in set(work.session.scalars(sa.select(mine.c.id)))


def _allowed(work: UnitOfWork, found: AccessReview | None) -> frozenset[Permission]:
    if found is None:
        return grants.NOTHING
    organisation = (
        work.session.get(Organisation, found.organisation_id) if found.organisation_id else None
    )
    if organisation is None:
        return grants.on_instance(work.actor)
    return grants.on_organisation(work, organisation)
