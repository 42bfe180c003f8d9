"""What RSASSA-PSS says of itself in a signature. Source: RFC 4055, section 3.1."""

from __future__ import annotations

from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

MGF1 = "1.2.840.113549.1.1.8"


@asn1.sequence
class _Hash:
    kind: ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _Mask:
    kind: ObjectIdentifier
    hash: _Hash


@asn1.sequence
class _Pss:
    hash: Annotated[_Hash | None, asn1.Explicit(0)]
    mask: Annotated[_Mask | None, asn1.Explicit(1)]
    salt_bytes: Annotated[int | None, asn1.Explicit(2)]
    trailer: Annotated[int | None, asn1.Explicit(3)]


def pss_hash(parameters: bytes | None) -> str:
    """The one hash that both the message and the mask are made with; empty where there is none.

    What is left out means SHA-1, which nobody takes.
    Errors:
        ValueError: they cannot be read.
    """
    said = asn1.decode_der(_Pss, parameters or b"")
    if said.hash is None or said.mask is None or said.trailer not in (None, 1):
        return ""
    if said.mask.kind.dotted_string != MGF1 or said.mask.hash.kind != said.hash.kind:
        return ""
    return said.hash.kind.dotted_string
