"""How strongly, and how lately, somebody has to show an identity provider who they are.

What a question asks for binds nobody, so the answer is looked at.
Source: Assertions and Protocols for the OASIS SAML V2.0, sections 3.3.2.2.1 and 3.4.1.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from appliance.federation.refused import refused
from appliance.federation.saml_answer import Answer
from appliance.federation.saml_refusals import Why
from appliance.federation.saml_settings import SamlSettings


def contexts(settings: SamlSettings, *, is_step_up: bool) -> tuple[str, ...]:
    """The contexts of which one has to be shown; empty: any will do."""
    return (settings.step_up_contexts if is_step_up else ()) or settings.contexts


def is_anew(settings: SamlSettings, *, is_step_up: bool) -> bool:
    """Whether they have to show anew who they are."""
    return is_step_up or settings.asks_anew


def insist(answer: Answer, settings: SamlSettings, *, is_step_up: bool, asked_at: datetime) -> None:
    """Go on only if a true answer says that what was asked for was done.

    Errors:
        AnswerRefusedError: it does not say so.
    """
    wanted = contexts(settings, is_step_up=is_step_up)
    if wanted and answer.context not in wanted:
        raise refused(Why.CONTEXT)
    if not is_anew(settings, is_step_up=is_step_up):
        return
    skew = timedelta(seconds=settings.skew_seconds)
    if answer.shown_at is None or answer.shown_at + skew < asked_at:
        raise refused(Why.NOT_ASKED_ANEW)
