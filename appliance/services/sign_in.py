"""Signing in and out, and confirming that it is still you.

A password takes a tenth of a second to check, and that long nobody may hold the database's write
lock. So it has two steps: `check_password` in a reading transaction gives a `Proof`, and the verb
that opens a session or changes something takes the proof in a short writing one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db.credentials import BrowserSession, SessionActivity
from appliance.db.identity_providers import IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.factors import Factor
from appliance.domain.identity import Actor, Method
from appliance.domain.identity_providers import policy
from appliance.domain.names import fold
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, UnauthenticatedError, sentence
from appliance.services import break_glass, factor_due, identify, reach, session_opening, sessions
from appliance.services.attempts import Attempt
from appliance.services.session_opening import By, Opened, Waiting

if TYPE_CHECKING:
    from appliance.domain.claims import SessionFacts
    from appliance.services.identities import Arrived
    from appliance.wiring import SignInTools

# One sentence for every reason, because a stranger may be asking.
WRONG = sentence("Incorrect user name or password.")
PASSWORDS_OFF = sentence("Password sign-in is disabled. Use your organisation's identity provider.")
KEPT_OUT = sentence("Your account can no longer sign in. Ask an administrator.")
NO_PASSWORD_FOR_GIT = sentence("Git needs an access token here, not a password.")
FACTOR_CONFIRMS = sentence("Confirm with your second factor.")
LONGEST_NAME_KEPT = 255
CLOCK_SKEW_SECONDS = 120
"""By how much the clock of an identity provider may be ahead of ours."""


@dataclass(frozen=True)
class Proof:
    """That somebody knew a user's password a moment ago."""

    user_id: UUID
    checked_hash: str = field(repr=False)
    better_hash: str | None = field(default=None, repr=False)
    """The same password by today's parameters, if the stored hash has older ones."""


@open_to_everyone(because="it finds out who is asking")
def check_password(
    work: UnitOfWork, *, name_or_email: str, password: str, tools: SignInTools
) -> Proof:
    """Proof that whoever asks knows the password of the user they name. Wants `reading()`.

    Errors:
        UnauthenticatedError: there is no such user, or that is not their password, or they may not
            enter; it says no more than that. Or passwords are off for them, which only who knows
            the password learns.
        ThrottledError: there were too many wrong attempts lately.
    """
    attempt = Attempt(tools, f"sign-in {fold(name_or_email.strip())}", work.actor.origin.address)
    attempt.claim()
    user = fetch.claimed_user(work, name_or_email)
    knows_it = tools.hasher.verify(user.password_hash if user else None, password)
    if user is None or not knows_it or not user.is_active:
        attempt.failed()
        raise UnauthenticatedError(WRONG, event=_refused(name_or_email, user, knows_it=knows_it))
    attempt.succeeded()
    if not break_glass.may_use_password(work, user):
        refused = events.SignInRefused(
            about=user.id, person=user.pseudonym, reason="password_off", name=user.name
        )
        raise UnauthenticatedError(PASSWORDS_OFF, event=refused)
    return _proof(user, password, tools)


@open_to_everyone(because="the proof shows who they are")
def sign_in(
    work: UnitOfWork, proof: Proof, *, tools: SignInTools, now: datetime
) -> Opened | Waiting:
    """Open a session in the browser that the actor's origin describes, or ask for a second factor.
    It begins elevated. If it opens, the work is done by the user from here on.

    Errors:
        UnauthenticatedError: the user may no longer enter, or has another password by now.
    """
    user = _standing(work, proof)
    return session_opening.enter(work, user, By(), tools=tools, now=now)


@open_to_everyone(because="the provider has vouched for them, and `identities.arrive` took it")
def by_provider(
    work: UnitOfWork, arrived: Arrived, *, tools: SignInTools, now: datetime
) -> Opened | Waiting:
    """Open a session for somebody who came by a sign-in system, or ask for a second factor, unless
    they showed one there. It begins elevated only if they showed there just now who they are, not
    if they were signed in there already. If it opens, the work is done by the user from here on.

    Errors:
        UnauthenticatedError: they may not enter.
    """
    user = work.session.get(User, arrived.user_id, populate_existing=True)
    provider = work.session.get(IdentityProvider, arrived.provider_id)
    if user is None or provider is None or not (arrived.may_enter and user.is_active):
        raise UnauthenticatedError(KEPT_OUT, event=_kept_out(user))
    facts, seconds = arrived.facts, policy(provider.policy).ask_again_seconds
    by = By(
        provider_id=provider.id,
        identity_id=arrived.identity_id,
        external_id=facts.external_id,
        facts={"context": facts.context, "methods": list(facts.methods)},
        ask_again_at=now + timedelta(seconds=seconds) if seconds else None,
        ends_at=facts.ends_at,
        is_elevated=_is_fresh(work, facts, now),
        factor=Factor.PROVIDER if facts.showed_second_factor else "",
    )
    return session_opening.enter(work, user, by, tools=tools, now=now)


def sign_out(work: UnitOfWork, *, now: datetime) -> None:
    """Close the session in which this is asked.

    Errors:
        ConflictError: it was not asked in a session.
    """
    gate.require(work, Permission.OWN_ACCOUNT)
    session = sessions.present(work)
    session.revoked_at = now
    work.record(events.SignedOut(about=session.user_id))


