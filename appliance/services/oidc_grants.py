"""What OpenID providers hand over when somebody signs in, kept to ask them again without them.

Asking takes as long as it takes, and no transaction is open meanwhile: `plan` reads what to ask,
`ask` talks, and `take`, `refuse` or `put_off` write what came of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.credentials import BrowserSession
from appliance.db.identity_grants import IdentityGrant
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.identity_providers import policy
from appliance.errors import UnavailableError
from appliance.federation import oidc, oidc_tokens
from appliance.federation.oidc import GrantRefusedError, Peer, Tokens
from appliance.federation.oidc_metadata import Metadata
from appliance.federation.refused import AnswerRefusedError
from appliance.security.sealing import Place
from appliance.services import identities
from appliance.services import oidc as sign_in

if TYPE_CHECKING:
    from appliance.domain.claims import Claims
    from appliance.wiring import OidcTools

__all__ = ["GrantRefusedError"]  # For the job, which does not know the protocol.

AFTER_FAILURE = timedelta(minutes=5)
AT_ONCE = 500


@dataclass(frozen=True)
class Plan:
    """Whom to ask again about whom."""

    identity_id: UUID
    peer: Peer
    subject: str
    refresh_token: str = field(repr=False)


@dataclass(frozen=True)
class Heard:
    """What a provider said when it was asked again."""

    claims: Claims | None
    """None: it stands by them, and says no more."""
    given: Tokens
    problem: str = ""
    """One word for the log: it answered, but what it said of them could not be had or believed."""


@open_to_everyone(because="the provider has vouched for who it is, as its protocol has checked")
def keep(
    work: UnitOfWork, peer: Peer, subject: str, given: Tokens, *, tools: OidcTools, now: datetime
) -> None:
    """Keep what came with an answer, if it led to somebody and is of any use."""
    identity = identities.known(work, peer.id, subject)
    refresh_token = given.refresh_token if peer.settings.refresh_minutes else ""
    if identity is None or not (refresh_token or peer.settings.signs_out_there):
        return
    _store(work, identity.id, Tokens(given.id_token, "", refresh_token), peer, tools, now)


@open_to_everyone(because="whoever signs out is shown to where they came from only")
def hint(work: UnitOfWork, identity_id: UUID, *, tools: OidcTools) -> str:
    """The ID token by which a provider knows whom it is asked about; empty: none was kept."""
    grant = work.session.get(IdentityGrant, identity_id)
    return _opened(grant, tools).id_token if grant is not None else ""


@open_to_everyone(because="the scheduler asks, for nobody in particular")
def due(work: UnitOfWork, *, now: datetime) -> list[UUID]:
    """The identities whose providers are to be asked again now, those first that wait longest."""
    query = sa.select(IdentityGrant.id).where(IdentityGrant.ask_at <= now)
    return list(work.session.scalars(query.order_by(IdentityGrant.ask_at).limit(AT_ONCE)))


@open_to_everyone(because="a job of the appliance asks its own provider")
def plan(work: UnitOfWork, identity_id: UUID, *, tools: OidcTools) -> Plan | None:
    """What to ask; nothing where there is nobody to ask, or nothing that it could end."""
    grant = work.session.get(IdentityGrant, identity_id)
    identity = work.session.get(Identity, identity_id)
    if grant is None or identity is None:
        return None
    peer = sign_in.peer_of_id(work, identity.provider_id, tools=tools)
    refresh_token = _opened(grant, tools).refresh_token
    if peer is None or not refresh_token or not peer.settings.refresh_minutes:
        return None
    if peer.settings.refusal_ends == "sessions" and not _is_somewhere(work, identity_id):
        return None
    return Plan(identity_id, peer, identity.subject, refresh_token)


def ask(planned: Plan, *, tools: OidcTools, now: datetime) -> Heard:
    """What the provider says of them now.

    Errors:
        GrantRefusedError: it lets them in no more.
        AnswerRefusedError: it does not answer as it should.
        UnavailableError: it does not answer.
    """
    peer = planned.peer
    metadata = tools.memory.metadata(peer, now=now)
    given = oidc.refresh(metadata, peer, planned.refresh_token, now=now)
    # From here on the old token counts no more: whatever else fails, the new one has to be kept.
    try:
        claims = _claims(planned, metadata, given, tools, now)
    except AnswerRefusedError as error:
        return Heard(None, given, problem=error.reason)
    except UnavailableError as error:
        return Heard(None, given, problem=error.code)
    return Heard(claims, given)


@open_to_everyone(because="the provider says so, as its protocol has checked")
def take(work: UnitOfWork, planned: Plan, heard: Heard, *, tools: OidcTools, now: datetime) -> None:
    """Do what the provider said, and ask again later; nothing, where they signed in meanwhile."""
    before = _kept(work, planned, tools)
    if before is None:
        return
    given = heard.given
    kept = Tokens(
        given.id_token or before.id_token, "", given.refresh_token or planned.refresh_token
    )
    _store(work, planned.identity_id, kept, planned.peer, tools, now)
    if heard.problem:
        put_off(work, planned.identity_id, problem=heard.problem, now=now)
        return
    if heard.claims is not None:
        identities.follow(work, planned.identity_id, heard.claims, now=now)
    provider = work.session.get_one(IdentityProvider, planned.peer.id)
    seconds = policy(provider.policy).ask_again_seconds
    if seconds:
        query = sa.select(BrowserSession).where(_open_sessions(planned.identity_id))
        for session in work.session.scalars(query).all():
            session.ask_again_at = now + timedelta(seconds=seconds)


@open_to_everyone(because="the provider says so, as its protocol has checked")
def refuse(work: UnitOfWork, planned: Plan, *, tools: OidcTools, now: datetime) -> None:
    """End what a provider that lets somebody in no more is to end; nothing, where they signed in
    meanwhile.
    """
    if _kept(work, planned, tools) is None:
        return
    work.session.execute(sa.delete(IdentityGrant).where(IdentityGrant.id == planned.identity_id))
    identity = work.session.get_one(Identity, planned.identity_id)
    if planned.peer.settings.refusal_ends == "access":
        identities.gone(work, identity.id, now=now)
    identities.end_sessions(work, identity, now=now)


@open_to_everyone(because="a job of the appliance asks its own provider")
def put_off(work: UnitOfWork, identity_id: UUID, *, problem: str, now: datetime) -> None:
    """Ask later: the provider did not answer, or not as it should. The log is told."""
    grant = work.session.get(IdentityGrant, identity_id)
    if grant is None:
        return
    grant.ask_at = now + AFTER_FAILURE
    identity = work.session.get_one(Identity, identity_id)
    provider = work.session.get_one(IdentityProvider, identity.provider_id)
    work.record(
        events.AssertionRefused(
            about=provider.id,
            protocol=provider.kind,
            reason=problem,
            subject=identity.subject,
        )
    )


@open_to_everyone(because="a job of the appliance asks its own provider")
def drop(work: UnitOfWork, identity_id: UUID) -> None:
    """Ask no more about somebody, until they sign in again."""
    grant = work.session.get(IdentityGrant, identity_id)
    if grant is not None:
        grant.ask_at = None


def _claims(
    planned: Plan, metadata: Metadata, given: Tokens, tools: OidcTools, now: datetime
) -> Claims | None:
    peer, said = planned.peer, {}
    if given.id_token:
        key = tools.memory.key(peer, *oidc_tokens.header(given.id_token), now=now)
        said = oidc_tokens.read_again(
            given.id_token,
            key,
            issuer=metadata.issuer,
            client_id=peer.settings.client_id,
            subject=planned.subject,
            now=now,
        )
    more = oidc.user_info(metadata, peer, given.access_token)
    if not said and not more:
        return None
    return oidc_tokens.claims({"sub": planned.subject, **said}, more, peer.settings)


def _store(
    work: UnitOfWork,
    identity_id: UUID,
    kept: Tokens,
    peer: Peer,
    tools: OidcTools,
    now: datetime,
) -> None:
    content = {"id_token": kept.id_token, "refresh_token": kept.refresh_token}
    sealed = tools.sealer.seal(json.dumps(content).encode(), _place(identity_id))
    minutes = peer.settings.refresh_minutes
    ask_at = now + timedelta(minutes=minutes) if kept.refresh_token else None
    grant = work.session.get(IdentityGrant, identity_id)
    if grant is None:
        work.session.add(IdentityGrant(id=identity_id, sealed=sealed, ask_at=ask_at))
    else:
        grant.sealed, grant.ask_at = sealed, ask_at


def _kept(work: UnitOfWork, planned: Plan, tools: OidcTools) -> Tokens | None:
    """What was asked by, if it is still what is kept."""
    grant = work.session.get(IdentityGrant, planned.identity_id)
    found = _opened(grant, tools) if grant is not None else None
    return found if found and found.refresh_token == planned.refresh_token else None


def _opened(grant: IdentityGrant, tools: OidcTools) -> Tokens:
    found = json.loads(tools.sealer.unseal(grant.sealed, _place(grant.id)))
    return Tokens(found["id_token"], "", found["refresh_token"])


def _place(identity_id: UUID) -> Place:
    return Place("identity_grants", "sealed", str(identity_id))


def _is_somewhere(work: UnitOfWork, identity_id: UUID) -> bool:
    """Whether a session is open that they opened by this identity."""
    query = sa.select(BrowserSession.id).where(
        _open_sessions(identity_id), BrowserSession.ends_at > work.begun_at
    )
    return bool(work.session.scalar(sa.select(query.exists())))


def _open_sessions(identity_id: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(BrowserSession.identity_id == identity_id, BrowserSession.revoked_at.is_(None))
