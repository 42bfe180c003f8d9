"""The question that a browser carries to an identity provider."""

from __future__ import annotations

from dataclasses import dataclass

from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request

from appliance.federation import saml_library, saml_redirect
from appliance.federation.saml_library import Sides


@dataclass(frozen=True)
class Question:
    """A signed question, and its name: the answer has to repeat it."""

    id: str
    address: str


def ask(sides: Sides, *, asks_anew: bool) -> Question:
    """Ask who is there; `asks_anew` insists that they show it again."""
    request = _made(sides, asks_anew=asks_anew)
    content = request.get_xml().encode()
    address = saml_redirect.carry(
        sides.ours.key, sides.theirs.sign_in_address, saml_redirect.REQUEST, content
    )
    return Question(request.get_id(), address)


def shown(sides: Sides) -> bytes:
    """A question as it would be asked, to be looked at only."""
    return bytes(_made(sides, asks_anew=False).get_xml().encode())


def _made(sides: Sides, *, asks_anew: bool) -> OneLogin_Saml2_Authn_Request:
    return OneLogin_Saml2_Authn_Request(
        saml_library.of(sides), force_authn=asks_anew, set_nameid_policy=True
    )
