"""Signing in by an OpenID provider: an attempt begins, its answer comes back once, or is refused.

The talk with the provider takes as long as it takes, and no transaction is open meanwhile:
`peer_of` reads who it is, `address` and `vouched` talk, `begin` and `come_back` write.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from appliance.access.gate import open_to_everyone
from appliance.db import federation_tickets
from appliance.db.federation_tickets import FederationTicket
from appliance.db.identity_providers import IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.delivery.exchange import Exchange, Trust
from appliance.domain.claims import Claims
from appliance.domain.identity_providers import ProviderKind
from appliance.errors import ApplianceError, InvalidError
from appliance.federation import oidc, oidc_metadata, oidc_strength, oidc_tokens
from appliance.federation.oidc import Attempt, Peer, Tokens
from appliance.federation.oidc_settings import OidcSettings
from appliance.federation.refused import SAID, AnswerRefusedError, refused
from appliance.security import outgoing, tokens
from appliance.security.signing import InstanceSecret, Purpose
from appliance.services import attempts, identities, identity_providers, offered_providers

if TYPE_CHECKING:
    from appliance.services.offered_providers import Offered
    from appliance.wiring import OidcTools

ATTEMPT_LIVES = timedelta(minutes=10)
"""So long somebody may take to show there who they are."""


@dataclass(frozen=True)
class Begun:
    """An attempt that has begun in a browser. Its state names it; the secret stays in a cookie."""

    state: str
    browser: str = field(repr=False)
    begun_at: datetime
    act: str
    target: str

    @property
    def attempt(self) -> Attempt:
        """What binds the provider's answer to this browser. It is kept nowhere: the browser's
        secret makes it anew, and another browser cannot.
        """
        return Attempt(
            state=self.state,
            nonce=self._made("nonce"),
            verifier=self._made("verifier"),
            is_step_up=self.act == "confirm",
        )

    def _made(self, what: str) -> str:
        words = f"{what} {self.state}".encode()
        return _text(hmac.new(self.browser.encode(), words, hashlib.sha256).digest())


@dataclass(frozen=True)
class Vouched:
    """Who a provider says somebody is, and what it handed over with that."""

    claims: Claims
    given: Tokens


@open_to_everyone(because="whoever signs in names one; no door shows what is in it")
def peer_of(work: UnitOfWork, name: str, *, tools: OidcTools) -> Peer:
    """The provider of that name, if it is on, ready to be spoken to.

    Errors:
        NotFoundError: there is none.
    """
    return _peer(work, offered_providers.named(work, name, ProviderKind.OIDC), tools)


@open_to_everyone(because="a job and whoever signs out know it by its id")
def peer_of_id(work: UnitOfWork, provider_id: UUID, *, tools: OidcTools) -> Peer | None:
    """The provider of that id, if it is an OpenID provider that is on."""
    offered = offered_providers.of_id(work, provider_id)
    if offered is None or offered.kind is not ProviderKind.OIDC:
        return None
    return _peer(work, offered, tools)


@open_to_everyone(because="an administrator tries one that is off; whoever calls it was asked")
def peer_of_provider(work: UnitOfWork, provider: IdentityProvider, *, tools: OidcTools) -> Peer:
    """A provider, on or off, ready to be spoken to."""
    return _peer(work, provider, tools)


@open_to_everyone(because="whoever signs in begins it")
def begin(
    work: UnitOfWork, peer: Peer, *, browser: str, act: str, target: str, now: datetime
) -> Begun:
    """An attempt to sign in, kept until its answer comes or its time is over."""
    begun = Begun(tokens.new_session_id(), browser, now, act, target)
    federation_tickets.forget_old(work.session, now=now)
    facts = {"act": act, "target": target, "browser": _hash(browser), "at": now.timestamp()}
    work.session.add(
        FederationTicket(
            provider_id=peer.id,
            key=_key(begun.state),
            facts=facts,
            expires_at=now + ATTEMPT_LIVES,
        )
    )
    return begun


@open_to_everyone(because="it only says what an attempt of this browser was for")
def act_of(work: UnitOfWork, state: str, *, browser: str) -> str:
    """What this browser began the attempt of that state for; empty where it began none."""
    query = sa.select(FederationTicket.facts).where(FederationTicket.key == _key(state))
    facts = work.session.scalar(query)
    if facts is None or not browser or not hmac.compare_digest(facts["browser"], _hash(browser)):
        return ""
    return str(facts["act"])


@open_to_everyone(because="whoever comes back from a provider shows the state of their attempt")
def come_back(
    work: UnitOfWork, state: str, *, browser: str, now: datetime
) -> tuple[UUID, Begun] | str:
    """The attempt of that state, with its provider, or why there is none. It is over in any case:
    to be kept, that must not be raised.
    """
    taken = federation_tickets.take(work.session, _key(state))
    if taken is None:
        return "unknown_state"
    provider_id, facts, expires_at = taken
    if expires_at <= now:
        return "too_late"
    if not browser or not hmac.compare_digest(facts["browser"], _hash(browser)):
        return "other_browser"
    begun_at = datetime.fromtimestamp(facts["at"], now.tzinfo)
    return provider_id, Begun(state, browser, begun_at, facts["act"], facts["target"])


@open_to_everyone(because="a refusal opens nothing")
def refuse(work: UnitOfWork, provider_id: UUID, reason: str, *, tools: OidcTools) -> NoReturn:
    """Refuse what came from a provider: the log learns why.

    Errors:
        UnauthenticatedError: always, but where too much was refused there lately.
        ThrottledError: too much was; the log is not filled by a stranger.
    """
    provider = work.session.get_one(IdentityProvider, provider_id)
    with attempts.paced("oidc", work.actor.origin.address, tools.per_address):
        raise identities.refusal(provider, reason, SAID)


def address(peer: Peer, begun: Begun, *, tools: OidcTools, now: datetime) -> str:
    """Where the browser is sent.

    Errors:
        AnswerRefusedError: what the provider says of itself cannot be used.
        UnavailableError: it does not answer.
    """
    return oidc.address(tools.memory.metadata(peer, now=now), peer, begun.attempt)


def vouched(
    peer: Peer, begun: Begun, answer: Mapping[str, str], *, tools: OidcTools, now: datetime
) -> Vouched:
    """Who the provider says has come back.

    Errors:
        AnswerRefusedError: what it says is not believed.
        UnavailableError: it does not answer.
    """
    metadata = tools.memory.metadata(peer, now=now)
    code = oidc.code_of(metadata, answer)
    given = oidc.redeem(metadata, peer, begun.attempt, code, now=now)
    key = tools.memory.key(peer, *oidc_tokens.header(given.id_token), now=now)
    expected = oidc_tokens.Expected(
        issuer=metadata.issuer,
        client_id=peer.settings.client_id,
        nonce=begun.attempt.nonce,
        access_token=given.access_token,
    )
    said = oidc_tokens.read(given.id_token, key, expected, now=now)
    strength = oidc_strength.of(peer.settings, is_step_up=begun.attempt.is_step_up)
    oidc_strength.insist(strength, said, begun_at=begun.begun_at)
    more = oidc.user_info(metadata, peer, given.access_token)
    return Vouched(oidc_tokens.claims(said, more, peer.settings), given)


def reason_of(error: ApplianceError) -> str:
    """The word by which the log knows why something failed."""
    return error.reason if isinstance(error, AnswerRefusedError) else error.code


def client_key(secret: InstanceSecret, provider_id: UUID) -> ECKey:
    """The appliance's own key for one provider. It follows from the instance's secret, so it is
    kept nowhere, and no provider can be shown what was made for another.
    """
    halves = (secret.key(Purpose.CLIENT_KEYS, f"{provider_id}/{half}") for half in "12")
    # Twice as long as the order, so that no number is more likely than another.
    number = int.from_bytes(b"".join(halves)) % (P256_ORDER - 1) + 1
    pem = ec.derive_private_key(number, ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    key = ECKey.import_key(pem)
    return ECKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint()})


def shown_keys(peer: Peer) -> dict[str, Any]:
    """The JWKS by which a provider knows the appliance."""
    return oidc.shown_keys(peer.key)


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Source: SEC 2, version 2.0, section 2.4.2."""


