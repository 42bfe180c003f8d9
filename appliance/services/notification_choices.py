"""How somebody wants to be told what happens in conversations: letters, digests, own acts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses
from appliance.db.notifications import NotificationChoice
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.names import fold
from appliance.domain.notifications import Choices, DigestEvery, MailWhen
from appliance.domain.permissions import Permission

NAMES = tuple(each.name for each in fields(Choices))


@dataclass(frozen=True)
class Changes:
    """What is to be different; None stays."""

    own_mail: MailWhen | None = None
    watching_mail: MailWhen | None = None
    digest: DigestEvery | None = None
    tells_own: bool | None = None


@dataclass(frozen=True)
class Shown:
    """What somebody chose, and whether letters can reach them."""

    choices: Choices
    address: str
    """Where letters go; empty: they have no address."""
    is_vouched: bool
    """Whether somebody has vouched that the address is theirs; else nothing is written to it."""
    is_sent: bool
    """Whether this appliance sends letters at all."""


def show(work: UnitOfWork) -> Shown:
    """What the actor chose.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking.
    """
    gate.require_sight_of_own(work)
    user_id = work.actor.id
    ids = [user_id] if user_id else []
    address = email_addresses.primaries(work.session, ids).get(user_id, "") if user_id else ""
    vouched = email_addresses.verified(work.session, ids)
    found = of(work, ids)
    return Shown(
        choices=found.get(user_id, Choices()) if user_id else Choices(),
        address=address,
        is_vouched=any(fold(address) in each for each in vouched.values()),
        is_sent=bool(work.rules.mail.host),
    )


def change(work: UnitOfWork, wanted: Changes) -> Choices:
    """Choose otherwise.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking.
    """
    gate.require(work, Permission.OWN_ACCOUNT)
    query = sa.select(NotificationChoice).where(NotificationChoice.user_id == work.actor.id)
    row = work.session.scalar(query)
    before = _of_row(row) if row else Choices()
    values = {name: getattr(wanted, name) for name in NAMES}
    changed = {
        name: value
        for name, value in values.items()
        if value is not None and value != getattr(before, name)
    }
    after = Choices(**{**{name: getattr(before, name) for name in NAMES}, **changed})
    if not changed:
        return after
    if row is None:
        row = NotificationChoice(user_id=work.actor.id)
        work.session.add(row)
    for name in NAMES:
        setattr(row, name, getattr(after, name))
    work.record(
        events.NotificationChoicesChanged(
            about=work.actor.id,
            changed={name: str(value) for name, value in changed.items()},
        )
    )
    return after


@open_to_everyone(because="whoever tells people has asked whom, and asks how")
def of(work: UnitOfWork, user_ids: Collection[UUID]) -> dict[UUID, Choices]:
    """What users chose; who is missing chose nothing."""
    query = sa.select(NotificationChoice).where(NotificationChoice.user_id.in_(list(user_ids)))
    return {row.user_id: _of_row(row) for row in work.session.scalars(query)}


def _of_row(row: NotificationChoice) -> Choices:
    return Choices(row.own_mail, row.watching_mail, row.digest, row.tells_own)
