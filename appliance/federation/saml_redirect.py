"""Messages that a browser carries in an address, signed.

Source: Bindings for the OASIS SAML V2.0, section 3.4.4.1 (HTTP-Redirect, DEFLATE).
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from urllib.parse import quote_plus, unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from appliance.federation import saml_xml
from appliance.federation.refused import refused
from appliance.federation.saml_keys import OurKey
from appliance.federation.saml_metadata import Certificate
from appliance.federation.saml_refusals import Why

REQUEST, RESPONSE = "SAMLRequest", "SAMLResponse"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
HASHES: dict[str, hashes.HashAlgorithm] = {
    RSA_SHA256: hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512(),
}
RAW_DEFLATE = -15
"""zlib's word for a stream without its own head and foot (RFC 1951)."""


def carry(key: OurKey, address: str, kind: str, content: bytes, *, relay: str = "") -> str:
    """The address that brings a message there."""
    packer = zlib.compressobj(wbits=RAW_DEFLATE)
    packed = base64.b64encode(packer.compress(content) + packer.flush())
    said = {kind: packed} | ({"RelayState": relay.encode()} if relay else {})
    text = "&".join(f"{name}={quote_plus(value)}" for name, value in said.items())
    text += f"&SigAlg={quote_plus(RSA_SHA256)}"
    signature = key.signing.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    text += f"&Signature={quote_plus(base64.b64encode(signature))}"
    return address + ("&" if "?" in address else "?") + text


def content_of(query: str, kind: str) -> bytes:
    """The message that an address brought, before anything of it is believed.

    Errors:
        AnswerRefusedError: it is too large, or none.
    """
    packed = saml_xml.decoded(unquote_plus(_raw(query).get(kind, "")))
    unpacker = zlib.decompressobj(wbits=RAW_DEFLATE)
    try:
        found = unpacker.decompress(packed, saml_xml.LARGEST_MESSAGE_BYTES + 1)
    except zlib.error as error:
        raise refused(Why.ENCODING) from error
    if len(found) > saml_xml.LARGEST_MESSAGE_BYTES:
        raise refused(Why.SIZE)
    return found


def insist_on_signature(query: str, kind: str, certificates: Iterable[Certificate]) -> None:
    """Go on only if one of these certificates signed what the address says, as it came.

    Errors:
        AnswerRefusedError: none did.
    """
    raw = _raw(query)
    if "Signature" not in raw or "SigAlg" not in raw:
        raise refused(Why.NOT_SIGNED)
    method = HASHES.get(unquote_plus(raw["SigAlg"]))
    if method is None:
        raise refused(Why.ALGORITHM)
    names = [kind, *(["RelayState"] if "RelayState" in raw else []), "SigAlg"]
    signed = "&".join(f"{name}={raw[name]}" for name in names).encode()
    signature = saml_xml.decoded(unquote_plus(raw["Signature"]))
    if not any(_signed_by(each, signature, signed, method) for each in certificates):
        raise refused(Why.SIGNATURE)


def _signed_by(
    certificate: Certificate, signature: bytes, signed: bytes, method: hashes.HashAlgorithm
) -> bool:
    key = x509.load_der_x509_certificate(base64.b64decode(certificate.content)).public_key()
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, padding.PKCS1v15(), method)
    except InvalidSignature:
        return False
    return True


def _raw(query: str) -> dict[str, str]:
    """The parameters as they were spelled, because the spelling is signed.

    Errors:
        AnswerRefusedError: one stands there twice.
    """
    pairs = [each.partition("=")[::2] for each in query.split("&") if each]
    if len({name for name, _ in pairs}) != len(pairs):
        raise refused(Why.SHAPE)
    return dict(pairs)
