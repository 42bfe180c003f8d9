"""Questions that browsers carry to SAML identity providers: each is one browser's, for a while, and
answered once.
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
from appliance.db.unit_of_work import UnitOfWork
from appliance.federation.refused import refused
from appliance.federation.saml_refusals import Why
from appliance.federation.saml_settings import SamlSettings
from appliance.services import identity_providers, saml_keys

if TYPE_CHECKING:
    from appliance.federation.saml import Answer, Sides
    from appliance.wiring import SamlTools

STEP_UP = "confirm"
"""The act of a question that is asked before sensitive acts."""
QUESTION_LASTS = timedelta(minutes=10)
"""How long somebody has to show there who they are."""
OPENING_KEPT = timedelta(days=7)
"""How long a key is known that opened an assertion. Asking once a week takes a hundred years."""


@dataclass(frozen=True)
class Asked:
    """A question that a browser was sent away with, and what for."""

    id: str
    provider_id: UUID
    act: str
    target: str
    asked_at: datetime


@open_to_everyone(because="no door shows what is secret of them")
def sides(work: UnitOfWork, provider_id: UUID, *, tools: SamlTools) -> Sides:
    """The appliance and a provider, as they know each other.

    Errors:
        ConflictError: the appliance has no key yet.
    """
    settings = identity_providers.settings_of(work, provider_id, SamlSettings, sealer=tools.sealer)
    ours = saml_keys.our_side(work, tools=tools)
    found: Sides = saml_keys.protocol().Sides(ours, settings, settings.facts())
    return found


@open_to_everyone(because="whoever signs in asks one; who tries a provider was asked")
def ask(
    work: UnitOfWork,
    provider_id: UUID,
    *,
    browser: str,
    act: str,
    target: str,
    tools: SamlTools,
    now: datetime,
) -> str:
    """Where the browser is sent with a new question."""
    both = sides(work, provider_id, tools=tools)
    question = saml_keys.protocol().ask(both, is_step_up=act == STEP_UP)
    remember(work, provider_id, question.id, browser=browser, act=act, target=target, now=now)
    return str(question.address)


@open_to_everyone(because="whoever signs in or out asks one")
def remember(
    work: UnitOfWork,
    provider_id: UUID,
    identifier: str,
    *,
    browser: str,
    act: str,
    target: str = "",
    now: datetime,
) -> None:
    """Remember a question that a browser is sent away with."""
    federation_tickets.forget_old(work.session, now=now)
    facts = {"act": act, "target": target, "browser": _hash(browser), "is_open": True}
    work.session.add(
        FederationTicket(
            provider_id=provider_id,
            key=_question_key(identifier),
            facts=facts,
            expires_at=now + QUESTION_LASTS,
        )
    )


@open_to_everyone(because="whoever brings an answer shows that they asked")
def find(work: UnitOfWork, answered: str, *, browser: str, now: datetime) -> Asked | None:
    """The question of that name; nothing for no name.

    Errors:
        AnswerRefusedError: there is none now, or it was another browser's.
    """
    if not answered:
        return None
    query = sa.select(FederationTicket).where(FederationTicket.key == _question_key(answered))
    ticket = work.session.scalar(query)
    if ticket is None or ticket.expires_at <= now:
        raise refused(Why.IN_RESPONSE_TO)
    facts = ticket.facts
    if not facts["is_open"]:
        raise refused(Why.REPLAYED)
    if not browser or not hmac.compare_digest(facts["browser"], _hash(browser)):
        raise refused(Why.OTHER_BROWSER)
    asked_at = ticket.expires_at - QUESTION_LASTS
    return Asked(answered, ticket.provider_id, facts["act"], facts["target"], asked_at)


@open_to_everyone(because="it only compares an answer with its question")
def insist_on_strength(
    answer: Answer, settings: SamlSettings, asked: Asked | None, *, now: datetime
) -> None:
    """Go on only if they showed who they are as strongly and as lately as was asked for.

    Errors:
        AnswerRefusedError: they did not.
    """
    saml_keys.protocol().insist_on_strength(
        answer,
        settings,
        is_step_up=asked is not None and asked.act == STEP_UP,
        asked_at=asked.asked_at if asked else now - QUESTION_LASTS,
    )


@open_to_everyone(because="whoever brings an answer uses it up")
def use_up(
    work: UnitOfWork, provider_id: UUID, asked: Asked | None, answer: Answer, *, now: datetime
) -> bool:
    """Let an answer and its question count no more; whether they did until now."""
    if asked is not None and not close(work, asked, now=now):
        return False
    name = f"assertion {answer.assertion_id}"
    return take_once(work, provider_id, name, until=answer.ends_at)


@open_to_everyone(because="whoever brings a message uses it up")
def take_once(work: UnitOfWork, provider_id: UUID, name: str, *, until: datetime) -> bool:
    """Let a message of that name count no more; whether it did until now. Flushes, so that of two
    at the same time one fails.
    """
    return _once(work, provider_id, f"{provider_id} {name}", until)


@open_to_everyone(because="whoever brings an answer has it opened")
def open_once(work: UnitOfWork, provider_id: UUID, name: str, *, now: datetime) -> bool:
    """Let a key open an assertion that has no check of its own; whether it never did, whoever it is
    said to come from. Flushes, too.
    """
    return _once(work, provider_id, f"opened {name}", now + OPENING_KEPT)


def _once(work: UnitOfWork, provider_id: UUID, name: str, until: datetime) -> bool:
    key = _hash(f"saml {name}")
    again = sa.select(FederationTicket.id).where(FederationTicket.key == key)
    if work.session.scalar(again) is not None:
        return False
    _leave(work, provider_id, key, until)
    work.session.flush()
    return True


@open_to_everyone(because="whoever brings an answer uses it up")
def close(work: UnitOfWork, asked: Asked, *, now: datetime) -> bool:
    """Let a question be answered no more; whether it could be until now."""
    key = _question_key(asked.id)
    taken = federation_tickets.take(work.session, key)
    if taken is None or not taken[1]["is_open"]:
        return False
    # It stays until it is too old anyway, so that the log can say that an answer came again.
    _leave(work, asked.provider_id, key, now + QUESTION_LASTS)
    return True


def _leave(work: UnitOfWork, provider_id: UUID, key: str, expires_at: datetime) -> None:
    facts = {"is_open": False}
    work.session.add(
        FederationTicket(provider_id=provider_id, key=key, facts=facts, expires_at=expires_at)
    )


def _question_key(identifier: str) -> str:
    return _hash(f"saml question {identifier}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
