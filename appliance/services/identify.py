"""Who is asking: a credential becomes an Actor, or nothing does."""

from __future__ import annotations

import dataclasses
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import credential_rules
from appliance.db.address_lists import ANY_LIST, OF_INSTANCE
from appliance.db.credential_rules import KEY_WITHHELD, WITHHELD
from appliance.db.credentials import (
    AccessToken,
    BrowserSession,
    LastUse,
    SessionActivity,
    SshKey,
    TokenRepository,
)
from appliance.db.identity_providers import IdentityProvider
from appliance.db.impersonations import Impersonation
from appliance.db.scim import ScimToken
from appliance.db.second_factors import ANY_RULE
from appliance.db.ssh_authorities import SshAuthority
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain.identity import Actor, ActorKind, Method, Origin
from appliance.domain.permissions import (
    PERMISSIONS_OF,
    Permission,
    Role,
    Scope,
    permissions_of_scopes,
)
from appliance.domain.signatures import MAY_ENTER
from appliance.errors import UnauthenticatedError, sentence
from appliance.security import tokens
from appliance.security.bearer import BearerTokens
from appliance.services import factor_due, impersonated, reach

OF_PEOPLE = frozenset({Permission.ORGANISATION_CREATE, Permission.REPOSITORY_CREATE})
"""What no machine may do: have things of its own, that nobody could answer for."""
ONLY_OWN = frozenset({Permission.OWN_ACCOUNT})
"""What is left to who owes a second factor: setting one up."""
NOT_VALID = sentence("This credential is invalid or has expired.")

# Columns, not objects, and built once: every request of git or the API asks one of these.
TOKEN = sa.select(
    AccessToken.id,
    AccessToken.scopes,
    AccessToken.all_repositories,
    AccessToken.expires_at,
    AccessToken.revoked_at,
    User.id.label("user_id"),
    User.name,
    User.pseudonym,
    User.instance_role,
    User.state,
    ANY_RULE.label("any_rule"),
    ANY_LIST.label("any_list"),
    AccessToken.networks,
    User.is_machine,
    WITHHELD.label("withheld"),
).join(User, User.id == AccessToken.user_id)
BY_SECRET = TOKEN.where(AccessToken.secret_hash == sa.bindparam("secret_hash"))
BY_ID = TOKEN.where(AccessToken.id == sa.bindparam("token_id", type_=sa.Uuid()))

KEY = (
    sa.select(
        SshKey.id,
        SshKey.title,
        SshKey.expires_at,
        SshKey.may_write,
        SshKey.usage,
        SshKey.repository_id,
        SshKey.user_id,
        User.name,
        User.pseudonym,
        User.instance_role,
        User.state,
        ANY_RULE.label("any_rule"),
        ANY_LIST.label("any_list"),
        KEY_WITHHELD.label("withheld"),
    )
    .outerjoin(User, User.id == SshKey.user_id)
    .where(SshKey.id == sa.bindparam("key_id", type_=sa.Uuid()))
)


@dataclass(frozen=True)
class KnownSession:
    """A browser session that is in force, and whose it is."""

    actor: Actor
    session_id: UUID
    user: User
    seen_at: datetime
    provider_id: UUID | None = None
    """The identity provider that opened it; none: a password did."""
    factor_due_at: datetime | None = None
    """Until when they must set up a second factor. After that they may do nothing else."""
    acting: impersonated.Acting | None = None
    """The administrator whose session it truly is, while they act as its user."""


@open_to_everyone(because="it finds out who is asking")
def by_session(
    work: UnitOfWork, secret: str, *, origin: Origin, fingerprint_key: bytes, now: datetime
) -> KnownSession | None:
    """The session whose cookie this is; None if it has ended, was revoked, or never was."""
    row = work.session.execute(
        sa.select(BrowserSession, SessionActivity, User, ANY_RULE, ANY_LIST, Impersonation)
        .join(SessionActivity, SessionActivity.id == BrowserSession.id)
        .join(User, User.id == BrowserSession.user_id)
        .outerjoin(
            Impersonation,
            sa.and_(
                Impersonation.session_id == BrowserSession.id, Impersonation.ended_at.is_(None)
            ),
        )
        .where(
            BrowserSession.secret_hash == tokens.fingerprint(secret, key=fingerprint_key),
            BrowserSession.revoked_at.is_(None),
            User.state == UserState.ACTIVE,
        )
    ).first()
    if row is None:
        return None
    session, activity, user, any_rule, any_list = row[:5]
    acts_as: Impersonation | None = row[5]
    device = tokens.fingerprint(origin.device, key=fingerprint_key)
    if session.device_hash and not hmac.compare_digest(session.device_hash, device):
        return None  # The cookie is in another browser than the one that it was given to.
    idle = timedelta(seconds=work.rules.sign_in.session_idle_seconds)
    if now >= session.ends_at or now >= activity.seen_at + idle:
        return None
    if session.ask_again_at is not None and now >= session.ask_again_at:
        return None
    actor = dataclasses.replace(
        of_session(user, origin, session),
        is_elevated=activity.elevated_until is not None and now < activity.elevated_until,
    )
    if any_list:
        try:
            actor = reach.placed(work, actor)
        except UnauthenticatedError:
            return None  # Signing in there says why; a page would say it of every picture.
    due = factor_due.due_at(work, user.id) if any_rule and not session.factor else None
    if due is not None and due <= now:
        actor = dataclasses.replace(actor, ceiling=ONLY_OWN)
    known = KnownSession(actor, session.id, user, activity.seen_at, session.provider_id, due)
    return impersonated.seen(work, known, acts_as, session, now=now)


