"""An administrator goes to a SAML identity provider to try it: what it answers is shown to them
with what would come of it, and opens nothing. It may be switched off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.access import fetch_provider
from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence
from appliance.federation.refused import AnswerRefusedError
from appliance.federation.trial_steps import Step
from appliance.services import saml, saml_keys, saml_questions, trial_consequences
from appliance.services.saml_questions import Asked

if TYPE_CHECKING:
    from appliance.federation.saml import Answer
    from appliance.wiring import SamlTools

NEEDED = Permission.PROVIDERS_MANAGE
TRY = "try"
"""The act of a question that is only asked to see the answer."""


@dataclass(frozen=True)
class Shown:
    """What came of a trial; `finish` uses the question up."""

    name: str
    asked: Asked
    steps: list[Step]
    answer: Answer | None = None


def begin(work: UnitOfWork, name: str, *, browser: str, tools: SamlTools, now: datetime) -> str:
    """Where the browser is sent, with a question whose answer is only shown.

    Errors:
        ConflictError: it does not speak SAML.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    if provider.kind is not ProviderKind.SAML:
        raise ConflictError(sentence("A provider of this kind is not tried in this way."))
    return saml_questions.ask(
        work, provider.id, browser=browser, act=TRY, target=name, tools=tools, now=now
    )


@open_to_everyone(because="it only says what a question of this browser was for")
def asked(work: UnitOfWork, text: str, *, browser: str, now: datetime) -> Asked | None:
    """The question that an answer claims to be to, if that was only asked to try."""
    protocol = saml_keys.protocol()
    try:
        answered = protocol.question_of(protocol.decoded(text))
        found = saml_questions.find(work, answered, browser=browser, now=now)
    except AnswerRefusedError:
        return None
    return found if found is not None and found.act == TRY else None


def claim(work: UnitOfWork, text: str, question: Asked, *, now: datetime) -> str:
    """The key that opens an answer, as `saml.claim` gives it, of a provider that may be off."""
    provider = fetch_provider.provider(work, question.target, NEEDED)
    protocol = saml_keys.protocol()
    try:
        name = str(protocol.to_claim(protocol.decoded(text)))
    except AnswerRefusedError:
        return ""
    is_new = name and saml_questions.open_once(work, provider.id, name, now=now)
    return name if is_new else ""


def explain(
    work: UnitOfWork,
    text: str,
    question: Asked,
    *,
    claimed: str = "",
    tools: SamlTools,
    now: datetime,
) -> Shown:
    """What an answer says, whether it is believed, and what would come of it.

    Wants `reading()`; `claimed` is what `claim` gave.
    """
    provider = fetch_provider.provider(work, question.target, NEEDED)
    protocol = saml_keys.protocol()
    sides = saml_questions.sides(work, provider.id, tools=tools)
    content = protocol.decoded(text)
    steps: list[Step] = []
    try:
        steps.append(protocol.answered(sides, content, text, claimed=claimed))
        answer = protocol.read(content, text, sides, asked=question.id, claimed=claimed, now=now)
        saml_questions.insist_on_strength(answer, sides.settings, question, now=now)
        claims = protocol.claims(answer, sides.settings)
        saml.insist_on_name(provider, sides.settings, claims)
    except AnswerRefusedError as error:
        return Shown(provider.name, question, [*steps, protocol.refused_step(sides, error.reason)])
    steps += protocol.believed(sides, answer)
    steps += trial_consequences.of(work, provider, claims, sides.theirs.entity_id)
    return Shown(provider.name, question, steps, answer)


def finish(work: UnitOfWork, shown: Shown, *, now: datetime) -> None:
    """Use the question up, and the answer, if it was true; and note that it was tried.

    Errors:
        ConflictError: it was used before.
    """
    provider = fetch_provider.provider(work, shown.name, NEEDED)
    if shown.answer is None:
        is_new = saml_questions.close(work, shown.asked, now=now)
    else:
        is_new = saml_questions.use_up(work, provider.id, shown.asked, shown.answer, now=now)
    if not is_new:
        raise ConflictError(sentence("That answer was shown already. Try it anew."))
    is_good = all(step.is_good for step in shown.steps)
    work.record(events.ProviderTested(about=provider.id, name=provider.name, is_good=is_good))
