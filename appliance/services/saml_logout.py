"""Single logout: whoever signs out here does so at their SAML provider, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access.gate import open_to_everyone
from appliance.db.credentials import BrowserSession
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.identity_providers import ProviderKind
from appliance.errors import ConflictError, InvalidError
from appliance.federation.refused import AnswerRefusedError, refused
from appliance.federation.saml_refusals import Why
from appliance.services import identities, saml, saml_keys, saml_questions, sessions
from appliance.services.saml_pace import paced

if TYPE_CHECKING:
    from appliance.federation.saml import LogoutAsked, Onward
    from appliance.wiring import SamlTools

LOGOUT = "logout"
"""The act of a question that asks a provider to end its session."""


@dataclass(frozen=True)
class Brought:
    """What a browser brought: in the address, or in the fields of a form."""

    query: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    """What a provider truly asks to end, and where the browser goes on to with our answer."""

    provider_id: UUID
    asked: LogoutAsked
    onward: Onward


@open_to_everyone(because="whoever signs out leaves their own session")
def begin(work: UnitOfWork, *, browser: str, tools: SamlTools, now: datetime) -> Onward | None:
    """Where a browser goes on to when its session is left; nothing: nowhere.

    To be called before the session ends.

    Errors:
        ConflictError: it was not asked in a session.
    """
    found = _opened_by_saml(work)
    if found is None:
        return None
    provider, identity, session = found
    try:
        sides = saml_questions.sides(work, provider.id, tools=tools)
    except (ConflictError, InvalidError):
        return None  # Whatever is wrong there must keep nobody signed in here.
    if not (sides.settings.signs_out_there and sides.theirs.logout_address):
        return None
    question_id, onward = saml_keys.protocol().ask_to_sign_out(
        sides, identity.subject, session.external_id, now=now
    )
    saml_questions.remember(work, provider.id, question_id, browser=browser, act=LOGOUT, now=now)
    made: Onward = onward
    return made


@open_to_everyone(because="the provider asks, as its signature shows")
def check(work: UnitOfWork, brought: Brought, *, tools: SamlTools, now: datetime) -> Ending:
    """What a provider asks to end, if it is true. Wants `reading()`.

    Errors:
        UnauthenticatedError: it is not believed; the event says why, the message does not.
        ThrottledError: too many that were not believed came from there lately.
    """
    protocol, provider = saml_keys.protocol(), None
    with paced(work.actor.origin.address, tools.per_address):
        try:
            carried = protocol.carried(brought.query, brought.fields)
            provider, sides = saml.speaker(work, protocol.issuer_of(carried), tools=tools)
            asked = protocol.read_logout(carried, sides, now=now)
            if not sides.theirs.logout_answers_address:
                raise refused(Why.DESTINATION)
        except AnswerRefusedError as error:
            raise saml.refusal(provider, error.reason) from error
    onward = protocol.answer_logout(sides, asked, carried.relay, now=now)
    return Ending(provider.id, asked, onward)


@open_to_everyone(because="`check` found that the provider asks")
def end(work: UnitOfWork, ending: Ending, *, now: datetime) -> int:
    """End all sessions that it opened for that person; gives how many there were.

    Errors:
        UnauthenticatedError: it was asked before.
    """
    provider = work.session.get_one(IdentityProvider, ending.provider_id)
    asked = ending.asked
    if not saml_questions.take_once(work, provider.id, f"logout {asked.id}", until=asked.ends_at):
        raise saml.refusal(provider, Why.REPLAYED)
    return identities.sign_out(work, provider.id, subject=asked.subject, now=now)


@open_to_everyone(because="whoever comes back has left their session already")
def come_back(
    work: UnitOfWork, brought: Brought, *, browser: str, tools: SamlTools, now: datetime
) -> bool:
    """Whether a provider says truly that its session has ended too, as this browser asked it to.

    Errors:
        UnauthenticatedError: its answer is not believed.
        ThrottledError: too many that were not believed came from there lately.
    """
    with paced(work.actor.origin.address, tools.per_address):
        return _come_back(work, brought, browser, tools, now)


def _come_back(
    work: UnitOfWork, brought: Brought, browser: str, tools: SamlTools, now: datetime
) -> bool:
    protocol, provider = saml_keys.protocol(), None
    try:
        carried = protocol.carried(brought.query, brought.fields)
        provider, sides = saml.speaker(work, protocol.issuer_of(carried), tools=tools)
        answered, is_done = protocol.read_logout_answer(carried, sides, now=now)
        asked = saml_questions.find(work, answered, browser=browser, now=now)
        if asked is None or asked.act != LOGOUT or asked.provider_id != provider.id:
            raise refused(Why.IN_RESPONSE_TO)
    except AnswerRefusedError as error:
        raise saml.refusal(provider, error.reason) from error
    saml_questions.close(work, asked, now=now)
    return bool(is_done)


def _opened_by_saml(
    work: UnitOfWork,
) -> tuple[IdentityProvider, Identity, BrowserSession] | None:
    """The session in which this is asked, if a SAML provider that is on opened it."""
    session = sessions.present(work)
    if session.provider_id is None or session.identity_id is None:
        return None
    provider = work.session.get(IdentityProvider, session.provider_id)
    identity = work.session.get(Identity, session.identity_id)
    if provider is None or identity is None or not provider.is_enabled:
        return None
    return (provider, identity, session) if provider.kind is ProviderKind.SAML else None