@open_to_everyone(because="it finds out who is asking")
def by_token(
    work: UnitOfWork, token: str, *, origin: Origin, fingerprint_key: bytes, now: datetime
) -> Actor:
    """The actor of an access token.

    Errors:
        UnauthenticatedError: it is none of ours, has expired, or was revoked.
    """
    if not tokens.is_well_formed(token):
        raise UnauthenticatedError(NOT_VALID)
    secret_hash = tokens.fingerprint(token, key=fingerprint_key)
    row = work.rows(BY_SECRET, {"secret_hash": secret_hash}).first()
    return _of_token(work, row, origin, Method.TOKEN, now)


@open_to_everyone(because="it finds out who is asking")
def by_bearer(
    work: UnitOfWork, text: str, *, origin: Origin, bearer: BearerTokens, now: datetime
) -> Actor:
    """The actor of a short-lived token, as long as the access token behind it stands.

    Errors:
        UnauthenticatedError: it is none of ours, has expired, or its access token is gone.
    """
    stated = bearer.read(text, now=now)
    try:
        token_id = UUID(stated.subject)
    except ValueError as error:
        raise UnauthenticatedError(NOT_VALID) from error
    row = work.rows(BY_ID, {"token_id": token_id}).first()
    return _of_token(work, row, origin, Method.JWT, now)


@open_to_everyone(because="it finds out whether who asked before may still ask")
def again(
    work: UnitOfWork,
    user_id: UUID | None,
    credential_id: UUID | None,
    *,
    origin: Origin,
    now: datetime,
) -> Actor:
    """Who was identified before, by the method in `origin`, if their credential still stands.

    Errors:
        UnauthenticatedError: it does not, or they may not enter any more.
    """
    method = origin.method
    if method in {Method.TOKEN, Method.JWT} and credential_id is not None:
        row = work.rows(BY_ID, {"token_id": credential_id}).first()
        return _of_token(work, row, origin, method, now)
    if method in {Method.SSH_KEY, Method.DEPLOY_KEY} and credential_id is not None:
        return by_ssh_key(work, credential_id, origin=origin, now=now)
    if method is Method.SSH_CERTIFICATE and not _is_trusted(work, credential_id):
        raise UnauthenticatedError(NOT_VALID)
    user = work.session.get(User, user_id) if user_id is not None else None
    if user is None or not user.is_active:
        raise UnauthenticatedError(NOT_VALID)
    if method not in {Method.SESSION, Method.CONSOLE, Method.INTERNAL}:
        factor_due.insist(work, user.id, now=now)
    return reach.placed(work, of_user(user, origin, method, credential_id))


@open_to_everyone(because="it finds out who is asking")
def by_ssh_key(work: UnitOfWork, key_id: UUID, *, origin: Origin, now: datetime) -> Actor:
    """The actor of an SSH key: its user, or the deploy key itself.

    Errors:
        UnauthenticatedError: the key is gone or has expired, or its user may not enter.
    """
    key = work.rows(KEY, {"key_id": key_id}).first()
    if key is None or key.usage not in MAY_ENTER:
        raise UnauthenticatedError(NOT_VALID)
    if key.expires_at is not None and now >= key.expires_at:
        raise UnauthenticatedError(NOT_VALID)
    if key.user_id is not None:
        if key.state is not UserState.ACTIVE:
            raise UnauthenticatedError(NOT_VALID)
        if key.any_rule:
            factor_due.insist(work, key.user_id, now=now)
        actor = _placed(work, key, _of_row(key, origin, Method.SSH_KEY))
        return dataclasses.replace(actor, withheld_organisations=credential_rules.ids(key.withheld))
    role = Role.WRITER if key.may_write else Role.READER
    machine = Actor(
        kind=ActorKind.DEPLOY_KEY,
        label=f"deploy key {key.title}",
        pseudonym=f"k_{key.id.hex}",
        id=None,
        ceiling=PERMISSIONS_OF[role],
        only_repositories=frozenset({key.repository_id} if key.repository_id else ()),
        origin=dataclasses.replace(origin, method=Method.DEPLOY_KEY, credential_id=key.id),
    )
    return _placed(work, key, machine)


