"""Keys in devices (WebAuthn): making one, and showing it as a second factor, as the first, or to
confirm that it is still you.

Each has two halves: something is asked, and the browser's answer counts once, for whom it was asked
and for what. As the first factor a key stands for two: the device, and what its owner shows to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from appliance.access import fetch_person, gate
from appliance.access.gate import open_to_everyone
from appliance.db.second_factors import (
    KeyChallenge,
    SecurityKey,
    forget_challenges,
    forget_earlier_challenges,
    take_challenge,
)
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.factors import Factor
from appliance.domain.identity import Method
from appliance.domain.ids import new_id
from appliance.domain.names import check_title
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, UnauthenticatedError, sentence
from appliance.security import passkeys
from appliance.services import (
    beginnings,
    break_glass,
    second_factors,
    second_step,
    session_opening,
    sessions,
    sign_in,
)
from appliance.services.attempts import Attempt, paced
from appliance.services.second_factors import Added
from appliance.services.session_opening import By, Opened

if TYPE_CHECKING:
    from appliance.wiring import FactorTools

LONGEST_ANSWER = passkeys.LARGEST_ANSWER
ANSWER_WITHIN = timedelta(minutes=5)
MOST_ASKED = 10
"""Of one session or one sign-in that waits, at a time: one for each tab, and not thousands."""
WRONG = sentence("You cannot sign in here with that key.")
NOT_ASKED = sentence("That took too long, or was used already. Try again.")


class Purpose(StrEnum):
    """What a key is asked for; an answer to one does not serve for another."""

    MAKE = "make"
    SECOND = "second"
    FIRST = "first"
    CONFIRM = "confirm"


def are_possible(url: str) -> bool:
    """Whether browsers make keys for an appliance at this address."""
    return passkeys.can_be_bound(url)


def ask_to_make(work: UnitOfWork, *, now: datetime) -> dict[str, Any]:
    """What the browser needs in order to make a key of one's own.

    Errors:
        ConflictError: the appliance has no name that a key can be made for.
    """
    user = fetch_person.own(work)
    place, challenge = _here(work), _challenge(work, Purpose.MAKE, str(user.id), now)
    known = [key.credential_id for key in _keys(work, user)]
    return passkeys.ask_to_make(place, challenge, handle=user.id.bytes, user=user.name, known=known)


def make(work: UnitOfWork, *, answer: str, title: str, tools: FactorTools, now: datetime) -> Added:
    """Let a key count that the browser has just made.

    Errors:
        InvalidError: it was not made for what was asked.
        ConflictError: it counts already, or there are too many.
    """
    user = fetch_person.own(work)
    _id, challenge = passkeys.read(answer)
    if not _take(work, challenge, Purpose.MAKE, str(user.id), now):
        raise InvalidError.of("answer", NOT_ASKED)
    key = passkeys.made(_here(work), answer, challenge)
    second_factors.insist_on_room(work)
    mark = passkeys.mark(key.credential_id)
    if work.session.scalar(sa.select(sa.exists().where(SecurityKey.credential_mark == mark))):
        raise ConflictError(sentence("This key is already registered."))
    row = SecurityKey(
        id=new_id(),
        user_id=user.id,
        title=check_title("title", title),
        credential_mark=mark,
        credential_id=key.credential_id,
        public_key=key.public_key,
        sign_count=key.sign_count,
        created_at=now,
    )
    return second_factors.added(work, user, row, Factor.KEY, tools=tools, now=now)


@open_to_everyone(because="whoever signs in by a key begins it")
def ask_first(work: UnitOfWork, *, tools: FactorTools, now: datetime) -> dict[str, Any]:
    """What the browser needs in order to sign somebody in by a key alone.

    Errors:
        ThrottledError: too much was asked from there lately and never answered.
    """
    beginnings.claim(work, tools.sign_in.beginnings, beginnings.BY_KEY)
    challenge = _challenge(work, Purpose.FIRST, "", now)
    return passkeys.ask_to_sign(_here(work), challenge, known=(), must_verify=True)


@open_to_everyone(because="it finds out who is asking")
def enter(work: UnitOfWork, *, answer: str, tools: FactorTools, now: datetime) -> Opened:
    """Open a session by a key alone, whose device has made sure that it is its owner.

    From here on the work is done by the user.

    Errors:
        UnauthenticatedError: it is no key of somebody who may enter, or nothing was asked.
        ThrottledError: too many that let nobody in came from there lately.
    """
    with paced("key", work.actor.origin.address, tools.sign_in.per_address):
        return _entered(work, answer, tools, now)


def _entered(work: UnitOfWork, answer: str, tools: FactorTools, now: datetime) -> Opened:
    shown = _shown(work, answer, Purpose.FIRST, "", now, must_verify=True)
    user = work.session.get_one(User, shown.key.user_id)
    if not user.is_active:
        raise _wrong(user, "state")
    if not break_glass.may_use_password(work, user):
        raise UnauthenticatedError(sign_in.PASSWORDS_OFF, event=_refusal(user, "password_off"))
    _note(work, shown, now)
    beginnings.ended(work, tools.sign_in.beginnings, beginnings.BY_KEY)
    by = By(factor=Factor.KEY, way=Method.PASSKEY)
    return session_opening.opened(work, user, by, tools=tools.sign_in, now=now)


@open_to_everyone(because="whoever holds the secret has shown the first factor")
def ask_second(
    work: UnitOfWork, secret: str, *, tools: FactorTools, now: datetime
) -> dict[str, Any]:
    """What the browser needs in order to let a key of who waits sign.

    Errors:
        UnauthenticatedError: nobody waits.
    """
    waiting, user = second_step.waiting_for(work, secret, tools, now)
    challenge = _challenge(work, Purpose.SECOND, str(waiting.id), now)
    known = [key.credential_id for key in _keys(work, user)]
    return passkeys.ask_to_sign(_here(work), challenge, known=known, must_verify=False)


@open_to_everyone(because="it finds out who is asking")
def enter_by_key(
    work: UnitOfWork, secret: str, *, answer: str, tools: FactorTools, now: datetime
) -> Opened:
    """Open the session of who waits, by a key of theirs.

    From here on the work is done by the user.

    Errors:
        UnauthenticatedError: it is no key of theirs, or nobody waits any more.
        ThrottledError: there were too many wrong answers lately.
    """
    waiting, user = second_step.waiting_for(work, secret, tools, now)
    attempt = Attempt(tools.sign_in, f"factor {user.id}", work.actor.origin.address)
    attempt.claim()
    _note(work, _of(work, user, answer, Purpose.SECOND, str(waiting.id), now), now)
    attempt.succeeded()
    return second_step.let_in(work, waiting, user, Factor.KEY, tools, now)


def ask_to_confirm(work: UnitOfWork, *, now: datetime) -> dict[str, Any]:
    """What the browser needs in order to confirm by a key that it is still you."""
    gate.require(work, Permission.OWN_ACCOUNT)
    session = sessions.present(work)
    user = work.session.get_one(User, session.user_id)
    challenge = _challenge(work, Purpose.CONFIRM, str(session.id), now)
    known = [key.credential_id for key in _keys(work, user)]
    return passkeys.ask_to_sign(_here(work), challenge, known=known, must_verify=False)


def confirm(work: UnitOfWork, *, answer: str, now: datetime) -> datetime:
    """Allow sensitive acts in this session for a while; gives until when.

    Errors:
        ConflictError: it was not asked in a session.
        UnauthenticatedError: it is no key of one's own, or nothing was asked.
    """
    gate.require(work, Permission.OWN_ACCOUNT)
    session = sessions.present(work)
    user = work.session.get_one(User, session.user_id)
    _note(work, _of(work, user, answer, Purpose.CONFIRM, str(session.id), now), now)
    told = events.Elevated(about=user.id, factor=Factor.KEY)
    return sign_in.elevated(work, session, told, now)


@dataclass(frozen=True)
class _Shown:
    key: SecurityKey
    sign_count: int


def _of(
    work: UnitOfWork, user: User, answer: str, purpose: Purpose, asked: str, now: datetime
) -> _Shown:
    shown = _shown(work, answer, purpose, asked, now, must_verify=False)
    if shown.key.user_id != user.id:
        raise _wrong(user, "key_of_another")
    return shown


def _shown(
    work: UnitOfWork, answer: str, purpose: Purpose, asked: str, now: datetime, *, must_verify: bool
) -> _Shown:
    """The key that has signed what was asked."""
    credential_id, challenge = passkeys.read(answer)
    if not _take(work, challenge, purpose, asked, now):
        raise UnauthenticatedError(NOT_ASKED)
    key = work.session.scalar(
        sa.select(SecurityKey)
        .where(SecurityKey.credential_mark == passkeys.mark(credential_id))
        .with_for_update()
    )
    if key is None:
        raise UnauthenticatedError(WRONG, event=_refusal(None, "key"))
    user = work.session.get_one(User, key.user_id)
    try:
        found = passkeys.shown(_here(work), answer, challenge, public_key=key.public_key)
    except InvalidError as error:
        raise _wrong(user, "signature") from error
    if must_verify and not found.is_verified:
        raise _wrong(user, "not_verified")
    # A device that counts says a larger number each time; one that says it again was copied.
    if (found.sign_count or key.sign_count) and found.sign_count <= key.sign_count:
        raise _wrong(user, "counter")
    return _Shown(key, found.sign_count)


def _note(work: UnitOfWork, shown: _Shown, now: datetime) -> None:
    shown.key.sign_count, shown.key.used_at = shown.sign_count, now
    work.session.flush()


def _wrong(user: User, reason: str) -> UnauthenticatedError:
    return UnauthenticatedError(WRONG, event=_refusal(user, reason))


def _refusal(user: User | None, reason: str) -> events.SecondFactorRefused:
    return events.SecondFactorRefused(
        about=user.id if user else None,
        person=user.pseudonym if user else None,
        factor=Factor.KEY,
        reason=reason,
    )


def _here(work: UnitOfWork) -> passkeys.Here:
    return passkeys.here(work.rules.server.name, work.rules.server.url)


def _keys(work: UnitOfWork, user: User) -> Sequence[SecurityKey]:
    return work.session.scalars(
        sa.select(SecurityKey).where(SecurityKey.user_id == user.id).order_by(SecurityKey.id)
    ).all()


def _challenge(work: UnitOfWork, purpose: Purpose, asked: str, now: datetime) -> bytes:
    forget_challenges(work.session, now=now)
    if asked:
        forget_earlier_challenges(work.session, purpose=purpose, asked=asked, kept=MOST_ASKED - 1)
    challenge = passkeys.new_challenge()
    work.session.add(
        KeyChallenge(
            mark=passkeys.mark(challenge),
            purpose=purpose,
            asked=asked,
            expires_at=now + ANSWER_WITHIN,
        )
    )
    return challenge


def _take(work: UnitOfWork, challenge: bytes, purpose: Purpose, asked: str, now: datetime) -> bool:
    return take_challenge(
        work.session, passkeys.mark(challenge), purpose=purpose, asked=asked, now=now
    )