def confirm_password(work: UnitOfWork, *, password: str, tools: SignInTools) -> Proof:
    """Proof that who asks knows their own password. Wants `reading()`.

    Errors:
        UnauthenticatedError: that is not their password, or passwords are off for them.
        ThrottledError: there were too many wrong attempts lately.
    """
    user = fetch.account(work, None)
    # Counted apart from signing in, so that nobody outside can keep a user from confirming.
    attempt = Attempt(tools, f"confirm {user.id}", work.actor.origin.address)
    attempt.claim()
    if not tools.hasher.verify(user.password_hash, password):
        attempt.failed()
        refused = events.ElevationRefused(about=user.id)
        raise UnauthenticatedError("That is not your password.", event=refused)
    attempt.succeeded()
    if not break_glass.may_use_password(work, user):
        raise UnauthenticatedError(PASSWORDS_OFF, event=events.ElevationRefused(about=user.id))
    return _proof(user, password, tools)


def elevate_by_provider(work: UnitOfWork, arrived: Arrived, *, now: datetime) -> datetime:
    """Allow sensitive acts in a session that this provider opened; gives until when.

    The protocol asked the provider to have them show anew who they are.

    Errors:
        ConflictError: it was not asked in a session, or by somebody else, or the provider did not
            ask them anew.
    """
    gate.require(work, Permission.OWN_ACCOUNT)
    session = sessions.present(work)
    if session.user_id != arrived.user_id or session.identity_id != arrived.identity_id:
        raise ConflictError("The identity provider says that somebody else is there now.")
    if not arrived.may_enter or not _is_fresh(work, arrived.facts, now):
        raise ConflictError("The identity provider did not ask who is there. Sign out there first.")
    user = work.session.get_one(User, session.user_id)
    if not arrived.facts.showed_second_factor and session_opening.owes_factor(work, user):
        raise ConflictError(FACTOR_CONFIRMS)
    told = events.Elevated(about=session.user_id, provider_id=str(arrived.provider_id))
    return elevated(work, session, told, now)


def elevate(work: UnitOfWork, proof: Proof, *, now: datetime) -> datetime:
    """Allow sensitive acts in this session for a while; gives until when.

    Errors:
        ConflictError: it was not asked in a session, or the proof is of somebody else.
    """
    gate.require(work, Permission.OWN_ACCOUNT)
    session = sessions.present(work)
    user = _standing(work, proof)
    if user.id != session.user_id:
        raise ConflictError("That is another user's password.")
    if session_opening.owes_factor(work, user):
        raise ConflictError(FACTOR_CONFIRMS)
    return elevated(work, session, events.Elevated(about=user.id), now)


@open_to_everyone(because="it finds out who is asking")
def password_for_git(
    work: UnitOfWork, *, name_or_email: str, password: str, tools: SignInTools
) -> Actor:
    """The actor of a name and password sent by a git client. Wants `reading()`.

    Errors:
        UnauthenticatedError: they do not fit, or passwords are not for git here.
        ThrottledError: there were too many wrong attempts lately.
    """
    # Where a password is an exception, each use is told; git could use it a thousand times.
    if not work.rules.sign_in.password_over_git or break_glass.is_exception(work):
        raise UnauthenticatedError(NO_PASSWORD_FOR_GIT)
    proof = check_password(work, name_or_email=name_or_email, password=password, tools=tools)
    user = work.session.get_one(User, proof.user_id)
    if session_opening.owes_factor(work, user):
        raise UnauthenticatedError(NO_PASSWORD_FOR_GIT)
    if user.must_change_password:
        raise UnauthenticatedError("Sign in to the portal and choose your own password first.")
    factor_due.insist(work, user.id, now=work.begun_at)
    found = identify.of_user(user, work.actor.origin, Method.PASSWORD, None)
    return reach.placed(work, found)


@open_to_everyone(because="the verb that calls it has seen proof that it is them")
def elevated(
    work: UnitOfWork, session: BrowserSession, told: events.Elevated, now: datetime
) -> datetime:
    """Allow sensitive acts in a session for a while; gives until when."""
    until = now + timedelta(seconds=work.rules.sign_in.elevation_seconds)
    work.session.get_one(SessionActivity, session.id).elevated_until = until
    work.record(told)
    return until


def _is_fresh(work: UnitOfWork, facts: SessionFacts, now: datetime) -> bool:
    """Whether they showed lately enough who they are; a system that does not say when, did not."""
    if facts.shown_at is None:
        return False
    age = (now - facts.shown_at).total_seconds()
    return bool(-CLOCK_SKEW_SECONDS <= age <= work.rules.sign_in.elevation_seconds)


def _proof(user: User, password: str, tools: SignInTools) -> Proof:
    stored = user.password_hash or ""
    better = tools.hasher.hash(password) if tools.hasher.needs_rehash(stored) else None
    return Proof(user.id, stored, better)


def _standing(work: UnitOfWork, proof: Proof) -> User:
    """The user of a proof, if it still holds; a better hash is stored on the way."""
    user = work.session.get(User, proof.user_id, populate_existing=True)
    if user is None or not user.is_active or user.password_hash != proof.checked_hash:
        raise UnauthenticatedError(WRONG)
    if proof.better_hash is not None:
        user.password_hash = proof.better_hash
    return user


def _kept_out(user: User | None) -> events.SignInRefused | None:
    if user is None:
        return None
    return events.SignInRefused(
        about=user.id, person=user.pseudonym, reason=user.state, name=user.name
    )


def _refused(typed: str, user: User | None, *, knows_it: bool) -> events.SignInRefused:
    kept = typed[:LONGEST_NAME_KEPT]
    if user is None:
        return events.SignInRefused(reason="unknown", name=kept)
    reason = user.state if knows_it else "password"
    return events.SignInRefused(about=user.id, person=user.pseudonym, reason=reason, name=kept)
