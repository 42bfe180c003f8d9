"""Messages that a browser carries in an address, signed.

Source: Bindings for the OASIS SAML V2.0, section 3.4.4.1 (HTTP-Redirect, DEFLATE).
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import quote_plus, unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from appliance.federation import saml_xml
from appliance.federation.refused import refused
from appliance.federation.saml_keys import OurKey
from appliance.federation.saml_metadata import Certificate
from appliance.federation.saml_refusals import Why
from appliance.federation.saml_shape import RSA_SHA256

REQUEST, RESPONSE = "SAMLRequest", "SAMLResponse"
HASHES: dict[str, hashes.HashAlgorithm] = {
    RSA_SHA256: hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512(),
}
ECDSA_HASHES: dict[str, hashes.HashAlgorithm] = {
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512": hashes.SHA512(),
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
    packed = saml_xml.decoded(unquote_plus(pairs_of(query).get(kind, "")))
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
    raw = pairs_of(query)
    if "Signature" not in raw or "SigAlg" not in raw:
        raise refused(Why.NOT_SIGNED)
    named = unquote_plus(raw["SigAlg"])
    if named not in HASHES and named not in ECDSA_HASHES:
        raise refused(Why.ALGORITHM)
    names = [kind, *(["RelayState"] if "RelayState" in raw else []), "SigAlg"]
    signed = "&".join(f"{name}={raw[name]}" for name in names).encode()
    signature = saml_xml.decoded(unquote_plus(raw["Signature"]))
    if not any(_signed_by(each, signature, signed, named) for each in certificates):
        raise refused(Why.SIGNATURE)


def relay_of(query: str) -> str:
    """What an address brought beside its message, to be brought back."""
    return unquote_plus(pairs_of(query).get("RelayState", ""))


def _signed_by(certificate: Certificate, signature: bytes, signed: bytes, named: str) -> bool:
    key = x509.load_der_x509_certificate(base64.b64decode(certificate.content)).public_key()
    with suppress(InvalidSignature):
        if isinstance(key, RSAPublicKey) and named in HASHES:
            key.verify(signature, signed, padding.PKCS1v15(), HASHES[named])
            return True
        half = len(signature) // 2
        if isinstance(key, EllipticCurvePublicKey) and named in ECDSA_HASHES:
            if len(signature) != 2 * math.ceil(key.curve.key_size / 8):
                return False
            # Two numbers, one behind the other; RFC 4051, section 2.3.6.
            pair = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
            key.verify(encode_dss_signature(*pair), signed, ec.ECDSA(ECDSA_HASHES[named]))
            return True
    return False


def pairs_of(query: str) -> dict[str, str]:
    """The parameters as they were spelled, because the spelling is signed.

    Errors:
        AnswerRefusedError: one stands there twice.
    """
    pairs = [each.partition("=")[::2] for each in query.split("&") if each]
    if len({name for name, _ in pairs}) != len(pairs):
        raise refused(Why.SHAPE)
    return dict(pairs)
