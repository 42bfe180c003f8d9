"""Tokens that were found where they must not be: revoked at once, whoever says so.

Who shows a token could use it, so who shows it may end it. The answer is the same whether we know
it or not. A scanner of repositories calls this too, and says where it found them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import credential_notices
from appliance.db.credential_notices import LONGEST_PLACE, Subject
from appliance.db.credentials import AccessToken
from appliance.db.scim import ScimToken
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.credentials import CredentialKind, NoticeTopic
from appliance.errors import InvalidError, sentence
from appliance.security import tokens

if TYPE_CHECKING:
    from appliance.wiring import SignInTools

MOST_TOKENS = 1000
"""So many are taken at once. Source: GitHub's API to revoke credentials."""
REPORTED, SCANNED = "report", "scan"


@open_to_everyone(because="who shows a token could use it, so who shows it may end it")
def revoke(
    work: UnitOfWork,
    shown: Sequence[str],
    *,
    place: str = "",
    found_by: str = REPORTED,
    tools: SignInTools,
    now: datetime,
) -> None:
    """Revoke what of this is a token of ours, and tell its owner; the rest is passed over.

    `place` is where they were found, `found_by` whether somebody reported them (`REPORTED`) or a
    scan found them (`SCANNED`).

    Errors:
        InvalidError: they are too many at once.
    """
    if len(shown) > MOST_TOKENS:
        raise InvalidError.of(
            "credentials", sentence("Send at most %(most)s at once.", most=MOST_TOKENS)
        )
    known = {
        tokens.fingerprint(each, key=tools.fingerprint_key)
        for each in map(str.strip, shown)
        if tokens.is_well_formed(each)
    }
    place = " ".join(place.split())[:LONGEST_PLACE]
    access = (
        sa.select(AccessToken, User)
        .join(User, User.id == AccessToken.user_id)
        .where(AccessToken.secret_hash.in_(known), AccessToken.revoked_at.is_(None))
    )
    for token, user in work.session.execute(access):
        token.revoked_at = now
        subject = credential_notices.of_user(token.id, CredentialKind.TOKEN, token.name, user)
        _tell(work, subject, user, place, found_by, now)
    of_clients = sa.select(ScimToken).where(
        ScimToken.secret_hash.in_(known), ScimToken.revoked_at.is_(None)
    )
    for client in work.session.scalars(of_clients):
        client.revoked_at = now
        subject = Subject(client.id, CredentialKind.SCIM_TOKEN, client.name)
        _tell(work, subject, None, place, found_by, now)


def _tell(
    work: UnitOfWork,
    subject: Subject,
    user: User | None,
    place: str,
    found_by: str,
    now: datetime,
) -> None:
    credential_notices.tell(work.session, subject, NoticeTopic.LEAKED, place=place, at=now)
    work.record(
        events.TokenReportedLeaked(
            about=subject.id,
            organisation_id=subject.organisation_id,
            user_id=str(user.id) if user else None,
            found_by=found_by,
            place=place or None,
        )
    )