@open_to_everyone(because="it finds out who is asking")
def by_scim_token(
    work: UnitOfWork, token: str, *, origin: Origin, fingerprint_key: bytes, now: datetime
) -> Actor:
    """The client of a SCIM token. It acts for one provider, and may do nothing else.

    Errors:
        UnauthenticatedError: it is none of ours, has expired, was revoked, or may not be used from
            where it is.
    """
    if not tokens.is_well_formed(token):
        raise UnauthenticatedError(NOT_VALID)
    secret_hash = tokens.fingerprint(token, key=fingerprint_key)
    row = work.session.execute(
        sa.select(ScimToken, IdentityProvider, OF_INSTANCE)
        .join(IdentityProvider, IdentityProvider.id == ScimToken.provider_id)
        .where(ScimToken.secret_hash == secret_hash, ScimToken.revoked_at.is_(None))
    ).first()
    if row is None or (row[0].expires_at is not None and now >= row[0].expires_at):
        raise UnauthenticatedError(NOT_VALID)
    found, provider, of_instance = row
    reach.insist_on_client(found, of_instance, origin)
    return Actor(
        kind=ActorKind.SCIM_CLIENT,
        label=f"client of {provider.name}",
        pseudonym=f"p_{provider.id.hex}",
        ceiling=frozenset(),
        only_repositories=frozenset(),
        origin=dataclasses.replace(origin, method=Method.SCIM_TOKEN, credential_id=found.id),
    )


def of_user(user: User, origin: Origin, method: Method, credential_id: UUID | None) -> Actor:
    """The actor that a user is, come by this method. Asks nothing: the caller has proof."""
    return Actor(
        kind=ActorKind.USER,
        label=user.name,
        pseudonym=user.pseudonym,
        id=user.id,
        instance_role=user.instance_role,
        origin=dataclasses.replace(origin, method=method, credential_id=credential_id),
    )


def of_session(user: User, origin: Origin, session: BrowserSession) -> Actor:
    """The actor that a user is in a session of theirs. Asks nothing: the caller has proof."""
    return dataclasses.replace(
        of_user(user, origin, Method.SESSION, session.id), used_second_factor=bool(session.factor)
    )


def _is_trusted(work: UnitOfWork, authority_id: UUID | None) -> bool:
    """Whether certificates of that authority still let anybody in."""
    return authority_id is not None and work.session.get(SshAuthority, authority_id) is not None


def _of_token(
    work: UnitOfWork, row: sa.Row[Any] | None, origin: Origin, method: Method, now: datetime
) -> Actor:
    if row is None or row.revoked_at is not None:
        raise UnauthenticatedError(NOT_VALID)
    if row.expires_at is not None and now >= row.expires_at:
        raise UnauthenticatedError("This token has expired. Create another.")
    if row.state is not UserState.ACTIVE:
        raise UnauthenticatedError(NOT_VALID)
    if row.any_rule:
        factor_due.insist(work, row.user_id, now=now)
    only = None
    if not row.all_repositories:
        made_for = sa.select(TokenRepository.repository_id).where(
            TokenRepository.token_id == row.id
        )
        only = frozenset(work.session.scalars(made_for))
    ceiling = permissions_of_scopes(frozenset(Scope(scope) for scope in row.scopes))
    actor = _placed(work, row, _of_row(row, origin, method))
    reach.insist_on_token(work, actor, row.networks)
    return dataclasses.replace(
        actor,
        ceiling=ceiling - OF_PEOPLE if row.is_machine else ceiling,
        only_repositories=only,
        withheld_organisations=credential_rules.ids(row.withheld),
    )


def _placed(work: UnitOfWork, row: sa.Row[Any], actor: Actor) -> Actor:
    """The actor, where they may be; nothing more is asked where there is no list."""
    return reach.placed(work, actor) if row.any_list else actor


def _of_row(row: sa.Row[Any], origin: Origin, method: Method) -> Actor:
    """The user of a token or key, as the questions above give them."""
    return Actor(
        kind=ActorKind.USER,
        label=row.name,
        pseudonym=row.pseudonym,
        id=row.user_id,
        instance_role=row.instance_role,
        origin=dataclasses.replace(origin, method=method, credential_id=row.id),
    )


@open_to_everyone(because="looking at a page keeps one's own session alive")
def touch_session(work: UnitOfWork, session_id: UUID, *, now: datetime) -> None:
    """Remember that a session is in use; the door calls this at most once a minute."""
    activity = work.session.get(SessionActivity, session_id)
    if activity is not None:
        activity.seen_at = now


@open_to_everyone(because="using a credential is what shows that one holds it")
def note_use(work: UnitOfWork, credential_id: UUID, *, address: str, now: datetime) -> None:
    """Remember when and from where a token or key was used last."""
    use = work.session.scalar(sa.select(LastUse).where(LastUse.credential_id == credential_id))
    if use is None:
        work.session.add(LastUse(credential_id=credential_id, used_at=now, address=address))
    else:
        use.used_at, use.address = now, address
