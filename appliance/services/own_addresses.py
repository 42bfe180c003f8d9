"""E-mail addresses of one's own: say one, show by a code from a letter that one reads it, choose.

Only an address that was shown to be theirs, or for which an administrator or a sign-in system has
vouched, counts for anything: for letters, signatures, rules about authors. By the second kind alone
a sign-in system finds whom to let in: who reads a letter once may not read all of them. The code is
made of the request's id by a key of the appliance, so that it is kept nowhere.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.db.users import AddressProof, EmailAddress, User
from appliance.delivery.mail import Letter
from appliance.domain import events
from appliance.domain.names import check_email, fold
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.security import tokens
from appliance.services import entry
from appliance.services.letter_language import said

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.mail_letters import Sender

VALID = timedelta(days=1)
APART = timedelta(hours=1)
"""So long after a letter another one goes to the same address."""
MOST_ADDRESSES = 10
MOST_ASKED = 5
"""In a day, so that nobody has letters written to many strangers."""
CODE_DIGITS = 32
MOST_AT_ONCE = 50
BY_ONESELF = "by_oneself"
SHOWN_BY_ANOTHER = "shown_by_another"
SUBJECT = sentence("Verify your e-mail address")
TEXT = sentence(
    "%(name)s added this address at %(url)s. If that was you, open this page within a day to "
    "verify it:"
)
NOT_YOU = sentence("If it was not you, ignore this message: the address will not be verified.")


@dataclass(frozen=True)
class OwnAddress:
    """An address of a user, and whether it counts."""

    address: str
    is_primary: bool
    is_verified: bool
    asked_at: datetime | None = None
    """When a letter was asked for whose code nobody has given yet."""
    error: str = ""
    """Why that letter could not be sent."""


def listed(work: UnitOfWork, *, now: datetime) -> list[OwnAddress]:
    """One's own addresses, the one at which one is written to first.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking.
    """
    user = fetch.account(work, None)
    asked = {each.address_key: each for each in _asked(work, user.id, now) if each.address}
    query = sa.select(EmailAddress).where(EmailAddress.user_id == user.id)
    rows = work.session.scalars(
        query.order_by(EmailAddress.is_primary.desc(), EmailAddress.address_key)
    )
    found = []
    for row in rows:
        waits = asked.pop(row.address_key, None)
        found.append(_own(row.address, waits, row.is_primary, row.counts))
    return [*found, *(_own(each.address, each) for each in asked.values())]


def ask(work: UnitOfWork, address: str, *, now: datetime) -> OwnAddress:
    """Have a letter with a code written to an address that is said to be one's own.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking, or it was not confirmed lately.
        InvalidError: it is no address.
        ConflictError: no letters are sent here; it counts already; or that was asked too often.
    """
    user = fetch.account(work, None, sensitive=True)
    entry.insist_on_person(user)
    wanted = check_email(address)
    if not work.rules.mail.host:
        raise ConflictError(
            sentence(
                "This appliance does not send e-mail. Ask an administrator to enter the address."
            )
        )
    own = _row(work, wanted)
    if own is not None and own.user_id == user.id and own.counts:
        raise ConflictError(sentence("%(address)s is already verified.", address=wanted))
    _insist_on_few(work, user.id, wanted, now)
    made = AddressProof(
        user_id=user.id, address=wanted, address_key=fold(wanted), asked_at=now, error=""
    )
    work.session.add(made)
    work.record(events.UserEmailAsked(about=user.id, person=user.pseudonym, email=wanted))
    return _own(wanted, made, own is not None and own.user_id == user.id and own.is_primary)


def confirm(work: UnitOfWork, code: str, *, key: bytes, now: datetime) -> OwnAddress:
    """Show by the code from a letter that one reads what is written to an address.

    Whoever has it without having shown that loses it.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking, or it was not confirmed lately.
        InvalidError: the code is of none of their letters. ConflictError: another has shown it.
    """
    user = fetch.account(work, None, sensitive=True)
    given = code.strip().lower()
    matching = (
        each
        for each in _asked(work, user.id, now)
        if each.address and hmac.compare_digest(_code(each.id, key).encode(), given.encode())
    )
    proof = next(matching, None)
    if proof is None:
        raise InvalidError.of("code", sentence("This code is invalid or has expired."))
    row = _row(work, proof.address)
    if row is not None and row.user_id != user.id:
        _take_away(work, row)
        row = None
    if row is None:
        row = EmailAddress(
            user_id=user.id,
            address=proof.address,
            address_key=proof.address_key,
            is_primary=_primary(work, user.id) is None,
        )
        work.session.add(row)
    row.shown_at = now
    work.session.delete(proof)
    work.record(events.UserEmailVerified(about=user.id, person=user.pseudonym, email=row.address))
    return _own(row.address, None, row.is_primary, is_verified=True)


def make_primary(work: UnitOfWork, address: str) -> None:
    """Be written to at another one of one's addresses that counts.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking, or it was not confirmed lately.
        NotFoundError: they have no such address. ConflictError: it does not count.
    """
    user = fetch.account(work, None, sensitive=True)
    row = _own_row(work, user, address)
    if not row.counts:
        raise ConflictError(sentence("Verify this address first."))
    before = _primary(work, user.id)
    if before is row:
        return
    if before is not None:
        before.is_primary = False
    row.is_primary = True
    work.record(
        events.UserChanged(
            about=user.id,
            person=user.pseudonym,
            changed=["email"],
            values=f"email: {row.address}",
        )
    )


def remove(work: UnitOfWork, address: str) -> None:
    """Give up an address of one's own, or the question whether it is.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking, or it was not confirmed lately.
        NotFoundError: they have no such address. ConflictError: letters go to it.
    """
    user = fetch.account(work, None, sensitive=True)
    waiting = sa.select(AddressProof).where(
        AddressProof.user_id == user.id,
        AddressProof.address_key == fold(address),
        AddressProof.address != "",
    )
    proof = work.session.scalar(waiting)
    if proof is not None:
        proof.address = ""  # It is counted still: or letters without end could be asked for.
    row = _own_row(work, user, address) if proof is None else _row(work, address)
    if row is not None and row.user_id == user.id:
        if row.is_primary and proof is None:
            raise ConflictError(sentence("This is your primary address. Choose another first."))
        if not row.is_primary:
            work.session.delete(row)
    _record_removal(work, user, address, BY_ONESELF)


def due(
    work: UnitOfWork, sender: Sender, *, key: bytes, now: datetime
) -> list[tuple[UUID, Letter]]:
    """The letters that are to be sent now.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = (
        sa.select(AddressProof, User)
        .join(User, User.id == AddressProof.user_id)
        .where(AddressProof.sent_at.is_(None), AddressProof.error == "")
        .where(AddressProof.address != "")
        .where(AddressProof.asked_at > now - VALID)
        .order_by(AddressProof.id)
        .limit(MOST_AT_ONCE)
    )
    return [
        (proof.id, _letter(proof, user, sender, key)) for proof, user in work.session.execute(query)
    ]


