"""When an encrypted assertion may be opened.

AES-CBC has no check of its own. Whoever may alter a ciphertext and send it again and again learns
from how it fails what it says, whatever it is that differs: the answer, or only the time it takes.
So such a ciphertext is opened only if a signature around it holds, or if its key was never used
before: its door remembers which were. Every assertion is encrypted with a key of its own, so true
answers never meet that; an attacker has one question where thousands are needed.

Source: Jager and Somorovsky, "How to Break XML Encryption" (2011); XML Encryption 1.1, section
6.1.3, and Jager, Paterson and Somorovsky, "One Bad Apple" (2013) for calling AES-GCM by that name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from appliance.federation import saml_shape, saml_xml
from appliance.federation.refused import refused
from appliance.federation.saml_library import Sides
from appliance.federation.saml_refusals import Why
from appliance.federation.saml_xml import tag, text_of


def to_claim(content: bytes) -> str:
    """The name of the key in an answer that may be opened once only; empty where it does not need
    to be claimed.

    Errors:
        AnswerRefusedError: it has not the shape of an answer.
    """
    root = saml_xml.parse(content)
    saml_shape.insist(root)
    if not saml_shape.is_chained(root) or saml_shape.is_signed(root):
        return ""
    return _name_of_key(root)


def insist(root: etree._Element, sides: Sides, *, claimed: str) -> None:
    """Go on only if the assertion in an answer may be opened; `claimed` is the key that may be
    used now, because it never was.

    Errors:
        AnswerRefusedError: it may not.
        OneLogin_Saml2_ValidationError: the signature around it does not hold.
    """
    if not saml_shape.is_chained(root):
        return
    if not saml_shape.is_signed(root):
        if not claimed or claimed != _name_of_key(root):
            raise refused(Why.REPLAYED)
        return
    certificates = (each.content for each in sides.theirs.certificates)
    OneLogin_Saml2_Utils.validate_sign(
        root,
        xpath=OneLogin_Saml2_Utils.RESPONSE_SIGNATURE_XPATH,
        multicerts=[OneLogin_Saml2_Utils.format_cert(each) for each in certificates],
        raise_exceptions=True,
    )


def _name_of_key(root: etree._Element) -> str:
    """The hash of the one encrypted key as a number, so that no other spelling of it is new."""
    keys = list(root.iter(tag("xenc:EncryptedKey")))
    values = [value for each in keys for value in each.iter(tag("xenc:CipherValue"))]
    if len(keys) != 1 or len(values) != 1:
        raise refused(Why.SHAPE)
    try:
        content = base64.b64decode("".join(text_of(values[0]).split()), validate=True)
    except binascii.Error as error:
        raise refused(Why.DECRYPTION) from error
    return hashlib.sha256(content.lstrip(b"\0")).hexdigest()
