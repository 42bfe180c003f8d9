"""Messages for single logout: how a browser brings them, in an address or in a form.

Source: Bindings for the OASIS SAML V2.0, sections 3.4 and 3.5.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from appliance.federation import saml_enveloped, saml_redirect, saml_xml
from appliance.federation.saml_keys import OurKey
from appliance.federation.saml_metadata import Certificate
from appliance.federation.saml_redirect import REQUEST, RESPONSE


@dataclass(frozen=True)
class Onward:
    """Where a browser goes on to, and what it brings there by a form; nothing: the address does."""

    address: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Carried:
    """A message that a browser brought, before anything of it is believed."""

    kind: str
    content: bytes
    relay: str
    query: str = ""
    """Of the address, whose spelling is signed; empty: it came by a form, and is signed itself."""


def read(query: str, fields: Mapping[str, str]) -> Carried:
    """What a browser brought, in an address or by a form.

    Errors:
        AnswerRefusedError: it brought no message, or one that is too large.
    """
    if query:
        pairs = saml_redirect.pairs_of(query)
        kind = REQUEST if REQUEST in pairs else RESPONSE
        return Carried(
            kind, saml_redirect.content_of(query, kind), saml_redirect.relay_of(query), query
        )
    kind = REQUEST if REQUEST in fields else RESPONSE
    content = saml_xml.decoded(fields.get(kind, ""))
    return Carried(kind, content, fields.get("RelayState", ""))


def insist_on_signature(
    carried: Carried, root: etree._Element, certificates: Iterable[Certificate]
) -> None:
    """Go on only if one of these certificates signed it.

    Errors:
        AnswerRefusedError: none did.
    """
    if carried.query:
        saml_redirect.insist_on_signature(carried.query, carried.kind, certificates)
    else:
        saml_enveloped.insist(root, [each.content for each in certificates])


def carry(
    key: OurKey, address: str, kind: str, root: etree._Element, *, by_form: bool, relay: str = ""
) -> Onward:
    """Where a browser brings a message, signed."""
    if not by_form:
        return Onward(saml_redirect.carry(key, address, kind, etree.tostring(root), relay=relay))
    content = base64.b64encode(saml_enveloped.sign(key, root)).decode()
    return Onward(address, {kind: content} | ({"RelayState": relay} if relay else {}))
