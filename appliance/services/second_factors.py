"""One's second factors: which there are, setting up and removing them; and taking somebody's away.

Whoever sets up the first gets recovery codes, and their other sessions end: those were
opened without it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_person
from appliance.access.gate import open_to_everyone
from appliance.db.credentials import BrowserSession, end_sessions
from appliance.db.second_factors import AuthenticatorApp, RecoveryCode, SecurityKey
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.factors import Factor
from appliance.domain.identity import Method
from appliance.domain.ids import new_id
from appliance.domain.names import check_title
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, DamagedError, InvalidError, NotFoundError, sentence
from appliance.security import one_time_codes, tokens
from appliance.security.sealing import Place, Sealer
from appliance.services import session_opening

if TYPE_CHECKING:
    from appliance.wiring import FactorTools

MOST_FACTORS = 20
LONGEST_REASON = 500
OFFER_STANDS = timedelta(minutes=30)
"""So long a secret that was shown can be confirmed."""
WRONG_CODE = sentence("That is not the code that the app shows now. Check the clock of the device.")
OLD_OFFER = sentence("That code has expired. Scan the new QR code.")


@dataclass(frozen=True)
class ListedFactor:
    """A second factor, without its secret."""

    id: UUID
    kind: Factor
    title: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """What somebody can show beside their password."""

    items: Sequence[ListedFactor]
    codes_left: int


@dataclass(frozen=True)
class OfferedApp:
    """A secret that an app may learn. It counts once a code of it was shown."""

    secret: str = field(repr=False)
    address: str = field(repr=False)
    sealed: str = field(repr=False)
    """The secret as it goes through the form: only we can open it, and only for this user."""


@dataclass(frozen=True)
class Added:
    """A new factor, and the recovery codes where it is the first."""

    factor: ListedFactor
    codes: Sequence[str] = field(repr=False)


def show(work: UnitOfWork, name: str | None) -> Factors:
    """One's own factors (`None`), or those of a user for who manages users."""
    user = fetch.account(work, name)
    return Factors(_listed(work, user), codes_left(work, user))


def offer_app(work: UnitOfWork, *, tools: FactorTools, now: datetime) -> OfferedApp:
    """A new secret for an app of one's own. Nothing is stored yet."""
    user = fetch_person.own(work)
    secret = one_time_codes.new_secret()
    return _offered(user, secret, work.rules.server.name, tools.sealer, now)


def offer_again(work: UnitOfWork, sealed: str, *, tools: FactorTools, now: datetime) -> OfferedApp:
    """The same secret once more, for who mistyped a code; a new one where that is over."""
    user = fetch_person.own(work)
    try:
        secret = _unsealed(user, sealed, tools.sealer, now)
    except InvalidError:
        secret = one_time_codes.new_secret()
    return _offered(user, secret, work.rules.server.name, tools.sealer, now)


def add_app(
    work: UnitOfWork, *, sealed: str, code: str, title: str, tools: FactorTools, now: datetime
) -> Added:
    """Let an app count that shows the right code for a secret that was offered.

    Errors:
        InvalidError: the code is another, or the offer is too old.
        ConflictError: they have too many factors, or this very one.
    """
    user = fetch_person.own(work)
    secret = _unsealed(user, sealed, tools.sealer, now)
    step = one_time_codes.step_of(secret, one_time_codes.plain(code), now=now)
    if step is None:
        raise InvalidError.of("code", WRONG_CODE)
    insist_on_room(work)
    _insist_on_new_secret(work, user, secret, tools.sealer)
    app = AuthenticatorApp(
        id=new_id(),
        user_id=user.id,
        title=check_title("title", title),
        last_step=step,
        created_at=now,
    )
    app.sealed_secret = tools.sealer.seal(secret, place(app.id))
    return added(work, user, app, Factor.APP, tools=tools, now=now)


def added(
    work: UnitOfWork,
    user: User,
    row: AuthenticatorApp | SecurityKey,
    kind: Factor,
    *,
    tools: FactorTools,
    now: datetime,
) -> Added:
    """Store a factor that was shown just now; with the first come codes, and other sessions end."""
    own = fetch_person.own(work)
    is_first = not session_opening.owes_factor(work, own)
    work.session.add(row)
    work.session.flush()  # Whether there is one is asked of what is stored.
    work.record(
        events.SecondFactorAdded(about=user.id, factor=kind, factor_id=str(row.id), label=row.title)
    )
    listed = ListedFactor(row.id, kind, row.title, row.created_at, None)
    if not is_first:
        return Added(listed, ())
    end_sessions(work.session, user.id, now=now, spare=work.actor.origin.credential_id)
    if work.actor.origin.method is Method.SESSION:
        work.session.get_one(BrowserSession, work.actor.origin.credential_id).factor = kind
    return Added(listed, _new_codes(work, user, tools, now))


def remove(work: UnitOfWork, factor_id: UUID) -> None:
    """Let a factor of one's own no longer count. With the last go the recovery codes.

    Errors:
        NotFoundError: one has none of that id.
    """
    user = fetch_person.own(work)
    found = next((each for each in _listed(work, user) if each.id == factor_id), None)
    if found is None:
        raise NotFoundError(sentence("There is no such second factor."))
    work.session.execute(sa.delete(TABLES[found.kind]).where(TABLES[found.kind].id == factor_id))
    if not session_opening.owes_factor(work, user):
        _forget_codes(work, user)
    work.record(
        events.SecondFactorRemoved(
            about=user.id,
            factor=found.kind,
            factor_id=str(factor_id),
            by_administrator=False,
            label=found.title,
        )
    )


