"""Attempts to show something that could be guessed, counted before it is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import ThrottledError, sentence

if TYPE_CHECKING:
    from appliance.wiring import SignInTools


@dataclass(frozen=True)
class Attempt:
    """One attempt of a person, from an address."""

    tools: SignInTools
    person: str
    address: str

    def claim(self) -> None:
        """Go on only if neither the person nor the address must wait."""
        wait = self.tools.per_address.check(self.address) if self.address else 0.0
        if wait == 0:
            wait = self.tools.per_user.check(self.person)
        if wait > 0:
            seconds = math.ceil(wait)
            raise ThrottledError(
                sentence(
                    "There were too many attempts. Try again in %(seconds)s seconds.",
                    seconds=seconds,
                ),
                retry_after_seconds=seconds,
            )

    def failed(self) -> None:
        """It was wrong: the wait runs from now."""
        self.tools.per_user.failed(self.person)
        if self.address:
            self.tools.per_address.failed(self.address)

    def succeeded(self) -> None:
        """It was right."""
        self.tools.per_user.succeeded(self.person)
        if self.address:
            self.tools.per_address.succeeded(self.address)
