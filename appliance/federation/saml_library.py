"""How python3-saml is told about both sides. It has no types; what is untyped stays in here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from onelogin.saml2.settings import OneLogin_Saml2_Settings

from appliance.federation.saml_keys import OurKey
from appliance.federation.saml_metadata import POST, REDIRECT, IdentityProviderFacts
from appliance.federation.saml_settings import SamlSettings
from appliance.federation.saml_shape import RSA_SHA256, SHA256

NAME_IDS = {
    "persistent": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "email": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "unspecified": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
}


@dataclass(frozen=True)
class OurSide:
    """Us, as identity providers know us."""

    entity_id: str
    answers_address: str
    logout_address: str
    key: OurKey
    """It signs what we ask."""
    next_key: OurKey | None = None
    """It will sign; providers may learn it already."""
    earlier_key: OurKey | None = None
    """It signed before; some may still encrypt for it."""

    @property
    def keys(self) -> tuple[OurKey, ...]:
        """All that may open what was encrypted for us."""
        found = (self.key, self.next_key, self.earlier_key)
        return tuple(each for each in found if each is not None)


@dataclass(frozen=True)
class Sides:
    """Us, and the identity provider that is spoken to."""

    ours: OurSide
    settings: SamlSettings
    theirs: IdentityProviderFacts


def of(
    sides: Sides, key: OurKey | None = None, *, contexts: Iterable[str] = ()
) -> OneLogin_Saml2_Settings:
    """The library's settings, as strict as it can be told to be; `key` opens, or the one that signs
    does; a question asks for one of the contexts.
    """
    ours, settings = sides.ours, sides.settings
    key = key or ours.key
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "debug": False,
            "sp": {
                "entityId": ours.entity_id,
                "assertionConsumerService": {"url": ours.answers_address, "binding": POST},
                "NameIDFormat": NAME_IDS[settings.name_id],
                "x509cert": key.certificate,
                "privateKey": key.private_key,
            },
            "idp": {
                "entityId": sides.theirs.entity_id,
                "singleSignOnService": {"url": sides.theirs.sign_in_address, "binding": REDIRECT},
                "x509certMulti": {
                    "signing": [each.content for each in sides.theirs.certificates],
                    "encryption": [sides.theirs.certificates[0].content],
                },
            },
            "security": {
                "authnRequestsSigned": True,
                "wantAssertionsSigned": settings.signed != "answer",
                "wantMessagesSigned": settings.signed != "assertion",
                "wantAssertionsEncrypted": settings.wants_encryption,
                "wantNameId": True,
                "wantAttributeStatement": False,
                # The library writes them into its template as they are.
                "requestedAuthnContext": [escape(each) for each in contexts] or False,
                "requestedAuthnContextComparison": "exact",
                "signatureAlgorithm": RSA_SHA256,
                "digestAlgorithm": SHA256,
                "rejectDeprecatedAlgorithm": True,
                "allowRepeatAttributeName": True,
            },
        }
    )


def request_data(address: str) -> dict[str, Any]:
    """A request to one of our addresses, as the library wants it described. It is what the settings
    say, never what a client's Host header says.
    """
    parts = urlsplit(address)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "get_data": {},
        "post_data": {},
    }
