"""The one shape that an answer may have, so that what was signed is what is read.

Signature wrapping moves a signed element to where nobody looks and puts another in its place. Here
there is exactly one assertion, at one place; a signature stands directly in what it signs, points
at it, and at nothing else; and no two elements bear one ID.

Source: Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be" (2012); W3C XML Signature
Best Practices, sections 2 and 3.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from appliance.federation.refused import refused
from appliance.federation.saml_refusals import Why
from appliance.federation.saml_xml import NAMES, tag

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
"""By what we sign, and digest."""
SIGNATURES = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{name}"
    for name in (
        "rsa-sha256",
        "rsa-sha384",
        "rsa-sha512",
        "ecdsa-sha256",
        "ecdsa-sha384",
        "ecdsa-sha512",
    )
)
DIGESTS = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    }
)
CANONICAL = "http://www.w3.org/2001/10/xml-exc-c14n#"
TRANSFORMS = frozenset({"http://www.w3.org/2000/09/xmldsig#enveloped-signature", CANONICAL})
KEY_TRANSPORTS = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        "http://www.w3.org/2009/xmlenc11#rsa-oaep",
    }
)
AUTHENTICATED = frozenset(f"http://www.w3.org/2009/xmlenc11#aes{bits}-gcm" for bits in (128, 256))
CHAINED = frozenset(f"http://www.w3.org/2001/04/xmlenc#aes{bits}-cbc" for bits in (128, 256))
"""Without a check of their own: `saml_openings` says when one is opened."""
ENCRYPTS = (*sorted(AUTHENTICATED, reverse=True), *sorted(CHAINED, reverse=True))
"""By what providers may encrypt for us, the best first."""
ID_ATTRIBUTES = ("ID", "Id", "id")
RESPONSE, ASSERTION = tag("samlp:Response"), tag("saml:Assertion")
ENCRYPTED = tag("saml:EncryptedAssertion")


def insist(root: etree._Element) -> None:
    """Go on only if a document has the shape of an answer.

    Errors:
        AnswerRefusedError: it has not.
    """
    if any(not isinstance(each.tag, str) for each in root.iter()):
        raise refused(Why.COMMENT)
    _insist(root.tag == RESPONSE)
    places = [each.getparent() for each in root.iter(ASSERTION, ENCRYPTED)]
    _insist(len(places) == 1 and places[0] is root)
    _insist(not any(True for _ in root.iter(RESPONSE) if _ is not root))
    _check_subjects(root)
    _insist_on_single_ids(root)
    signed = [_check_signature(each) for each in root.iter(tag("ds:Signature"))]
    _insist(len(signed) == len(set(signed)))
    check_ciphers(root)


def whole_signature(root: etree._Element) -> etree._Element:
    """The one signature of a document, if it signs that as a whole.

    Errors:
        AnswerRefusedError: there is none, or not such a one.
    """
    found = list(root.iter(tag("ds:Signature")))
    if not found:
        raise refused(Why.NOT_SIGNED)
    _insist(len(found) == 1 and found[0].getparent() is root)
    _insist_on_single_ids(root)
    _check_signature(found[0], frozenset({root.tag}))
    return found[0]


def is_chained(root: etree._Element) -> bool:
    """Whether the assertion is encrypted without a check of its own."""
    path = "saml:EncryptedAssertion/xenc:EncryptedData/xenc:EncryptionMethod"
    return any(each.get("Algorithm") in CHAINED for each in root.iterfind(path, NAMES))


def is_signed(element: etree._Element) -> bool:
    """Whether an element has a signature of its own."""
    return element.find("ds:Signature", NAMES) is not None


def _insist(condition: bool) -> None:  # noqa: FBT001 - it is what is insisted on.
    if not condition:
        raise refused(Why.SHAPE)


def _insist_on_single_ids(root: etree._Element) -> None:
    found = [each.get(name) for each in root.iter() for name in ID_ATTRIBUTES if each.get(name)]
    _insist(len(found) == len(set(found)))


def _check_subjects(root: etree._Element) -> None:
    """An encrypted name stands where the name of the subject does, and nowhere else."""
    found = list(root.iter(tag("saml:EncryptedID")))
    _insist(len(found) <= 1)
    for each in found:
        subject = each.getparent()
        _insist(subject is not None and subject.tag == tag("saml:Subject"))
        around = subject.getparent() if subject is not None else None
        _insist(around is not None and around.tag == ASSERTION)


def _check_signature(
    signature: etree._Element, signable: frozenset[Any] = frozenset({RESPONSE, ASSERTION})
) -> str:
    """The name of what a signature signs: its parent, one that may be signed."""
    parent = signature.getparent()
    _insist(parent is not None and parent.tag in signable)
    name = parent.get("ID") if parent is not None else None
    references = list(signature.iter(tag("ds:Reference")))
    _insist(bool(name) and len(references) == 1 and references[0].get("URI") == f"#{name}")
    _insist(references[0].getparent() is signature.find("ds:SignedInfo", NAMES))
    _insist(signature.find(".//ds:Object", NAMES) is None)
    for kind, allowed in (
        ("ds:SignatureMethod", SIGNATURES),
        ("ds:DigestMethod", DIGESTS),
        ("ds:Transform", TRANSFORMS),
        ("ds:CanonicalizationMethod", frozenset({CANONICAL})),
    ):
        methods = [each.get("Algorithm") for each in signature.iter(tag(kind))]
        if not methods or not allowed.issuperset(methods):
            raise refused(Why.ALGORITHM)
    return str(name)


def check_ciphers(root: etree._Element) -> None:
    """Go on only if what is encrypted in a document is so by what is on the list.

    Errors:
        AnswerRefusedError: it is not.
    """
    for kind, allowed in (
        ("xenc:EncryptedKey", KEY_TRANSPORTS),
        ("xenc:EncryptedData", AUTHENTICATED | CHAINED),
    ):
        for each in root.iter(tag(kind)):
            method = each.find("xenc:EncryptionMethod", NAMES)
            if method is None or method.get("Algorithm") not in allowed:
                raise refused(Why.ALGORITHM)
