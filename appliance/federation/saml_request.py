"""The question that a browser carries to an identity provider."""

from __future__ import annotations

from dataclasses import dataclass

from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request

from appliance.federation import saml_library, saml_redirect, saml_strength
from appliance.federation.saml_library import Sides


@dataclass(frozen=True)
class Question:
    """A signed question, and its name: the answer has to repeat it."""

    id: str
    address: str


def ask(sides: Sides, *, is_step_up: bool) -> Question:
    """Ask who is there: to sign in, or before sensitive acts."""
    request = _made(sides, is_step_up=is_step_up)
    content = request.get_xml().encode()
    address = saml_redirect.carry(
        sides.ours.key, sides.theirs.sign_in_address, saml_redirect.REQUEST, content
    )
    return Question(request.get_id(), address)


def shown(sides: Sides) -> bytes:
    """A question as it would be asked, to be looked at only."""
    return bytes(_made(sides, is_step_up=False).get_xml().encode())


def _made(sides: Sides, *, is_step_up: bool) -> OneLogin_Saml2_Authn_Request:
    contexts = saml_strength.contexts(sides.settings, is_step_up=is_step_up)
    return OneLogin_Saml2_Authn_Request(
        saml_library.of(sides, contexts=contexts),
        force_authn=saml_strength.is_anew(sides.settings, is_step_up=is_step_up),
        set_nameid_policy=True,
    )
