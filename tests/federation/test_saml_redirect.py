"""Messages of SAML in addresses that are signed on a curve (ECDSA)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from appliance.federation import saml_redirect
from appliance.federation.refused import AnswerRefusedError
from appliance.federation.saml_metadata import Certificate


def curve_certificate(key) -> Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "curve")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    der = made.public_bytes(serialization.Encoding.DER)
    return Certificate(base64.b64encode(der).decode(), "", made.not_valid_after_utc)


def signed_query(key, method: str, *, spoilt: str = "") -> str:
    algorithm = quote_plus(f"http://www.w3.org/2001/04/xmldsig-more#{method}")
    text = f"SAMLRequest=eA%3D%3D&SigAlg={algorithm}"
    pair = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    raw = b"".join(each.to_bytes(32) for each in pair)
    raw = {"cut": raw[:-1], "longer": raw + b"\0", "zero": bytes(64)}.get(spoilt, raw)
    return f"{text}&Signature={quote_plus(base64.b64encode(raw))}"


def test_an_address_may_be_signed_on_a_curve():
    key = ec.generate_private_key(ec.SECP256R1())
    query = signed_query(key, "ecdsa-sha256")
    saml_redirect.insist_on_signature(query, "SAMLRequest", [curve_certificate(key)])


@pytest.mark.promise("P37")
@pytest.mark.parametrize(
    ("method", "spoilt", "reason"),
    [
        ("ecdsa-sha256", "cut", "signature"),
        ("ecdsa-sha256", "longer", "signature"),
        ("ecdsa-sha256", "zero", "signature"),
        ("ecdsa-sha512", "", "signature"),
        ("rsa-sha256", "", "signature"),
        ("ecdsa-sha1", "", "algorithm"),
    ],
)
def test_an_address_is_signed_on_a_curve_as_it_says_or_not_at_all(method, spoilt, reason):
    key = ec.generate_private_key(ec.SECP256R1())
    query = signed_query(key, method, spoilt=spoilt)
    with pytest.raises(AnswerRefusedError) as caught:
        saml_redirect.insist_on_signature(query, "SAMLRequest", [curve_certificate(key)])
    assert caught.value.reason == reason
