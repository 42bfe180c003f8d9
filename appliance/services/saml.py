"""Sign-in by SAML: the question that a browser takes along, and the answer that it brings back.

An answer counts only in the browser that was sent with the question, and once. Checking it reads
only; `take` is the short write that uses it up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.claims import Claims
from appliance.domain.identity_providers import LinkBy, ProviderKind, domain_of, policy
from appliance.errors import UnauthenticatedError
from appliance.federation.refused import SAID, AnswerRefusedError, refused
from appliance.federation.saml_refusals import Why
from appliance.federation.saml_settings import SamlSettings
from appliance.services import (
    attempts,
    beginnings,
    identities,
    offered_providers,
    saml_keys,
    saml_questions,
)
from appliance.services.saml_pace import paced
from appliance.services.saml_questions import Asked

__all__ = ["SAID"]  # For the door, which does not know the protocol.

if TYPE_CHECKING:
    from appliance.federation.saml import Answer, Sides
    from appliance.wiring import SamlTools


@dataclass(frozen=True)
class Vouched:
    """Who came back, and what for. It counts once `take` took it."""

    provider_id: UUID
    claims: Claims
    asked: Asked | None
    answer: Answer


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
    beginnings.claim(work, tools.beginnings)
    return saml_questions.ask(
        work, offered.id, browser=browser, act=act, target=target, tools=tools, now=now
    )


@open_to_everyone(because="identity providers have to know it, and it is no secret")
def metadata(work: UnitOfWork, *, tools: SamlTools) -> bytes:
    """What identity providers have to know about us.

    Errors:
        ConflictError: no key was made yet.
    """
    ours, is_signed = saml_keys.our_side(work, tools=tools), work.rules.sign_in.saml_signs_metadata
    return bytes(saml_keys.protocol().metadata(ours, is_signed=is_signed))


@open_to_everyone(because="whoever brings an answer has it opened, once")
def claim(work: UnitOfWork, text: str, *, browser: str, tools: SamlTools, now: datetime) -> str:
    """The key that opens an answer to a question of this browser, if it may do so once only and did
    not yet; otherwise nothing. What is wrong with the answer, `check` says.

    Errors:
        ThrottledError: too many that were not believed came from there lately.
    """
    attempts.insist("saml", work.actor.origin.address, tools.per_address)
    protocol = saml_keys.protocol()
    try:
        content = protocol.decoded(text)
        name = str(protocol.to_claim(content))
        if not name:
            return ""
        head = protocol.head(content)
        provider, sides = speaker(work, head.issuer, tools=tools)
        asked = saml_questions.find(work, head.in_response_to, browser=browser, now=now)
    except AnswerRefusedError:
        return ""
    if asked is None and not sides.settings.accepts_unasked:
        return ""
    return name if saml_questions.open_once(work, provider.id, name, now=now) else ""


@open_to_everyone(because="it finds out who is asking")
def check(  # What `claim` gave belongs to this answer of this browser.
    work: UnitOfWork,
    text: str,
    *,
    browser: str,
    claimed: str = "",
    tools: SamlTools,
    now: datetime,
) -> Vouched:
    """Who an answer is about, if it is true, and answers a question of this browser.

    Wants `reading()`; `claimed` is what `claim` gave.

    Errors:
        UnauthenticatedError: it is not believed; the event says why, the message does not.
        ThrottledError: too many that were not believed came from there lately.
    """
    with paced(work.actor.origin.address, tools.per_address):
        return _check(work, text, browser, claimed, tools, now)


@open_to_everyone(because="`check` found out who is asking")
def take(work: UnitOfWork, vouched: Vouched, *, tools: SamlTools, now: datetime) -> None:
    """Use an answer up.

    Errors:
        UnauthenticatedError: it was used before.
        ConflictError: it is being used at this moment.
    """
    provider = work.session.get_one(IdentityProvider, vouched.provider_id)
    if not saml_questions.use_up(work, provider.id, vouched.asked, vouched.answer, now=now):
        raise identities.refusal(provider, Why.REPLAYED, SAID, subject=vouched.claims.subject)
    if vouched.asked is not None:
        beginnings.ended(work, tools.beginnings)


@open_to_everyone(because="it says whose message it claims to be, before it is believed")
def speaker(work: UnitOfWork, issuer: str, *, tools: SamlTools) -> tuple[IdentityProvider, Sides]:
    """The provider, of those that are on, that a message says it is of; whether it is, its
    signature shows.

    Errors:
        AnswerRefusedError: there is none.
    """
    for offered in offered_providers.of_kind(work, ProviderKind.SAML):
        sides = saml_questions.sides(work, offered.id, tools=tools)
        if sides.theirs.entity_id == issuer:
            return work.session.get_one(IdentityProvider, offered.id), sides
    raise refused(Why.ISSUER)


@open_to_everyone(because="it only compares a name with a rule")
def insist_on_name(provider: IdentityProvider, settings: SamlSettings, claims: Claims) -> None:
    """An address is a name only where the rule for links lets one be.

    Errors:
        AnswerRefusedError: here it is none.
    """
    rules = policy(provider.policy)
    if settings.name_id != "email":
        return
    is_ours = domain_of(claims.subject) in rules.link_domains
    if rules.link_by is not LinkBy.VERIFIED_EMAIL or not is_ours:
        raise refused(Why.NAME_ID)


def refusal(provider: IdentityProvider | None, why: str) -> UnauthenticatedError:
    """The error that refuses a message: the log learns why, nobody else does."""
    if provider is not None:
        return identities.refusal(provider, why, SAID)
    event = events.AssertionRefused(protocol=ProviderKind.SAML, reason=why)
    return UnauthenticatedError(SAID, event=event)


def _check(
    work: UnitOfWork, text: str, browser: str, claimed: str, tools: SamlTools, now: datetime
) -> Vouched:
    protocol, provider = saml_keys.protocol(), None
    try:
        content = protocol.decoded(text)
        head = protocol.head(content)
        provider, sides = speaker(work, head.issuer, tools=tools)
        asked = saml_questions.find(work, head.in_response_to, browser=browser, now=now)
        if asked is None and not sides.settings.accepts_unasked:
            raise refused(Why.UNASKED)
        if asked is not None and asked.provider_id != provider.id:
            raise refused(Why.IN_RESPONSE_TO)
        answered = asked.id if asked else ""
        answer = protocol.read(content, text, sides, asked=answered, claimed=claimed, now=now)
        saml_questions.insist_on_strength(answer, sides.settings, asked, now=now)
        claims = protocol.claims(answer, sides.settings)
        insist_on_name(provider, sides.settings, claims)
    except AnswerRefusedError as error:
        raise refusal(provider, error.reason) from error
    return Vouched(provider.id, claims, asked, answer)
