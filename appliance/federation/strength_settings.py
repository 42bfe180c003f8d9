"""How strongly people have to show there who they are, in what OpenID Connect and SAML are told.

`acr` of the one is AuthnContextClassRef of the other.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from appliance.errors import sentence


def _can_be_asked_for(contexts: tuple[str, ...]) -> tuple[str, ...]:
    if any(not each or len(each.split()) != 1 for each in contexts):
        raise ValueError(sentence("A context is one word, or an address."))
    return contexts


AskedContexts = Annotated[tuple[str, ...], Field(max_length=20), AfterValidator(_can_be_asked_for)]
CountedContexts = Annotated[tuple[str, ...], Field(max_length=20)]

HOW_STRONGLY = sentence("How strongly people show who they are")
SIGNING_IN = sentence("Whoever signs in has to show one of these; empty: any will do.")
STEP_UP = Field(
    (),
    title=sentence("Contexts to ask for before sensitive acts"),
    description=sentence("Empty: those for signing in."),
)
ASKS_ANEW = Field(
    default=False,
    title=sentence("Everybody shows anew who they are"),
    description=sentence("Also who is signed in there already."),
)
SIGNS_OUT_THERE = sentence("Whoever signs out here signs out there")
COUNTS_AS_SECOND = sentence("Contexts that count as a second factor")
