"""Attempts to show something that could be guessed, counted before it is looked at."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import ThrottledError, UnauthenticatedError, sentence
from appliance.security.throttle import Throttle, place_of

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
        wait = self.tools.per_address.check(self._place) if self.address else 0.0
        if wait == 0:
            wait = self.tools.per_user.check(self.person)
        if wait > 0:
            seconds = math.ceil(wait)
            raise ThrottledError(
                sentence(
                    "Too many attempts. Try again in %(seconds)s seconds.",
                    seconds=seconds,
                ),
                retry_after_seconds=seconds,
            )

    def failed(self) -> None:
        """It was wrong: the wait runs from now."""
        self.tools.per_user.failed(self.person)
        if self.address:
            self.tools.per_address.failed(self._place)

    def succeeded(self) -> None:
        """It was right."""
        self.tools.per_user.succeeded(self.person)
        if self.address:
            self.tools.per_address.succeeded(self._place)

    @property
    def _place(self) -> str:
        return place_of(self.address)


def insist(what: str, address: str, throttle: Throttle) -> None:
    """Go on only if an address need not wait.

    Errors:
        ThrottledError: too many that were not believed came from there lately.
    """
    wait = throttle.check(f"{what} {place_of(address)}")
    if wait > 0:
        raise ThrottledError(
            sentence("Too many attempts. Try again later."),
            retry_after_seconds=math.ceil(wait),
        )


@contextmanager
def paced(what: str, address: str, throttle: Throttle) -> Generator[None]:
    """Take something from a stranger's address; the block raises where it is not believed.

    Counted for itself: what others let a browser send must not bar it from its password.

    Errors:
        ThrottledError: too many that were not believed came from there lately.
    """
    insist(what, address, throttle)
    place = f"{what} {place_of(address)}"
    try:
        yield
    except UnauthenticatedError:
        throttle.failed(place)
        raise
    throttle.succeeded(place)
