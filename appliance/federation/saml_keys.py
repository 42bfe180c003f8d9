"""The appliance's own keys for SAML. A certificate only carries one, so nobody's name is in it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID

BITS = 3072
EXPONENT = 65537
BEGINS_BEFORE = timedelta(days=1)  # A provider's clock may be late.
LASTS = timedelta(days=3650)


@dataclass(frozen=True)
class OurKey:
    """What signs our questions, and opens what was encrypted for us."""

    private_key: str = field(repr=False)
    """PEM."""
    certificate: str
    """The base64 of its DER."""

    @property
    def signing(self) -> RSAPrivateKey:
        """The key itself."""
        found = serialization.load_pem_private_key(self.private_key.encode(), password=None)
        return cast("RSAPrivateKey", found)


def make(*, now: datetime) -> OurKey:
    """A new key with its certificate. That takes about a second."""
    key = rsa.generate_private_key(EXPONENT, BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Codara Appliance SAML")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEGINS_BEFORE)
        .not_valid_after(now + LASTS)
        .sign(key, hashes.SHA256())
    )
    private_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    encoded = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER))
    return OurKey(private_key.decode(), encoded.decode())
