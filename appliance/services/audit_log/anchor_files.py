"""Time stamps in files, for whoever checks them without the appliance."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.security import time_stamps

if TYPE_CHECKING:
    from cryptography import x509

ANOTHER = re.compile(r"-[0-9]+\.again")
"""Where several authorities have stamped one state, in the name of each stamp but the first."""


def roots(pem: bytes) -> list[x509.Certificate]:
    """The certificates in a PEM file.

    Errors:
        InvalidError: there is none.
    """
    return time_stamps.roots(pem)


def note_of(token: Path) -> Path:
    """The file with what a stamp is about."""
    return token.with_name(ANOTHER.sub("", token.stem) + ".note")


def check(token: bytes, signed: bytes, trusted: list[x509.Certificate]) -> time_stamps.Stamp:
    """What a stamp says, if a trusted authority made it about this.

    Errors:
        InvalidError: it is no stamp.
        DamagedError: it is about something else, or by somebody else.
    """
    found = time_stamps.read(token)
    time_stamps.insist(found, signed, trusted)
    return found
