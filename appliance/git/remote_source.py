"""What it takes to speak to a source elsewhere: who we are there, and who judges its addresses."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.domain.destinations import Destination

Judge = Callable[[str], Destination]
"""Looks an address up and says where a request to it may go, or raises."""


@dataclass(frozen=True)
class Credentials:
    """What the source wants to hear; never stored, never in an argument of a program."""

    username: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of the Authorization header. Source: RFC 7617."""
        both = f"{self.username}:{self.password}".encode()
        return "Basic " + base64.b64encode(both).decode("ascii")