def renew_codes(work: UnitOfWork, *, tools: FactorTools, now: datetime) -> list[str]:
    """New recovery codes; earlier ones count no more. Shown once.

    Errors:
        ConflictError: one has no second factor.
    """
    user = fetch_person.own(work)
    if not session_opening.owes_factor(work, user):
        raise ConflictError(sentence("Set up a second factor first."))
    return _new_codes(work, user, tools, now)


def reset(work: UnitOfWork, name: str, *, reason: str, now: datetime) -> int:
    """Take all second factors of a user away, as who manages users: their password alone lets them
    in then, until they set up another. Their sessions end. Gives how many there were.

    Errors:
        InvalidError: no reason is given.
        ConflictError: they have none.
    """
    user = fetch.user(work, name, Permission.USERS_MANAGE)
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise InvalidError.of(
            "reason", sentence("Give a reason of at most %(most)s characters.", most=LONGEST_REASON)
        )
    found, codes = _listed(work, user), codes_left(work, user)
    if not found:
        raise ConflictError(sentence("%(name)s has no second factor.", name=user.name))
    for table in TABLES.values():
        work.session.execute(sa.delete(table).where(table.user_id == user.id))
    _forget_codes(work, user)
    end_sessions(work.session, user.id, now=now, spare=work.actor.origin.credential_id)
    work.record(
        events.SecondFactorsReset(
            about=user.id, person=user.pseudonym, factors=len(found), codes=codes, reason=said
        )
    )
    return len(found)


def place(app_id: UUID) -> Place:
    """Where an app's secret is sealed for."""
    return Place("authenticator_apps", "sealed_secret", str(app_id))


TABLES: dict[Factor, type[AuthenticatorApp | SecurityKey]] = {
    Factor.APP: AuthenticatorApp,
    Factor.KEY: SecurityKey,
}


def insist_on_room(work: UnitOfWork) -> None:
    """Go on only if one may have one more factor.

    Errors:
        ConflictError: one has as many as anybody may.
    """
    own = fetch_person.own(work)
    if len(_listed(work, own)) >= MOST_FACTORS:
        raise ConflictError(
            sentence("You have %(most)s second factors. Remove one first.", most=MOST_FACTORS)
        )


def _listed(work: UnitOfWork, user: User) -> list[ListedFactor]:
    found = [
        ListedFactor(row.id, kind, row.title, row.created_at, row.used_at)
        for kind, table in TABLES.items()
        for row in work.session.execute(
            sa.select(table.id, table.title, table.created_at, table.used_at).where(
                table.user_id == user.id
            )
        )
    ]
    return sorted(found, key=lambda each: each.id)


@open_to_everyone(because="the verb that calls it knows whose they are")
def codes_left(work: UnitOfWork, user: User) -> int:
    """How many recovery codes somebody still has."""
    left = sa.select(sa.func.count()).where(
        RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)
    )
    return work.session.scalar(left) or 0


def _new_codes(work: UnitOfWork, user: User, tools: FactorTools, now: datetime) -> list[str]:
    _forget_codes(work, user)
    codes = one_time_codes.new_recovery_codes()
    key = tools.sign_in.fingerprint_key
    for code in codes:
        mark = tokens.fingerprint(one_time_codes.plain(code), key=key)
        work.session.add(RecoveryCode(user_id=user.id, code_hash=mark, created_at=now))
    work.record(events.RecoveryCodesMade(about=user.id, codes=len(codes)))
    return codes


def _forget_codes(work: UnitOfWork, user: User) -> None:
    work.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def _offered(user: User, secret: bytes, issuer: str, sealer: Sealer, now: datetime) -> OfferedApp:
    kept = json.dumps({"secret": secret.hex(), "at": now.timestamp()}).encode()
    return OfferedApp(
        secret=one_time_codes.shown_secret(secret),
        address=one_time_codes.address(secret, name=user.name, issuer=issuer),
        sealed=sealer.seal(kept, _offer_place(user)).hex(),
    )


def _unsealed(user: User, sealed: str, sealer: Sealer, now: datetime) -> bytes:
    try:
        kept = json.loads(sealer.unseal(bytes.fromhex(sealed), _offer_place(user)))
    except (ValueError, DamagedError) as error:
        raise InvalidError.of("code", OLD_OFFER) from error
    if now.timestamp() - kept["at"] > OFFER_STANDS.total_seconds():
        raise InvalidError.of("code", OLD_OFFER)
    return bytes.fromhex(kept["secret"])


def _offer_place(user: User) -> Place:
    return Place("authenticator_apps", "offer", str(user.id))


def _insist_on_new_secret(work: UnitOfWork, user: User, secret: bytes, sealer: Sealer) -> None:
    apps = work.session.scalars(
        sa.select(AuthenticatorApp).where(AuthenticatorApp.user_id == user.id)
    )
    if any(sealer.unseal(app.sealed_secret, place(app.id)) == secret for app in apps):
        raise ConflictError(sentence("This app is already set up."))
