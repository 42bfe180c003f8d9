"""One look that tells of what kinds something could wait for a person: most often of none.

Every page says how much waits, and each kind is a question of its own. A sign is a cheaper one, of
which it is certain that the answer is yes wherever the kind has an entry. All are asked at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.access_requests import AccessRequest, TemporaryRight
from appliance.db.access_reviews import AccessReview
from appliance.db.activity import ActivityAlert
from appliance.db.credential_notices import CredentialNotice
from appliance.db.credential_rules import TokenApproval
from appliance.db.credentials import AccessToken, SshKey
from appliance.db.organisations import Membership
from appliance.db.outbox import JobRecord
from appliance.db.proposals import Proposal
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.access_requests import RequestState
from appliance.domain.activity import ActivityState
from appliance.domain.credentials import ApprovalState
from appliance.domain.jobs import JobState
from appliance.domain.permissions import OrganisationRole
from appliance.domain.second_person import ProposalState

SOON = timedelta(days=14)
"""So long before its end a token or key is shown as ending."""
TOLD_FOR = timedelta(days=14)
"""So long it is shown what happened to a credential."""
ACCESS_SOON = timedelta(days=3)
"""So long before its end a right is shown as ending."""


class Sign(StrEnum):
    """What kinds of entries there could be."""

    PASSWORD = "password"  # noqa: S105 - the name of a sign.
    PROPOSED = "proposed"
    ACCESS = "access"
    JOBS = "jobs"
    ROOMS = "rooms"
    NOTICES = "notices"
    ASKING = "asking"
    TOKENS = "tokens"
    KEYS = "keys"
    ENDING = "ending"
    ACTIVITY = "activity"


ME: sa.BindParameter[UUID] = sa.bindparam("me")
NOW: sa.BindParameter[datetime] = sa.bindparam("now")
OWNED = sa.and_(Membership.user_id == ME, Membership.role == OrganisationRole.OWNER)
_SIGNS: dict[Sign, sa.ColumnElement[bool]] = {
    Sign.PASSWORD: sa.exists().where(User.id == ME, User.must_change_password),
    Sign.PROPOSED: sa.exists().where(Proposal.state == ProposalState.WAITING),
    Sign.ACCESS: sa.or_(
        sa.exists().where(
            AccessRequest.state == RequestState.PENDING, AccessRequest.answer_until > NOW
        ),
        sa.exists().where(AccessReview.closed_at.is_(None), AccessReview.due_at > NOW),
    ),
    Sign.JOBS: sa.exists().where(JobRecord.state == JobState.DEAD),
    Sign.ROOMS: sa.exists().where(OWNED),
    Sign.NOTICES: sa.exists().where(CredentialNotice.at > sa.bindparam("told_since")),
    Sign.ASKING: sa.exists().where(
        OWNED,
        TokenApproval.organisation_id == Membership.organisation_id,
        TokenApproval.state == ApprovalState.PENDING,
    ),
    Sign.TOKENS: sa.exists().where(
        AccessToken.user_id == ME,
        AccessToken.revoked_at.is_(None),
        AccessToken.expires_at < sa.bindparam("soon"),
    ),
    Sign.KEYS: sa.exists().where(SshKey.user_id == ME, SshKey.expires_at < sa.bindparam("soon")),
    Sign.ENDING: sa.exists().where(
        TemporaryRight.expires_at > NOW, TemporaryRight.expires_at < sa.bindparam("access_soon")
    ),
    Sign.ACTIVITY: sa.exists().where(ActivityAlert.state == ActivityState.OPEN),
}
_ALL = sa.select(*(condition.label(sign) for sign, condition in _SIGNS.items()))


def seen(work: UnitOfWork, *, now: datetime) -> frozenset[Sign]:
    """The kinds of which something could wait for the actor."""
    gate.require_sight_of_own(work)
    moments = {"soon": now + SOON, "told_since": now - TOLD_FOR, "access_soon": now + ACCESS_SOON}
    row = work.session.execute(_ALL, {"me": work.actor.id, "now": now, **moments}).one()
    return frozenset(sign for sign, is_there in zip(_SIGNS, row, strict=True) if is_there)
