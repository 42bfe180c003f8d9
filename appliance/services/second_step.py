"""Showing a second factor: to get in, and to confirm that it is still you.

What is wrong costs a wait, counted for the user: whoever gets here has shown the first factor, so
nobody else can make them wait.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.second_factors import AuthenticatorApp, RecoveryCode, WaitingSignIn
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.factors import Factor
from appliance.domain.permissions import Permission
from appliance.errors import UnauthenticatedError, sentence
from appliance.security import one_time_codes, tokens
from appliance.services import second_factors, session_opening, sessions, sign_in
from appliance.services.attempts import Attempt
from appliance.services.session_opening import By, Opened

if TYPE_CHECKING:
    from appliance.wiring import FactorTools

WRONG = sentence("That code is wrong or was already used.")
TOO_LATE = sentence("That took too long. Sign in again.")


@open_to_everyone(because="whoever holds the secret is meant to see who they are")
def who_waits(work: UnitOfWork, secret: str, *, tools: FactorTools, now: datetime) -> User:
    """Who has shown the first factor in this browser, and owes the second.

    Errors:
        UnauthenticatedError: nobody does, or no longer.
    """
    return waiting_for(work, secret, tools, now)[1]


@open_to_everyone(because="whoever is asked for a factor is meant to see which they have")
def kinds_of(work: UnitOfWork, user: User) -> frozenset[Factor]:
    """What kinds of second factors somebody has."""
    return frozenset(
        kind
        for kind, table in second_factors.TABLES.items()
        if work.session.scalar(sa.select(sa.exists().where(table.user_id == user.id)))
    )


@open_to_everyone(because="it finds out who is asking")
def enter_by_code(
    work: UnitOfWork, secret: str, *, code: str, tools: FactorTools, now: datetime
) -> Opened:
    """Open the session of who waits, by a code of an app or one for emergencies.

    From here on the work is done by the user.

    Errors:
        UnauthenticatedError: the code is wrong or was used, or nobody waits any more.
        ThrottledError: there were too many wrong codes lately.
    """
    waiting, user = waiting_for(work, secret, tools, now)
    factor = _check_code(work, user, code, tools, now)
    return let_in(work, waiting, user, factor, tools, now)


def confirm_by_code(work: UnitOfWork, *, code: str, tools: FactorTools, now: datetime) -> datetime:
    """Allow sensitive acts in this session for a while; gives until when.

    Errors:
        ConflictError: it was not asked in a session.
        UnauthenticatedError: the code is wrong, or was used already.
        ThrottledError: there were too many wrong codes lately.
    """
    gate.require(work, Permission.OWN_ACCOUNT)
    session = sessions.present(work)
    user = work.session.get_one(User, session.user_id)
    factor = _check_code(work, user, code, tools, now)
    told = events.Elevated(about=user.id, factor=factor)
    return sign_in.elevated(work, session, told, now)


@open_to_everyone(because="the verb that calls it has seen the factor")
def let_in(
    work: UnitOfWork,
    waiting: WaitingSignIn,
    user: User,
    factor: Factor,
    tools: FactorTools,
    now: datetime,
) -> Opened:
    """Open the session of who waited. From here on the work is done by the user.

    Errors:
        UnauthenticatedError: what they came by does not lead to them any more.
    """
    by = By.of_json(waiting.facts, factor)
    if by.identity_id is not None:
        _insist_on_way(work, user, by.identity_id)
    work.session.delete(waiting)
    return session_opening.opened(work, user, by, tools=tools.sign_in, now=now)


@open_to_everyone(because="whoever holds the secret has shown the first factor")
def waiting_for(
    work: UnitOfWork, secret: str, tools: FactorTools, now: datetime
) -> tuple[WaitingSignIn, User]:
    """The sign-in that waits under a secret, and whose it is.

    Errors:
        UnauthenticatedError: none does, or no longer.
    """
    mark = tokens.fingerprint(secret, key=tools.sign_in.fingerprint_key)
    waiting = work.session.scalar(
        sa.select(WaitingSignIn)
        .where(WaitingSignIn.secret_hash == mark, WaitingSignIn.expires_at > now)
        .with_for_update()
    )
    user = work.session.get(User, waiting.user_id) if waiting else None
    if waiting is None or user is None or not user.is_active:
        raise UnauthenticatedError(TOO_LATE)
    if waiting.password_mark != session_opening.password_mark(user, tools.sign_in):
        raise UnauthenticatedError(TOO_LATE)
    return waiting, user


def _insist_on_way(work: UnitOfWork, user: User, identity_id: UUID) -> None:
    """Go on only if an identity still leads to a user, by a provider that is on."""
    query = sa.select(Identity.id).join(
        IdentityProvider, IdentityProvider.id == Identity.provider_id
    )
    query = query.where(
        Identity.id == identity_id, Identity.user_id == user.id, IdentityProvider.is_enabled
    )
    if work.session.scalar(query) is None:
        raise UnauthenticatedError(TOO_LATE)


def _check_code(
    work: UnitOfWork, user: User, typed: str, tools: FactorTools, now: datetime
) -> Factor:
    attempt = Attempt(tools.sign_in, f"factor {user.id}", work.actor.origin.address)
    attempt.claim()
    code = one_time_codes.plain(typed)
    if code.isdigit() and len(code) == one_time_codes.DIGITS:
        factor, reason = Factor.APP, _use_app(work, user, code, tools, now)
    else:
        factor, reason = Factor.RECOVERY, _use_recovery_code(work, user, code, tools, now)
    if reason:
        attempt.failed()
        refused = events.SecondFactorRefused(
            about=user.id, person=user.pseudonym, factor=factor, reason=reason
        )
        raise UnauthenticatedError(WRONG, event=refused)
    attempt.succeeded()
    return factor


def _use_app(work: UnitOfWork, user: User, code: str, tools: FactorTools, now: datetime) -> str:
    """Let a code count, once; gives why it does not."""
    apps = work.session.scalars(
        sa.select(AuthenticatorApp).where(AuthenticatorApp.user_id == user.id)
    ).all()
    for app in apps:
        secret = tools.sealer.unseal(app.sealed_secret, second_factors.place(app.id))
        step = one_time_codes.step_of(secret, code, now=now)
        if step is None:
            continue
        used = work.session.execute(
            sa.update(AuthenticatorApp)
            .where(AuthenticatorApp.id == app.id, AuthenticatorApp.last_step < step)
            .values(last_step=step, used_at=now)
        )
        return "" if used.rowcount else "used_already"  # type: ignore[attr-defined]  # An update has one.
    return "code"


def _use_recovery_code(
    work: UnitOfWork, user: User, code: str, tools: FactorTools, now: datetime
) -> str:
    mark = tokens.fingerprint(code, key=tools.sign_in.fingerprint_key)
    used = work.session.execute(
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == mark,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if not used.rowcount:  # type: ignore[attr-defined]  # An update has one.
        return "code"
    left = second_factors.codes_left(work, user)
    work.record(events.RecoveryCodeUsed(about=user.id, person=user.pseudonym, left=left))
    return ""
