"""The question that a browser carries to an identity provider.

Source: Bindings for the OASIS SAML V2.0, section 3.4.4.1 (HTTP-Redirect, signed).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote_plus

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request

from appliance.federation import saml_library
from appliance.federation.saml_library import Sides


@dataclass(frozen=True)
class Question:
    """A signed question, and its name: the answer has to repeat it."""

    id: str
    address: str


def ask(sides: Sides, *, asks_anew: bool) -> Question:
    """Ask who is there; `asks_anew` insists that they show it again."""
    request = OneLogin_Saml2_Authn_Request(
        saml_library.of(sides), force_authn=asks_anew, set_nameid_policy=True
    )
    text = f"SAMLRequest={quote_plus(request.get_request())}"
    text += f"&SigAlg={quote_plus(saml_library.RSA_SHA256)}"
    signature = sides.ours.key.signing.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    text += f"&Signature={quote_plus(base64.b64encode(signature))}"
    address = sides.theirs.sign_in_address
    return Question(request.get_id(), address + ("&" if "?" in address else "?") + text)
