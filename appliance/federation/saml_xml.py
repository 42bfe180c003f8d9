"""XML from outside, read without anything that XML can do beside holding elements.

Source: OWASP XML External Entity Prevention; lxml, "Parser options".
"""

from __future__ import annotations

import base64
import binascii

from lxml import etree

from appliance.federation.refused import refused
from appliance.federation.saml_refusals import Why

LARGEST_MESSAGE_BYTES = 256 * 1024
"""Of a message before it is parsed; an assertion with a thousand groups has about 100 KiB."""
NAMES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}


def tag(name: str) -> str:
    """An element's name as lxml spells it, from `prefix:Name`."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMES[prefix]}}}{local}"


def decoded(text: str) -> bytes:
    """A message from its field in a form.

    Errors:
        AnswerRefusedError: it is too large, or no base64.
    """
    if len(text) > LARGEST_MESSAGE_BYTES * 4 // 3:
        raise refused(Why.SIZE)
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise refused(Why.ENCODING) from error


def parse(content: bytes) -> etree._Element:
    """The root of a document in UTF-8.

    Errors:
        AnswerRefusedError: it is too large, not well formed, or has a document type.
    """
    if len(content) > LARGEST_MESSAGE_BYTES:
        raise refused(Why.SIZE)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        encoding="utf-8",  # What the document says of itself is not asked.
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise refused(Why.XML) from error
    document = root.getroottree().docinfo
    if document.internalDTD is not None or document.externalDTD is not None:
        raise refused(Why.DTD)
    return root


def text_of(element: etree._Element | None) -> str:
    """What an element says, all of it; nothing where there is none."""
    return "".join(element.itertext()).strip() if element is not None else ""