def note_sent(work: UnitOfWork, proof_id: UUID, error: str, *, now: datetime) -> None:
    """Write down that a letter was handed over, or why it never will be.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    found = work.session.get(AddressProof, proof_id)
    if found is not None:
        found.sent_at, found.error = (None, error) if error else (now, "")


def _letter(proof: AddressProof, user: User, sender: Sender, key: bytes) -> Letter:
    locale = user.locale
    link = f"{sender.url}/settings/email?code={_code(proof.id, key)}"
    first = said(TEXT, locale, name=user.name, url=sender.url)
    return Letter(
        to=proof.address,
        from_name=sender.name,
        subject=f"[{sender.name}] {said(SUBJECT, locale)}",
        text="\n".join([first, "", link, "", said(NOT_YOU, locale), ""]),
        message_id=f"<address-{proof.id}@{sender.host}>",
        written_at=proof.asked_at,
    )


def _code(proof_id: UUID, key: bytes) -> str:
    return tokens.fingerprint(f"own address {proof_id}", key=key)[:CODE_DIGITS]


def _asked(work: UnitOfWork, user_id: UUID, now: datetime) -> list[AddressProof]:
    query = sa.select(AddressProof).where(
        AddressProof.user_id == user_id, AddressProof.asked_at > now - VALID
    )
    return list(work.session.scalars(query.order_by(AddressProof.id)))


def _insist_on_few(work: UnitOfWork, user_id: UUID, address: str, now: datetime) -> None:
    session = work.session
    asked = _asked(work, user_id, now)
    same = next((each for each in asked if each.address_key == fold(address)), None)
    if same is not None and not same.error and same.asked_at > now - APART:
        raise ConflictError(
            sentence(
                "An e-mail was sent to %(address)s less than an hour ago. Check your inbox.",
                address=address,
            )
        )
    owned = sa.select(sa.func.count()).where(EmailAddress.user_id == user_id)
    is_full = (session.scalar(owned) or 0) >= MOST_ADDRESSES
    if is_full or (same is None and len(asked) >= MOST_ASKED):
        raise ConflictError(sentence("Too many addresses for one day. Try again tomorrow."))
    # Those that nobody has answered are forgotten, and the same one is asked for anew.
    late = sa.or_(AddressProof.asked_at <= now - VALID, AddressProof.address_key == fold(address))
    session.execute(sa.delete(AddressProof).where(AddressProof.user_id == user_id, late))


def _take_away(work: UnitOfWork, row: EmailAddress) -> None:
    if row.counts:
        raise ConflictError(sentence("Another user has this e-mail address."))
    holder = work.session.get_one(User, row.user_id)
    work.session.delete(row)
    work.session.flush()  # Nobody else may have it when it is given to another.
    _record_removal(work, holder, row.address, SHOWN_BY_ANOTHER)


def _record_removal(work: UnitOfWork, user: User, address: str, why: str) -> None:
    work.record(
        events.UserEmailRemoved(about=user.id, person=user.pseudonym, email=address, why=why)
    )


def _row(work: UnitOfWork, address: str) -> EmailAddress | None:
    query = sa.select(EmailAddress).where(EmailAddress.address_key == fold(address))
    return work.session.scalar(query)


def _own_row(work: UnitOfWork, user: User, address: str) -> EmailAddress:
    row = _row(work, address)
    if row is None or row.user_id != user.id:
        raise NotFoundError(sentence("You have no such e-mail address."))
    return row


def _primary(work: UnitOfWork, user_id: UUID) -> EmailAddress | None:
    query = sa.select(EmailAddress).where(
        EmailAddress.user_id == user_id, EmailAddress.is_primary.is_(True)
    )
    return work.session.scalar(query)


def _own(
    address: str,
    waits: AddressProof | None,
    is_primary: bool = False,  # noqa: FBT001, FBT002 - as the row has it.
    is_verified: bool = False,  # noqa: FBT001, FBT002 - the same.
) -> OwnAddress:
    asked_at = waits.asked_at if waits else None
    return OwnAddress(address, is_primary, is_verified, asked_at, waits.error if waits else "")
