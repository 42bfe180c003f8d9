"""Choosing a password: one's own, a new user's, or by an administrator's one-time link.

A new password is judged and hashed in a reading transaction, which gives a `ChosenPassword`; the
verb that stores it is short. `sign_in.py` says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db.credentials import end_sessions
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import EmailAddress, PasswordReset, User
from appliance.domain import events
from appliance.domain.identity import Method
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, NotFoundError, ThrottledError, sentence
from appliance.security import passwords, tokens
from appliance.security.throttle import place_of
from appliance.services import entry, identify
from appliance.services.sign_in import Proof

if TYPE_CHECKING:
    from appliance.wiring import SignInTools

NO_LINK = sentence(
    "This link has been used or is no longer valid. Ask an administrator for another."
)
OUR_NAME = "codara"


@dataclass(frozen=True)
class ChosenPassword:
    """A password that is good enough, as it is stored."""

    hash: str = field(repr=False)


@dataclass(frozen=True)
class ResetLink:
    """A one-time link to set a password. The secret is shown once and kept nowhere."""

    secret: str = field(repr=False)
    user: User
    expires_at: datetime


def choose_for_new_user(
    work: UnitOfWork, *, password: str, name: str, email: str, tools: SignInTools
) -> ChosenPassword:
    """The first password of a user who is about to be created. Wants `reading()`.

    Errors:
        InvalidError: it is too weak; the sentence says why.
    """
    gate.require(work, Permission.USERS_MANAGE)
    return _chosen(work, password, [name, email], tools)


def choose_own(work: UnitOfWork, *, password: str, tools: SignInTools) -> ChosenPassword:
    """A new password for oneself. Wants `reading()`.

    Errors:
        InvalidError: it is too weak; the sentence says why.
    """
    user = fetch.account(work, None)
    return _chosen(work, password, _words_of(work, user), tools)


def change(work: UnitOfWork, proof: Proof, chosen: ChosenPassword, *, now: datetime) -> None:
    """Set one's own password; other sessions end.

    Errors:
        ConflictError: the proof is of somebody else, or the password was changed meanwhile.
    """
    user = fetch.account(work, None)
    if user.id != proof.user_id or user.password_hash != proof.checked_hash:
        raise ConflictError("The password was changed meanwhile. Sign in with the new one.")
    _store(work, user, chosen)
    end_sessions(work.session, user.id, now=now, spare=work.actor.origin.credential_id)
    work.record(events.PasswordChanged(about=user.id, by_link=False))


def issue_reset_link(
    work: UnitOfWork, name: str, *, tools: SignInTools, now: datetime
) -> ResetLink:
    """A one-time link with which a user sets a new password; earlier links stop working.

    Errors:
        ConflictError: the user is suspended.
    """
    user = fetch.user(work, name, Permission.USERS_MANAGE)
    entry.insist_on_person(user)
    if not user.is_active:
        raise ConflictError(
            sentence("%(name)s is suspended. Reinstate them first.", name=user.name)
        )
    work.session.execute(sa.delete(PasswordReset).where(PasswordReset.user_id == user.id))
    secret = tokens.new_link_secret()
    expires_at = now + timedelta(seconds=work.rules.sign_in.reset_link_seconds)
    work.session.add(
        PasswordReset(
            user_id=user.id,
            secret_hash=tokens.fingerprint(secret, key=tools.fingerprint_key),
            created_at=now,
            expires_at=expires_at,
        )
    )
    work.record(events.PasswordResetIssued(about=user.id))
    return ResetLink(secret, user, expires_at)


@open_to_everyone(because="whoever holds the link is meant to see whose it is")
def whose_link(work: UnitOfWork, secret: str, *, tools: SignInTools, now: datetime) -> User:
    """The user whom a link lets set a password.

    Errors:
        NotFoundError: it is no link, was used, or has expired.
    """
    return _link(work, secret, tools, now)[1]


@open_to_everyone(because="whoever holds the link may set the password")
def choose_by_link(
    work: UnitOfWork, secret: str, *, password: str, tools: SignInTools, now: datetime
) -> ChosenPassword:
    """A new password for the user of a link. Wants `reading()`.

    Errors:
        NotFoundError: it is no link, was used, or has expired.
        InvalidError: the password is too weak; the sentence says why.
        ThrottledError: there were too many attempts from this address.
    """
    _slow_down(work, tools)
    _, user = _link(work, secret, tools, now)
    return _chosen(work, password, _words_of(work, user), tools)


@open_to_everyone(because="whoever holds the link may set the password")
def reset(
    work: UnitOfWork, secret: str, chosen: ChosenPassword, *, tools: SignInTools, now: datetime
) -> User:
    """Set the password of the user of a link, once; all their sessions end.

    From here on the work is done by the user.

    Errors:
        NotFoundError: it is no link, was used, or has expired.
    """
    link, user = _link(work, secret, tools, now)
    if not _use(work, link, now):
        raise NotFoundError(NO_LINK)
    _store(work, user, chosen)
    end_sessions(work.session, user.id, now=now)
    work.actor = identify.of_user(user, work.actor.origin, Method.NONE, None)
    work.record(events.PasswordChanged(about=user.id, by_link=True))
    return user


def _chosen(
    work: UnitOfWork, password: str, words: Iterable[str], tools: SignInTools
) -> ChosenPassword:
    known = [*words, OUR_NAME, work.rules.server.name]
    minimum = work.rules.sign_in.minimum_password_length
    weakness = passwords.weakness(password, minimum_length=minimum, words=known)
    if weakness is not None:
        raise InvalidError.of("password", weakness)
    return ChosenPassword(tools.hasher.hash(password))


def _store(work: UnitOfWork, user: User, chosen: ChosenPassword) -> None:
    user.password_hash = chosen.hash
    user.must_change_password = False
    # A link that was made before would set the password once more.
    work.session.execute(
        sa.delete(PasswordReset).where(
            PasswordReset.user_id == user.id, PasswordReset.used_at.is_(None)
        )
    )


def _words_of(work: UnitOfWork, user: User) -> list[str]:
    addresses = work.session.scalars(
        sa.select(EmailAddress.address).where(EmailAddress.user_id == user.id)
    )
    return [user.name, user.display_name, *addresses]


def _link(
    work: UnitOfWork, secret: str, tools: SignInTools, now: datetime
) -> tuple[PasswordReset, User]:
    """A link that still works, with its user."""
    link = work.session.scalar(
        sa.select(PasswordReset).where(
            PasswordReset.secret_hash == tokens.fingerprint(secret, key=tools.fingerprint_key),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > now,
        )
    )
    user = work.session.get(User, link.user_id) if link else None
    if link is None or user is None or not user.is_active:
        raise NotFoundError(NO_LINK)
    return link, user


def _use(work: UnitOfWork, link: PasswordReset, now: datetime) -> bool:
    """Mark a link as used; False if somebody was faster, so that it works once."""
    used = work.session.execute(
        sa.update(PasswordReset)
        .where(PasswordReset.id == link.id, PasswordReset.used_at.is_(None))
        .values(used_at=now)
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]  # An update has one.


def _slow_down(work: UnitOfWork, tools: SignInTools) -> None:
    address = work.actor.origin.address
    wait = tools.per_address.check(f"reset {place_of(address)}") if address else 0.0
    if wait > 0:
        raise ThrottledError("Too many attempts.", retry_after_seconds=int(wait) + 1)
