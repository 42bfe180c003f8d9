"""Files of certificates as they are sent in text: PEM as it is, DER in base64."""

from __future__ import annotations

import binascii
import textwrap
from base64 import b64decode, b64encode

from appliance.errors import InvalidError, sentence

LONGEST_CERTIFICATE = 128 * 1024
LONGEST_LIST = 12 * 1024 * 1024
"""8 MiB in base64."""
PEM = "-----BEGIN "


def of_field(field: str, text: str) -> bytes:
    """The bytes of a file.

    Errors:
        InvalidError: it is neither PEM nor base64.
    """
    if PEM in text:
        return text.encode("utf-8", "replace")
    try:
        return b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidError.of(
            field, sentence("Send the file as PEM text, or its bytes in base64.")
        ) from error


def pem(certificate: bytes) -> str:
    """A certificate in PEM. Source: RFC 7468, section 5."""
    body = "\n".join(textwrap.wrap(b64encode(certificate).decode("ascii"), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
