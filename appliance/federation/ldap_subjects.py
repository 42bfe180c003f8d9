"""A directory's value for who somebody is, as text and back: no two values are ever the same text.

Text stays as it is, a GUID of Active Directory becomes what is written there, and all else the mark
and its bytes in hexadecimal. What a text could be taken for is written so as well.

Source: Microsoft's [MS-DTYP], section 2.3.4, for the order of a GUID's bytes.
"""

from __future__ import annotations

import re
from contextlib import suppress
from uuid import UUID

MARK = "hex:"
GUID_BYTES = 16
TEXT = re.compile(rf"(?!{MARK})[^\x00-\x1f\x7f]+")
"""On one line, so that it can be shown and every database keeps it."""


def as_text(attribute: str, value: bytes) -> str:
    """What a value of an attribute is called here."""
    if _is_guid_of(attribute) and len(value) == GUID_BYTES:
        return str(UUID(bytes_le=value))
    with suppress(UnicodeDecodeError):
        text = value.decode()
        if TEXT.fullmatch(text) and not (_is_guid_of(attribute) and _guid(text)):
            return text
    return f"{MARK}{value.hex()}" if value else ""


def as_bytes(attribute: str, text: str) -> bytes:
    """The value that is called so."""
    guid = _guid(text) if _is_guid_of(attribute) else None
    if guid is not None:
        return guid.bytes_le
    if text.startswith(MARK):
        with suppress(ValueError):
            return bytes.fromhex(text.removeprefix(MARK))
    return text.encode()


def as_before(attribute: str, value: bytes) -> str:
    """What earlier releases called a value, where that was something else; else nothing. Several
    values could be called so.
    """
    if _is_guid_of(attribute) and len(value) == GUID_BYTES:
        return ""
    before = value.decode(errors="replace").strip()
    return before if before != as_text(attribute, value) else ""


def _is_guid_of(attribute: str) -> bool:
    return attribute.casefold() == "objectguid"


def _guid(text: str) -> UUID | None:
    """The GUID that a text is, in the one spelling that is ours."""
    with suppress(ValueError):
        found = UUID(text)
        return found if str(found) == text else None
    return None
