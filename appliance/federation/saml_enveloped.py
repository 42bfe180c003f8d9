"""A signature that stands in the document that it signs as a whole.

Source: Assertions and Protocols for the OASIS SAML V2.0, section 5.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import xmlsec
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from appliance.federation import saml_shape
from appliance.federation.refused import refused
from appliance.federation.saml_keys import OurKey
from appliance.federation.saml_refusals import Why


def sign(key: OurKey, root: etree._Element) -> bytes:
    """A document, signed with that key. The root's ID names it."""
    return bytes(
        OneLogin_Saml2_Utils.add_sign(
            etree.tostring(root),
            key.private_key,
            OneLogin_Saml2_Utils.format_cert(key.certificate),
            sign_algorithm=saml_shape.RSA_SHA256,
            digest_algorithm=saml_shape.SHA256,
        )
    )


def insist(root: etree._Element, certificates: Iterable[str]) -> None:
    """Go on only if one of these certificates (DER in base64) signed the document as a whole.

    Errors:
        AnswerRefusedError: none did, or there is more than one signature, or one of a part.
    """
    signature = saml_shape.whole_signature(root)
    xmlsec.tree.add_ids(root, ["ID"])
    if not any(_signed_by(each, signature) for each in certificates):
        raise refused(Why.SIGNATURE)


def _signed_by(certificate: str, signature: etree._Element) -> bool:
    with suppress(Exception):  # The library and what it calls raise whatever they like.
        return bool(
            OneLogin_Saml2_Utils.validate_node_sign(
                signature,
                signature.getparent(),
                cert=OneLogin_Saml2_Utils.format_cert(certificate),
                raise_exceptions=True,
            )
        )
    return False
