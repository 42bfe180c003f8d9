"""Sign-in by SAML: the question that a browser takes along, and the answer that it brings back.

An answer counts only in the browser that was sent with the question, and once. Checking it reads
only; `take` is the short write that uses it up.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import federation_tickets
from appliance.db.federation_tickets import FederationTicket
from appliance.db.identity_providers import IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.claims import Claims
from appliance.domain.identity_providers import LinkBy, ProviderKind, domain_of, policy
from appliance.errors import ThrottledError, UnauthenticatedError, sentence
from appliance.federation.refused import SAID, AnswerRefusedError, refused
from appliance.federation.saml_refusals import Why
from appliance.federation.saml_settings import SamlSettings
from appliance.services import identities, identity_providers, offered_providers, saml_keys

__all__ = ["SAID"]  # For the door, which does not know the protocol.

if TYPE_CHECKING:
    from appliance.federation.saml import Sides
    from appliance.wiring import SamlTools

QUESTION_LASTS = timedelta(minutes=10)
"""How long somebody has to show there who they are."""


@dataclass(frozen=True)
class Asked:
    """A question that a browser was sent away with."""

    id: str
    act: str
    target: str


@dataclass(frozen=True)
class Vouched:
    """Who came back, and what for. It counts once `take` took it."""

    provider_id: UUID
    claims: Claims
    asked: Asked | None
    assertion_id: str
    ends_at: datetime
    """From then on the assertion is believed no more, whoever shows it again."""


@open_to_everyone(because="whoever signs in names a provider")
def begin(  # What somebody wants there is said in one line.
    work: UnitOfWork,
    name: str,
    *,
    browser: str,
    act: str,
    target: str,
    tools: SamlTools,
    now: datetime,
) -> str:
    """Where the browser is sent, with a question. For an act that confirms, they are asked anew.

    Errors:
        NotFoundError: there is no such provider, or it is off.
    """
    offered = offered_providers.named(work, name, ProviderKind.SAML)
    question = saml_keys.protocol().ask(_sides(work, offered.id, tools), asks_anew=act == "confirm")
    federation_tickets.forget_old(work.session, now=now)
    facts = {"act": act, "target": target, "browser": _hash(browser), "is_open": True}
    work.session.add(
        FederationTicket(
            provider_id=offered.id,
            key=_question_key(question.id),
            facts=facts,
            expires_at=now + QUESTION_LASTS,
        )
    )
    return str(question.address)


@open_to_everyone(because="identity providers have to know it, and it is no secret")
def metadata(work: UnitOfWork, *, tools: SamlTools) -> bytes:
    """What identity providers have to know about us.

    Errors:
        ConflictError: no key was made yet.
    """
    return bytes(saml_keys.protocol().metadata(saml_keys.our_side(work, tools=tools)))


@open_to_everyone(because="it finds out who is asking")
def check(work: UnitOfWork, text: str, *, browser: str, tools: SamlTools, now: datetime) -> Vouched:
    """Who an answer is about, if it is true, and answers a question of this browser.

    Wants `reading()`.

    Errors:
        UnauthenticatedError: it is not believed; the event says why, the message does not.
        ThrottledError: too many that were not believed came from there lately.
    """
    # Counted for itself: what others let a browser post must not bar it from its password.
    place = f"saml {work.actor.origin.address}"
    wait = tools.per_address.check(place)
    if wait > 0:
        raise ThrottledError(
            sentence("There were too many attempts. Wait a while."), retry_after_seconds=int(wait)
        )
    try:
        vouched = _check(work, text, browser, tools, now)
    except UnauthenticatedError:
        tools.per_address.failed(place)
        raise
    tools.per_address.succeeded(place)
    return vouched


@open_to_everyone(because="`check` found out who is asking")
def take(work: UnitOfWork, vouched: Vouched, *, now: datetime) -> None:
    """Use an answer up.

    Errors:
        UnauthenticatedError: it was used before.
        ConflictError: it is being used at this moment.
    """
    provider = work.session.get_one(IdentityProvider, vouched.provider_id)
    assertion = _hash(f"saml assertion {provider.id} {vouched.assertion_id}")
    again = sa.select(FederationTicket.id).where(FederationTicket.key == assertion)
    is_new = work.session.scalar(again) is None
    if not (is_new and _closed(work, provider.id, vouched, now)):
        raise identities.refusal(provider, Why.REPLAYED, SAID, subject=vouched.claims.subject)
    _leave(work, provider.id, assertion, vouched.ends_at)
    work.session.flush()


def _closed(work: UnitOfWork, provider_id: UUID, vouched: Vouched, now: datetime) -> bool:
    """Close the question that was answered; whether it was open until now. Where none was asked,
    there is none to close.
    """
    if vouched.asked is None:
        return True
    key = _question_key(vouched.asked.id)
    taken = federation_tickets.take(work.session, key)
    if taken is None or not taken[1]["is_open"]:
        return False
    # It stays until it is too old anyway, so that the log can say that an answer came again.
    _leave(work, provider_id, key, now + QUESTION_LASTS)
    return True


def _leave(work: UnitOfWork, provider_id: UUID, key: str, expires_at: datetime) -> None:
    facts = {"is_open": False}
    work.session.add(
        FederationTicket(provider_id=provider_id, key=key, facts=facts, expires_at=expires_at)
    )


def _check(work: UnitOfWork, text: str, browser: str, tools: SamlTools, now: datetime) -> Vouched:
    saml, provider = saml_keys.protocol(), None
    try:
        content = saml.decoded(text)
        head = saml.head(content)
        provider, sides = _speaker(work, head.issuer, tools)
        asked = _asked(work, provider, head.in_response_to, browser, now)
        if asked is None and not sides.settings.accepts_unasked:
            raise refused(Why.UNASKED)
        answer = saml.read(content, text, sides, asked=asked.id if asked else "", now=now)
        claims = saml.claims(answer, sides.settings)
        _check_name(provider, sides.settings, claims)
    except AnswerRefusedError as error:
        raise _refusal(provider, error.reason) from error
    return Vouched(provider.id, claims, asked, answer.assertion_id, answer.ends_at)


def _speaker(work: UnitOfWork, issuer: str, tools: SamlTools) -> tuple[IdentityProvider, Sides]:
    """The provider that an answer says it is of; whether it is, its signature shows."""
    for offered in offered_providers.of_kind(work, ProviderKind.SAML):
        sides = _sides(work, offered.id, tools)
        if sides.theirs.entity_id == issuer:
            return work.session.get_one(IdentityProvider, offered.id), sides
    raise refused(Why.ISSUER)


def _asked(
    work: UnitOfWork, provider: IdentityProvider, answered: str, browser: str, now: datetime
) -> Asked | None:
    """The question that is answered; nothing where the answer says that there was none."""
    if not answered:
        return None
    query = sa.select(FederationTicket).where(FederationTicket.key == _question_key(answered))
    ticket = work.session.scalar(query)
    if ticket is None or ticket.expires_at <= now or ticket.provider_id != provider.id:
        raise refused(Why.IN_RESPONSE_TO)
    facts = ticket.facts
    if not facts["is_open"]:
        raise refused(Why.REPLAYED)
    if not browser or not hmac.compare_digest(facts["browser"], _hash(browser)):
        raise refused(Why.OTHER_BROWSER)
    return Asked(answered, facts["act"], facts["target"])


def _check_name(provider: IdentityProvider, settings: SamlSettings, claims: Claims) -> None:
    """An address is a name only where the rule for links lets one be."""
    rules = policy(provider.policy)
    if settings.name_id != "email":
        return
    is_ours = domain_of(claims.subject) in rules.link_domains
    if rules.link_by is not LinkBy.VERIFIED_EMAIL or not is_ours:
        raise refused(Why.NAME_ID)


def _refusal(provider: IdentityProvider | None, why: str) -> UnauthenticatedError:
    if provider is not None:
        return identities.refusal(provider, why, SAID)
    return UnauthenticatedError(
        SAID, event=events.AssertionRefused(protocol=ProviderKind.SAML, reason=why)
    )


def _sides(work: UnitOfWork, provider_id: UUID, tools: SamlTools) -> Sides:
    settings = identity_providers.settings_of(work, provider_id, SamlSettings, sealer=tools.sealer)
    ours = saml_keys.our_side(work, tools=tools)
    sides: Sides = saml_keys.protocol().Sides(ours, settings, settings.facts())
    return sides


def _question_key(identifier: str) -> str:
    return _hash(f"saml question {identifier}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
