"""Sessions that end because an OpenID provider says that they have ended there.

Nobody has to sign in to say so: a logout token is signed, and the name of a session in a frame's
address is known to the provider and to its person only. Wrong ones slow whoever sends them.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import federation_tickets
from appliance.db.federation_tickets import FederationTicket
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.claims import LONGEST_TEXT
from appliance.errors import (
    InvalidError,
    ThrottledError,
    UnauthenticatedError,
    UnavailableError,
    sentence,
)
from appliance.federation import oidc_logout, oidc_tokens
from appliance.federation.oidc import Peer
from appliance.federation.oidc_logout import Ended
from appliance.federation.refused import refused
from appliance.security.throttle import place_of
from appliance.services import identities, oidc, oidc_grants, sessions

if TYPE_CHECKING:
    from appliance.wiring import OidcTools


def read(peer: Peer, text: str, *, tools: OidcTools, now: datetime) -> Ended:
    """Whose session a logout token says has ended.

    Errors:
        AnswerRefusedError: it is not believed.
        UnavailableError: the provider does not answer.
    """
    metadata = tools.memory.metadata(peer, now=now)
    key = tools.memory.key(peer, *oidc_tokens.header(text), now=now)
    return oidc_logout.read(
        text, key, issuer=metadata.issuer, client_id=peer.settings.client_id, now=now
    )


def insist_on_issuer(peer: Peer, issuer: str, *, tools: OidcTools, now: datetime) -> None:
    """Go on only if a frame names its provider.

    Errors:
        AnswerRefusedError: it names another, or none.
        UnavailableError: the provider does not answer.
    """
    if issuer != tools.memory.metadata(peer, now=now).issuer:
        raise refused("issuer")


@open_to_everyone(because="whoever signs out leaves their own session")
def opener(work: UnitOfWork, *, tools: OidcTools) -> tuple[Peer, str] | None:
    """The OpenID provider that opened the session in which this is asked, and by what it knows whom
    is meant; nothing where it is not to be told.

    Errors:
        ConflictError: it was not asked in a session.
    """
    session = sessions.present(work)
    if session.provider_id is None or session.identity_id is None:
        return None
    try:
        peer = oidc.peer_of_id(work, session.provider_id, tools=tools)
    except InvalidError:
        return None  # Whatever is wrong there must keep nobody signed in here.
    if peer is None or not peer.settings.signs_out_there:
        return None
    return peer, oidc_grants.hint(work, session.identity_id, tools=tools)


def address(opened_by: tuple[Peer, str], *, tools: OidcTools, now: datetime) -> str:
    """Where a browser that has signed out here goes on to; empty: nowhere."""
    peer, id_token = opened_by
    try:
        metadata = tools.memory.metadata(peer, now=now)
    except (UnauthenticatedError, UnavailableError):
        return ""
    after = f"{tools.url}/sign-in"
    return oidc_logout.address(
        metadata, client_id=peer.settings.client_id, id_token=id_token, after=after
    )


@open_to_everyone(because="the provider says so, and `read` found it true")
def end(work: UnitOfWork, peer: Peer, ended: Ended, *, now: datetime) -> int:
    """End the sessions that are meant, once; gives how many.

    Errors:
        AnswerRefusedError: the token was taken before.
    """
    key = hashlib.sha256(f"logout {peer.id} {ended.token_id}".encode()).hexdigest()
    federation_tickets.forget_old(work.session, now=now)
    seen = sa.select(FederationTicket.id).where(FederationTicket.key == key)
    if work.session.scalar(seen) is not None:
        raise refused("replayed")
    work.session.add(
        FederationTicket(provider_id=peer.id, key=key, facts={}, expires_at=ended.counts_until)
    )
    return identities.sign_out(
        work, peer.id, external_id=ended.session, subject=ended.subject, now=now
    )


@open_to_everyone(because="only the provider and its person know the name of that session")
def end_session(work: UnitOfWork, peer: Peer, session: str, *, now: datetime) -> None:
    """End what a provider's session of that name opened, if any of it is still open.

    Errors:
        AnswerRefusedError: it is no name.
    """
    if not 0 < len(session) <= LONGEST_TEXT or "\x00" in session:
        raise refused("unknown_session")
    identities.sign_out(work, peer.id, external_id=session, now=now)


@open_to_everyone(because="it only slows whoever asks")
def insist_on_patience(work: UnitOfWork, *, tools: OidcTools) -> None:
    """Go on only if not too much that was wrong came from there lately.

    Errors:
        ThrottledError: too much did.
    """
    wait = tools.per_address.check(_place(work))
    if wait > 0:
        raise ThrottledError(
            sentence("Too many attempts. Try again later."),
            retry_after_seconds=math.ceil(wait),
        )


@open_to_everyone(because="it only slows whoever asks")
def lose_patience(work: UnitOfWork, *, tools: OidcTools) -> None:
    """Remember that something wrong came from there."""
    tools.per_address.failed(_place(work))


@open_to_everyone(because="it only says that whoever asks was right")
def keep_patience(work: UnitOfWork, *, tools: OidcTools) -> None:
    """Remember that what came from there was right: a provider ends many sessions in an hour."""
    tools.per_address.succeeded(_place(work))


def _place(work: UnitOfWork) -> str:
    # Counted for itself: a frame in somebody's browser must not bar it from its password.
    return f"logout {place_of(work.actor.origin.address)}"