@dataclass(frozen=True)
class _Asker:
    """Reaches one provider, where requests may go."""

    settings: OidcSettings
    seconds: float
    private_allowed: bool
    authorities_file: str

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        """The status and the body of its answer.

        Errors:
            AnswerRefusedError: it may not be reached there.
            UnavailableError: it does not answer in time.
        """
        schemes = oidc_metadata.schemes_of(self.settings.issuer_url)
        try:
            place = outgoing.judge(url, schemes=schemes, private_allowed=self.private_allowed)
        except InvalidError as error:
            raise refused("address") from error
        own = self.settings.authority
        trust = Trust(authority=own) if own else Trust(self.authorities_file)
        answer = Exchange(place, trust, self.seconds).answer(
            method, place.path, headers=headers, body=body
        )
        return answer.status, answer.body


def _peer(work: UnitOfWork, offered: Offered | IdentityProvider, tools: OidcTools) -> Peer:
    settings = identity_providers.settings_of(work, offered.id, OidcSettings, sealer=tools.sealer)
    rules = work.rules.sign_in
    return Peer(
        id=offered.id,
        version=offered.version,
        settings=settings,
        redirect_uri=f"{tools.url}/auth/oidc/{offered.name}/callback",
        ask=_Asker(
            settings,
            rules.provider_seconds,
            rules.provider_private_addresses,
            rules.provider_authorities_file,
        ),
        key=client_key(tools.secret, offered.id),
    )


def _key(state: str) -> str:
    return _hash(f"state {state}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
